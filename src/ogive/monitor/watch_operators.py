"""What compiled programs hold in the place of observing: operators that Dynamo does not open.

Those of the forward return nothing, and say that they write into a slot, which keeps them in their
order and from being left out. Gradients are told on the way back by a view of the tensor, of which
nothing is left in a compiled forward; the operator of the backward returns the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

#: It lives as long as the process.
_LIBRARY: Any = torch.library.Library("ogive", "FRAGMENT")  # type: ignore[no-untyped-call]
_LIBRARY.define("observe(Tensor z, Tensor(a!) slot, str call, int use, Tensor? parameter) -> ()")
_LIBRARY.define(
    "observe_gradient(Tensor g, Tensor? value, Tensor label, str call, int use, "
    "bool of_output) -> Tensor"
)
_LIBRARY.define(
    "observe_attention(Tensor q, Tensor k, Tensor? mask, Tensor(a!) slot, bool causal, "
    "float? scale, int use) -> ()"
)
_LIBRARY.define("observe_hidden(Tensor?[] given, Tensor(a!) slot, bool causal) -> ()")
#: What is told at run time: set by ``told_by``, as the observer stands above.
_TOLD: dict[str, Callable[..., None]] = {}


def told_by(**functions: Callable[..., None]) -> None:
    """Says who is told."""
    _TOLD.update(functions)


def _observe(z: Tensor, slot: Tensor, call: str, use: int, parameter: Tensor | None) -> None:
    _TOLD["before"](z, slot, call, use, parameter)


def _observe_gradient(
    g: Tensor, value: Tensor | None, label: Tensor, call: str, use: int, of_output: bool
) -> Tensor:
    _TOLD["gradient"](g, value, label, call, use, of_output)
    return g.clone()


def _observe_attention(
    q: Tensor, k: Tensor, mask: Any, slot: Tensor, causal: bool, scale: Any, use: int
) -> None:
    _TOLD["attention"](q, k, mask, slot, causal, scale, use)


def _observe_hidden(given: Any, slot: Tensor, causal: bool) -> None:
    _TOLD["hidden"](given, slot, causal)


for _name, _run in {
    "observe": _observe,
    "observe_attention": _observe_attention,
    "observe_hidden": _observe_hidden,
}.items():
    _LIBRARY.impl(_name, _run, "CompositeExplicitAutograd")
    torch.library.register_fake(f"ogive::{_name}", lambda *args: None, lib=_LIBRARY)


_LIBRARY.impl("observe_gradient", _observe_gradient, "CompositeExplicitAutograd")
torch.library.register_fake(
    "ogive::observe_gradient", lambda g, *told: torch.empty_like(g), lib=_LIBRARY
)


class _Passed(torch.autograd.Function):
    """A tensor as it is, whose gradient is told."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, value: Tensor | None, label: Tensor, *told: Any) -> Tensor:
        ctx.save_for_backward(value, label)
        ctx.told = told
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        told = torch.ops.ogive.observe_gradient(g, *ctx.saved_tensors, *ctx.told)
        return told, None, None, None, None, None


# an operator, as Dynamo makes an instance of a Function that it sees, of which torch warns
_LIBRARY.define(
    "passed(Tensor(a) x, Tensor? value, Tensor label, str call, int use, bool of_output)"
    " -> Tensor(a)"
)
_LIBRARY.impl("passed", _Passed.apply, "Autograd")
_LIBRARY.impl("passed", lambda x, *told: x.view_as(x), "CompositeExplicitAutograd")


class Labelled(Protocol):
    """A record, by what stands for it in programs.

    Attributes:
        slot: what operators of the forward say that they write into.
        label: what those of the backward are given; autograd keeps it, so nobody may write into it.
    """

    slot: Tensor
    label: Tensor


def told_before(
    z: Tensor, record: Labelled, call: str, use: int, parameter: Tensor | None = None
) -> Tensor:
    """Tells what an activation is given; the tensor to give it, whose gradient will be told."""
    given = None if parameter is None else parameter.detach()
    torch.ops.ogive.observe(z.detach(), record.slot, call, use, given)
    return told_back(z, record, call, use)


def told_back(z: Tensor, record: Labelled, call: str, use: int) -> Tensor:
    """The tensor, whose gradient will be told."""
    if not z.requires_grad:
        return z
    passed: Tensor = torch.ops.ogive.passed(z, None, record.label, call, use, False)
    return passed


def told_after(
    result: Any, record: Labelled, call: str, use: int, value: Tensor | None = None
) -> Any:
    """The result of an activation, whose gradient will be told; with the value that a gate has let
    through."""
    if not isinstance(result, Tensor) or not result.requires_grad:
        return result
    given = None if value is None else value.detach()
    return torch.ops.ogive.passed(result, given, record.label, call, use, True)


def told_attention(
    q: Tensor, k: Tensor, mask: Any, record: Labelled, causal: bool, scale: Any, use: int
) -> None:
    """Tells the queries and keys of an attention."""
    mask = mask.detach() if isinstance(mask, Tensor) else None
    torch.ops.ogive.observe_attention(q.detach(), k.detach(), mask, record.slot, causal, scale, use)


def told_hidden(given: Sequence[Tensor | None], record: Labelled, causal: bool) -> None:
    """Tells what a module is given whose kernel hides its activations."""
    detached = [None if t is None else t.detach() for t in given]
    torch.ops.ogive.observe_hidden(detached, record.slot, causal)
