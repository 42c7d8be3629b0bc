"""The Gaussian family: a slow function times exp(-x**2), whose square must not be rounded.

GELU and its tanh form, whose gates lie in pieces in float32, stand beside the distribution function
that the first is made of.
"""

from __future__ import annotations

import math

from ogive.printers.approximations.exponentials import (
    beyond_linear,
    decay_short,
    exp,
    lowered,
    reduced,
    short_exp,
)
from ogive.printers.approximations.logarithm import short_log
from ogive.printers.approximations.parts import (
    at_most,
    bounded_piecewise,
    constants,
    copysign,
    gated,
    ldexp,
    nearest_whole,
    or_far_below,
    power_of_two,
    rising,
    series,
    sqrt,
    value_gated,
)
from ogive.printers.machine import (
    FLOAT32,
    FLOAT64,
    Format,
    Value,
    fma,
    horner,
    op,
    round32,
    where,
)

#: The factor before exp(-x**2 / 2) in the normal density.
_DENSITY = 1 / math.sqrt(2 * math.pi)
#: gelu_tanh is x sigmoid(u) with u = GELU_TANH (x + GELU_CUBE x**3).
GELU_TANH, GELU_CUBE = 2 * math.sqrt(2 / math.pi), 0.044715


def _bell(
    format: Format, size: Value, scale: float, factor: Value, lost: Value | float
) -> tuple[Value, Value]:
    """(factor + lost) exp(scale size**2) as y 2**n, where lost is small: y and n.

    What rounding the square loses joins the argument of the exponential.
    """
    scaled = size * scale
    h = scaled * size
    n, r, c = reduced(format, h)
    rest = beyond_linear(format, "exp", r, c + fma(scaled, size, -h))
    return factor + fma(factor, r, fma(factor, rest, lost)), n


def bell_near(format: Format, x: Value) -> Value:
    """exp(-x**2 / 2) where that is a normal number, by the same means."""
    square = x * x
    lost = fma(x, x, -square) * -0.5
    exponent = square * -0.5
    n = nearest_whole(format, exponent, constants(format, "1/ln2")[0])
    high, low = constants(format, "ln2")
    r = fma(n, -high, exponent) + fma(n, -low, lost)
    power = power_of_two(n)
    return fma(power, fma(series(format, "exp", r), r, 1.0) * r, power)


def _tail(form: str, name: str, size: Value, scale: float, centre: float) -> Value:
    """exp(scale size**2) p((size - centre) / (size + centre)) / (size + centre) in float64; in the
    short form without what rounding the square loses."""
    inverse = 1.0 / (size + centre)
    factor = inverse * series(FLOAT64, name + form, (size - centre) * inverse)
    if form:
        return factor * decay_short(FLOAT64, (size * -scale) * size)
    return ldexp(*_bell(FLOAT64, size, scale, factor, 0.0))


def erfc(form: str, format: Format, x: Value) -> Value:
    """exp(-x**2) times a slow function; 2 - erfc(-x) below zero."""
    y = _tail(form, "erfc", at_most(abs(x), 27.25), -1.0, 2.0)
    return where(x < 0.0, 2.0 - y, y)


def erfc32(format: Format, x: Value) -> Value:
    """erfc with a slow function in two pieces, and in float64 far out."""
    near = at_most(abs(x), 4.0)
    y, n = _bell(format, near, -1.0, *_two_pieces("erfc", near, 1.5, (0.75, 2.875)))
    y = y * power_of_two(n)
    far = _far_tail("erfc_far", at_most(x, 10.125), -1.0)
    return op("rarely", x > 4.0, far, where(x < 0.0, 2.0 - y, y))


def _two_pieces(
    name: str, size: Value, split: float, centres: tuple[float, float]
) -> tuple[Value, Value]:
    """A float32 polynomial below the split and another above: the value, and what it lacks."""
    below = size < split
    near, *low = constants(FLOAT32, f"{name}_near")
    middle, *high = constants(FLOAT32, f"{name}_middle")
    t = size - where(below, *centres)
    p = where(below, horner(t, low), horner(t, high))
    first = where(below, near, middle)
    value = fma(p, t, first)
    return value, fma(p, t, first - value)


def _far_tail(name: str, size: Value, scale: float) -> Value:
    """exp(scale size**2) p(1 / size**2) / size in float64, for float32."""
    wide = op("widen", size)
    inverse = 1.0 / wide
    factor = inverse * series(FLOAT64, name, inverse * inverse)
    return op("narrow", short_exp(wide * scale * wide) * factor)


def erf(form: str, format: Format, x: Value) -> Value:
    """x + x p(x**2) up to 1; beyond, 1 - erfc(|x|)."""
    size = abs(x)
    small = fma(size, series(FLOAT64, f"erf{form}", size * size), size)
    return copysign(where(size < 1.0, small, 1.0 - erfc(form, format, size)), x)


def erf32(format: Format, x: Value) -> Value:
    """min(|x|, 1) + |x| p by pieces."""
    return bounded_piecewise("erf", x)


