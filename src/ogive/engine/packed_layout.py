"""How a packed tensor divides into the value and the gate of a gated unit."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class PackedLayout:
    """A division into two halves, one after the other along ``dim`` (counted from the last one),
    or interleaved: even positions are the first half, odd ones the second. ``gate`` says which
    half opens and closes.
    """

    dim: int
    gate: str
    interleave: bool

    def split(self, packed: Tensor) -> tuple[Tensor, Tensor]:
        """(value, gate) as views of the packed tensor."""
        size = packed.shape[self.dim] // 2
        if self.interleave:
            dim = packed.dim() + self.dim
            pairs: Tensor = packed.unflatten(dim, (size, 2))  # type: ignore[no-untyped-call]
            first, second = pairs.unbind(dim + 1)
        else:
            first, second = packed.narrow(self.dim, 0, size), packed.narrow(self.dim, size, size)
        return (second, first) if self.gate == "first" else (first, second)

    def join(self, value: Tensor, gate: Tensor) -> Tensor:
        """A packed tensor of both."""
        halves = (gate, value) if self.gate == "first" else (value, gate)
        if not self.interleave:
            return torch.cat(halves, self.dim)
        dim = value.dim() + self.dim
        return torch.stack(halves, dim + 1).flatten(dim, dim + 1)
