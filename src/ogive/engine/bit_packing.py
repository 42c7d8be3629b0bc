"""Small whole numbers, packed 8, 4, 2 or 1 to a byte, as torch operators: what kernels do at once.

Element i of a tensor, in the order of its memory, has the bits from ``i * bits`` on, the lowest
first. Numbers are rounded to the nearest code; the largest code of 4 or 8 bits also stands for NaN.
"""

from __future__ import annotations

import torch
from torch import Tensor

#: Bits of a code.
BITS = (1, 2, 4, 8)


def packed_length(elements: int, bits: int) -> int:
    """The bytes of so many codes."""
    return (elements * bits + 7) // 8


def pack(numbers: Tensor, bits: int) -> Tensor:
    """The codes of the numbers of a dense tensor, as bytes."""
    flat = numbers.as_strided((numbers.numel(),), (1,))
    top = 2**bits - 1
    codes = (flat.nan_to_num(top) + 0.5).clamp(0, top + 0.5).to(torch.uint8)
    missing = -len(codes) % (8 // bits)
    places = torch.arange(0, 8, bits, dtype=torch.uint8, device=codes.device)
    several = torch.nn.functional.pad(codes, (0, missing)).view(-1, 8 // bits)
    packed: Tensor = (several << places).sum(1, dtype=torch.uint8)
    return packed


def unpack(packed: Tensor, bits: int, like: Tensor, dtype: torch.dtype) -> Tensor:
    """The codes as numbers of a dtype, in the order in which a dense tensor's elements lie."""
    places = torch.arange(0, 8, bits, dtype=torch.uint8, device=packed.device)
    codes = (packed.unsqueeze(1) >> places) & (2**bits - 1)
    flat: Tensor = codes.view(-1)[: like.numel()].to(dtype)
    return flat.as_strided(like.shape, like.stride())
