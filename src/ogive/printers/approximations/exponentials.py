"""Exponentials: x = n log(2) + r, and exp(x) = 2**n exp(r). Hyperbolic functions from the same r.

A short form has in float64 the digits that a float32 result needs, in fewer steps.
"""

from __future__ import annotations

import math

from ogive.printers.approximations.parts import (
    at_least,
    at_most,
    bounded_piecewise,
    constants,
    copysign,
    ldexp,
    nearest_whole,
    power_of_two,
    series,
    tiny_is_itself,
)
from ogive.printers.machine import FLOAT32, FLOAT64, Format, Value, fma, op, where


def _times(format: Format, x: Value) -> Value:
    """How often log(2) goes into x."""
    return nearest_whole(format, x, constants(format, "1/ln2")[0])


def _left_over(format: Format, x: Value, n: Value) -> Value:
    """x - n log(2), rounded twice."""
    high, low = constants(format, "ln2")
    return fma(n, -low, fma(n, -high, x))


def _short_left_over(x: Value) -> tuple[Value, Value]:
    """n and r with x = n log(2) + r in float64, where n log(2) is rounded."""
    n = _times(FLOAT64, x)
    return n, fma(n, -math.log(2), x)


def _narrow_left_over(x: Value) -> tuple[Value, Value]:
    """The same in float32, of a float64."""
    n, r = _short_left_over(x)
    return op("narrow", n), op("narrow", r)


def reduced(format: Format, x: Value) -> tuple[Value, Value, Value]:
    """n, r and c with x = n log(2) + r + c, |r + c| <= log(2) / 2, r exact and c tiny."""
    high, low = constants(format, "ln2")
    n = _times(format, x)
    return n, fma(n, -high, x), n * -low


def beyond_linear(format: Format, name: str, r: Value, c: Value) -> Value:
    """exp(r + c) - 1 - r, which is c + (r + c)**2 p(r + c)."""
    near = r + c
    return fma(near * near, series(format, name, near), c)


def _limited(format: Format, x: Value) -> Value:
    """x, but where exp is zero or infinite a number at which it is."""
    low, high = (-104.0, 89.0) if format is FLOAT32 else (-746.0, 710.0)
    return at_most(at_least(x, low), high)


def _of_rest(format: Format, r: Value, name: str = "exp") -> Value:
    """exp(r) for |r| <= log(2) / 2."""
    return fma(fma(series(format, name, r), r, 1.0), r, 1.0)


def _square_and(format: Format, name: str, r: Value) -> Value:
    """r + r**2 p(r)."""
    return fma(r * r, series(format, name, r), r)


def exp(format: Format, x: Value) -> Value:
    """exp(n log(2) + r) = 2**n exp(r)."""
    n, r, c = reduced(format, _limited(format, x))
    total = 1.0 + r
    rest = beyond_linear(format, "exp", r, c)
    return ldexp(total + ((r - (total - 1.0)) + rest), n)


def exp_of_wide(format: Format, x: Value) -> Value:
    """exp in float32 of a float64."""
    n, r = _narrow_left_over(_limited(format, x))
    return ldexp(_of_rest(format, r), n)


def exp_short(format: Format, x: Value) -> Value:
    n, r = _short_left_over(_limited(format, x))
    return ldexp(_of_rest(format, r, "exp_short"), n)


def exp_near(format: Format, x: Value) -> Value:
    """exp(x) where neither the result nor 2**n can leave the normal numbers."""
    n = _times(format, x)
    return _of_rest(format, _left_over(format, x, n)) * power_of_two(n)


def exp_near_of_wide(format: Format, x: Value) -> Value:
    """The same in float32 for a float64."""
    n, r = _narrow_left_over(x)
    return _of_rest(format, r) * power_of_two(n)


def short_exp(x: Value) -> Value:
    """The exponential of a float64 up to 300 in size, to float32's accuracy and to spare."""
    n, r = _short_left_over(x)
    return power_of_two(n) * _of_rest(FLOAT64, r, "exp_short")


def decay(format: Format, size: Value) -> Value:
    """exp(-size) for size >= 0: it cannot overflow, so 2**n needs no more care than 2**64 gives."""
    x = at_most(size, _vanished(format))
    n = nearest_whole(format, x, -constants(format, "1/ln2")[0])
    return lowered(format, _of_rest(format, _left_over(format, -x, n)), n)


def decay_of_wide(format: Format, size: Value) -> Value:
    """exp(-size) in float32 for a float64 size >= 0."""
    n, r = _narrow_left_over(-at_most(size, _vanished(format)))
    return lowered(format, _of_rest(format, r), n)


def decay_short(format: Format, size: Value) -> Value:
    n, r = _short_left_over(-at_most(size, _vanished(format)))
    return lowered(format, _of_rest(format, r, "exp_short"), n)


def lowered(format: Format, p: Value, n: Value) -> Value:
    """2**n p for n <= 0, where 2**n alone might be no normal number, rounded once."""
    up, down = (64.0, 2.0**-64) if format is FLOAT32 else (512.0, 2.0**-512)
    return (p * power_of_two(n + up)) * down


