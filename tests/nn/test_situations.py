"""What trains untouched trains accelerated: every row in every situation."""

from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext

import pytest
import torch
import torch.distributed as dist
from cells import ALL, TOLERANCE, compare, outcome
from situations import ROWS, Case, Net, Row
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import Shard, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

import ogive

X = torch.randn(2, 3, 6, generator=torch.Generator().manual_seed(1))
#: Reasons for which a row is left as it is in every situation, or in one.
LEFT = {
    "torch keeps its output, as the next layer does; ogive would keep its input besides",
    "torch is as fast, and keeps as much as ogive would",
    "hooks that were set inside of the block, as by checkpointing, pack what is kept",
    "torch.jit writes down torch's operators",
    "it is functionalized",
    "its input is no plain tensor but Named",
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, of torch.jit
@pytest.mark.filterwarnings("ignore::UserWarning")  # torch's own, of reentrant checkpoints
@pytest.mark.parametrize("situation", ALL)
def test_every_row_trains_as_untouched_or_is_left_with_a_reason(situation: str) -> None:
    outcomes = {name: outcome(row, situation) for name, row in ROWS.items()}
    wrong = {
        name: found
        for name, found in outcomes.items()
        if found not in ("right", "refused") and found.removeprefix("left: ") not in LEFT
    }
    assert not wrong
    assert Counter(outcomes.values())["right"] >= 14


@pytest.mark.parametrize(
    "situation",
    [
        *(
            "y += x",
            "in place in a view",
            "checkpoint",
            "save_on_cpu",
            "backward twice",
            "jacobian",
        ),
        *("saved in another order", "saved in halves of pairs"),
    ],
)
def test_lean_is_right_or_refuses(situation: str) -> None:
    """Never another number: what it cannot do it says before backward gives one."""
    refusals = Counter()
    for name, row in ROWS.items():
        found = outcome(row, situation, "lean")
        refused = found.startswith("OgiveError")
        assert refused or found.startswith(("right", "left", "refused")), f"{name}: {found}"
        refusals[refused] += 1
    assert (refusals[True] > 0) == (situation in ("y += x", "in place in a view", "backward twice"))


def test_what_is_replaced_is_run_by_ogive() -> None:
    for name, row in ROWS.items():
        net = row.net()
        report = ogive.accelerate(net)
        block = ogive.intercept() if row.called else nullcontext()
        with ogive.served() as calls, block, torch.set_grad_enabled(not row.called):
            net(X)
        assert bool(calls) == bool(report.rows or row.called), name


def test_the_rows_are_those_of_every_library() -> None:
    homes = Counter(name.partition(":")[0] for name in ROWS)
    assert set(homes) == {
        "torch.nn", "torch.nn.modules.activation", "timm.layers.activations",
        "timm.layers.activations_me", "transformers.activations", "block", "held", "called",
    }  # fmt: skip
    assert sum(homes.values()) >= 125


# several processes, of which there is one


@pytest.fixture(scope="module")
def mesh() -> Iterator[dist.DeviceMesh]:
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield dist.init_device_mesh("cpu", (1,))
    dist.destroy_process_group()


def replaced() -> dict[str, Row]:
    return {name: row for name, row in ROWS.items() if not row.called}


class All(nn.Module):
    """Networks of all rows beside one another."""

    def __init__(self) -> None:
        super().__init__()
        # of one dtype, which fully_shard asks for
        self.nets = nn.ModuleList([row.net().float() for row in replaced().values()])

    def forward(self, x: Tensor) -> Tensor:
        return sum(net(x).square().mean() for net in self.nets)


def assert_same_gradients(ours: nn.Module, theirs: nn.Module) -> None:
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert (a.grad is None) == (b.grad is None)
        if a.grad is not None and b.grad is not None:
            gradient = a.grad.full_tensor() if hasattr(a.grad, "full_tensor") else a.grad
            torch.testing.assert_close(gradient, b.grad, rtol=TOLERANCE, atol=TOLERANCE)


def test_distributed_data_parallel(mesh: dist.DeviceMesh) -> None:
    ours, theirs = All(), All()
    assert len(ogive.accelerate(ours).rows) > 80
    for model in (DistributedDataParallel(ours), DistributedDataParallel(theirs)):
        for _ in range(2):
            model(X).backward()
    assert_same_gradients(ours, theirs)


@pytest.mark.filterwarnings("ignore:FSDP2-wrapped")  # a linear layer's result is a view in torch
def test_fully_sharded(mesh: dist.DeviceMesh) -> None:
    ours, theirs = All(), All()
    ogive.accelerate(ours)
    for net in ours.nets:
        fully_shard(net, mesh=mesh)
    fully_shard(ours, mesh=mesh)
    for model in (ours, theirs):
        model(X).backward()
    assert_same_gradients(ours, theirs)


def test_distributed_tensors(mesh: dist.DeviceMesh) -> None:
    """The activation alone meets them, in the default mode and in lean ones."""

    def run(net: Net) -> list[Tensor]:
        x = distribute_tensor(Case(net).x.detach(), mesh, [Shard(0)]).requires_grad_()
        y = net.activation(x * 1)
        y.square().sum().backward()
        return [y.detach().full_tensor(), x.grad.full_tensor()]

    same = 0
    for row in replaced().values():
        try:
            want = run(row.net())
        except Exception:  # what torch has no strategy for, and modules with plain parameters
            continue
        for save in ("exact", "lean"):
            net = row.net()
            ogive.accelerate(net, save=save)
            compare(run(net), want, TOLERANCE)
            same += 1
    assert same > 100


# attributes


def attributes(module: nn.Module) -> dict[str, object]:
    """What an activation keeps of its own, without what every module has."""
    return {n: v for n, v in vars(module).items() if n not in vars(nn.Module())}


MODULES = [n for n, r in ROWS.items() if not n.startswith(("held", "called", "block"))]


@pytest.mark.parametrize("name", MODULES)
def test_every_attribute_is_readable_obeyed_when_set_and_kept_by_restore(name: str) -> None:
    ours, theirs = ROWS[name].make(), ROWS[name].make()
    keys = attributes(theirs)
    model, x = nn.Sequential(ours), torch.linspace(-4, 4, 72).reshape(2, 3, 12)
    ogive.accelerate(model)
    assert all(hasattr(model[0], n) for n in dir(theirs))
    for key, value in keys.items():
        for module in (ours, theirs):
            setattr(module, key, other(value))
        try:
            want = theirs(x.clone())
        except Exception as error:  # such as a maximum below the minimum
            with pytest.raises(type(error)):
                ours(x.clone())
        else:
            compare([ours(x.clone())], [want], TOLERANCE)
    assert attributes(ours).keys() - keys.keys() <= {"_accelerated"}
    ogive.restore(model)
    assert model[0] is ours
    assert type(ours) is type(theirs)
    assert {n: v for n, v in attributes(ours).items() if not callable(v)} == {
        n: v for n, v in attributes(theirs).items() if not callable(v)
    }


def other(value: object) -> object:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 2 if value < 0 else value + 1
    if isinstance(value, float):
        return 0.75 * value - 0.0625 if value < 0 else 0.75 * value + 0.0625
    return {"none": "tanh", "tanh": "none"}.get(value, value) if isinstance(value, str) else value
