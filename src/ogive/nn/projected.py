"""A gated unit and the linear layer after it as one step of autograd, which keeps value and gate.

Apart, the layer would keep the unit's result for its weight's gradient: a third tensor of the inner
width. Here it is computed again in backward, bit for bit.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.autograd import Function

from ogive.nn.accelerated import PLAIN_TENSORS
from ogive.ops import ActivationFunction, transformed
from ogive.torch_private import any_global_hook


def projected(unit: ActivationFunction, value: Tensor, gate: Tensor, layer: nn.Module) -> Tensor:
    """``layer(unit(value, gate))``."""
    compiling = torch.compiler.is_compiling()  # asked first: it cannot follow what comes after
    if not compiling and _keeps_input(layer) and value.dtype is gate.dtype:
        result: Tensor = _Projected.apply(unit, value, gate, layer.weight, layer.bias)  # type: ignore[no-untyped-call]
        return result
    return layer(unit(value, gate))  # type: ignore[no-any-return]


def _keeps_input(layer: Any) -> bool:
    """Whether a call of the layer is nothing but ``F.linear``, and keeps its input for backward."""
    if type(layer) is not nn.Linear or "forward" in vars(layer):
        return False
    hooked = any(value for name, value in vars(layer).items() if "hook" in name)
    if hooked or any_global_hook() or any(type(p) not in PLAIN_TENSORS for p in layer.parameters()):
        return False
    return torch.is_grad_enabled() and layer.weight.requires_grad and not transformed()


class _Projected(Function):
    @staticmethod
    def forward(
        ctx: Any,
        unit: ActivationFunction,
        value: Tensor,
        gate: Tensor,
        weight: Tensor,
        bias: Tensor | None,
    ) -> Tensor:
        ctx.unit = unit
        ctx.save_for_backward(value, gate, weight, bias)
        return F.linear(unit(value, gate), weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        value, gate, weight, bias = ctx.saved_tensors
        if torch.is_grad_enabled():  # to be differentiated again
            return None, *_differentiable(ctx, gradient)
        inner = gradient @ weight.to(gradient.dtype)
        with torch.enable_grad():
            data = [t.detach().requires_grad_() for t in (value, gate)]
            result = ctx.unit(*data)
        slopes = torch.autograd.grad(result, data, inner.to(result.dtype))
        flat = gradient.reshape(-1, gradient.shape[-1])
        across = flat.t() @ result.detach().to(flat.dtype).reshape(-1, result.shape[-1])
        summed = flat.sum(0).to(bias.dtype) if ctx.needs_input_grad[4] else None
        return None, *slopes, across.to(weight.dtype), summed


def _differentiable(ctx: Any, gradient: Tensor) -> list[Tensor | None]:
    """The gradients by way of autograd; autocast had the layer in the dtype of its result."""
    tensors, needed = ctx.saved_tensors, ctx.needs_input_grad[1:]
    dtype = gradient.dtype
    value, gate, weight = (t.to(dtype) for t in tensors[:3])
    bias = None if tensors[3] is None else tensors[3].to(dtype)
    again = F.linear(ctx.unit(value, gate), weight, bias)
    wanted = [t for t, need in zip(tensors, needed, strict=True) if need]
    found = iter(torch.autograd.grad(again, wanted, gradient, create_graph=True))
    return [next(found) if need else None for need in needed]
