"""Where kernels start, told by a kernel and devices that only stand for some."""

from contextlib import contextmanager

import pytest
import torch

import ogive
from ogive.engine.triton import building, prepare
from ogive.ops.parameters import planned


class Devices:
    """Two devices, of which one is current, and a kernel that notes on which it starts."""

    def __init__(self, monkeypatch):
        self.current, self.started = 0, []
        monkeypatch.setattr(torch.accelerator, "current_device_index", lambda: self.current)
        monkeypatch.setattr(torch.accelerator, "device_index", self.entered)
        monkeypatch.setattr(building, "lanes", lambda device: 32)

    @contextmanager
    def entered(self, index):
        before, self.current = self.current, index
        try:
            yield
        finally:
            self.current = before

    def __getitem__(self, grid):
        return lambda *places, **options: self.started.append((self.current, grid, options))

    def warmup(self, *places, grid, **options):
        self[grid](*places, **options)
        return torch.nn.Identity()  # it has no machine code to load


@pytest.fixture
def devices(monkeypatch):
    return Devices(monkeypatch)


def test_a_kernel_starts_on_the_device_of_its_tensors(devices):
    for index in (1, 0, 1):
        building.start(devices, (3,), (), {"BLOCK": 8}, torch.device("cuda", index))
    assert [current for current, _, _ in devices.started] == [1, 0, 1]
    assert devices.current == 0
    assert devices.started[0][1:] == (
        (3,),
        {"BLOCK": 8, "num_warps": 4, "enable_fp_fusion": False},
    )


@pytest.mark.parametrize(("lanes", "warps"), [(32, 4), (64, 2)])
def test_a_warp_is_the_devices(devices, monkeypatch, lanes, warps):
    """A block has as many threads on every GPU."""
    monkeypatch.setattr(building, "lanes", lambda device: lanes)
    building.start(devices, (1,), (), {}, torch.device("cuda", 0))
    ((_, _, options),) = devices.started
    assert options["num_warps"] == warps


@pytest.mark.parametrize("tight", [False, True])
@pytest.mark.parametrize("contiguous", [True, False])
def test_a_crowded_kernel_is_made_anew_for_half_as_much(monkeypatch, tight, contiguous):
    """A program of the grid then takes one vector of each tensor for a thread."""
    blocks = []

    def compiled(kernel, given, constants, device, *threads):
        blocks.append(constants.get("BLOCK") or constants["R"] * constants["C"])
        return tight

    monkeypatch.setattr(building, "compile_for", compiled)
    x = torch.empty(64, 4096, device="meta")
    plan, tensors = planned(ogive.get("relu").spec.program, [x], {}, None)
    prepare(plan, tensors if contiguous else [tensors[0][:, ::2]])
    assert blocks == [1024, 512][: 1 + tight]


def test_it_is_compiled_there_before(devices):
    with pytest.raises(building.EngineError, match="C compiler"):
        building.compile_for(devices, (), {}, torch.device("cuda", 1))
    assert devices.started[0][0] == 1
    assert devices.current == 0
