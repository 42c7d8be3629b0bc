"""A function of rows that has kernels, as a plan: what is kept, and the same as torch operators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor

from ogive.engine import RowCall
from ogive.engine.call import RowFunction
from ogive.engine.eager import WIDE, composed
from ogive.engine.selection import choose, traced, wanted, without_kernels
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
        (gradient,), of_seed = given, (None,) * self.seeded
        if gradient is None:
            return (None, *of_seed)
        if torch.is_grad_enabled():
            return (composed(self.slope, *kept, gradient), *of_seed)
        return (*operator.run_plan(self.slope, (*kept, gradient)), *of_seed)

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
