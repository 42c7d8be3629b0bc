"""Functions of rows that have kernels, differentiable.

The CPU engine's kernels do the work where they can, forward and backward; torch's operators do it
elsewhere (on other devices, while a trace is recorded, with the engine set to eager) and wherever a
gradient is itself differentiated.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from ogive.engine import choice
from ogive.engine.cpu.rowwise import attempt, start
from ogive.engine.shortcuts import Way
from ogive.ops import maps
from ogive.ops.maps import WIDE, Map
from ogive.torch_private import FORWARD, LEVEL, is_wrapped, transforms_active


def starting(rows: Map, x: Tensor, dim: int) -> Way | None:
    """What runs the map on tensors like x, if they have elements along ``dim``."""
    if not x.numel() or not -x.dim() <= dim < x.dim():
        return None
    return start(rows.kernel, x.dtype, x.shape, dim % x.dim(), rows.number(x.dtype))


def recorded(rows: Map, x: Tensor, dim: int) -> Tensor | None:
    """The map of an ordinary tensor, recorded for gradients."""
    if not x.numel() or not -x.dim() <= dim < x.dim():
        return None
    if transforms_active():
        return None
    record: Any = _Recorded.apply
    y: Tensor = record(x, dim % x.dim(), rows)
    return y


def softmax_at(x: Tensor, dim: int, tau: float | Tensor) -> Tensor:
    """Softmax of x / tau, as a part of gumbel_softmax."""
    return apply(maps.gumbel(tau), x, dim % x.dim())


def owned(rows: Map) -> Map:
    """The map on the engine of the function that is being called, if that has one of its own."""
    engine = choice.own.get()
    return rows if engine is None else replace(rows, engine=engine)


def apply(rows: Map, x: Tensor, dim: int) -> Tensor:
    """The map along a dimension counted from 0, recorded for gradients where they are wanted."""
    if torch.compiler.is_dynamo_compiling():
        return _by_torch(rows, x, dim)
    if not x.numel() or isinstance(rows.given, Tensor):
        return _by_torch(rows, x, dim)
    rows = owned(rows)
    wrapped = is_wrapped(x)
    dual = FORWARD[LEVEL] >= 0
    if not (wrapped or dual or (x.requires_grad and torch.is_grad_enabled())):
        return _forward(rows, x, dim)
    if wrapped:  # what is inside shows only in the function's forward
        ours = choice.wanted(rows.engine) != "eager" and not choice.traced()
    else:
        ours = choice.choose((x,), rows.engine)[0] == "cpu"
    if not ours:
        return _forward(rows, x, dim)
    transformed = dual or transforms_active()
    record: Any = (_Transformed if transformed else _Recorded).apply
    y: Tensor = record(x, dim, rows)
    return y


def _forward(rows: Map, x: Tensor, dim: int) -> Tensor:
    y = attempt(rows.name, rows.kernel, (x,), dim, rows.number(x.dtype), rows.engine)
    return _by_torch(rows, x, dim) if y is None else y


def _by_torch(rows: Map, x: Tensor, dim: int) -> Tensor:
    """The map as torch operators, 16-bit numbers computed in float32."""
    return rows.by_torch(_wide(x), dim).to(x.dtype)


def _wide(x: Tensor) -> Tensor:
    return x.to(WIDE.get(x.dtype, x.dtype))


def _gradients(ctx: Any, gradient: Tensor | None) -> tuple[Tensor | None, None, None]:
    if gradient is None:
        return None, None, None
    (kept,) = ctx.saved_tensors
    return _slope(ctx.rows, kept, gradient, ctx.dim), None, None


class _Recorded(Function):
    """What an ordinary call records."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, rows: Map) -> Tensor:
        ctx.dim, ctx.rows = dim, rows
        y = _forward(rows, x, dim)
        ctx.save_for_backward(rows.kept(x, y))
        ctx.set_materialize_grads(False)
        return y

    backward = staticmethod(_gradients)


class _Transformed(Function):
    """The same for forward mode and torch.func, which take 20 us more a call."""

    @staticmethod
    def forward(x: Tensor, dim: int, rows: Map) -> Tensor:
        return _forward(rows, x, dim)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, ctx.dim, ctx.rows = inputs
        kept = ctx.rows.kept(x, output)
        ctx.save_for_backward(kept)
        ctx.save_for_forward(kept)
        ctx.set_materialize_grads(False)

    backward = staticmethod(_gradients)

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: Any) -> Tensor:
        (kept,) = ctx.saved_tensors
        result: Tensor = ctx.rows.tangent_by_torch(_wide(kept), _wide(tangent), ctx.dim)
        return result.to(tangent.dtype)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], x: Tensor, dim: int, rows: Map
    ) -> tuple[Tensor, int]:
        return apply(rows, x.movedim(in_dims[0], 0), dim + 1), 0


# torch asks for it in every call, and works it out each time
_Transformed.forward.__signature__ = inspect.signature(_Transformed.forward)  # type: ignore[attr-defined]


def _slope(rows: Map, kept: Tensor, gradient: Tensor, dim: int) -> Tensor:
    """The gradient with respect to x; as torch operators if somebody will differentiate it."""
    found = None
    if not torch.is_grad_enabled():
        kernel, number = rows.slope_kernel(kept), rows.number(kept.dtype)
        label, given = f"{rows.name}_backward", (kept, gradient)
        found = attempt(label, kernel, given, dim, number, rows.engine)
    if found is None:
        found = rows.slope_by_torch(_wide(kept), _wide(gradient), dim).to(gradient.dtype)
    return found
