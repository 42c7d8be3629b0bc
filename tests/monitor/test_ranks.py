"""Two processes train one model: statistics are those of all samples, wherever units live."""

from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module
from torch.nn.parallel import DistributedDataParallel

import ogive

X = torch.randn(32, 8, generator=torch.Generator().manual_seed(0))


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 12), nn.ReLU(), nn.Linear(12, 4), nn.Tanh())


def measured(model, x, prefix="") -> dict[str, dict[str, object]]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with ogive.Monitor(model, optimizer=optimizer, every=1) as watch:
        model(x).square().sum().backward()
        optimizer.step()
    return {
        name.removeprefix(prefix): {k: getattr(health, k) for k in KEYS}
        for name, health in watch.report().places.items()
    }


KEYS = ("units", "dead", "saturated_left", "mean_z", "std_z", "second_f", "chi")


def alike(found, expected) -> None:
    assert found.keys() == expected.keys()
    for name, numbers in expected.items():
        assert found[name] == pytest.approx(numbers, rel=1e-5, abs=1e-6)


def trained(rank: int) -> None:
    half = X.chunk(2)[rank]
    alike(measured(DistributedDataParallel(network()), half, "module."), EXPECTED)
    sharded = network()
    for part in (sharded[0], sharded):
        fully_shard(part, mesh=dist.init_device_mesh("cpu", (2,)))
    alike(measured(sharded, half), EXPECTED)
    mesh = dist.init_device_mesh("cpu", (2,))
    columns = ColwiseParallel(use_local_output=False)
    parallel = parallelize_module(network(), mesh, {"0": columns, "2": RowwiseParallel()})
    alike(measured(parallel, X), EXPECTED)


class Experts(nn.Module):
    """Each process gives all of its samples to one expert of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(8, 6), nn.ReLU()) for _ in range(2))

    def forward(self, x):
        return self.experts[dist.get_rank()](x)


def different_places(rank: int) -> None:
    found = measured(Experts(), X.chunk(2)[rank])
    assert list(found) in (["experts.0.1", "experts.1.1"], ["experts.1.1", "experts.0.1"])


def both(rank: int, store: str, expected) -> None:
    EXPECTED.update(expected)
    dist.init_process_group("gloo", f"file://{store}", rank=rank, world_size=2)
    try:
        trained(rank)
        different_places(rank)
    finally:
        dist.destroy_process_group()


EXPECTED: dict[str, dict[str, object]] = {}


def test_two_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All in one start of the processes, which is what takes the time."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    mp.spawn(both, (str(tmp_path / "store"), measured(network(), X)), nprocs=2)
