"""The formulas of softmax's kernels, each on single values."""

from __future__ import annotations

from collections.abc import Callable

from ogive.printers.machine import Value, fma, op, where


def _share(x: Value, m: Value) -> tuple[Value, ...]:
    """exp(x - m) for x <= m, with what rounding took from the difference."""
    size, lost = _difference(m, x)
    e = op("decay", size)
    return (fma(e, where(size < FAR, -lost, 0.0), e),)


def _tempered(x: Value, m: Value, f: Value, rest: Value) -> tuple[Value, ...]:
    """exp((x - m) (f + rest)), the same way."""
    d, lost = _difference(m, x)
    size = d * f
    e = op("decay", size)
    more = fma(lost, f, fma(d, rest, fma(d, f, -size)))
    return (fma(e, where(size < FAR, -more, 0.0), e),)


#: Of less than minus this, exp is 0 in float64, too.
FAR = 1000.0


def _difference(a: Value, b: Value) -> tuple[Value, Value]:
    """a - b in two numbers: rounded, and what rounding took."""
    d = a - b
    c = d - a
    return d, (a - (d - c)) - (b + c)


def _inverse(total: Value, rest: Value) -> tuple[Value, ...]:
    """1 / (total + rest), in two numbers."""
    high = 1.0 / total
    return high, fma(-rest, high, fma(-total, high, 1.0)) * high


def _logarithm(total: Value, rest: Value) -> tuple[Value, ...]:
    """log(total + rest), right to the last digits at 1, too."""
    return (op("log", total) + rest / total,)


FORMULAS: dict[str, Callable[..., tuple[Value, ...]]] = {
    "share": _share,
    # between 16-bit numbers a difference in float32 is exact, or too large to matter
    "share_of_16_bits": lambda x, m: (op("decay", m - x),),
    "tempered": _tempered,
    "inverse": _inverse,
    "logarithm": _logarithm,
    "scaled": lambda e, high, low: (fma(e, high, e * low),),
    "below": lambda x, m, logarithm: ((x - m) - logarithm,),
    "slope": lambda y, g, dot, rest: (y * ((g - dot) - rest),),
    "slope_of_16_bits": lambda y, g, dot: (y * (g - dot),),
    "quotient": lambda a, b: (a / b,),
    "remainder": lambda e, g, quotient: (fma(-e, quotient, g),),
    "remainder_of_log": lambda y, g, total: (fma(-op("decay", -y), total, g),),
}
#: Formulas of two values.
PAIRS = ("inverse",)
