"""Machine operations in plain float64 arithmetic, for languages that lack them.

Each is built of add, sub, mul, div, neg, abs, comparisons and selection, rounded to nearest as IEEE
754 asks for, with subnormal numbers, infinities and divisions by zero: JavaScript's numbers are
that. The only one that is not exact is ``fma``, and its error stays far below the last place, so
that an approximation is as accurate with these as with a processor's own.
"""

from __future__ import annotations

from collections.abc import Callable

from ogive.printers.machine import Value, op, where

#: Adding and taking away this leaves a whole number.
ROUNDER = 1.5 * 2.0**52
#: Times this, a number's upper half stands apart (T. J. Dekker 1971, "A floating-point technique
#: for extending the available precision").
SPLIT = 2.0**27 + 1


def fma(a: Value, b: Value, c: Value) -> Value:
    """a b + c with what the product and the sum lose added at the end.

    Where splitting overflows, a factor is beyond 2**996: a power of two, whose product is exact.
    """
    product = a * b
    total = product + c
    part = total - product
    lost = (product - (total - part)) + (c - part)
    whole = total + (lost + _lost_by_product(a, b, product))
    return where(op("eq", whole - whole, 0.0), whole, total)


def _lost_by_product(a: Value, b: Value, product: Value) -> Value:
    (a1, a2), (b1, b2) = _halves(a), _halves(b)
    return ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2


def _halves(a: Value) -> tuple[Value, Value]:
    """Two numbers of 26 bits each whose sum is a."""
    scaled = SPLIT * a
    high = scaled - (scaled - a)
    return high, a - high


def round_even(a: Value) -> Value:
    return (a + ROUNDER) - ROUNDER


def exp2(n: Value) -> Value:
    """A power of two for each bit of |n|."""
    size: Value = abs(n)
    power: Value | float = 1.0
    for bit in (2.0**k for k in reversed(range(10))):
        taken = size >= bit
        power = power * where(taken, where(n < 0.0, 2.0**-bit, 2.0**bit), 1.0)
        size = size - where(taken, bit, 0.0)
    return where(n < -1022.0, 0.0, power)


def ldexp(a: Value, n: Value) -> Value:
    """In two steps, of which only the second can round."""
    half = op("round", n * 0.5)
    return (a * op("exp2", half)) * op("exp2", n - half)


def exponent(a: Value) -> Value:
    """How often a can be halved or doubled until it lies from 1 to 2, found bit by bit."""
    found: Value | float = 0.0
    for step in (2.0**k for k in reversed(range(10))):
        large, small = a >= 2.0**step, a < 2.0 ** (1 - step)
        a = a * where(large, 2.0**-step, where(small, 2.0**step, 1.0))
        found = found + where(large, step, where(small, -step, 0.0))
    return found + where(a >= 2.0, 1.0, 0.0)  # infinity


def alternate(a: Value, b: Value) -> Value:
    half = b * 0.5
    return where(op("eq", op("round", half), half), a, -a)


def copysign(size: Value, sign: Value) -> Value:
    """1 / sign tells one zero from the other."""
    return where(sign + 1.0 / sign < 0.0, -abs(size), abs(size))


PORTABLE: dict[str, Callable[..., Value]] = {
    "fma": fma,
    "round": round_even,
    "exp2": exp2,
    "ldexp": ldexp,
    "exponent": exponent,
    "alternate": alternate,
    "copysign": copysign,
}
