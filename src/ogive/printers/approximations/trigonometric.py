"""Sines, and the arctangent: what is left of x after quarter or half turns."""

from __future__ import annotations

from ogive.printers.approximations.parts import (
    at_most,
    constants,
    copysign,
    libm,
    nearest_whole,
    piecewise,
    round_even,
    series,
    tiny_is_itself,
)
from ogive.printers.machine import FLOAT64, Format, Value, fma, op, where


def _turned(format: Format, x: Value, turn: float) -> Value:
    """The sine of x + turn pi / 2, for a turn of 0 or 1: sin(r) or cos(r) with a sign.

    x = n pi / 2 + r + c, where r + c is at most pi / 4 and c is what rounding r lost.
    """
    first, second, third = constants(format, "pi/2")
    n = round_even(x * constants(format, "2/pi")[0])
    start = fma(n, -first, x)
    product = n * second
    r = start - product
    c = fma(n, -third, ((start - r) - product) - fma(n, second, -product))
    square = r * r
    sine = r + fma(r * square, series(format, "sin", square), c)
    bend = fma(square, series(format, "cos", square), -0.5)
    cosine = 1.0 + fma(square, bend, -(r * c))
    quarter = n + turn
    half = _halved(quarter)
    y = where(fma(-2.0, half, quarter) > 0.5, cosine, sine)
    return y * fma(-2.0, fma(-2.0, _halved(half), half), 1.0)


def _halved(n: Value) -> Value:
    """The largest whole number up to n / 2, for a whole n."""
    return round_even(fma(n, 0.5, -0.25))


def _far(format: Format, name: str, x: Value, y: Value) -> Value:
    """y, but the C library's value where x is too large for the reduction."""
    if format is FLOAT64:
        return op("rarely", abs(x) > 2.0**26, libm(name, x), y)
    slow = op("narrow", libm(name, op("widen", x)))
    return op("rarely", abs(x) > 2.0**16, slow, y)


def sin(format: Format, x: Value) -> Value:
    """The sine, or the cosine, of what is left of x after quarter turns."""
    return _far(format, "sin", x, tiny_is_itself(x, _turned(format, x, 0.0), format))


def cos(format: Format, x: Value) -> Value:
    """The sine a quarter turn ahead."""
    return _far(format, "cos", x, _turned(format, x, 1.0))


def sin_short(format: Format, x: Value) -> Value:
    """(-1)**n sin(x - n pi), which is r + r**3 p(r**2)."""
    n = nearest_whole(format, x, 0.5 * constants(format, "2/pi")[0])
    r = x
    for part in constants(format, "pi/2"):
        r = fma(n, -2 * part, r)
    square = r * r
    y = fma(r, square * series(format, "sin_short", square), r)
    return _far(format, "sin", x, tiny_is_itself(x, op("alternate", y, n), format))


def sin_near(format: Format, x: Value) -> Value:
    """The sine for |x| up to 40."""
    n = nearest_whole(format, x, 0.5 * constants(format, "2/pi")[0])
    return _half_turned(format, x, n, n)


def cos_near(format: Format, x: Value) -> Value:
    n = nearest_whole(format, fma(x, 0.5 * constants(format, "2/pi")[0], 0.5), 1.0)
    return _half_turned(format, x, n - 0.5, n)


def _half_turned(format: Format, x: Value, turns: Value, n: Value) -> Value:
    """(-1)**n sin(r) with r = x - turns pi, at most pi / 2: min(|r|, 1) + p(|r|) by pieces."""
    r = x
    for part in constants(format, "pi"):
        r = fma(turns, -part, r)
    size = abs(r)
    sine = at_most(size, 1.0) + piecewise("sin", size)
    return op("alternate", copysign(sine, r), n)


def atan32(format: Format, x: Value) -> Value:
    """x + x**3 p(x**2) up to 1; beyond, pi/2 + atan(-1/x)."""
    size = abs(x)
    beyond = size > 1.0
    t = where(beyond, -1.0 / size, size)
    square = t * t
    rest = t * square * series(format, "atan", square)
    first, second, _ = constants(format, "pi/2")
    y = (where(beyond, first, 0.0) + t) + (where(beyond, second, 0.0) + rest)
    return copysign(y, x)
