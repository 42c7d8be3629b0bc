"""The modes ``code8`` and ``code4``: f' in equal steps over its proved range, NaN apart."""

from __future__ import annotations

import math
from dataclasses import replace

from ogive.certify.quantity import ProvedInterval
from ogive.certify.saving.mode import CODE, Mode, NotLegal, derivative, mode
from ogive.expr import Program, symbol
from ogive.expr.node import where


def code(program: Program, slopes: ProvedInterval, bits: int) -> Mode:
    """The code of so many bits; the largest one stands for NaN.

    Args:
        slopes: from the infimum to the supremum of f'.
    """
    low, high = slopes.low.low, slopes.high.high
    if not math.isfinite(high - low):
        raise NotLegal("f' is unbounded, or its range is not proved")
    if low == high:
        raise NotLegal("f' has one value, so that nothing need be kept: save='mask'")
    steps = 2**bits - 2
    step = (high - low) / steps
    kept = symbol(CODE)
    slope = where(kept < steps + 0.5, low + step * kept, math.nan)
    number = (derivative(program) - low) * (1 / step)
    return replace(
        mode(f"code{bits}", program, slope, (number, bits)), rounded=True, bound=step / 2
    )
