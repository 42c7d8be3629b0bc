"""Which half of a packed tensor is the gate: what a call asks for, checked."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ogive.engine.packed_layout import PackedLayout
from ogive.errors import InputError


def packed_layout(name: str, packed: Tensor, dim: int, gate: str, interleave: bool) -> PackedLayout:
    """The division that is asked for.

    Raises:
        InputError: for a dim that is not there, or an odd size.
    """
    if packed.dim() == 0 or not -packed.dim() <= dim < packed.dim():
        raise InputError(f"{name}: an input of shape {tuple(packed.shape)} has no dim {dim}")
    size = packed.shape[dim]
    if size % 2:
        raise InputError(
            f"{name}: the input holds value and gate side by side, so its size along dim {dim} "
            f"must be even, not {size}; or give two tensors: {name}(value, gate)"
        )
    return PackedLayout(dim % packed.dim() - packed.dim(), gate, interleave)


def division(
    name: str, data: Sequence[Tensor], dim: int, gate: str, interleave: bool
) -> PackedLayout | None:
    """How the one tensor given divides into value and gate; None where both are given.

    Raises:
        InputError: where they are not alike; see packed_layout.
    """
    if len(data) == 1:
        return packed_layout(name, data[0], dim, gate, interleave)
    if data[0].shape != data[1].shape or data[0].dtype != data[1].dtype:
        described = " and ".join(f"{tuple(t.shape)} {t.dtype}" for t in data)
        raise InputError(f"{name}: value and gate must be alike, not {described}")
    return None
