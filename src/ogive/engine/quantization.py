"""Numbers of 8 bits with scales, as torch operators: what a kernel does at once.

A number is rounded once, from float32, to the nearest number of 8 bits, ties to even. The scale of
a row, or of a block of one, is taken from its finite elements, so that none of them overflows.
What is not finite stays so: NaN is NaN, and an infinity is one in e5m2 and NaN in e4m3, which has
none; neither touches its neighbours. Where all finite elements are 0, the scale is 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

#: The dtypes of the results.
EIGHT_BITS = (torch.float8_e4m3fn, torch.float8_e5m2)
#: How many elements share a scale: those of a row, or of a block (OCP Microscaling Formats 1.0).
SCALINGS = ("row", "mx")
#: Elements of a block.
MX_BLOCK = 32
#: The largest numbers of both dtypes are this times a power of two.
TOP = 1.75
#: Of a row of smaller numbers the scale is this, whose inverse is an ordinary number too.
LEAST_SCALE = 2.0**-126
#: Exponents are stored with this added; a scale of 1 is stored as this.
BIAS = 127


@dataclass(frozen=True)
class Quantization:
    """How numbers are quantised.

    Attributes:
        dtype: of the quantised numbers.
        scale: ``"row"``: one float32 number for a row along the last dimension, its largest size
            over the largest number of the dtype; ``"mx"``: one power of two (e8m0) for each block
            of 32 neighbours, the least with which none of them overflows.
    """

    dtype: torch.dtype
    scale: str

    @property
    def largest(self) -> float:
        """The largest number of the dtype."""
        return torch.finfo(self.dtype).max

    @property
    def exponent(self) -> int:
        """The exponent of the largest number."""
        return int(math.log2(self.largest / TOP))

    def scales_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the scales of a tensor."""
        if not shape:
            return ()
        return (*shape[:-1], 1 if self.scale == "row" else shape[-1] // MX_BLOCK)

    def quantize(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The quantised numbers of a float32 tensor, and the scales they are to be multiplied by.

        In blocks, the size of the last dimension is a multiple of 32.
        """
        if not x.numel():
            scales = torch.ones(self.scales_shape(x.shape), device=x.device)
            return x.to(self.dtype), scales if self.scale == "row" else scales.to(E8M0)
        return self._in_rows(x) if self.scale == "row" else self._in_blocks(x)

    def _in_rows(self, x: Tensor) -> tuple[Tensor, Tensor]:
        most = largest_finite(x)
        # a number as the divisor would be multiplied by, as its inverse, on some devices
        scales = (most / torch.full_like(most, self.largest)).clamp(min=LEAST_SCALE)
        scales = torch.where(most == 0, 1.0, scales)
        return self._rounded(x * (torch.ones_like(scales) / scales)), scales

    def _in_blocks(self, x: Tensor) -> tuple[Tensor, Tensor]:
        blocks = x.unflatten(-1, (-1, MX_BLOCK))  # type: ignore[no-untyped-call]
        most = largest_finite(blocks)
        bits = most.view(torch.int32)
        above = (bits & 0x7FFFFF) > 0x600000  # the fraction of 1.75
        code = ((bits >> 23) - self.exponent + above).clamp(min=0)
        code = torch.where(most == 0, BIAS, code)
        inverse = (2 * BIAS - code << 23).view(torch.float32)
        scales = _viewed(code.squeeze(-1).to(torch.uint8), E8M0)
        return self._rounded(blocks * inverse).view(x.shape), scales

    def _rounded(self, x: Tensor) -> Tensor:
        """Scaled numbers in the dtype. torch 2.13 makes an infinity the largest number of e4m3."""
        if self.dtype is torch.float8_e4m3fn:
            x = x.masked_fill(x.isinf(), math.nan)
        return x.to(self.dtype)


#: The dtype of a block's scale: an exponent and nothing else.
E8M0 = torch.float8_e8m0fnu


def largest_finite(x: Tensor) -> Tensor:
    """The largest size among the finite numbers along the last dimension."""
    size = x.abs()
    return torch.where(size < math.inf, size, 0.0).amax(-1, keepdim=True)


#: Bytes as another dtype, in memory of their own: an operator that a compiler does not open.
_LIBRARY: Any = torch.library.Library("ogive", "FRAGMENT")  # type: ignore[no-untyped-call]
_LIBRARY.define("viewed(Tensor bytes, ScalarType dtype) -> Tensor")
_LIBRARY.impl("viewed", lambda x, dtype: x.view(dtype).clone(), "CompositeExplicitAutograd")


def _viewed(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Bytes as another dtype. Inductor cannot write code for e8m0 on the CPU."""
    if torch.compiler.is_compiling() and not torch.compiler.is_exporting():
        made: Tensor = torch.ops.ogive.viewed(x, dtype)
        return made
    return x.view(dtype)


def _powers(scales: Tensor) -> Tensor:
    """Powers of two as float32, by their exponents."""
    code = _viewed(scales, torch.uint8).to(torch.int32)
    power = torch.where(code == 0, 2.0**-BIAS, (code << 23).view(torch.float32))
    return torch.where(code == 2 * BIAS + 1, math.nan, power)


def widened(values: Tensor, scales: Tensor) -> Tensor:
    """What quantised numbers stand for, in float32."""
    wide, factors = values.float(), _powers(scales) if scales.dtype is E8M0 else scales
    if factors.shape[-1:] in ((), (1,)):
        return wide * factors
    blocks = wide.unflatten(-1, (-1, MX_BLOCK))  # type: ignore[no-untyped-call]
    product: Tensor = (blocks * factors.unsqueeze(-1)).view(wide.shape)
    return product
