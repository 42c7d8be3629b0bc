"""Gated feed-forward blocks, whose activation is one operator of two tensors.

Written as ``act(gate) * value`` a block keeps three tensors of its inner width for backward: the
gate, the activated gate and the value, and the layer after it the product. Here it is the gate and
the value alone.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ogive.catalogue import resolve
from ogive.errors import UnknownName, nearest
from ogive.nn.projected import projected
from ogive.ops import ActivationFunction, whole

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
        known = ", ".join(GATED_UNITS)
        raise UnknownName(
            f"no gated unit with {activation!r} for its gate{nearest(activation, GATED_UNITS)}; "
            f"there are {known}"
        )
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
