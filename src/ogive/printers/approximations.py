"""The transcendental primitives as straight-line machine arithmetic in float32 and float64.

Each function below builds the operations of one primitive in one format, from the coefficients that
tools/fit_coefficients.py fitted. Its docstring says the identity it rests on; its largest error, in
units of the last place, stands in tests/printers/test_approximations.py.

Everything holds on the whole line: signs of zeros, gradual underflow, overflow to infinity where
the exact value rounds to it, infinities and NaN. Comparisons with NaN are false, so a selection
takes its last argument for NaN, and that is the one which hands the NaN on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from ogive.printers.coefficients import COEFFICIENTS, PIECES
from ogive.printers.machine import FLOAT32, FLOAT64, Format, Value, fma, op, polynomial, where

Build = Callable[..., Value]


def approximation(name: str, format: Format) -> Build | None:
    """What builds the primitive from its arguments in the format; None if there is nothing."""
    build = _TABLE[format.name].get(name)
    return partial(build, format) if build else None


def _numbers(format: Format, name: str) -> tuple[float, ...]:
    return COEFFICIENTS[format.name][name]


def _series(format: Format, name: str, x: Value) -> Value:
    return polynomial(x, _numbers(format, name))


def _round(x: Value) -> Value:
    return op("round", x)


def _ldexp(x: Value, n: Value) -> Value:
    return op("ldexp", x, n)


def _power_of_two(n: Value) -> Value:
    """2**n where that is normal."""
    return op("exp2", n)


def _copysign(size: Value | float, sign: Value) -> Value:
    return op("copysign", size, sign)


def _sqrt(x: Value) -> Value:
    return op("sqrt", x)


def _libm(name: str, *args: Value) -> Value:
    return op("libm", *args, value=name)


def _at_most(x: Value, limit: float) -> Value:
    return where(x > limit, limit, x)


def _at_least(x: Value, limit: float) -> Value:
    return where(x < limit, limit, x)


def _tiny_is_itself(x: Value, y: Value, format: Format) -> Value:
    """y, but x where f(x) = x to the last place: the sign of zero and the subnormals stay."""
    return where(abs(x) < 2.0**-format.digits, x, y)


# exponentials


def _reduced(format: Format, x: Value) -> tuple[Value, Value, Value]:
    """n, r and c with x = n log(2) + r + c, |r + c| <= log(2) / 2, r exact and c tiny."""
    high, low = _numbers(format, "ln2")
    n = _nearest(format, x, _numbers(format, "1/ln2")[0])
    return n, fma(n, -high, x), n * -low


def _beyond_linear(format: Format, name: str, r: Value, c: Value) -> Value:
    """exp(r + c) - 1 - r, which is c + (r + c)**2 p(r + c)."""
    near = r + c
    return fma(near * near, _series(format, name, near), c)


def _exp_limits(format: Format) -> tuple[float, float]:
    """Where exp is zero below and infinite above."""
    return (-104.0, 89.0) if format is FLOAT32 else (-746.0, 710.0)


def exp(format: Format, x: Value) -> Value:
    """exp(n log(2) + r) = 2**n exp(r)."""
    low, high = _exp_limits(format)
    n, r, c = _reduced(format, _at_most(_at_least(x, low), high))
    total = 1.0 + r
    rest = _beyond_linear(format, "exp", r, c)
    return _ldexp(total + ((r - (total - 1.0)) + rest), n)


def decay(format: Format, size: Value) -> Value:
    """exp(-size) for size >= 0: it cannot overflow, so 2**n needs no more care than 2**64 gives."""
    x = _at_most(size, _vanished(format))
    n = _nearest(format, x, -_numbers(format, "1/ln2")[0])
    high, low = _numbers(format, "ln2")
    return _decayed(format, fma(n, -low, fma(n, -high, -x)), n)


def exp_near(format: Format, x: Value) -> Value:
    """exp(x) where neither the result nor 2**n can leave the normal numbers."""
    n = _nearest(format, x, _numbers(format, "1/ln2")[0])
    high, low = _numbers(format, "ln2")
    return _exp_of_rest(format, fma(n, -low, fma(n, -high, x))) * _power_of_two(n)


def exp_near_of_wide(format: Format, x: Value) -> Value:
    """The same in float32 for a float64."""
    r, n = _reduced_wide(x)
    return _exp_of_rest(format, r) * _power_of_two(n)


def _exp_of_rest(format: Format, r: Value) -> Value:
    """exp(r) for |r| <= log(2) / 2."""
    return fma(fma(_series(format, "exp", r), r, 1.0), r, 1.0)


def _nearest(format: Format, x: Value, factor: float) -> Value:
    """The whole number nearest to factor x: adding a large number leaves no fraction."""
    large = 1.5 * 2.0 ** (format.digits - 1)
    return fma(x, factor, large) - large


def _decayed(format: Format, r: Value, n: Value) -> Value:
    """2**n exp(r) for n <= 0, the last product rounding to a subnormal number."""
    return _lowered(format, _exp_of_rest(format, r), n)


def _lowered(format: Format, p: Value, n: Value) -> Value:
    """2**n p, where 2**n alone might be no normal number."""
    up, down = (64.0, 2.0**-64) if format is FLOAT32 else (512.0, 2.0**-512)
    return (p * _power_of_two(n + up)) * down


def _vanished(format: Format) -> float:
    """Where 2**n is 0 before it is lowered: an underflow would take 150 cycles, and masked rows of
    softmax are full of infinities."""
    return 132.5 if format is FLOAT32 else 1064.0


def _reduced_wide(x: Value) -> tuple[Value, Value]:
    """r and n in float32 with x = n log(2) + r, for x in float64."""
    n = _nearest(FLOAT64, x, _numbers(FLOAT64, "1/ln2")[0])
    return op("narrow", fma(n, -math.log(2), x)), op("narrow", n)


def exp_of_wide(format: Format, x: Value) -> Value:
    """exp in float32 of a float64."""
    low, high = _exp_limits(format)
    r, n = _reduced_wide(_at_most(_at_least(x, low), high))
    return _ldexp(_exp_of_rest(format, r), n)


def decay_of_wide(format: Format, size: Value) -> Value:
    """exp(-size) in float32 for a float64 size >= 0."""
    r, n = _reduced_wide(-_at_most(size, _vanished(format)))
    return _decayed(format, r, n)


def expm1(format: Format, x: Value) -> Value:
    """expm1(n log(2) + r) = s expm1(r) + (s - 1) with s = 2**n, halved lest s overflow."""
    low, high = (-18.0, 89.0) if format is FLOAT32 else (-38.0, 710.0)
    n, r, c = _reduced(format, _at_most(_at_least(x, low), high))
    rest = _beyond_linear(format, "expm1", r, c)
    s = _power_of_two(n - 1.0)
    less = s - 0.5
    total = fma(s, r, less)
    half = total + fma(s, rest, fma(s, r, less - total))
    return _tiny_is_itself(x, half + half, format)


def sinh(format: Format, x: Value) -> Value:
    """2**(n-1) (cosh(r) + sinh(r)) - 2**(-n-1) (cosh(r) - sinh(r))."""
    n, r, even, odd, ratio = _hyperbolic(format, x)
    plus, minus = 1.0 + ratio, 1.0 - ratio
    rest = fma(odd, plus, even * minus)
    return _copysign(_ldexp(minus + fma(r, plus, rest), n - 1.0), x)


def cosh(format: Format, x: Value) -> Value:
    """2**(n-1) (cosh(r) + sinh(r)) + 2**(-n-1) (cosh(r) - sinh(r))."""
    n, r, even, odd, ratio = _hyperbolic(format, x)
    plus, minus = 1.0 + ratio, 1.0 - ratio
    rest = ratio + fma(even, plus, odd * minus)
    return _ldexp(1.0 + fma(r, minus, rest), n - 1.0)


def _hyperbolic(format: Format, x: Value) -> tuple[Value, Value, Value, Value, Value]:
    """n, r, cosh(r) - 1, sinh(r) - r and 4**-n, or next to nothing, where |x| = n log(2) + r."""
    n, r, c = _reduced(format, _at_most(abs(x), 90.0 if format is FLOAT32 else 711.0))
    near = r + c
    square = near * near
    even = square * _series(format, "cosh", square)
    odd = fma(near * square, _series(format, "sinh", square), c)
    return n, r, even, odd, _power_of_two(-2.0 * _at_most(n, format.digits))


def tanh64(format: Format, x: Value) -> Value:
    """x + x**3 p(x**2) near zero, else 1 - 2 / (exp(2 |x|) + 1)."""
    size = abs(x)
    square = size * size
    small = fma(size * square, _series(format, "tanh", square), size)
    twice = _at_most(size + size, 40.0)
    n = _nearest(format, twice, _numbers(format, "1/ln2")[0])
    r = fma(n, -math.log(2), twice)
    s = _power_of_two(n)
    above = fma(s, fma(r * r, _series(format, "exp", r), r), s + 1.0)
    large = 1.0 - 2.0 / above
    return _copysign(where(size < 0.625, small, large), x)


def _reduced_twice(format: Format, size: Value) -> tuple[Value, Value]:
    """r and a power of two s with exp(2 size) = s exp(r); from a size of 10 on, that of 10."""
    twice = _at_most(size + size, 20.0)
    n = _nearest(format, twice, _numbers(format, "1/ln2")[0])
    high, low = _numbers(format, "ln2")
    return fma(n, -low, fma(n, -high, twice)), _power_of_two(n)


def tanh32(format: Format, x: Value) -> Value:
    """m / (m + 2) with m = expm1(2 |x|), where nothing cancels."""
    r, s = _reduced_twice(format, abs(x))
    m = fma(s, fma(r * r, _series(format, "expm1", r), r), s - 1.0)
    return _copysign(m / (m + 2.0), x)


def tanh_close(format: Format, x: Value) -> Value:
    """min(|x|, 1) + |x| p by pieces, in float32: fewer roundings, and sometimes more steps."""
    return _bounded_in_pieces("tanh", x)


def tanhshrink(format: Format, x: Value) -> Value:
    """x - tanh(x) as x**3 (1/4 + p(x**2)) up to 1; beyond, |x| - 1 + 2 / (exp(2 |x|) + 1)."""
    size = abs(x)
    square = size * size
    cube = size * square
    small = fma(cube, _series(format, "tanhshrink", square), 0.25 * cube)
    r, s = _reduced_twice(format, size)
    large = (size - 1.0) + 2.0 / fma(_exp_of_rest(format, r), s, 1.0)
    return _copysign(where(size < 1.0, small, large), x)


# logarithms


def _log_of_product(format: Format, n: Value, r: Value) -> Value:
    """n log(2) + log(1 + r), as if rounded once."""
    high, low = _numbers(format, "ln2")
    rest = fma(n, low, r * r * _series(format, "log1p", r))
    total = fma(n, high, r)
    return total + ((r + fma(n, high, -total)) + rest)


def log(format: Format, x: Value) -> Value:
    """log(2**n m) = n log(2) + log(m) with m from 2/3 to 4/3."""
    few = x < 4 * format.smallest_normal
    up = format.digits
    scaled = x * where(few, 2.0**up, 0.25)
    exponent = op("exponent", scaled * _numbers(format, "4/3")[0])
    m = scaled * _power_of_two(-exponent)
    y = _log_of_product(format, exponent + where(few, -up, 2.0), m - 1.0)
    y = where(x < math.inf, y, x)
    return where(x <= 0.0, where(x < 0.0, math.nan, -math.inf), y)


def log1p(format: Format, x: Value) -> Value:
    """log of 1 + x = 2**n (1 + r), where r = x / 2**n + (1 / 2**n - 1) is rounded once."""
    exponent = op("exponent", (1.0 + x) * _numbers(format, "1/3")[0])
    inverse = 0.25 * _power_of_two(-exponent)
    y = _log_of_product(format, exponent + 2.0, fma(inverse, x, inverse - 1.0))
    y = where(x < math.inf, y, x)
    y = where(x <= -1.0, where(x < -1.0, math.nan, -math.inf), y)
    return _copysign(y, x)


def log1p_of_unit(format: Format, x: Value) -> Value:
    """log(1 + x) for 0 <= x <= 1."""
    return fma(x * x, _series(format, "log1p_unit", x), x)


# the Gaussian family


def _bell(
    format: Format, size: Value, scale: float, factor: Value, lost: Value | float
) -> tuple[Value, Value]:
    """(factor + lost) exp(scale size**2) as y 2**n, where lost is small: y and n.

    What rounding the square loses joins the argument of the exponential.
    """
    scaled = size * scale
    h = scaled * size
    n, r, c = _reduced(format, h)
    rest = _beyond_linear(format, "exp", r, c + fma(scaled, size, -h))
    return factor + fma(factor, r, fma(factor, rest, lost)), n


def _two_pieces(
    name: str, size: Value, split: float, centres: tuple[float, float]
) -> tuple[Value, Value]:
    """A float32 polynomial below the split and another above: the value, and what it lacks."""
    below = size < split
    near, *low = _numbers(FLOAT32, f"{name}_near")
    middle, *high = _numbers(FLOAT32, f"{name}_middle")
    t = size - where(below, *centres)
    p = where(below, polynomial(t, tuple(low)), polynomial(t, tuple(high)))
    first = where(below, near, middle)
    value = fma(p, t, first)
    return value, fma(p, t, first - value)


def _far_tail(name: str, size: Value, scale: float) -> Value:
    """exp(scale size**2) p(1 / size**2) / size in float64, for float32."""
    wide = op("widen", size)
    inverse = 1.0 / wide
    factor = inverse * _series(FLOAT64, name, inverse * inverse)
    return op("narrow", _exp_short(wide * scale * wide) * factor)


def _tail(name: str, size: Value, scale: float, centre: float) -> Value:
    """exp(scale size**2) p((size - centre) / (size + centre)) / (size + centre) in float64."""
    inverse = 1.0 / (size + centre)
    factor = inverse * _series(FLOAT64, name, (size - centre) * inverse)
    return _ldexp(*_bell(FLOAT64, size, scale, factor, 0.0))


def erfc(format: Format, x: Value) -> Value:
    """exp(-x**2) times a slow function; 2 - erfc(-x) below zero."""
    size = abs(x)
    if format is FLOAT64:
        y = _tail("erfc", _at_most(size, 27.25), -1.0, 2.0)
        return where(x < 0.0, 2.0 - y, y)
    near = _at_most(size, 4.0)
    y, n = _bell(format, near, -1.0, *_two_pieces("erfc", near, 1.5, (0.75, 2.875)))
    y = y * _power_of_two(n)
    far = _far_tail("erfc_far", _at_most(x, 10.125), -1.0)
    return op("rarely", x > 4.0, far, where(x < 0.0, 2.0 - y, y))


#: The factor before exp(-x**2 / 2) in the normal density.
DENSITY = 1 / math.sqrt(2 * math.pi)
#: gelu_tanh is x sigmoid(u) with u = GELU_TANH (x + GELU_CUBE x**3).
GELU_TANH, GELU_CUBE = 2 * math.sqrt(2 / math.pi), 0.044715


def ndtr(format: Format, x: Value) -> Value:
    """exp(-x**2 / 2) times a slow function below zero, in float32 by pieces; 1 - ndtr(-x) above."""
    if format is FLOAT64:
        y = _tail("ndtr", _at_most(abs(x), 38.5), -0.5, 3.0)
        return where(x > 0.0, 1.0 - y, y)
    return _or_far_below("ndtr", x, _rising("ndtr", x), _far_ndtr)


def gelu(format: Format, x: Value) -> Value:
    """x ndtr(x)."""
    return _or_far_below("gelu", x, _gated("gelu", x), lambda wide: wide * _far_ndtr(wide))


def gelu_tanh(format: Format, x: Value) -> Value:
    """x sigmoid(u), where u is that cubic in x which gelu_tanh has."""
    y = _gated("gelu_tanh", x)
    return _or_far_below("gelu_tanh", x, y, lambda wide: wide * _far_gelu_tanh(wide))


def geglu_near(format: Format, value: Value, gate: Value) -> Value:
    """value gelu(gate) where neither is large."""
    return _value_gated("gelu", value, gate, _far_ndtr)


def geglu_tanh_near(format: Format, value: Value, gate: Value) -> Value:
    """value gelu_tanh(gate) where neither is large."""
    return _value_gated("gelu_tanh", value, gate, _far_gelu_tanh)


def gelu_slope(format: Format, x: Value) -> Value:
    """ndtr(x) + x exp(-x**2 / 2) / sqrt(2 pi): 1 minus that of -x above zero."""
    far = lambda wide: fma(wide, _far_bell(wide) * DENSITY, _far_ndtr(wide))  # noqa: E731
    return _or_far_below("gelu_slope", x, _rising("gelu_slope", x), far)


def gelu_tanh_slope(format: Format, x: Value) -> Value:
    """sigmoid(u) + x u' sigmoid'(u): 1 minus that of -x above zero."""
    far = lambda wide: fma(wide, _gelu_tanh_rise(wide), 1.0) * _far_gelu_tanh(wide)  # noqa: E731
    return _or_far_below("gelu_tanh_slope", x, _rising("gelu_tanh_slope", x), far)


def _in_pieces(name: str, x: Value) -> Value:
    """The polynomial of the piece in which x lies, in float32."""
    return fma(*_last_step(name, x))


def _last_step(name: str, x: Value) -> tuple[Value, Value, Value]:
    """Two factors and a summand that make the polynomial: the second is how far x is from the
    piece's end, the summand what the polynomial is there."""
    (square, linear, _), ends, *rows = PIECES[name]
    piece = fma(x, fma(x, square, linear) if square else linear, 2.0**23)
    end, *rest = (op("entry", piece, *row) for row in (ends, *rows))
    t, result = end - x, rest.pop()
    while len(rest) > 1:
        result = fma(result, t, rest.pop())
    return result, t, rest.pop()


