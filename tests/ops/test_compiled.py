"""What torch.compile sees of a call: a kernel as one operator where that is faster than what the
compiler writes, torch's own operator where torch has one, and the formula otherwise."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from functorch.compile import make_boxed_func
from torch._dynamo.backends.common import aot_autograd

import ogive
from ogive.ops.native import NATIVE, SAME_FUNCTION
from ogive.ops.operator import LEAST_COMPILED

LARGE, SMALL = 2 * LEAST_COMPILED, 64
HEAVY = ["mish", "gelu", "silu", "tanh", "elu", "softplus", "snake", "smish", "serf"]
LIGHT = ["hardswish", "hardsigmoid", *NATIVE]


def graphs(
    call: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, recorded: bool = True
) -> tuple[set[str], Any]:
    """The operators in the graphs of forward and backward, and the gradient."""
    seen: set[str] = set()

    def note(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> Any:
        seen.update(str(n.target) for n in graph.graph.nodes if n.op == "call_function")
        return make_boxed_func(graph)

    torch._dynamo.reset()
    compiled = torch.compile(call, backend=aot_autograd(fw_compiler=note), fullgraph=True)
    x = x.clone().requires_grad_(recorded)
    y = compiled(x)
    if recorded:
        y.backward(torch.ones_like(y))
    return seen, x.grad


@pytest.mark.parametrize("name", ["gelu", "silu", "mish", "snake"])
def test_without_a_gradient_a_kernel_has_to_be_much_faster(name: str) -> None:
    seen, _ = graphs(ogive.get(name), torch.randn(LARGE), recorded=False)
    assert ("ogive.call.default" in seen) is (name not in ("gelu", "silu"))


@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_function_stays_one_operator(name: str) -> None:
    function, x = ogive.get(name), torch.randn(LARGE)
    seen, gradient = graphs(function, x)
    assert {t for t in seen if "getitem" not in t} == {"ogive.call.default"}
    wanted = torch.func.grad(lambda t: function(t).sum())(x)
    assert torch.equal(gradient, wanted)


@pytest.mark.parametrize("name", SAME_FUNCTION)
def test_elsewhere_torchs_own_operator_stands_in_the_graph(name: str) -> None:
    """At small sizes, where starting a kernel costs more than it saves, and for what is cheap."""
    defaults = [p.default for p in ogive.get(name).parameters]
    for size in (SMALL, LARGE) if name in LIGHT else (SMALL,):
        seen, _ = graphs(ogive.get(name), torch.randn(size))
        theirs, _ = graphs(
            lambda t: SAME_FUNCTION[name](t, *defaults),
            torch.randn(size),
        )
        assert seen == theirs


@pytest.mark.parametrize("save", ["exact", "lean", "output", "code8"])
def test_a_mode_keeps_in_a_compiled_step_what_it_keeps_elsewhere(save: str) -> None:
    function, x = ogive.get("gelu"), torch.randn(LARGE)

    def kept(call: Callable[[torch.Tensor], torch.Tensor]) -> int:
        """The bytes held for backward, but those of the result and the input."""
        found: list[torch.Tensor] = []
        hooks = torch.autograd.graph.saved_tensors_hooks(
            lambda t: found.append(t) or t, lambda t: t
        )
        given = x.clone().requires_grad_()
        with hooks:
            y = call(given)
        return sum(t.nbytes for t in found if t.data_ptr() not in (y.data_ptr(), given.data_ptr()))

    torch._dynamo.reset()
    compiled = torch.compile(lambda t: function(t, save=save), backend="aot_eager", fullgraph=True)
    assert kept(compiled) == kept(lambda t: function(t, save=save))
    given = x.clone().requires_grad_()
    compiled(given).sum().backward()
    plain = x.clone().requires_grad_()
    function(plain, save=save).sum().backward()
    assert torch.equal(given.grad, plain.grad)


@pytest.mark.parametrize("save", ["exact", "lean", "output", "code8"])
def test_a_small_call_has_the_ordinary_gradient(save: str) -> None:
    function, x = ogive.get("gelu"), torch.randn(SMALL)
    _, gradient = graphs(lambda t: function(t, save=save), x)
    torch.testing.assert_close(gradient, torch.func.grad(lambda t: function(t).sum())(x))


def test_a_batch_of_any_size_is_compiled_once() -> None:
    calls = 0

    def count(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> Any:
        nonlocal calls
        calls += 1
        return make_boxed_func(graph)

    torch._dynamo.reset()
    function = ogive.get("mish")
    compiled = torch.compile(function, backend=aot_autograd(fw_compiler=count), dynamic=True)
    for rows in (40, 41, 57):
        x = torch.randn(rows, 1024)
        assert torch.equal(compiled(x), function(x))
    assert calls == 1


def test_an_engine_of_its_own_and_the_setting_are_obeyed() -> None:
    x = torch.randn(LARGE)
    with ogive.engine("eager"):
        seen, _ = graphs(ogive.get("mish"), x)
    assert "ogive.call.default" not in seen


def test_a_gated_unit_stays_one_operator() -> None:
    function, x = ogive.get("swiglu"), torch.randn(64, 1024)
    seen, gradient = graphs(function, x)
    assert "ogive.call.default" in seen
    assert torch.equal(gradient, torch.func.grad(lambda t: function(t).sum())(x))
