"""Functions of rows that have kernels, as plans: what is kept, and the same as torch operators.

Softmax keeps its result for the backward pass, and so does log-softmax; but of 16-bit numbers
log-softmax keeps the input, because the logarithm of a share has too few digits there for the
share. Logsumexp and L2 normalisation keep their input, which holds what their results have lost.
A gradient that is itself differentiated is composed of torch's operators.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache, partial
from typing import Any

import torch
from torch import Tensor

from ogive.engine import RowCall
from ogive.engine.call import RowFunction
from ogive.engine.eager import WIDE, composed
from ogive.engine.selection import choose, own, traced, wanted, without_kernels
from ogive.ops import operator
from ogive.ops.record import Differentiable, Gradients, apply_plan
from ogive.torch_private import FORWARD, FORWARD_AD_LEVEL, is_wrapped


@dataclass(frozen=True)
class RowPlan(Differentiable, RowCall):
    """A function of rows. What its methods are given as torch operators is float32 or wider.

    Attributes:
        given: its tau or eps; where it is a tensor, torch's operators serve.
    """

    given: float | Tensor = 1.0

    @property
    def rounds_once(self) -> bool:
        """Whether torch has it as one operator, which computes 16 bits in float32."""
        return False

    @cached_property
    def slope(self) -> RowGradient:
        """The gradient: a call of what is kept and the gradient of the result."""
        label = f"{self.label}_backward"
        function = self.slope_function
        return RowGradient(
            label, function, self.dim, self.dtype, self.result, self.factor, self.engine, of=self
        )

    @property
    def slope_function(self) -> RowFunction:
        """What kernels compute for the gradient."""
        return RowFunction(f"{self.function.name}_backward")

    def slope_composed(self, kept: Tensor, gradient: Tensor) -> Tensor:
        """The gradient with respect to x, as torch operators."""
        raise NotImplementedError

    @staticmethod
    def factor_of(function: RowFunction, given: float, dtype: torch.dtype) -> float | Fraction:
        """The number that kernels are given."""
        return 1

    def tangent_composed(self, kept: Tensor, tangent: Tensor) -> Tensor:
        """The tangent of the result: the same where the Jacobian is symmetric."""
        return self.slope_composed(kept, tangent)

    # what autograd asks for

    def gradients(
        self, kept: tuple[Tensor, ...], given: Gradients, needed: Sequence[bool]
    ) -> Gradients:
        (gradient,) = given
        if gradient is None:
            return (None,)
        if torch.is_grad_enabled():
            return (composed(self.slope, *kept, gradient),)
        return operator.run_plan(self.slope, (*kept, gradient))

    def tangents(self, kept: tuple[Tensor, ...], given: Gradients) -> tuple[Tensor, ...]:
        (tangent,) = given
        assert tangent is not None
        wide = (t.to(WIDE.get(t.dtype, t.dtype)) for t in (*kept, tangent))
        return (self.tangent_composed(*wide).to(self.result),)

    def vmap(
        self, size: int, dims: tuple[int | None, ...], tensors: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        (x,), (dim,) = tensors, dims
        assert dim is not None
        return (apply_to(replace(self, dim=self.dim + 1), x.movedim(dim, 0)),)


@dataclass(frozen=True)
class RowGradient(Differentiable, RowCall):
    """The gradient of a function of rows: of what that kept, and the gradient of its result."""

    of: RowPlan | None = None

    @property
    def made(self) -> torch.dtype:
        """That of x."""
        return self.dtype

    def recorder(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """torch's operators, which are differentiated again."""
        return partial(composed, self)

    def composed(self, *tensors: Tensor) -> Tensor:
        assert self.of is not None
        return self.of.slope_composed(*tensors)


class Softmax(RowPlan):
    """Softmax of x, -x or x / tau."""

    @staticmethod
    def factor_of(function: RowFunction, given: float, dtype: torch.dtype) -> float | Fraction:
        """What the logits are multiplied by; tau no nearer to 0 or infinity than numbers go."""
        if not function.tempered:
            return -1 if function.negated else 1
        tiny = torch.finfo(dtype).tiny
        return 1 / Fraction(min(max(float(given), tiny), 1 / tiny))

    keeps_result = True

    @property
    def rounds_once(self) -> bool:
        return not self.function.tempered

    @property
    def slope_function(self) -> RowFunction:
        """Softmin's has the factor -1."""
        function = self.function
        return RowFunction("softmax_backward", tempered=function.negated or function.tempered)

    def composed(self, *tensors: Tensor) -> Tensor:
        (x,) = tensors
        if not self.function.tempered:
            return torch.softmax(-x if self.function.negated else x, self.dim)
        # the largest is subtracted before the division, so that no tau > 0 overflows
        return torch.softmax((x - x.detach().amax(self.dim, keepdim=True)) / self.given, self.dim)

    def slope_composed(self, kept: Tensor, gradient: Tensor) -> Tensor:
        inner = (gradient * kept).sum(self.dim, keepdim=True)
        return kept * (gradient - inner) * float(self.factor)