def _gated(name: str, x: Value) -> Value:
    """x times a gate, where gate(-x) = 1 - gate(x) and x gate(-x) lies in pieces."""
    return where(x < 0.0, 0.0, x) - _in_pieces(name, _at_most_top(name, abs(x)))


def _value_gated(name: str, value: Value, x: Value, far: Callable[[Value], Value]) -> Value:
    """The value times that; what is small is multiplied first, for it may lose digits."""
    factor, t, end = _last_step(name, _at_most_top(name, abs(x)))
    below = fma(factor, value * t, value * end)
    y = fma(value, where(x < 0.0, 0.0, x), -below)
    return _or_far_below(name, x, y, lambda wide: op("widen", value * x) * far(wide))


def _rising(name: str, x: Value) -> Value:
    """A function with f(x) = 1 - f(-x) that lies in pieces below zero."""
    y = _in_pieces(name, _at_most_top(name, abs(x)))
    return where(x > 0.0, 1.0 - y, y)


def _top(name: str) -> float:
    """Where the pieces end."""
    return PIECES[name][0][-1]


def _at_most_top(name: str, size: Value) -> Value:
    return _at_most(size, _top(name))


def _or_far_below(name: str, x: Value, y: Value, far: Callable[[Value], Value]) -> Value:
    """y, but where the pieces have ended below zero, what is computed in float64."""
    wide = op("widen", _at_least(x, -14.75))  # what is far below is 0 there already
    return op("rarely", x < -_top(name), op("narrow", far(wide)), y)


