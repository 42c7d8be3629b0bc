"""How a packed tensor divides into the value and the gate of a gated unit."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ogive.errors import InputError

HALVES = ("first", "second")


@dataclass(frozen=True)
class Halves:
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


def halves(name: str, packed: Tensor, dim: int, gate: str, interleave: bool) -> Halves:
    """The division that is asked for.

    Raises:
        InputError: for a dim that is not there, an odd size, or an unknown half.
    """
    if gate not in HALVES:
        raise InputError(f"{name}: gate must be 'first' or 'second', not {gate!r}")
    if packed.dim() == 0 or not -packed.dim() <= dim < packed.dim():
        raise InputError(f"{name}: an input of shape {tuple(packed.shape)} has no dim {dim}")
    size = packed.shape[dim]
    if size % 2:
        raise InputError(
            f"{name}: the input holds value and gate side by side, so its size along dim {dim} "
            f"must be even, not {size}; or give two tensors: {name}(value, gate)"
        )
    return Halves(dim % packed.dim() - packed.dim(), gate, interleave)
