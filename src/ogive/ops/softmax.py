"""Softmax, softmin, log-softmax and softmax at a temperature, differentiable.

The CPU engine's kernels do the work where they can, forward and backward; torch's operators do it
elsewhere (on other devices, while a trace is recorded, with the engine set to eager) and wherever a
gradient is itself differentiated. Softmax keeps its result for the backward pass, and so does
log-softmax; but of 16-bit numbers log-softmax keeps the input, because the logarithm of a share has
too few digits there for the share.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function, forward_ad

from ogive.engine import choice
from ogive.engine.shortcuts import Way
from ogive.engine.softmax import Kernel, attempt, start

_WIDE = {torch.float16: torch.float32, torch.bfloat16: torch.float32}


@dataclass(frozen=True)
class Map:
    """A map of rows: softmax of x, -x or x / tau, or the logarithm of softmax; on an engine of its
    own, if it has one."""

    name: str
    kernel: Kernel
    tau: float | None = None
    engine: str | None = None

    @property
    def logarithm(self) -> bool:
        """Whether it is the logarithm."""
        return self.kernel.name == "log_softmax"

    def slope_kernel(self, kept: Tensor) -> Kernel:
        """The kernel of its gradient; softmin's has the factor -1."""
        if not self.logarithm:
            return Kernel("softmax_backward", tempered=self.kernel.negated or self.kernel.tempered)
        return Kernel(f"log_softmax_backward{'_of_x' if kept.dtype in _WIDE else ''}")

    def factor(self, dtype: torch.dtype) -> float | Fraction:
        """What the logits are multiplied by; tau no nearer to 0 or infinity than numbers go."""
        if self.tau is None:
            return -1 if self.kernel.negated else 1
        tiny = torch.finfo(dtype).tiny
        return 1 / Fraction(min(max(self.tau, tiny), 1 / tiny))


SOFTMAX = Map("softmax", Kernel("softmax"))
SOFTMIN = Map("softmin", Kernel("softmax", negated=True))
LOG_SOFTMAX = Map("log_softmax", Kernel("log_softmax"))
TEMPERED = Kernel("softmax", tempered=True)
MAPS = {rows.name: rows for rows in (SOFTMAX, SOFTMIN, LOG_SOFTMAX)}


def softmax(x: Tensor, dim: int) -> Tensor:
    """exp(x) / sum(exp(x)) along a dimension counted from 0."""
    return _apply(SOFTMAX, x, dim)


def softmin(x: Tensor, dim: int) -> Tensor:
    """Softmax of -x."""
    return _apply(SOFTMIN, x, dim)


def log_softmax(x: Tensor, dim: int) -> Tensor:
    """x - log(sum(exp(x)))."""
    return _apply(LOG_SOFTMAX, x, dim)


def starting(rows: Map, x: Tensor, dim: int) -> Way | None:
    """What runs the map on tensors like x, if they have elements along ``dim``."""
    if not x.numel() or not -x.dim() <= dim < x.dim():
        return None
    return start(rows.kernel, x.dtype, x.shape, dim % x.dim())


def recorded(rows: Map, x: Tensor, dim: int) -> Tensor | None:
    """The map of an ordinary tensor, recorded for gradients."""
    if not x.numel() or not -x.dim() <= dim < x.dim():
        return None
    if torch._C._are_functorch_transforms_active():
        return None
    record: Any = _Recorded.apply
    y: Tensor = record(x, dim % x.dim(), rows)
    return y


def softmax_at(x: Tensor, dim: int, tau: float | Tensor) -> Tensor:
    """Softmax of x / tau, as a part of gumbel_softmax; by torch if tau is a tensor."""
    if isinstance(tau, Tensor):
        return _tempered(x, dim, tau)
    return _apply(Map("gumbel_softmax", TEMPERED, float(tau)), x, dim % x.dim())


def _tempered(x: Tensor, dim: int, tau: float | Tensor) -> Tensor:
    # the largest is subtracted before the division, so that no tau > 0 overflows
    return torch.softmax((x - x.detach().amax(dim, keepdim=True)) / tau, dim)


def owned(rows: Map) -> Map:
    """The map on the engine of the function that is being called, if that has one of its own."""
    engine = choice.own.get()
    return rows if engine is None else replace(rows, engine=engine)