def _far_bell(x: Value) -> Value:
    return _exp_short(x * -0.5 * x)


def _far_ndtr(x: Value) -> Value:
    inverse = -1.0 / x
    return _far_bell(x) * (inverse * _series(FLOAT64, "ndtr_far", inverse * inverse))


def _far_gelu_tanh(x: Value) -> Value:
    """exp(u), which far below zero is the gate of gelu_tanh."""
    return _exp_short(x * fma(x * x, GELU_TANH * GELU_CUBE, GELU_TANH))


def _gelu_tanh_rise(x: Value) -> Value:
    """u'."""
    return fma(x * x, 3 * GELU_TANH * GELU_CUBE, GELU_TANH)


def erf(format: Format, x: Value) -> Value:
    """x + x p(x**2) up to 1; beyond, 1 - erfc(|x|). In float32, min(|x|, 1) + |x| p by pieces."""
    if format is FLOAT32:
        return _bounded_in_pieces("erf", x)
    size = abs(x)
    small = fma(size, _series(format, "erf", size * size), size)
    return _copysign(where(size < 1.0, small, 1.0 - erfc(format, size)), x)


def _bounded_in_pieces(name: str, x: Value) -> Value:
    """An odd function that begins as x and ends as 1: min(|x|, 1) + |x| p by pieces."""
    size = abs(x)
    near = _at_most_top(name, size)
    return _copysign(fma(near, _in_pieces(name, near), _at_most(size, 1.0)), x)


