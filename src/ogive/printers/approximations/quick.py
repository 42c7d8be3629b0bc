"""Functions with the digits of a 16-bit number, and a few to spare, for GPUs.

They leave ``exp`` to the processor's own, and have quotients that it may round by its reciprocal.
Sums of the same exponential are written alike, so that a function and its slope share it.
"""

from __future__ import annotations

import math

from ogive.printers.approximations.parts import at_most, copysign, series
from ogive.printers.machine import Format, Value, fma, horner, op, where


def _exp(x: Value) -> Value:
    return op("exp", x)


def _decayed(x: Value) -> tuple[Value, Value]:
    """exp(-|x|), and 1 over one more than that."""
    e = _exp(-abs(x))
    return e, op("over", 1.0, 1.0 + e)


def sigmoid_quick(format: Format, x: Value) -> Value:
    e, q = _decayed(x)
    return where(x < 0.0, e, 1.0) * q


def dsigmoid_quick(format: Format, x: Value) -> Value:
    e, q = _decayed(x)
    return e * q * q


def softplus_quick(format: Format, x: Value) -> Value:
    e = _exp(-abs(x))
    return where(x < 0.0, 0.0, x) + fma(e * e, series(format, "log1p_unit", e), e)


def expm1_quick(format: Format, x: Value) -> Value:
    """The beginning of the series where exp(x) - 1 would cancel."""
    small = fma(x * x, horner(x, [1 / 2, 1 / 6, 1 / 24, 1 / 120]), x)
    return where(abs(x) < 0.25, small, _exp(x) - 1.0)


def tanh_quick(format: Format, x: Value) -> Value:
    """The same for 1 - 2 / (exp(2 |x|) + 1)."""
    size = abs(x)
    square = size * size
    small = fma(size * square, horner(square, [-1 / 3, 2 / 15, -17 / 315]), size)
    large = fma(-2.0, op("over", 1.0, _exp(at_most(size + size, 40.0)) + 1.0), 1.0)
    return copysign(where(size < 0.25, small, large), x)


def ndtr_quick(format: Format, x: Value) -> Value:
    """exp(-x**2 / 2) times a slow function below zero; 1 - ndtr(-x) above."""
    size = at_most(abs(x), 15.0)
    inverse = op("over", 1.0, size + 3.0)
    factor = inverse * series(format, "ndtr_quick", (size - 3.0) * inverse)
    y = _exp(size * -0.5 * size) * factor
    return where(x > 0.0, 1.0 - y, y)


def erf_quick(format: Format, x: Value) -> Value:
    """x + x p(x**2) up to 1; beyond, 1 - 2 ndtr(-|x| sqrt(2))."""
    size = abs(x)
    small = fma(size, series(format, "erf_quick", size * size), size)
    large = 1.0 - 2.0 * ndtr_quick(format, size * -math.sqrt(2))
    return copysign(where(size < 1.0, small, large), x)
