"""What theory predicts of an activation whose pre-activations are normal."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ogive.certify.signal.quadrature import Array, ends, integrate, normal
from ogive.certify.signal.theory import Field


class Expected(NamedTuple):
    """Expectations at z ~ N(mean, std**2).

    Attributes:
        gain: sqrt(E f(z)**2 / E z**2).
        chi: E f'(z)**2.
        second_f: E f(z)**2.
    """

    gain: float
    chi: float
    second_f: float


def expected_at(f: Field, mean: float, std: float) -> Expected:
    """The expectations of a function, to six digits of its mean and deviation."""
    if not (math.isfinite(mean) and math.isfinite(std) and std > 0):
        return Expected(math.nan, math.nan, math.nan)
    return _expected(f, float(f"{mean:.6g}"), float(f"{std:.6g}"))


@lru_cache(maxsize=4096)
def _expected(f: Field, mean: float, std: float) -> Expected:
    def rows(z: Array) -> Array:
        value, slope = f.function(z), f.derivative(z)
        return np.stack([value * value, slope * slope])

    with np.errstate(all="ignore"):
        values, _ = integrate(normal(rows, mean, std), ends(f.breakpoints, mean, std), most=2000)
    second, chi = map(float, values)
    return Expected(math.sqrt(second / (mean * mean + std * std)), chi, second)
