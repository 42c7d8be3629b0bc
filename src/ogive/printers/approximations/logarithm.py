"""Logarithms and powers: x = 2**n m, and log(x) = n log(2) + log(m)."""

from __future__ import annotations

import math

from ogive.printers.approximations.exponentials import short_exp
from ogive.printers.approximations.parts import (
    at_least,
    at_most,
    constants,
    copysign,
    infinite_is_itself,
    power_of_two,
    round_even,
    series,
    sqrt,
)
from ogive.printers.machine import FLOAT64, Format, Value, fma, op, where


def _log_of_product(format: Format, n: Value, r: Value) -> Value:
    """n log(2) + log(1 + r), as if rounded once."""
    high, low = constants(format, "ln2")
    rest = fma(n, low, r * r * series(format, "log1p", r))
    total = fma(n, high, r)
    return total + ((r + fma(n, high, -total)) + rest)


def _short_log_of_product(n: Value, r: Value) -> Value:
    """The same in float64 with a sum that is rounded at every step."""
    return fma(n, math.log(2), fma(r * r, series(FLOAT64, "log1p_short", r), r))


def short_log(x: Value) -> Value:
    """The logarithm of a positive normal float64, to float32's accuracy and to spare."""
    n = op("exponent", x * constants(FLOAT64, "4/3")[0])
    return _short_log_of_product(n, x * power_of_two(-n) - 1.0)


def log(format: Format, x: Value) -> Value:
    """log(2**n m) = n log(2) + log(m) with m from 2/3 to 4/3."""
    few = x < 4 * format.smallest_normal
    up = format.digits
    scaled = x * where(few, 2.0**up, 0.25)
    exponent = op("exponent", scaled * constants(format, "4/3")[0])
    m = scaled * power_of_two(-exponent)
    y = _log_of_product(format, exponent + where(few, -up, 2.0), m - 1.0)
    return _from(0.0, x, infinite_is_itself(x, y))


def _from(begin: float, x: Value, y: Value) -> Value:
    """y, but -inf where the logarithm begins, and NaN below."""
    return where(x <= begin, where(x < begin, math.nan, -math.inf), y)


def log1p(format: Format, x: Value) -> Value:
    """log of 1 + x = 2**n (1 + r)."""
    n, r = _one_and(format, x)
    return _like_log1p(x, _log_of_product(format, n, r))


def log1p_short(format: Format, x: Value) -> Value:
    return _like_log1p(x, _short_log_of_product(*_one_and(format, x)))


def _one_and(format: Format, x: Value) -> tuple[Value, Value]:
    """n and r with 1 + x = 2**n (1 + r), where r = x / 2**n + (1 / 2**n - 1) is rounded once."""
    exponent = op("exponent", (1.0 + x) * constants(format, "1/3")[0])
    inverse = 0.25 * power_of_two(-exponent)
    return exponent + 2.0, fma(inverse, x, inverse - 1.0)


def _like_log1p(x: Value, y: Value) -> Value:
    return copysign(_from(-1.0, x, infinite_is_itself(x, y)), x)


def log1p_of_unit(format: Format, x: Value) -> Value:
    """log(1 + x) for 0 <= x <= 1."""
    return fma(x * x, series(format, "log1p_unit", x), x)


def asinh32(format: Format, x: Value) -> Value:
    """log(|x| + sqrt(x**2 + 1)) in float64."""
    size, wide = abs(x), op("widen", abs(x))
    y = op("narrow", short_log(wide + sqrt(fma(wide, wide, 1.0))))
    y = infinite_is_itself(size, y)
    return copysign(where(size < 2.0**-12, size, y), x)


def pow32(format: Format, a: Value, b: Value) -> Value:
    """exp(b log|a|) in float64, with C's special cases."""
    base, exponent = op("widen", a), op("widen", b)
    size = abs(base)
    log_size = infinite_is_itself(size, short_log(size))
    log_size = where(op("eq", size, 0.0), -math.inf, log_size)
    product = where(op("eq", log_size, 0.0), 0.0, exponent * log_size)
    product = where(op("eq", exponent, 0.0), 0.0, product)
    power = short_exp(at_most(at_least(product, -200.0), 200.0))
    negative = copysign(1.0, base) < 0.0
    return op("narrow", where(negative, _sign_of_power(base, exponent) * power, power))


def _sign_of_power(base: Value, exponent: Value) -> Value:
    """1 for an even exponent, -1 for an odd one; NaN else, but 1 for a base of -0 or -inf."""
    half = 0.5 * where(abs(exponent) >= 2.0**24, 0.0, exponent)
    rest = half - round_even(half)
    finite = where(base < 0.0, where(base > -math.inf, math.nan, 1.0), 1.0)
    odd = where(op("eq", abs(rest), 0.5), -1.0, finite)
    return where(op("eq", rest, 0.0), 1.0, odd)