def _erfinv_start(x: Value) -> Value:
    """In float64, erfinv to float32's accuracy and to spare, for |x| < 1.

    x times a polynomial in w = -log(1 - x**2), or in its root where w is large.
    """
    w = -short_log(fma(-x, x, 1.0))
    near = series(FLOAT64, "erfinv", w - 2.5)
    far = series(FLOAT64, "erfinv_tail", sqrt(w) - 4.0)
    return x * where(w < 5.0, near, far)


def _within_one(x: Value, y: Value) -> Value:
    """y for |x| < 1, the sign of x times infinity for |x| = 1, else NaN."""
    return where(abs(x) < 1.0, y, x / sqrt(1.0 - abs(x)))


def erfinv32(format: Format, x: Value) -> Value:
    return _within_one(x, op("narrow", _erfinv_start(op("widen", x))))


def erfinv64(format: Format, x: Value) -> Value:
    """One step of Halley's method from the polynomials, on erfc where erf is near one."""
    size = abs(x)
    y = abs(_erfinv_start(size))
    beyond = (1.0 - size) - erfc("", format, y)
    above = where(size < 0.5, erf("", format, y) - size, beyond)
    step = above * (math.sqrt(math.pi) / 2) / exp(format, -(y * y))
    return _within_one(x, copysign(y - step / fma(y, step, 1.0), x))


def ndtr(form: str, format: Format, x: Value) -> Value:
    """exp(-x**2 / 2) times a slow function below zero; 1 - ndtr(-x) above."""
    y = _tail(form, "ndtr", at_most(abs(x), 38.5), -0.5, 3.0)
    return where(x > 0.0, 1.0 - y, y)


def ndtr32(format: Format, x: Value) -> Value:
    return or_far_below("ndtr", x, rising("ndtr", x), _far_ndtr)


def ndtr_smooth(format: Format, x: Value) -> Value:
    """The same without pieces and float64, which GPUs have little of: more steps, and all alike.

    Near 0, where the sums of the polynomial cancel, it is (1 + erf(x / sqrt(2))) / 2.
    """
    z = x * math.sqrt(0.5)
    half = z * 0.5
    near = fma(half, horner(z * z, [*map(round32, constants(FLOAT64, "erf_short"))]), half) + 0.5
    size = at_most(abs(x), 14.5)
    above = size + 3.0
    inverse = 1.0 / above
    left = fma(-inverse, above, 1.0) - (size - (above - 3.0)) * inverse  # what the inverse lacks
    t = (size - 3.0) * inverse
    first, *rest = map(round32, constants(FLOAT64, "ndtr_short"))
    p = horner(t, rest)
    value = fma(p, t, first)
    rest_of_first = round32(constants(FLOAT64, "ndtr_short")[0] - first)
    lost = inverse * fma(value, left, fma(p, t, first - value) + rest_of_first)
    y = lowered(format, *_bell(format, size, -0.5, inverse * value, lost))
    return where(abs(x) < 1.0, near, where(x > 0.0, 1.0 - y, y))


def _far_bell(x: Value) -> Value:
    return short_exp(x * -0.5 * x)


def _far_ndtr(x: Value) -> Value:
    inverse = -1.0 / x
    return _far_bell(x) * (inverse * series(FLOAT64, "ndtr_far", inverse * inverse))


# gates, in float32


def gelu(format: Format, x: Value) -> Value:
    return or_far_below("gelu", x, gated("gelu", x), lambda wide: wide * _far_ndtr(wide))


def gelu_tanh(format: Format, x: Value) -> Value:
    """x sigmoid(u), where u is that cubic in x which gelu_tanh has."""
    y = gated("gelu_tanh", x)
    return or_far_below("gelu_tanh", x, y, lambda wide: wide * _far_gelu_tanh(wide))


def geglu_near(format: Format, value: Value, gate: Value) -> Value:
    """value gelu(gate) where neither is large."""
    return value_gated("gelu", value, gate, _far_ndtr)


def geglu_tanh_near(format: Format, value: Value, gate: Value) -> Value:
    """value gelu_tanh(gate) where neither is large."""
    return value_gated("gelu_tanh", value, gate, _far_gelu_tanh)


def gelu_slope(format: Format, x: Value) -> Value:
    """ndtr(x) + x exp(-x**2 / 2) / sqrt(2 pi): 1 minus that of -x above zero."""
    far = lambda wide: fma(wide, _far_bell(wide) * _DENSITY, _far_ndtr(wide))  # noqa: E731
    return or_far_below("gelu_slope", x, rising("gelu_slope", x), far)


def gelu_tanh_slope(format: Format, x: Value) -> Value:
    """sigmoid(u) + x u' sigmoid'(u): 1 minus that of -x above zero."""

    def far(wide: Value) -> Value:
        rise = fma(wide * wide, 3 * GELU_TANH * GELU_CUBE, GELU_TANH)  # u'
        return fma(wide, rise, 1.0) * _far_gelu_tanh(wide)

    return or_far_below("gelu_tanh_slope", x, rising("gelu_tanh_slope", x), far)


def _far_gelu_tanh(x: Value) -> Value:
    """exp(u), which far below zero is the gate of gelu_tanh."""
    return short_exp(x * fma(x * x, GELU_TANH * GELU_CUBE, GELU_TANH))