def _erfinv_start(x: Value) -> Value:
    """In float64, erfinv to float32's accuracy and to spare, for |x| < 1.

    x times a polynomial in w = -log(1 - x**2), or in its root where w is large.
    """
    w = -_log_short(fma(-x, x, 1.0))
    near = _series(FLOAT64, "erfinv", w - 2.5)
    far = _series(FLOAT64, "erfinv_tail", _sqrt(w) - 4.0)
    return x * where(w < 5.0, near, far)


def _within_one(x: Value, y: Value) -> Value:
    """y for |x| < 1, the sign of x times infinity for |x| = 1, else NaN."""
    return where(abs(x) < 1.0, y, x / _sqrt(1.0 - abs(x)))


def erfinv32(format: Format, x: Value) -> Value:
    return _within_one(x, op("narrow", _erfinv_start(op("widen", x))))


def erfinv64(format: Format, x: Value) -> Value:
    """One step of Halley's method from the polynomials, on erfc where erf is near one."""
    size = abs(x)
    y = abs(_erfinv_start(size))
    beyond = (1.0 - size) - erfc(format, y)
    above = where(size < 0.5, erf(format, y) - size, beyond)
    step = above * (math.sqrt(math.pi) / 2) / exp(format, -(y * y))
    return _within_one(x, _copysign(y - step / fma(y, step, 1.0), x))