def _apply(rows: Map, x: Tensor, dim: int) -> Tensor:
    """The map, recorded for gradients where they are wanted."""
    if torch.compiler.is_dynamo_compiling():
        return _by_torch(rows, x, dim)
    if not x.numel():
        return _by_torch(rows, x, dim)
    rows = owned(rows)
    wrapped = torch._C._functorch.is_functorch_wrapped_tensor(x)
    dual = forward_ad._current_level >= 0
    if not (wrapped or dual or (x.requires_grad and torch.is_grad_enabled())):
        return _forward(rows, x, dim)
    if wrapped:  # what is inside shows only in the function's forward
        ours = choice.wanted(rows.engine) != "eager" and not choice.traced()
    else:
        ours = choice.choose((x,), rows.engine)[0] == "cpu"
    if not ours:
        return _forward(rows, x, dim)
    transformed = dual or torch._C._are_functorch_transforms_active()
    record: Any = (_Transformed if transformed else _Recorded).apply
    y: Tensor = record(x, dim, rows)
    return y


def _forward(rows: Map, x: Tensor, dim: int) -> Tensor:
    factor = 1 if rows.tau is None else rows.factor(x.dtype)
    y = attempt(rows.name, rows.kernel, (x,), dim, factor, rows.engine)
    return _by_torch(rows, x, dim) if y is None else y


def _by_torch(rows: Map, x: Tensor, dim: int) -> Tensor:
    """The map as torch operators, 16-bit numbers computed in float32."""
    wide = x.to(_WIDE.get(x.dtype, x.dtype))
    if rows.tau is not None:
        y = _tempered(wide, dim, rows.tau)
    elif rows.logarithm:
        y = torch.log_softmax(wide, dim)
    else:
        y = torch.softmax(-wide if rows.kernel.negated else wide, dim)
    return y.to(x.dtype)


def _gradients(ctx: Any, gradient: Tensor | None) -> tuple[Tensor | None, None, None]:
    if gradient is None:
        return None, None, None
    (kept,) = ctx.saved_tensors
    return _slope(ctx.rows, kept, gradient, ctx.dim), None, None


def _kept(rows: Map, x: Tensor, y: Tensor) -> Tensor:
    """What the backward pass needs."""
    return x if rows.logarithm and x.dtype in _WIDE else y


class _Recorded(Function):
    """What an ordinary call records."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, dim: int, rows: Map) -> Tensor:
        ctx.dim, ctx.rows = dim, rows
        y = _forward(rows, x, dim)
        ctx.save_for_backward(_kept(rows, x, y))
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
        kept = _kept(ctx.rows, x, output)
        ctx.save_for_backward(kept)
        ctx.save_for_forward(kept)
        ctx.set_materialize_grads(False)

    backward = staticmethod(_gradients)

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: Any) -> Tensor:
        """Softmax's Jacobian is symmetric; log-softmax's is not."""
        (kept,) = ctx.saved_tensors
        if not ctx.rows.logarithm:
            return _slope_by_torch(ctx.rows, kept, tangent, ctx.dim)
        t = tangent.to(_WIDE.get(tangent.dtype, tangent.dtype))
        mean = (_shares(kept, ctx.dim) * t).sum(ctx.dim, keepdim=True)
        return (t - mean).to(tangent.dtype)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], x: Tensor, dim: int, rows: Map
    ) -> tuple[Tensor, int]:
        return _apply(rows, x.movedim(in_dims[0], 0), dim + 1), 0


# torch asks for it in every call, and works it out each time
_Transformed.forward.__signature__ = inspect.signature(_Transformed.forward)  # type: ignore[attr-defined]


def _slope(rows: Map, kept: Tensor, gradient: Tensor, dim: int) -> Tensor:
    """The gradient with respect to x; as torch operators if somebody will differentiate it."""
    found = None
    if not torch.is_grad_enabled():
        factor = rows.factor(kept.dtype)
        kernel = rows.slope_kernel(kept)
        label, given = f"{rows.name}_backward", (kept, gradient)
        found = attempt(label, kernel, given, dim, factor, rows.engine)
    return _slope_by_torch(rows, kept, gradient, dim) if found is None else found


def _slope_by_torch(rows: Map, kept: Tensor, gradient: Tensor, dim: int) -> Tensor:
    wide = _WIDE.get(gradient.dtype, gradient.dtype)
    g = gradient.to(wide)
    if rows.logarithm:
        dx = g - _shares(kept, dim) * g.sum(dim, keepdim=True)
    else:
        y = kept.to(wide)
        dx = y * (g - (g * y).sum(dim, keepdim=True)) * float(rows.factor(wide))
    return dx.to(gradient.dtype)


def _shares(kept: Tensor, dim: int) -> Tensor:
    """Softmax from what log-softmax kept."""
    if kept.dtype in _WIDE:
        return torch.softmax(kept.to(_WIDE[kept.dtype]), dim)
    return kept.exp()
