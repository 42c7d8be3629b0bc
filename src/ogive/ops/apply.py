"""A program as a differentiable operator.

One autograd function serves every program: its backward is the program's ``vjp``, its forward mode
the program's ``jvp``, and both are programs again, so derivatives of every order, in both modes and
under vmap, come from the one derivation. What is saved are the inputs.

float16 and bfloat16 are computed in float32 and rounded once, gradients too.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from ogive.engine import eager
from ogive.expr import Program


def apply(program: Program, *inputs: Tensor) -> Tensor:
    """The program's first output, in the dtype of the first input."""
    return _call(program, (inputs[0].dtype,), *inputs)[0]


def _call(program: Program, dtypes: tuple[torch.dtype, ...], *inputs: Tensor) -> tuple[Tensor, ...]:
    """Every output of the program, each in its dtype, recorded by autograd."""
    apply_: Any = _Apply.apply
    outputs: tuple[Tensor, ...] = apply_(program, dtypes, *inputs)
    return outputs


def compute_dtype(inputs: tuple[Tensor, ...]) -> torch.dtype:
    """float32, or float64 where an input has it."""
    return torch.float64 if any(t.dtype == torch.float64 for t in inputs) else torch.float32


def _run(
    program: Program, dtypes: tuple[torch.dtype, ...], inputs: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    dtype = compute_dtype(inputs)
    outputs = eager.kernel(program)(*(t.to(dtype) for t in inputs))
    shape = _broadcast(inputs)
    return tuple(_own(o.to(d), inputs, shape) for o, d in zip(outputs, dtypes, strict=True))


def _broadcast(tensors: tuple[Tensor, ...]) -> torch.Size:
    first = tensors[0].shape
    if all(t.shape == first for t in tensors):  # nearly always, and ten times as fast
        return first
    broadcast: Any = torch.broadcast_shapes
    shape: torch.Size = broadcast(*(t.shape for t in tensors))
    return shape


def _own(output: Tensor, inputs: tuple[Tensor, ...], shape: torch.Size) -> Tensor:
    """The output in full shape, as a tensor of its own, which autograd asks for.

    Identity hands its input back, and the derivative of ``a * x`` is a, however small a tensor.
    """
    if output.shape != shape:
        return output.expand(shape).clone()
    return output.clone() if any(output is t for t in inputs) else output


class _Apply(Function):
    @staticmethod
    def forward(
        program: Program, dtypes: tuple[torch.dtype, ...], *inputs: Tensor
    ) -> tuple[Tensor, ...]:
        return _run(program, dtypes, inputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.program, ctx.dtypes, *tensors = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)
        # a zero for an output nobody used would be multiplied by slopes that may be infinite
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        tensors = ctx.saved_tensors
        used = tuple(k for k, g in enumerate(gradients) if g is not None)
        given = [g for g in gradients if g is not None]
        if not used:
            return (None, None, *(None for _ in tensors))
        wanted = tuple(i for i, need in enumerate(ctx.needs_input_grad[2:]) if need)
        shape, dtype = given[0].shape, compute_dtype(tensors)
        # a broadcast input's gradient is summed before it is rounded
        dtypes = tuple(tensors[i].dtype if tensors[i].shape == shape else dtype for i in wanted)
        results = _call(ctx.program.vjp(wanted, used), dtypes, *given, *tensors)
        found: list[Tensor | None] = [None] * len(tensors)
        for i, result in zip(wanted, results, strict=True):
            found[i] = result.sum_to_size(tensors[i].shape).to(tensors[i].dtype)
        return (None, None, *found)

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> tuple[Tensor, ...]:
        moved = tuple(i for i, t in enumerate(tangents[2:]) if t is not None)
        given = [t for t in tangents[2:] if t is not None]
        return _call(ctx.program.jvp(moved), ctx.dtypes, *given, *ctx.saved_tensors)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], program: Program, dtypes: Any, *inputs: Tensor
    ) -> tuple[tuple[Tensor, ...], int]:
        """Elementwise and broadcasting: the batch becomes a leading dimension."""
        dims = in_dims[2:]
        rank = max(t.dim() - (d is not None) for t, d in zip(inputs, dims, strict=True))
        aligned = [_batch_first(t, d, rank) for t, d in zip(inputs, dims, strict=True)]
        return _call(program, dtypes, *aligned), 0


# torch asks for it in every call; worked out each time it took a quarter of a small call
_Apply.forward.__signature__ = inspect.signature(_Apply.forward)  # type: ignore[attr-defined]


def _batch_first(tensor: Tensor, dim: int | None, rank: int) -> Tensor:
    """The tensor with its batch dimension first and ``rank`` further dimensions behind it."""
    if dim is None:
        return tensor
    moved = tensor.movedim(dim, 0)
    return moved.reshape(moved.shape[0], *(1,) * (rank - moved.dim() + 1), *moved.shape[1:])
