"""What an engine is asked to run: a program, what becomes of its outputs, how its inputs lie in the
tensors that are given. The same for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ogive.engine import bit_packing
from ogive.engine.packed_layout import Halves
from ogive.expr import Program


@dataclass(frozen=True)
class Result:
    """A tensor that a call returns.

    Attributes:
        dtype: its dtype.
        shape: what the output is summed to, where it is the gradient of a broadcast input.
        packed: whether it holds two outputs of the program, as the gradient of value and gate does.
        code: the bits of a code, if it holds codes for the elements of the other tensors.
    """

    dtype: torch.dtype
    shape: tuple[int, ...] | None = None
    packed: bool = False
    code: int = 0

    def reduced(self, output: Tensor) -> Tensor:
        """An output of full shape, summed and then rounded."""
        summed = output if self.shape is None else output.sum_to_size(self.shape)
        return summed.to(self.dtype)


@dataclass(frozen=True)
class Call:
    """A program, the tensors it returns, which of those it takes are packed, and how they divide.

    A tensor that holds value and gate of a gated unit side by side counts as one tensor, though the
    program has two inputs for it. Codes that are returned are in the order in which the elements of
    the one tensor given lie, which is dense; codes that are given are in that of the last tensor
    which has none. ``codes`` has their bits, 0 for other tensors; it is empty where there are none.
    ``engine`` is the one that is to run it whatever is set; None leaves that to the setting.
    """

    program: Program
    results: tuple[Result, ...]
    packed: tuple[bool, ...]
    halves: Halves | None = None
    codes: tuple[int, ...] = ()
    engine: str | None = None

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        layout = self.packed, self.halves, self.codes
        return hash((self.program, self.results, *layout, self.engine))

    def numbers(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """The tensors without the codes among them."""
        if not self.codes:
            return tensors
        return [t for t, bits in zip(tensors, self.codes, strict=True) if not bits]

    def alike(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """The tensors, all that codes go along with in the same order of memory."""
        like = self.numbers(tensors)[-1].stride()
        pairs = zip(tensors, self.codes, strict=True)
        return [t if bits else laid(t, like) for t, bits in pairs]

    def unpack(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """The inputs of the program: views of the packed tensors."""
        if self.halves is None:
            return list(tensors)
        inputs: list[Tensor] = []
        for tensor, packed in zip(tensors, self.packed, strict=True):
            inputs += self.halves.split(tensor) if packed else (tensor,)
        return inputs

    def empty(
        self, result: Result, tensors: Sequence[Tensor], device: str | torch.device
    ) -> Tensor:
        """A tensor for a result, laid out as a packed one or the first input of full shape is."""
        if result.packed:
            like = next(t for t, packed in zip(tensors, self.packed, strict=True) if packed)
            return torch.empty_like(like, dtype=result.dtype, device=device, requires_grad=False)
        inputs = self.unpack(self.numbers(tensors))
        shape = broadcast(inputs)
        if result.code:
            size = bit_packing.length(shape.numel(), result.code)
            return torch.empty(size, dtype=result.dtype, device=device)
        if result.shape is None or result.shape == shape:
            for t in inputs:
                if t.shape == shape:
                    return torch.empty_like(
                        t, dtype=result.dtype, device=device, requires_grad=False
                    )
        return torch.empty(result.shape or shape, dtype=result.dtype, device=device)


def laid(tensor: Tensor, strides: tuple[int, ...]) -> Tensor:
    """The tensor, or a copy of it, with these strides."""
    if tensor.stride() == strides:
        return tensor
    made = torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype, device=tensor.device)
    return made.copy_(tensor)


def compute_dtype(inputs: Sequence[Tensor]) -> torch.dtype:
    """float32, or float64 where an input has it; float16 and bfloat16 are rounded once from it."""
    return torch.float64 if any(t.dtype == torch.float64 for t in inputs) else torch.float32


def broadcast(tensors: Sequence[Tensor]) -> torch.Size:
    """The shape of all tensors together."""
    first = tensors[0].shape
    rank = len(first)  # first, as comparing sizes binds an exporter to how they compare
    if all(t.dim() == rank and t.shape == first for t in tensors):  # nearly always, and fast
        return first
    shape: torch.Size = torch.broadcast_shapes(*(t.shape for t in tensors))  # type: ignore[no-untyped-call]
    return shape
