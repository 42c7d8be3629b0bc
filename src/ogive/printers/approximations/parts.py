"""What approximations are made of besides arithmetic: machine operations, series and pieces."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from ogive.printers.coefficients import COEFFICIENTS, PIECES
from ogive.printers.machine import Format, Value, fma, horner, op, where

copysign = partial(op, "copysign")
ldexp = partial(op, "ldexp")
power_of_two = partial(op, "exp2")
round_even = partial(op, "round")
sqrt = partial(op, "sqrt")


def libm(name: str, *args: Value) -> Value:
    return op("libm", *args, value=name)


def constants(format: Format, name: str) -> tuple[float, ...]:
    return COEFFICIENTS[format.name][name]


def series(format: Format, name: str, x: Value) -> Value:
    return horner(x, constants(format, name))


def nearest_whole(format: Format, x: Value, factor: float) -> Value:
    """The whole number nearest to factor x: adding a large number leaves no fraction."""
    large = 1.5 * 2.0 ** (format.digits - 1)
    return fma(x, factor, large) - large


def at_most(x: Value, limit: float) -> Value:
    return where(x > limit, limit, x)


def at_least(x: Value, limit: float) -> Value:
    return where(x < limit, limit, x)


def tiny_is_itself(x: Value, y: Value, format: Format) -> Value:
    """y, but x where f(x) = x to the last place: the sign of zero and the subnormals stay."""
    return where(abs(x) < 2.0**-format.digits, x, y)


def infinite_is_itself(x: Value, y: Value) -> Value:
    """y, but x where it is infinite, or NaN."""
    return where(x < math.inf, y, x)


# functions of float32 that lie in pieces, each of which has a polynomial of its own


def piecewise(name: str, x: Value) -> Value:
    """The polynomial of the piece in which x lies."""
    return fma(*_last_step(name, x))


def _last_step(name: str, x: Value) -> tuple[Value, Value, Value]:
    """Two factors and a summand that make the polynomial: the second is how far x is from the
    piece's end, the summand what the polynomial is there."""
    (square, linear, _), ends, *rows = PIECES[name]
    piece = fma(x, fma(x, square, linear) if square else linear, 2.0**23)
    end, first, *rest = (op("entry", piece, *row) for row in (ends, *rows))
    t = end - x
    return horner(t, rest), t, first


def bounded_piecewise(name: str, x: Value) -> Value:
    """An odd function that begins as x and ends as 1: min(|x|, 1) + |x| p by pieces."""
    size = abs(x)
    near = _at_most_top(name, size)
    return copysign(fma(near, piecewise(name, near), at_most(size, 1.0)), x)


def rising(name: str, x: Value) -> Value:
    """A function with f(x) = 1 - f(-x) that lies in pieces below zero."""
    y = piecewise(name, _at_most_top(name, abs(x)))
    return where(x > 0.0, 1.0 - y, y)


def gated(name: str, x: Value) -> Value:
    """x times a gate, where gate(-x) = 1 - gate(x) and x gate(-x) lies in pieces."""
    return where(x < 0.0, 0.0, x) - piecewise(name, _at_most_top(name, abs(x)))


def value_gated(name: str, value: Value, x: Value, far: Callable[[Value], Value]) -> Value:
    """The value times that; what is small is multiplied first, for it may lose digits."""
    factor, t, end = _last_step(name, _at_most_top(name, abs(x)))
    below = fma(factor, value * t, value * end)
    y = fma(value, where(x < 0.0, 0.0, x), -below)
    return or_far_below(name, x, y, lambda wide: op("widen", value * x) * far(wide))


def or_far_below(name: str, x: Value, y: Value, far: Callable[[Value], Value]) -> Value:
    """y, but where the pieces have ended below zero, what is computed in float64."""
    wide = op("widen", at_least(x, -14.75))  # what is far below is 0 there already
    return op("rarely", x < -_top(name), op("narrow", far(wide)), y)


def _top(name: str) -> float:
    """Where the pieces end."""
    return PIECES[name][0][-1]


def _at_most_top(name: str, size: Value) -> Value:
    return at_most(size, _top(name))