def _vanished(format: Format) -> float:
    """Where 2**n is 0 before it is lowered: an underflow would take 150 cycles, and masked rows of
    softmax are full of infinities."""
    return 132.5 if format is FLOAT32 else 1064.0


def expm1(format: Format, x: Value) -> Value:
    """expm1(n log(2) + r) = s expm1(r) + (s - 1) with s = 2**n, halved lest s overflow."""
    low, high = (-18.0, 89.0) if format is FLOAT32 else (-38.0, 710.0)
    n, r, c = reduced(format, at_most(at_least(x, low), high))
    rest = beyond_linear(format, "expm1", r, c)
    s = power_of_two(n - 1.0)
    less = s - 0.5
    total = fma(s, r, less)
    half = total + fma(s, rest, fma(s, r, less - total))
    return tiny_is_itself(x, half + half, format)


def expm1_short(format: Format, x: Value) -> Value:
    n, r = _short_left_over(at_most(at_least(x, -38.0), 710.0))
    s = power_of_two(n - 1.0)
    half = fma(s, _square_and(format, "expm1_short", r), s - 0.5)
    return tiny_is_itself(x, half + half, format)


# hyperbolic functions


def sinh(format: Format, x: Value) -> Value:
    """2**(n-1) (cosh(r) + sinh(r)) - 2**(-n-1) (cosh(r) - sinh(r))."""
    n, r, even, odd, ratio = _hyperbolic(format, x)
    plus, minus = 1.0 + ratio, 1.0 - ratio
    rest = fma(odd, plus, even * minus)
    return copysign(ldexp(minus + fma(r, plus, rest), n - 1.0), x)


def cosh(format: Format, x: Value) -> Value:
    """2**(n-1) (cosh(r) + sinh(r)) + 2**(-n-1) (cosh(r) - sinh(r))."""
    n, r, even, odd, ratio = _hyperbolic(format, x)
    plus, minus = 1.0 + ratio, 1.0 - ratio
    rest = ratio + fma(even, plus, odd * minus)
    return ldexp(1.0 + fma(r, minus, rest), n - 1.0)


def _hyperbolic(format: Format, x: Value) -> tuple[Value, Value, Value, Value, Value]:
    """n, r, cosh(r) - 1, sinh(r) - r and 4**-n, or next to nothing, where |x| = n log(2) + r."""
    n, r, c = reduced(format, at_most(abs(x), 90.0 if format is FLOAT32 else 711.0))
    near = r + c
    square = near * near
    even = square * series(format, "cosh", square)
    odd = fma(near * square, series(format, "sinh", square), c)
    return n, r, even, odd, power_of_two(-2.0 * at_most(n, format.digits))


def tanh64(format: Format, x: Value) -> Value:
    """x + x**3 p(x**2) near zero, else 1 - 2 / (exp(2 |x|) + 1)."""
    size = abs(x)
    square = size * size
    small = fma(size * square, series(format, "tanh", square), size)
    n, r = _short_left_over(at_most(size + size, 40.0))
    s = power_of_two(n)
    above = fma(s, _square_and(format, "exp", r), s + 1.0)
    return copysign(where(size < 0.625, small, 1.0 - 2.0 / above), x)


def tanh32(format: Format, x: Value) -> Value:
    """m / (m + 2) with m = expm1(2 |x|), where nothing cancels."""
    r, s = _reduced_twice(format, abs(x))
    m = fma(s, _square_and(format, "expm1", r), s - 1.0)
    return copysign(m / (m + 2.0), x)


def tanh_short(format: Format, x: Value) -> Value:
    """The same in float64."""
    size = abs(x)
    n, r = _short_left_over(at_most(size + size, 40.0))
    s = power_of_two(n)
    m = fma(s, _square_and(format, "expm1_short", r), s - 1.0)
    return copysign(m / (m + 2.0), x)


def tanh_close(format: Format, x: Value) -> Value:
    """min(|x|, 1) + |x| p by pieces, in float32: fewer roundings, and sometimes more steps."""
    return bounded_piecewise("tanh", x)


def tanhshrink(format: Format, x: Value) -> Value:
    """x - tanh(x) as x**3 (1/4 + p(x**2)) up to 1; beyond, |x| - 1 + 2 / (exp(2 |x|) + 1)."""
    size = abs(x)
    square = size * size
    cube = size * square
    small = fma(cube, series(format, "tanhshrink", square), 0.25 * cube)
    r, s = _reduced_twice(format, size)
    large = (size - 1.0) + 2.0 / fma(_of_rest(format, r), s, 1.0)
    return copysign(where(size < 1.0, small, large), x)


def _reduced_twice(format: Format, size: Value) -> tuple[Value, Value]:
    """r and a power of two s with exp(2 size) = s exp(r); from a size of 10 on, that of 10."""
    twice = at_most(size + size, 20.0)
    n = _times(format, twice)
    return _left_over(format, twice, n), power_of_two(n)
