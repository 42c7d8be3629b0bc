"""Accelerated models under what trains, copies, compiles and distributes models."""

import copy
import functools
import io
import pickle
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnxruntime
import others  # noqa: F401 - before transformers, which needs it
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F  # noqa: N812
import transformers
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint
from transformers.models.llama.modeling_llama import LlamaMLP

import ogive
from ogive.errors import OgiveError

X = torch.randn(6, 8, generator=torch.Generator().manual_seed(1))


class Net(nn.Module):
    """One of each kind that accelerate knows: plain, learned, a function held, a gated block."""

    def __init__(self) -> None:
        super().__init__()
        config = transformers.LlamaConfig(
            hidden_size=8, intermediate_size=12, num_attention_heads=2
        )
        self.first, self.act = nn.Linear(8, 16), nn.GELU()
        self.slopes, self.second = nn.PReLU(16), nn.Linear(16, 8)
        self.held = functools.partial(F.gelu, approximate="tanh")
        self.mlp = LlamaMLP(config)

    def forward(self, x: Tensor) -> Tensor:
        return self.mlp(self.held(self.second(self.slopes(self.act(self.first(x))))))


def untouched(seed: int = 0) -> Net:
    torch.manual_seed(seed)
    return Net()


def accelerated(seed: int = 0) -> Net:
    net = untouched(seed)
    assert len(ogive.accelerate(net).rows) == 4
    return net


def gradients(net: nn.Module, call: Callable[..., Tensor] | None = None) -> list[Tensor]:
    net.zero_grad()
    (net if call is None else call)(X).square().sum().backward()
    return [p.grad.clone() for p in net.parameters()]


def assert_same(net: nn.Module, call: Callable[..., Tensor] | None = None) -> None:
    """Values and gradients of the untouched network, to float32's rounding."""
    want = untouched()
    torch.testing.assert_close((net if call is None else call)(X), want(X))
    for ours, theirs in zip(gradients(net, call), gradients(want), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.fixture(autouse=True)
def _forget_compiled() -> Iterator[None]:
    yield
    torch._dynamo.reset()


# compilers


def test_compile_without_breaks() -> None:
    net = accelerated()
    assert_same(net, torch.compile(net, fullgraph=True, backend="aot_eager"))


@pytest.mark.parametrize("strict", [False, True])
def test_export(strict: bool) -> None:
    exported = torch.export.export(accelerated(), (X,), strict=strict)
    torch.testing.assert_close(exported.module()(X), untouched()(X))


@pytest.mark.parametrize("strict", [False, True])
def test_export_for_batches_of_any_size(strict: bool) -> None:
    batch = {0: torch.export.Dim("batch")}
    exported = torch.export.export(accelerated(), (X,), dynamic_shapes=(batch,), strict=strict)
    torch.testing.assert_close(exported.module()(X[:5]), untouched()(X[:5]))


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # torch's own
def test_onnx() -> None:
    model = torch.onnx.export(accelerated().eval(), (X,), dynamo=True, verbose=False).model_proto
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (got,) = session.run(None, {session.get_inputs()[0].name: X.numpy()})
    torch.testing.assert_close(torch.from_numpy(got), untouched()(X).detach())


def test_intercept_leaves_compiled_code_to_its_compiler() -> None:
    net = torch.compile(untouched(), backend="aot_eager")
    with ogive.intercept() as seen:
        y = net(X)
    assert not seen.taken
    torch.testing.assert_close(y, untouched()(X))


# what training does


@pytest.mark.parametrize("use_reentrant", [False, True])
def test_activation_checkpointing_runs_the_forward_once_more(use_reentrant: bool) -> None:
    net, runs = accelerated(), []
    net.mlp.register_forward_pre_hook(lambda *_: runs.append(1))

    def checkpointed(x: Tensor) -> Tensor:
        return checkpoint(net, x.clone().requires_grad_(), use_reentrant=use_reentrant)

    once, twice, forward = (
        Counter(programs(task))
        for task in (lambda: gradients(net), lambda: gradients(net, checkpointed), lambda: net(X))
    )
    assert len(forward) == 4
    assert twice - once == forward
    assert once - twice == Counter()
    runs.clear()
    gradients(net, checkpointed)
    assert len(runs) == 2
    assert_same(net, checkpointed)


def test_autocast() -> None:
    """To two ulp of bfloat16: each layer rounds once, and one activation more or less."""
    with torch.autocast("cpu", torch.bfloat16):
        ours, theirs = accelerated()(X), untouched()(X)
    assert ours.dtype == theirs.dtype == torch.bfloat16
    torch.testing.assert_close(ours, theirs, rtol=2**-6, atol=2**-8 * theirs.abs().max().item())


def test_gradients_accumulate() -> None:
    ours, theirs = accelerated(), untouched()
    for net in (ours, theirs):
        for part in X.chunk(3):
            net(part).square().sum().backward()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad)


