"""A gated unit and the linear layer after it as one step of autograd, which keeps value and gate.

Apart, the layer would keep the unit's result for its weight's gradient: a third tensor of the inner
width. Here it is computed again in backward, in the same pass as the gradients of value and gate.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.autograd import Function

from ogive.ops import ActivationFunction, transformed

PLAIN = (Tensor, nn.Parameter)


def projected(unit: ActivationFunction, value: Tensor, gate: Tensor, layer: nn.Module) -> Tensor:
    """``layer(unit(value, gate))``."""
    if _is_plain(layer) and _is_recorded(layer) and value.dtype is gate.dtype:
        result: Tensor = _Projected.apply(unit, value, gate, layer.weight, layer.bias)  # type: ignore[no-untyped-call]
        return result
    return layer(unit(value, gate))  # type: ignore[no-any-return]


def _is_plain(layer: nn.Module) -> bool:
    """Whether calling the layer is nothing but ``F.linear`` with its weight and bias."""
    if type(layer) is not nn.Linear or "forward" in vars(layer):
        return False
    if any(value for name, value in vars(layer).items() if "hook" in name):
        return False
    return type(layer.weight) in PLAIN and (layer.bias is None or type(layer.bias) in PLAIN)


def _is_recorded(layer: Any) -> bool:
    """Whether the layer would keep its input for backward."""
    return (
        torch.is_grad_enabled()
        and layer.weight.requires_grad
        and not torch.compiler.is_compiling()
        and not transformed()
    )


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
            return None, *_differentiable(ctx, gradient, value, gate, weight, bias)
        wanted = ctx.needs_input_grad
        inner = gradient @ weight.to(gradient.dtype)
        with torch.enable_grad():
            data = [t.detach().requires_grad_() for t in (value, gate)]
            result = ctx.unit(*data)
        slopes = torch.autograd.grad(result, data, inner.to(result.dtype))
        flat = gradient.flatten(0, -2)
        across = flat.t() @ result.detach().to(gradient.dtype).flatten(0, -2)
        summed = flat.sum(0).to(bias.dtype) if bias is not None and wanted[4] else None
        return None, *slopes, across.to(weight.dtype), summed


def _differentiable(ctx: Any, gradient: Tensor, *tensors: Tensor | None) -> list[Tensor | None]:
    """The gradients by way of autograd."""
    value, gate, weight, bias = tensors
    again = F.linear(ctx.unit(value, gate), weight, bias)  # type: ignore[arg-type]
    wanted = [t for t, need in zip(tensors, ctx.needs_input_grad[1:], strict=True) if need]
    found = iter(torch.autograd.grad(again, wanted, gradient, create_graph=True))  # type: ignore[arg-type]
    return [next(found) if need else None for need in ctx.needs_input_grad[1:]]