class LogSoftmax(RowPlan):
    """The logarithm of softmax."""

    rounds_once = True

    @property
    def keeps_result(self) -> bool:  # type: ignore[override]
        """Not of 16 bits."""
        return self.result not in WIDE

    @property
    def slope_function(self) -> RowFunction:
        """Of the input or of the result."""
        return RowFunction(f"log_softmax_backward{'' if self.keeps_result else '_of_x'}")

    def composed(self, *tensors: Tensor) -> Tensor:
        return torch.log_softmax(tensors[0], self.dim)

    def slope_composed(self, kept: Tensor, gradient: Tensor) -> Tensor:
        # softmax of its logarithm is softmax, too
        return gradient - torch.softmax(kept, self.dim) * gradient.sum(self.dim, keepdim=True)

    def tangent_composed(self, kept: Tensor, tangent: Tensor) -> Tensor:
        return tangent - (torch.softmax(kept, self.dim) * tangent).sum(self.dim, keepdim=True)


class LogSumExp(RowPlan):
    """log(sum(exp(x))), without the dimension."""

    def composed(self, *tensors: Tensor) -> Tensor:
        return torch.logsumexp(tensors[0], self.dim)

    def slope_composed(self, kept: Tensor, gradient: Tensor) -> Tensor:
        return torch.softmax(kept, self.dim) * gradient.unsqueeze(self.dim)

    def tangent_composed(self, kept: Tensor, tangent: Tensor) -> Tensor:
        return (torch.softmax(kept, self.dim) * tangent).sum(self.dim)


class L2Normalize(RowPlan):
    """x / max(|x|, eps)."""

    @staticmethod
    def factor_of(function: RowFunction, given: float, dtype: torch.dtype) -> float | Fraction:
        """Eps, no nearer to 0 or infinity than numbers go."""
        limits = torch.finfo(WIDE.get(dtype, dtype))
        return min(max(float(given), limits.smallest_normal * limits.eps), limits.max)

    def composed(self, *tensors: Tensor) -> Tensor:
        direction, size, _ = self._parts(tensors[0])
        return direction / size

    def slope_composed(self, kept: Tensor, gradient: Tensor) -> Tensor:
        direction, size, scale = self._parts(kept)
        y = direction / size
        inner = (gradient * y).sum(self.dim, keepdim=True)
        whole = row_length(direction, self.dim) >= self.given / scale
        return (gradient - y * torch.where(whole, inner, 0.0)) / size / scale

    def _parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x over its largest size, what that is to be divided by, and the largest size."""
        scale = largest_size(x, self.dim, torch.finfo(x.dtype).tiny)
        direction = x / scale
        return direction, torch.maximum(row_length(direction, self.dim), self.given / scale), scale


def largest_size(x: Tensor, dim: int, least: float) -> Tensor:
    """The largest absolute value of each row, at least ``least``, as a constant."""
    return x.detach().abs().amax(dim, keepdim=True).clamp(min=least)


def row_length(x: Tensor, dim: int) -> Tensor:
    """The Euclidean length of each row."""
    length: Tensor = torch.linalg.vector_norm(x, dim=dim, keepdim=True)
    return length


#: Function -> its plan, and what kernels compute.
ROWS: dict[str, tuple[type[RowPlan], RowFunction]] = {
    "softmax": (Softmax, RowFunction("softmax")),
    "softmin": (Softmax, RowFunction("softmax", negated=True)),
    "gumbel_softmax": (Softmax, RowFunction("softmax", tempered=True)),
    "log_softmax": (LogSoftmax, RowFunction("log_softmax")),
    "logsumexp": (LogSumExp, RowFunction("logsumexp")),
    "l2_normalize": (L2Normalize, RowFunction("l2_normalize")),
}


def row_plan(
    name: str,
    dim: int,
    dtype: torch.dtype,
    given: float | Tensor,
    engine: str | None,
    result: torch.dtype | None = None,
) -> RowPlan:
    """The plan of a function along a dimension of numbers of a dtype, with its tau or eps, and of
    the dtype of its result if that is another."""
    make = _made if isinstance(given, Tensor) else _known  # no tensor is kept alive
    return make(name, dim, dtype, given, engine, result or dtype)


def _made(
    name: str,
    dim: int,
    dtype: torch.dtype,
    given: float | Tensor,
    engine: str | None,
    result: torch.dtype,
) -> RowPlan:
    plan, function = ROWS[name]
    factor = 1 if isinstance(given, Tensor) else plan.factor_of(function, given, result)
    return plan(name, function, dim, dtype, result, factor, engine, given)


_known = lru_cache(maxsize=1024)(_made)


def along(name: str, x: Tensor, dim: int, given: float | Tensor = 1.0) -> Tensor:
    """The function along a dimension, recorded for gradients where they are wanted, on the engine
    of the function that is being called."""
    if torch.compiler.is_dynamo_compiling():  # which cannot look into a table of plans
        return composed(_made(name, dim % x.dim(), x.dtype, given, None, x.dtype), x)
    return apply_to(row_plan(name, dim % x.dim(), x.dtype, given, own.get()), x)


def apply_to(plan: RowPlan, x: Tensor) -> Tensor:
    """The plan's result; torch's operators one by one where nothing is gained by a kernel: nothing
    to compute, a parameter to differentiate, a trace to record."""
    if not x.numel() or isinstance(plan.given, Tensor):
        return composed(plan, x)
    if plan.rounds_once and without_kernels(x, plan.engine):
        return plan.composed(x).to(plan.result)
    recorded = x.requires_grad and torch.is_grad_enabled()
    if is_wrapped(x):  # what is inside shows only in the function's forward
        kernels = wanted(plan.engine) != "eager" and not traced()
    elif FORWARD[FORWARD_AD_LEVEL] >= 0 or recorded:
        kernels = choose((x,), plan.engine)[0] != "eager"
    else:
        kernels = False
    return apply_plan(plan, x) if kernels else operator.run_plan(plan, (x,))[0]