def test_a_graph_that_is_retained_gives_the_same_twice() -> None:
    net = accelerated()
    loss = net(X).square().sum()
    first = torch.autograd.grad(loss, list(net.parameters()), retain_graph=True)
    second = torch.autograd.grad(loss, list(net.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_double_backward() -> None:
    def penalty(net: nn.Module) -> Tensor:
        x = X.clone().requires_grad_()
        (slope,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
        slope.square().sum().backward()
        return net.first.weight.grad

    torch.testing.assert_close(penalty(accelerated()), penalty(untouched()), rtol=1e-4, atol=1e-5)


def test_an_ensemble_under_vmap() -> None:
    nets = [accelerated(seed) for seed in range(3)]
    parameters, buffers = torch.func.stack_module_state(nets)
    base = copy.deepcopy(nets[0]).to("meta")

    def call(p: Any, b: Any) -> Tensor:
        return torch.func.functional_call(base, (p, b), (X,))

    outputs = torch.func.vmap(call)(parameters, buffers)
    torch.testing.assert_close(outputs, torch.stack([untouched(seed)(X) for seed in range(3)]))
    loss = torch.func.grad(lambda p, b: call(p, b).square().sum())
    found = torch.func.vmap(loss)(parameters, buffers)
    for seed in range(3):
        names = [n for n, _ in nets[0].named_parameters()]
        for name, want in zip(names, gradients(untouched(seed)), strict=True):
            torch.testing.assert_close(found[name][seed], want)


# which engine


def engines(task: Callable[[], Any]) -> set[str]:
    with ogive.served() as calls:
        task()
    return {call.engine for call in calls}


def programs(task: Callable[[], Any]) -> list[str]:
    with ogive.served() as calls:
        task()
    return [call.program for call in calls]


def compiled() -> None:
    net = accelerated()
    torch.compile(net, fullgraph=True, backend="aot_eager")(X)


def functional() -> None:
    nets = [accelerated(seed) for seed in range(2)]
    parameters, _ = torch.func.stack_module_state(nets)
    torch.func.vmap(lambda p: torch.func.functional_call(nets[0], p, (X,)))(parameters)


def under_autocast() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        gradients(accelerated())


def intercepted() -> None:
    with ogive.intercept():
        gradients(untouched())


@torch.compile(backend="eager", fullgraph=True)
def exports(x: Tensor) -> bool:
    return torch.compiler.is_exporting()


#: None is torch alone: an exporter sees the model as it was, and so does dynamo before torch 2.13,
#: which always takes itself for one.
ENGINES: dict[str, tuple[Callable[[], Any], str | None]] = {
    "training": (lambda: gradients(accelerated()), "cpu"),
    "checkpoint": (lambda: checkpoint(accelerated(), X, use_reentrant=False), "cpu"),
    "autocast": (under_autocast, "cpu"),
    "vmap": (functional, "cpu"),
    "copy": (lambda: gradients(copy.deepcopy(accelerated())), "cpu"),
    "intercept": (intercepted, "cpu"),
    "compile": (compiled, "eager"),
    "export": (lambda: torch.export.export(accelerated(), (X,)), None),
    "strict export": (lambda: torch.export.export(accelerated(), (X,), strict=True), None),
}


@pytest.mark.parametrize("name", ENGINES)
def test_the_engine_is_the_one_of_the_page(name: str) -> None:
    task, engine = ENGINES[name]
    if name == "compile" and exports(X):
        engine = None
    assert engines(task) == ({engine} - {None})


# copies


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies(again: Callable[[nn.Module], nn.Module]) -> None:
    net = accelerated()
    twin = again(net)
    assert_same(twin)
    assert len(ogive.restore(twin)) == 4
    assert type(twin.mlp) is LlamaMLP
    assert_same(twin)
    assert_same(net)


def test_states_travel_between_accelerated_and_untouched() -> None:
    net, stored = accelerated(), io.BytesIO()
    torch.save(net.state_dict(), stored)
    stored.seek(0)
    plain = untouched(1)
    plain.load_state_dict(torch.load(stored, weights_only=True))
    torch.testing.assert_close(plain(X), net(X))
    other = accelerated(1)
    other.load_state_dict(plain.state_dict())
    assert torch.equal(other(X), net(X))


# several processes


def data_parallel() -> None:
    """Each process has half of the batch; gradients are means over the processes."""
    net = accelerated()
    replica = DistributedDataParallel(net)
    with ogive.served() as calls:
        for _ in range(2):  # the second step meets the reducer's own order
            net.zero_grad()
            replica(X.chunk(2)[dist.get_rank()]).square().sum().backward()
    assert {call.engine for call in calls} == {"cpu"}
    for ours, theirs in zip(net.parameters(), gradients(untouched()), strict=True):
        torch.testing.assert_close(2 * ours.grad, theirs)


def sharded() -> None:
    net = accelerated()
    for part in (net.mlp, net):
        fully_shard(part, mesh=dist.init_device_mesh("cpu", (2,)))
    with ogive.served() as calls:
        net(X.chunk(2)[dist.get_rank()]).square().sum().backward()
    assert {call.engine for call in calls} == {"cpu"}
    for ours, theirs in zip(net.parameters(), gradients(untouched()), strict=True):
        torch.testing.assert_close(2 * ours.grad.full_tensor(), theirs)
    with pytest.raises(OgiveError, match="FSDPLlamaMLP has been given another class"):
        ogive.restore(net)


def both(rank: int, store: str) -> None:
    dist.init_process_group("gloo", f"file://{store}", rank=rank, world_size=2)
    try:
        data_parallel()
        sharded()
    finally:
        dist.destroy_process_group()


def test_two_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both in one start of the processes, which is what takes the time."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    mp.spawn(both, (str(tmp_path / "store"),), nprocs=2)
