"""What compiled programs hold in the place of observing: operators that Dynamo does not open.

Each returns nothing, and says that it writes into a slot, which keeps it from being left out and in
its order. Gradients are told on the way back by a view of the tensor, of which nothing is left in
a compiled forward.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

#: It lives as long as the process.
_LIBRARY: Any = torch.library.Library("ogive", "FRAGMENT")  # type: ignore[no-untyped-call]
_LIBRARY.define("observe(Tensor z, Tensor(a!) slot, str call, int use, Tensor? parameter) -> ()")
_LIBRARY.define(
    "observe_gradient(Tensor g, Tensor(a!) slot, str call, int use, bool of_output) -> ()"
)
_LIBRARY.define(
    "observe_attention(Tensor q, Tensor k, Tensor? mask, Tensor(a!) slot, bool causal, "
    "float? scale, int use) -> ()"
)
#: What is told at run time: set by ``told_by``, as the observer stands above.
_TOLD: dict[str, Callable[..., None]] = {}


def told_by(**functions: Callable[..., None]) -> None:
    """Says who is told."""
    _TOLD.update(functions)


def _observe(z: Tensor, slot: Tensor, call: str, use: int, parameter: Tensor | None) -> None:
    _TOLD["before"](z, slot, call, use, parameter)


def _observe_gradient(g: Tensor, slot: Tensor, call: str, use: int, of_output: bool) -> None:
    _TOLD["gradient"](g, slot, call, use, of_output)


def _observe_attention(
    q: Tensor, k: Tensor, mask: Any, slot: Tensor, causal: bool, scale: Any, use: int
) -> None:
    _TOLD["attention"](q, k, mask, slot, causal, scale, use)


for _name, _run in {
    "observe": _observe,
    "observe_gradient": _observe_gradient,
    "observe_attention": _observe_attention,
}.items():
    _LIBRARY.impl(_name, _run, "CompositeExplicitAutograd")
    torch.library.register_fake(f"ogive::{_name}", lambda *args: None, lib=_LIBRARY)


class _Passed(torch.autograd.Function):
    """A tensor as it is, whose gradient is told."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slot: Tensor, *told: Any) -> Tensor:
        ctx.save_for_backward(slot)
        ctx.told = told
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        (slot,) = ctx.saved_tensors
        torch.ops.ogive.observe_gradient(g, slot, *ctx.told)
        return g, None, None, None, None


# an operator, as Dynamo makes an instance of a Function that it sees, of which torch warns
_LIBRARY.define("passed(Tensor(a) x, Tensor slot, str call, int use, bool of_output) -> Tensor(a)")
_LIBRARY.impl("passed", _Passed.apply, "Autograd")
_LIBRARY.impl("passed", lambda x, *told: x.view_as(x), "CompositeExplicitAutograd")


def told_before(
    z: Tensor, slot: Tensor, call: str, use: int, parameter: Tensor | None = None
) -> Tensor:
    """Tells what an activation is given; the tensor to give it, whose gradient will be told."""
    given = None if parameter is None else parameter.detach()
    torch.ops.ogive.observe(z.detach(), slot, call, use, given)
    if not z.requires_grad:
        return z
    passed: Tensor = torch.ops.ogive.passed(z, slot, call, use, False)
    return passed


def told_after(result: Any, slot: Tensor, call: str, use: int) -> Any:
    """The result of an activation, whose gradient will be told."""
    if not isinstance(result, Tensor) or not result.requires_grad:
        return result
    return torch.ops.ogive.passed(result, slot, call, use, True)


def told_attention(
    q: Tensor, k: Tensor, mask: Any, slot: Tensor, causal: bool, scale: Any, use: int
) -> None:
    """Tells the queries and keys of an attention."""
    mask = mask.detach() if isinstance(mask, Tensor) else None
    torch.ops.ogive.observe_attention(q.detach(), k.detach(), mask, slot, causal, scale, use)
