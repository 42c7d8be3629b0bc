"""Steps of a model belong to the context that traces it: no other thread or task is in them."""

import asyncio
import threading
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, fx, nn

import ogive
from ogive.nn.initialise.recorder import SignalStep, steps_of
from ogive.ops import watcher

X = torch.randn(3, 8)
MISH, SWIGLU, SOFTMAX = map(ogive.get, ("mish", "swiglu", "softmax"))


def kinds(steps: list[SignalStep]) -> list[tuple[str, str]]:
    return [(s.kind, s.spec.name if s.spec else s.name) for s in steps]


class Net(nn.Module):
    """Calls ogive's functions by itself, and something else in the middle."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.first, self.act, self.last = nn.Linear(8, 8), ogive.nn.GELU(), nn.Linear(8, 4)
        self.meanwhile = meanwhile

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(MISH(self.first(x)))
        self.meanwhile()
        return self.last(x)


STEPS = [
    ("input", "x"), ("layer", "first"), ("activation", "mish"), ("activation", "gelu"),
    ("layer", "last"),
]  # fmt: skip
EXAMPLES = pytest.mark.parametrize("example", [None, X], ids=["traced", "run"])


def steps(model: nn.Module, example: Tensor | None) -> list[tuple[str, str]]:
    """Kinds and names; the input has the name of the argument where it is known."""
    found = kinds(steps_of(model, example))
    return [("input", "x") if kind == "input" else (kind, name) for kind, name in found]


def in_a_thread(run: Callable[[], object]) -> None:
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


@EXAMPLES
def test_another_thread_s_calls_are_not_in_the_trace(example: Tensor | None) -> None:
    """It calls functions of ogive's and torch's, modules, and the very model that is traced."""
    results: list[object] = []
    model = Net(lambda: in_a_thread(calls))
    twin = Net()
    twin.load_state_dict(model.state_dict())
    want = [MISH(X), torch.tanh(X), ogive.nn.SiLU()(X), twin(X)]

    def calls() -> None:
        model.meanwhile = lambda: None
        with torch.no_grad():
            results.extend([MISH(X), torch.tanh(X), ogive.nn.SiLU()(X), model(X)])
            results.append(watcher.get())

    assert steps(model, example) == STEPS
    *tensors, watch = results
    assert watch is None
    assert not any(isinstance(t, fx.Proxy) for t in tensors)
    for got, wanted in zip(tensors, want, strict=True):
        torch.testing.assert_close(got, wanted.detach())


@EXAMPLES
def test_two_threads_trace_at_once(example: Tensor | None) -> None:
    found: list[list[tuple[str, str]]] = []
    start = threading.Barrier(4)

    def trace() -> None:
        start.wait()
        found.append(steps(Net(), example))

    threads = [threading.Thread(target=trace) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [STEPS] * 4
    assert nn.Linear.__call__ is nn.Module.__call__
    torch.testing.assert_close(nn.ReLU()(X), X.relu())


@EXAMPLES
def test_a_task_that_a_trace_started_is_not_watched(example: Tensor | None) -> None:
    """It has a copy of the trace's context, and runs when the trace has ended."""

    async def later() -> Tensor:
        return MISH(X, inplace=False)

    async def main() -> Tensor:
        started: list[asyncio.Task[Tensor]] = []
        model = Net(lambda: started.append(asyncio.ensure_future(later())))
        assert steps(model, example) == STEPS
        return await started[0]

    torch.testing.assert_close(asyncio.run(main()), MISH(X))


class Functions(nn.Module):
    """Every kind of function, called as code may call them."""

    def forward(self, x: Tensor) -> Tensor:
        x = MISH(x, inplace=True)
        x = ogive.get("leaky_relu")(x, negative_slope=0.3)
        x = SWIGLU(SWIGLU(x, x + 1))
        return SOFTMAX(ogive.get("rrelu")(x), dim=-1)


def test_a_run_sees_functions_of_every_kind() -> None:
    for _ in range(3):  # fast paths are there from the second call on
        Functions()(X.clone())
    found = steps_of(Functions(), X.clone())
    assert kinds(found) == [
        ("input", "input"), ("activation", "mish"), ("activation", "leaky_relu"), ("sum", "add"),
        ("gated", "swiglu"), ("gated", "swiglu"), ("activation", "rrelu"), ("unknown", "softmax"),
    ]  # fmt: skip
    assert found[2].spec is not None
    assert found[2].spec.parameters[0].default == 0.3