def bell_near(format: Format, x: Value) -> Value:
    """exp(-x**2 / 2) where that is a normal number.

    What rounding takes from the square joins the exponent.
    """
    square = x * x
    lost = fma(x, x, -square) * -0.5
    exponent = square * -0.5
    n = _nearest(format, exponent, _numbers(format, "1/ln2")[0])
    high, low = _numbers(format, "ln2")
    r = fma(n, -high, exponent) + fma(n, -low, lost)
    power = _power_of_two(n)
    return fma(power, fma(_series(format, "exp", r), r, 1.0) * r, power)


# trigonometric functions


def _turned(format: Format, x: Value, turn: float) -> Value:
    """The sine of x + turn pi / 2, for a turn of 0 or 1: sin(r) or cos(r) with a sign.

    x = n pi / 2 + r + c, where r + c is at most pi / 4 and c is what rounding r lost.
    """
    first, second, third = _numbers(format, "pi/2")
    n = _round(x * _numbers(format, "2/pi")[0])
    start = fma(n, -first, x)
    product = n * second
    r = start - product
    c = fma(n, -third, ((start - r) - product) - fma(n, second, -product))
    square = r * r
    sine = r + fma(r * square, _series(format, "sin", square), c)
    bend = fma(square, _series(format, "cos", square), -0.5)
    cosine = 1.0 + fma(square, bend, -(r * c))
    quarter = n + turn
    half = _halved(quarter)
    y = where(fma(-2.0, half, quarter) > 0.5, cosine, sine)
    return y * fma(-2.0, fma(-2.0, _halved(half), half), 1.0)


