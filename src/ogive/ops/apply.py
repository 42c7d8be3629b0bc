"""A plan as a differentiable operator.

One derivation serves every program: its backward is the plan's backward, its forward mode
the plan's forward, and both are plans again, so derivatives of every order, in both modes and under
vmap, come from the one derivation. What is saved are the inputs.
"""

from __future__ import annotations

import inspect
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd import Function

from ogive.ops import operator
from ogive.ops.plan import Plan, aligned
from ogive.torch_private import FORWARD, LEVEL, direct_apply, transforms_active


def apply(plan: Plan, *tensors: Tensor) -> Tensor:
    """The plan's first output, recorded by autograd."""
    return _call(plan, *tensors)[0]


def record(plan: Plan, x: Tensor) -> Tensor:
    """The plan's output for a tensor that takes gradients, while gradients are recorded."""
    return _call(plan, x)[0] if transformed() else cast(Tensor, _record(plan, x))


def transformed() -> bool:
    """Whether forward mode or a transform of torch.func is at work."""
    return transforms_active() or FORWARD[LEVEL] >= 0


def _call(plan: Plan, *tensors: Tensor) -> tuple[Tensor, ...]:
    if transformed():
        outputs: tuple[Tensor, ...] = _Transformed.apply(plan, *tensors)  # type: ignore[no-untyped-call]
        return outputs
    if not torch.is_grad_enabled() or not any(t.requires_grad for t in tensors):
        return operator.run(plan, tensors)
    made = _record(plan, *tensors)
    return made if type(made) is tuple else (made,)


def overwrite(plan: Plan, x: Tensor, *tensors: Tensor) -> Tensor:
    """The plan's output written over x, recorded by autograd, which keeps a copy of x."""
    return cast(Tensor, _overwrite(plan, x, *tensors)[0])


def _gradients(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
    tensors = ctx.saved_tensors
    if len(tensors) == 1 and gradients[0] is not None:  # most calls
        slope = ctx.plan.slope
        result = slope.short(gradients[0], *tensors)
        return None, apply(slope, gradients[0], *tensors) if result is None else result
    given = [g for g in gradients if g is not None]
    if not given:
        return (None, *(None for _ in tensors))
    used = tuple([k for k, g in enumerate(gradients) if g is not None])
    needed = ctx.needs_input_grad[-len(tensors) :]
    wanted = tuple([i for i, need in enumerate(needed) if need])
    results = _call(ctx.plan.backward(tensors, used, wanted), *given, *tensors)
    found: list[Tensor | None] = [None] * len(tensors)
    for i, result in zip(wanted, results, strict=True):
        found[i] = result
    return (None, *found)


class _Recorded(Function):
    """What an ordinary call records."""

    @staticmethod
    def forward(ctx: Any, plan: Plan, *tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
        ctx.plan = plan
        ctx.save_for_backward(*tensors)
        # a zero for an output nobody used would be multiplied by slopes that may be infinite
        ctx.set_materialize_grads(False)
        outputs = operator.run(plan, tensors)
        return outputs[0] if len(outputs) == 1 else outputs  # torch takes 3 us for a tuple

    backward = staticmethod(_gradients)


_record = direct_apply(_Recorded)


class _Overwritten(Function):
    """What a call records that writes over its input. The copy of x is a result too, so that
    gradients of the gradient reach x by way of it."""

    @staticmethod
    def forward(ctx: Any, plan: Plan, x: Tensor, *tensors: Tensor) -> tuple[Tensor, Tensor]:
        ctx.plan = plan
        y, copy = plan.keeping.run((x, *tensors), inplace=True)
        ctx.mark_dirty(y)
        ctx.save_for_backward(copy, *tensors)
        ctx.set_materialize_grads(False)
        return y, copy

    @staticmethod
    def backward(ctx: Any, gradient: Tensor | None, of_copy: Tensor | None) -> tuple[Any, ...]:
        plan, of_x, *others = _gradients(ctx, gradient)
        if of_copy is not None:
            of_x = of_copy if of_x is None else of_x + of_copy
        return (plan, of_x, *others)


_overwrite = direct_apply(_Overwritten)


class _Transformed(Function):
    """The same for forward mode and torch.func, which take 10 us more a call."""

    @staticmethod
    def forward(plan: Plan, *tensors: Tensor) -> tuple[Tensor, ...]:
        return operator.run(plan, tensors)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.plan, *tensors = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)
        ctx.set_materialize_grads(False)

    backward = staticmethod(_gradients)

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> tuple[Tensor, ...]:
        moved = tuple(i for i, t in enumerate(tangents[1:]) if t is not None)
        given = [t for t in tangents[1:] if t is not None]
        return _call(ctx.plan.forward(moved), *given, *ctx.saved_tensors)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], plan: Plan, *tensors: Tensor
    ) -> tuple[tuple[Tensor, ...], int]:
        """Elementwise and broadcasting: the batch becomes a leading dimension."""
        dims = in_dims[1:]
        rank = max(t.dim() - (d is not None) for t, d in zip(tensors, dims, strict=True))
        moved = [_batch_first(t, d, rank) for t, d in zip(tensors, dims, strict=True)]
        outputs = _call(plan.batched(info.batch_size, rank), *moved)
        return tuple(
            y if o.shape is None else y.reshape(info.batch_size, *o.shape)
            for y, o in zip(outputs, plan.results, strict=True)
        ), 0


# torch asks for it in every call; worked out each time it took a quarter of a small call
_Transformed.forward.__signature__ = inspect.signature(_Transformed.forward)  # type: ignore[attr-defined]


def _batch_first(tensor: Tensor, dim: int | None, rank: int) -> Tensor:
    """The tensor with its batch dimension first and ``rank`` further dimensions behind it."""
    if dim is None:
        return tensor
    moved = tensor.movedim(dim, 0)
    return moved.reshape(moved.shape[0], *aligned(moved.shape[1:], rank))
