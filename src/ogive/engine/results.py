"""What a run of a program is asked for, the same for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Result:
    """An output in a dtype; summed to a shape, where it is the gradient of a broadcast input."""

    dtype: torch.dtype
    shape: tuple[int, ...] | None = None

    def reduced(self, output: Tensor) -> Tensor:
        """An output of full shape, summed and then rounded."""
        summed = output if self.shape is None else output.sum_to_size(self.shape)
        return summed.to(self.dtype)


def compute_dtype(inputs: Sequence[Tensor]) -> torch.dtype:
    """float32, or float64 where an input has it; float16 and bfloat16 are rounded once from it."""
    return torch.float64 if any(t.dtype == torch.float64 for t in inputs) else torch.float32


def broadcast(tensors: Sequence[Tensor]) -> torch.Size:
    """The shape of all tensors together."""
    first = tensors[0].shape
    if all(t.shape == first for t in tensors):  # nearly always, and ten times as fast
        return first
    shape: torch.Size = torch.broadcast_shapes(*(t.shape for t in tensors))  # type: ignore[no-untyped-call]
    return shape