def _halved(n: Value) -> Value:
    """The largest whole number up to n / 2, for a whole n."""
    return _round(fma(n, 0.5, -0.25))


def _far(format: Format, name: str, x: Value, y: Value) -> Value:
    """y, but the C library's value where x is too large for the reduction."""
    if format is FLOAT64:
        return op("rarely", abs(x) > 2.0**26, _libm(name, x), y)
    slow = op("narrow", _libm(name, op("widen", x)))
    return op("rarely", abs(x) > 2.0**16, slow, y)


def sin(format: Format, x: Value) -> Value:
    """The sine, or the cosine, of what is left of x after quarter turns."""
    return _far(format, "sin", x, _tiny_is_itself(x, _turned(format, x, 0.0), format))


def cos(format: Format, x: Value) -> Value:
    """The sine a quarter turn ahead."""
    return _far(format, "cos", x, _turned(format, x, 1.0))


def sin_near(format: Format, x: Value) -> Value:
    """The sine for |x| up to 40."""
    n = _nearest(format, x, 0.5 * _numbers(format, "2/pi")[0])
    return _half_turned(format, x, n, n)


def cos_near(format: Format, x: Value) -> Value:
    """The cosine for |x| up to 40: the sine a quarter turn ahead."""
    n = _nearest(format, fma(x, 0.5 * _numbers(format, "2/pi")[0], 0.5), 1.0)
    return _half_turned(format, x, n - 0.5, n)


def _half_turned(format: Format, x: Value, turns: Value, n: Value) -> Value:
    """(-1)**n sin(r) with r = x - turns pi, at most pi / 2: min(|r|, 1) + p(|r|) by pieces."""
    r = x
    for part in _numbers(format, "pi"):
        r = fma(turns, -part, r)
    size = abs(r)
    sine = _at_most(size, 1.0) + _in_pieces("sin", size)
    return op("alternate", _copysign(sine, r), n)


