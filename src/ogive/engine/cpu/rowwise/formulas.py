"""The formulas of the rowwise kernels, each on single values."""

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


def _term(x: Value, m: Value) -> tuple[Value, ...]:
    """exp(x - m) for x <= m, 1 for two infinities; what rounding took is nothing to a logarithm."""
    return (op("decay", where(op("eq", x, m), 0.0, m - x)),)


def _scale(m: Value) -> tuple[Value, ...]:
    """A power of two that brings m near to 1, and that is a normal number wherever m lies."""
    return (op("exp2", op("round", op("exponent", m) * -0.98)),)


def _inverse_length(total: Value, rest: Value, eps: Value, low: Value) -> tuple[Value, ...]:
    """1 / max(sqrt(total + rest), eps + low), in two numbers; NaN if a square was infinite."""
    root = op("sqrt", total)
    short = root < eps
    more = (fma(-root, root, total) + rest) / (2.0 * root)
    return _inverse(where(short, eps, root), where(short, low, more))


def _inclination(dot: Value, total: Value, eps: Value, inverse: Value) -> tuple[Value, ...]:
    """What the gradient takes from x: nothing where the length is less than eps."""
    return (where(op("sqrt", total) < eps, 0.0, dot * inverse * inverse),)


FORMULAS: dict[str, Callable[..., tuple[Value, ...]]] = {
    "share": _share,
    # between 16-bit numbers a difference in float32 is exact, or too large to matter
    "plain_share": lambda x, m: (op("decay", m - x),),
    "tempered": _tempered,
    "inverse": _inverse,
    "logarithm": _logarithm,
    "term": _term,
    "logarithm_of_sum": lambda m, total, rest: (m + _logarithm(total, rest)[0],),
    "scale": _scale,
    "inverse_length": _inverse_length,
    "inclination": _inclination,
    "scaled": lambda e, high, low: (fma(e, high, e * low),),
    "below": lambda x, m, logarithm: ((x - m) - logarithm,),
    "slope": lambda y, g, dot, rest: (y * ((g - dot) - rest),),
    "slope_of_16_bits": lambda y, g, dot: (y * (g - dot),),
    "across": lambda x, g, slope: (fma(-x, slope, g),),
    "quotient": lambda a, b: (a / b,),
    "remainder": lambda e, g, quotient: (fma(-e, quotient, g),),
    "remainder_of_log": lambda y, g, total: (fma(-op("decay", -y), total, g),),
}
#: Formulas of two values.
PAIRS = ("inverse", "inverse_length")
