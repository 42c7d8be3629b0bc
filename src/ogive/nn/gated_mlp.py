"""Gated feed-forward blocks, whose activation is one operator of two tensors.

Written as ``act(gate) * value`` a block keeps three tensors of its inner width for backward: the
gate, the activated gate and the value, and the layer after it the product. Here it is the gate and
the value alone: unit and layer are one step of autograd, and the product is computed again in
backward, bit for bit.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.autograd import Function

from ogive.catalogue import resolve
from ogive.errors import UnknownName, unknown
from ogive.nn.accelerated import PLAIN_TENSORS
from ogive.ops import ActivationFunction, check_truth, transformed, whole
from ogive.ops.reopened import reopened
from ogive.torch_private import any_global_hook

#: Activation of the gate -> the gated unit.
GATED_UNITS = {
    "silu": "swiglu", "gelu": "geglu", "gelu_tanh": "geglu_tanh", "quick_gelu": "qgeglu",
    "relu": "reglu", "squared_relu": "sreglu", "sigmoid": "glu", "selu": "seglu",
    "identity": "bilinear",
}  # fmt: skip


def gated_unit(activation: str) -> ActivationFunction:
    """The gated unit whose gate is opened by an activation.

    Raises:
        UnknownName: where the catalogue has none.

    Example:
        >>> gated_unit("silu").name
        'swiglu'
    """
    name = resolve(activation)[0].name
    if name not in GATED_UNITS:
        raise UnknownName(unknown("gated unit whose gate is", activation, GATED_UNITS))
    return ActivationFunction(*resolve(GATED_UNITS[name]))


class GatedMLP(nn.Module):
    """down_proj(up_proj(x) * act(gate_proj(x))): the feed-forward block of Llama and its kin.

    The state dict has the keys of transformers' ``LlamaMLP``.

    Args:
        in_features: the width outside.
        hidden_features: the width inside.
        act: what opens the gate: silu (SwiGLU), gelu or gelu_tanh (GEGLU), relu, sigmoid ...
        out_features: default ``in_features``.
        bias: of the three layers.
        device, dtype: of their parameters.

    Shape: ``(*, in_features)`` to ``(*, out_features)``.

    Source: N. Shazeer 2020, arXiv:2002.05202.

    Raises:
        UnknownName: for a gate of which there is no unit.

    Example:
        >>> import torch
        >>> block = GatedMLP(64, 172, "gelu_tanh")
        >>> block(torch.zeros(2, 5, 64)).shape
        torch.Size([2, 5, 64])
        >>> list(block.state_dict())
        ['gate_proj.weight', 'up_proj.weight', 'down_proj.weight']
    """

    def __init__(
        self,
        in_features: int,
        hidden_features: int,
        act: str = "silu",
        out_features: int | None = None,
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        sizes = {"in_features": in_features, "hidden_features": hidden_features}
        for name, size in (sizes | {"out_features": out_features or in_features}).items():
            whole(name, size, 1)
        check_truth("bias", bias)
        placed = {"bias": bias, "device": device, "dtype": dtype}
        self.act, self.unit = act, gated_unit(act)
        self.gate_proj = nn.Linear(in_features, hidden_features, **placed)
        self.up_proj = nn.Linear(in_features, hidden_features, **placed)
        self.down_proj = nn.Linear(hidden_features, out_features or in_features, **placed)

    def forward(self, x: Tensor) -> Tensor:
        """The block of the input."""
        gate = self.gate_proj(x)
        return projected(self.unit, self.up_proj(x), gate, self.down_proj)

    def extra_repr(self) -> str:
        return f"act={self.act!r}"


def projected(unit: ActivationFunction, value: Tensor, gate: Tensor, layer: nn.Module) -> Tensor:
    """``layer(unit(value, gate))``."""
    watched = not isinstance(unit, ActivationFunction)  # whose gradients are told by autograd
    apart = watched or value.dtype is not gate.dtype or torch.compiler.is_exporting()
    if apart or not _keeps_input(layer):
        return layer(unit(value, gate))  # type: ignore[no-any-return]
    given: tuple[Any, ...] = (value, gate, layer.weight, layer.bias)
    if torch.compiler.is_compiling():
        # imported here because it needs the compiler, which is slow to import
        from ogive.nn.traced_projection import traced_projection

        return traced_projection(unit.key, *given)  # type: ignore[no-any-return]
    return projection(unit, *given)


def _keeps_input(layer: Any) -> bool:
    """Whether a call of the layer is nothing but ``F.linear``, and keeps its input for backward."""
    if type(layer) is not nn.Linear or "forward" in vars(layer):
        return False
    hooked = any(value for name, value in vars(layer).items() if "hook" in name)
    if hooked or any_global_hook() or any(type(p) not in PLAIN_TENSORS for p in layer.parameters()):
        return False
    return torch.is_grad_enabled() and layer.weight.requires_grad


def projection(
    unit: ActivationFunction, value: Tensor, gate: Tensor, weight: Tensor, bias: Tensor | None
) -> Tensor:
    """``F.linear(unit(value, gate), weight, bias)``, which keeps value and gate."""
    if transformed():
        return F.linear(unit(value, gate), weight, bias)
    result: Tensor = _Projected.apply(unit, value, gate, weight, bias)  # type: ignore[no-untyped-call]
    return result


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
        inner = (gradient @ weight.to(gradient.dtype)).to(value.dtype)
        result, *slopes = reopened(ctx.unit, value, gate, inner)
        flat = gradient.reshape(-1, gradient.shape[-1])
        across = flat.t() @ result.to(flat.dtype).reshape(-1, result.shape[-1])
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