def atan32(format: Format, x: Value) -> Value:
    """x + x**3 p(x**2) up to 1; beyond, pi/2 + atan(-1/x)."""
    size = abs(x)
    beyond = size > 1.0
    t = where(beyond, -1.0 / size, size)
    square = t * t
    rest = t * square * _series(format, "atan", square)
    first, second, _ = _numbers(format, "pi/2")
    y = (where(beyond, first, 0.0) + t) + (where(beyond, second, 0.0) + rest)
    return _copysign(y, x)


# float32 by way of float64


def _log_short(x: Value) -> Value:
    """The logarithm of a positive normal float64, to float32's accuracy and to spare."""
    n = op("exponent", x * _numbers(FLOAT64, "4/3")[0])
    r = x * _power_of_two(-n) - 1.0
    series = _series(FLOAT64, "log1p_short", r)
    return fma(n, math.log(2), fma(r * r, series, r))


def _exp_short(x: Value) -> Value:
    """The exponential of a float64 up to 300 in size, to float32's accuracy and to spare."""
    n, r = _reduced_short(x)
    return _power_of_two(n) * _exp_of_rest_short(r)


def exp_short(format: Format, x: Value) -> Value:
    """2**n exp(r) with n log(2) rounded only once."""
    low, high = _exp_limits(format)
    n, r = _reduced_short(_at_most(_at_least(x, low), high))
    return _ldexp(_exp_of_rest_short(r), n)


def decay_short(format: Format, size: Value) -> Value:
    """exp(-size) for size >= 0."""
    n, r = _reduced_short(-_at_most(size, _vanished(format)))
    return _lowered(format, _exp_of_rest_short(r), n)


def expm1_short(format: Format, x: Value) -> Value:
    """s expm1(r) + (s - 1) with s = 2**n, halved lest s overflow."""
    n, r = _reduced_short(_at_most(_at_least(x, -38.0), 710.0))
    s = _power_of_two(n - 1.0)
    half = fma(s, _expm1_of_rest_short(r), s - 0.5)
    return _tiny_is_itself(x, half + half, format)


def tanh_short(format: Format, x: Value) -> Value:
    """m / (m + 2) with m = expm1(2 |x|)."""
    size = abs(x)
    n, r = _reduced_short(_at_most(size + size, 40.0))
    s = _power_of_two(n)
    m = fma(s, _expm1_of_rest_short(r), s - 1.0)
    return _copysign(m / (m + 2.0), x)


def log1p_short(format: Format, x: Value) -> Value:
    """log1p with a sum that is rounded at every step."""
    exponent = op("exponent", (1.0 + x) * _numbers(format, "1/3")[0])
    inverse = 0.25 * _power_of_two(-exponent)
    r = fma(inverse, x, inverse - 1.0)
    y = fma(exponent + 2.0, math.log(2), fma(r * r, _series(format, "log1p_short", r), r))
    y = where(x < math.inf, y, x)
    y = where(x <= -1.0, where(x < -1.0, math.nan, -math.inf), y)
    return _copysign(y, x)


def erfc_short(format: Format, x: Value) -> Value:
    """exp(-x**2) times a slow function; 2 - erfc(-x) below zero."""
    y = _tail_short("erfc_short", _at_most(abs(x), 27.25), -1.0, 2.0)
    return where(x < 0.0, 2.0 - y, y)


def ndtr_short64(format: Format, x: Value) -> Value:
    """exp(-x**2 / 2) times a slow function below zero; 1 - ndtr(-x) above."""
    y = _tail_short("ndtr_short", _at_most(abs(x), 38.5), -0.5, 3.0)
    return where(x > 0.0, 1.0 - y, y)


def erf_short(format: Format, x: Value) -> Value:
    """x + x p(x**2) up to 1; beyond, 1 - erfc(|x|)."""
    size = abs(x)
    small = fma(size, _series(format, "erf_short", size * size), size)
    return _copysign(where(size < 1.0, small, 1.0 - erfc_short(format, size)), x)


def _reduced_short(x: Value) -> tuple[Value, Value]:
    """n and r with x = n log(2) + r."""
    n = _nearest(FLOAT64, x, _numbers(FLOAT64, "1/ln2")[0])
    return n, fma(n, -math.log(2), x)


def _exp_of_rest_short(r: Value) -> Value:
    return fma(fma(_series(FLOAT64, "exp_short", r), r, 1.0), r, 1.0)


def _expm1_of_rest_short(r: Value) -> Value:
    return fma(r * r, _series(FLOAT64, "expm1_short", r), r)


