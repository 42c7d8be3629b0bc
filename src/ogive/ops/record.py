"""Plans as differentiable operators: what autograd records, keeps, and asks for.

The same for programs and for functions of rows. A plan says what is kept for backward, what the
gradients are, and what forward mode and vmap make of it; for a program those are plans again, so
derivatives of every order, in both modes, come from the one derivation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd import Function

from ogive.ops import operator
from ogive.ops.dispatch import Dispatch
from ogive.torch_private import FORWARD, FORWARD_AD_LEVEL, direct_apply, transforms_active

Gradients = Sequence[Tensor | None]


class Differentiable:
    """A plan: a call of an engine's, with its derivatives."""

    #: whether backward needs the result in the place of the tensors given
    keeps_result = False

    @cached_property
    def dispatch(self) -> Dispatch:
        """Its prepared calls."""
        return Dispatch(lambda *tensors: self)

    def recorder(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """What records it, on tensors for which an engine has ``run``."""
        return partial(_record, self, run)

    def gradients(
        self, kept: tuple[Tensor, ...], given: Gradients, needed: Sequence[bool]
    ) -> Gradients:
        """One gradient for each tensor that needs one, from those of the results."""
        raise NotImplementedError

    def tangents(self, kept: tuple[Tensor, ...], given: Gradients) -> tuple[Tensor, ...]:
        """The results' tangents, from those of the tensors."""
        raise NotImplementedError

    def vmap(
        self, size: int, dims: tuple[int | None, ...], tensors: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        """The results over a batch that lies along ``dims`` of the tensors; it comes first."""
        raise NotImplementedError


def transformed() -> bool:
    """Whether forward mode or a transform of torch.func is at work."""
    return transforms_active() or FORWARD[FORWARD_AD_LEVEL] >= 0


def apply_plan(plan: Differentiable, *tensors: Tensor) -> Tensor:
    """The plan's first result, recorded by autograd."""
    return outputs(plan, *tensors)[0]


def outputs(plan: Differentiable, *tensors: Tensor) -> tuple[Tensor, ...]:
    """The plan's results, recorded by autograd."""
    if transformed():
        return cast(tuple[Tensor, ...], _Transformed.apply(plan, *tensors))  # type: ignore[no-untyped-call]
    if not torch.is_grad_enabled() or not any(t.requires_grad for t in tensors):
        return operator.run_plan(plan, tensors)
    made = _record(plan, None, *tensors)
    return made if type(made) is tuple else (made,)


def overwrite(plan: Any, x: Tensor, *tensors: Tensor) -> Tensor:
    """The program's output written over x, recorded by autograd, which keeps a copy of x."""
    return cast(Tensor, _overwrite(plan, x, *tensors)[0])


def _gradients(ctx: Any, *given: Tensor | None) -> Gradients:
    kept = ctx.saved_tensors
    found: Gradients = ctx.plan.gradients(kept, given, ctx.needs_input_grad[-len(kept) :])
    return found


class _Recorded(Function):
    """What an ordinary call records."""

    @staticmethod
    def forward(ctx: Any, plan: Differentiable, run: Any, *tensors: Tensor) -> Any:
        ctx.plan = plan
        # a zero for an output nobody used would be multiplied by slopes that may be infinite
        ctx.set_materialize_grads(False)
        made: Any = operator.run_plan(plan, tensors) if run is None else run(*tensors)
        if type(made) is tuple and len(made) == 1:  # torch takes 3 us for a tuple
            made = made[0]
        ctx.save_for_backward(*((made,) if plan.keeps_result else tensors))
        return made

    @staticmethod
    def backward(ctx: Any, *given: Tensor | None) -> Any:
        return None, None, *_gradients(ctx, *given)


_record = direct_apply(_Recorded)


class _Overwritten(Function):
    """What a call records that writes over its input. The copy of x is a result too, so that
    gradients of the gradient reach x by way of it."""

    @staticmethod
    def forward(ctx: Any, plan: Any, x: Tensor, *tensors: Tensor) -> tuple[Tensor, Tensor]:
        ctx.plan = plan
        y, copy = operator.run_plan(plan.keeping, (x, *tensors))
        ctx.mark_dirty(y)
        ctx.save_for_backward(copy, *tensors)
        ctx.set_materialize_grads(False)
        return y, copy

    @staticmethod
    def backward(ctx: Any, gradient: Tensor | None, of_copy: Tensor | None) -> tuple[Any, ...]:
        of_x, *others = _gradients(ctx, gradient)
        if of_copy is not None:
            of_x = of_copy if of_x is None else of_x + of_copy
        return (None, of_x, *others)


_overwrite = direct_apply(_Overwritten)


class _Transformed(Function):
    """The same for forward mode and torch.func, which take 10 us more a call."""

    @staticmethod
    def forward(plan: Differentiable, *tensors: Tensor) -> tuple[Tensor, ...]:
        return operator.run_plan(plan, tensors)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.plan, *tensors = inputs
        kept = output if ctx.plan.keeps_result else tensors
        ctx.save_for_backward(*kept)
        ctx.save_for_forward(*kept)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *given: Tensor | None) -> Any:
        return None, *_gradients(ctx, *given)

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> tuple[Tensor, ...]:
        found: tuple[Tensor, ...] = ctx.plan.tangents(ctx.saved_tensors, tangents[1:])
        return found

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], plan: Differentiable, *tensors: Tensor
    ) -> tuple[tuple[Tensor, ...], int]:
        return plan.vmap(info.batch_size, in_dims[1:], tensors), 0


# torch asks for it in every call; worked out each time it took a quarter of a small call
_Transformed.forward.__signature__ = inspect.signature(_Transformed.forward)  # type: ignore[attr-defined]