def _tail_short(name: str, size: Value, scale: float, centre: float) -> Value:
    """``_tail`` without what rounding the square loses."""
    inverse = 1.0 / (size + centre)
    factor = inverse * _series(FLOAT64, name, (size - centre) * inverse)
    return factor * decay_short(FLOAT64, (size * -scale) * size)


def sin_short(format: Format, x: Value) -> Value:
    """(-1)**n sin(x - n pi), which is r + r**3 p(r**2)."""
    n = _nearest(format, x, 0.5 * _numbers(format, "2/pi")[0])
    r = x
    for part in _numbers(format, "pi/2"):
        r = fma(n, -2 * part, r)
    square = r * r
    y = fma(r, square * _series(format, "sin_short", square), r)
    return _far(format, "sin", x, _tiny_is_itself(x, op("alternate", y, n), format))


def asinh32(format: Format, x: Value) -> Value:
    """log(|x| + sqrt(x**2 + 1)) in float64."""
    wide = op("widen", abs(x))
    y = op("narrow", _log_short(wide + _sqrt(fma(wide, wide, 1.0))))
    y = where(abs(x) < math.inf, y, abs(x))
    return _copysign(where(abs(x) < 2.0**-12, abs(x), y), x)


def pow32(format: Format, a: Value, b: Value) -> Value:
    """exp(b log|a|) in float64, with C's special cases."""
    base, exponent = op("widen", a), op("widen", b)
    size = abs(base)
    log_size = where(size < math.inf, _log_short(size), size)
    log_size = where(op("eq", size, 0.0), -math.inf, log_size)
    product = where(op("eq", log_size, 0.0), 0.0, exponent * log_size)
    product = where(op("eq", exponent, 0.0), 0.0, product)
    power = _exp_short(_at_most(_at_least(product, -200.0), 200.0))
    negative = _copysign(1.0, base) < 0.0
    return op("narrow", where(negative, _sign_of_power(base, exponent) * power, power))


def _sign_of_power(base: Value, exponent: Value) -> Value:
    """1 for an even exponent, -1 for an odd one; NaN else, but 1 for a base of -0 or -inf."""
    half = 0.5 * where(abs(exponent) >= 2.0**24, 0.0, exponent)
    rest = half - _round(half)
    finite = where(base < 0.0, where(base > -math.inf, math.nan, 1.0), 1.0)
    odd = where(op("eq", abs(rest), 0.5), -1.0, finite)
    return where(op("eq", rest, 0.0), 1.0, odd)


def _by_libm(name: str) -> Build:
    return lambda format, *args: _libm(name, *args)


_SHARED: dict[str, Build] = {
    "exp": exp,
    "decay": decay,
    "expm1": expm1,
    "sinh": sinh,
    "cosh": cosh,
    "log": log,
    "log1p": log1p,
    "erf": erf,
    "erfc": erfc,
    "ndtr": ndtr,
    "sin": sin,
    "cos": cos,
}
_TABLE: dict[str, dict[str, Build]] = {
    "float32": {
        **_SHARED,
        "decay_of_wide": decay_of_wide,
        "exp_of_wide": exp_of_wide,
        "exp_near": exp_near,
        "exp_near_of_wide": exp_near_of_wide,
        "bell_near": bell_near,
        "sin_near": sin_near,
        "cos_near": cos_near,
        "gelu": gelu,
        "geglu_near": geglu_near,
        "geglu_tanh_near": geglu_tanh_near,
        "gelu_slope": gelu_slope,
        "gelu_tanh": gelu_tanh,
        "gelu_tanh_slope": gelu_tanh_slope,
        "tanh": tanh32,
        "tanh_close": tanh_close,
        "tanhshrink": tanhshrink,
        "log1p_of_unit": log1p_of_unit,
        "erfinv": erfinv32,
        "atan": atan32,
        "asinh": asinh32,
        "pow": pow32,
    },
    "float64": {
        **_SHARED,
        "tanh": tanh64,
        "erfinv": erfinv64,
        "exp_short": exp_short,
        "decay_short": decay_short,
        "expm1_short": expm1_short,
        "tanh_short": tanh_short,
        "log1p_short": log1p_short,
        "erf_short": erf_short,
        "erfc_short": erfc_short,
        "ndtr_short": ndtr_short64,
        "sin_short": sin_short,
        **{name: _by_libm(name) for name in ("atan", "asinh", "pow")},
    },
}
