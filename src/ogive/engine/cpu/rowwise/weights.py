"""The formulas of shares in proportion to weights, and of lengths: taylor_softmax and others.

A weight is brought near to 1 by what stands in m: the largest logit, which is subtracted, or a
power of two. Behind the end of a row, where x is 0 and the logit -inf, it is 0.

| name | what it is |
|---|---|
| weight | exp(x) sigmoid(x), 1 + (1 + x)**2, or x**2 + eps, as m has it |
| size | abs(exp(x) - 1), the same way |
| normal | x m, of taylor_softmax (1 + x) m |
| finite | x, and 0 for -inf |
"""

from __future__ import annotations

from collections.abc import Callable

from ogive.printers.machine import Value, fma, op, where

Formula = Callable[..., dict[str, Value]]
MINUS_INFINITY = float("-inf")
#: Of less than minus this, exp is 0 in float64, too.
FAR_BELOW = 1000.0


def exact_difference(a: Value, b: Value | float) -> tuple[Value, Value]:
    """a - b in two numbers: rounded, and what rounding took."""
    d = a - b
    c = d - a
    return d, (a - (d - c)) - (b + c)


def scale_for(size: Value) -> dict[str, Value]:
    """One that brings a size near to 1, and that is a normal number wherever this lies."""
    return {"m": op("exp2", op("round", op("exponent", size) * -0.98))}


def exact_inverse(total: Value, low: Value) -> dict[str, Value]:
    """1 / (total + low), in two numbers."""
    high = 1.0 / total
    return {"high": high, "low": fma(-low, high, fma(-total, high, 1.0)) * high}


def _inverse_of_two(a: Value, a_low: Value, more: Value) -> dict[str, Value]:
    total = a + more
    part = total - a
    return exact_inverse(total, a_low + ((a - (total - part)) + (more - part)))


def _quotient(a: Value, b: Value) -> dict[str, Value]:
    return {"high": 1.0 / a, "low": b / a}


# softmax with a sigmoid beside each exponential, which brings e**x below e**m once more


def _logistic(logit: Value, x: Value, m: Value) -> dict[str, Value]:
    """Divided by e**m sigmoid(m), but for a factor between 1 and 2; by one exponential of both."""
    below, lost = exact_difference(m, logit)
    more = where(m > 0.0, where(x > 0.0, 0.0, abs(x)), below)
    size, rest = exact_difference(below, -more)
    rest = rest + where(m > 0.0, lost, lost * 2.0)
    e = op("decay", size)
    e = fma(e, where(size < FAR_BELOW, -rest, 0.0), e)
    return {"weight": e / (op("decay", abs(x)) + 1.0)}


def _moved_logistic(share: Value, logit: Value, m: Value) -> dict[str, Value]:
    before = where(logit > 0.0, 1.0, op("decay", abs(logit)))
    moved = where(op("eq", logit, m), 1.0, share * where(m > 0.0, before, share))
    return {"a": moved, "b": moved}


def _logistic_slope(e: Value, g: Value, x: Value, high: Value, low: Value) -> dict[str, Value]:
    q = op("decay", abs(x))
    return {"dx": e * high * (1.0 + where(x > 0.0, q, 1.0) / (q + 1.0)) * (g - low)}


# squares


def _shifted(x: Value, m: Value) -> dict[str, Value]:
    """1 + x, which loses digits of a small x, in two numbers."""
    total = x + 1.0
    part = total - x
    lost = (x - (total - part)) + (1.0 - part)
    return {"normal": total * m, "normal_low": where(abs(x) < 2.0**40, lost, 0.0) * m}


def _taylor_weight(
    normal: Value, normal_low: Value, logit: Value, x: Value, m: Value
) -> dict[str, Value]:
    weight = fma(normal, normal, fma(normal * 2.0, normal_low, m * m))
    return {"weight": where(logit < x, 0.0, weight)}


def _spherical_scale(m: Value, factor: Value) -> dict[str, Value]:
    root = op("sqrt", factor)
    return scale_for(where(m > root, m, root))


def _spherical_weight(
    normal: Value, factor: Value, factor_low: Value, logit: Value, x: Value, m: Value
) -> dict[str, Value]:
    weight = fma(normal, normal, (factor * m) * m + (factor_low * m) * m)
    return {"weight": where(logit < x, 0.0, weight)}


def scale_of_length(m: Value, factor: Value) -> dict[str, Value]:
    """By the largest element, or by what a length is at least."""
    return scale_for(where(m > factor, m, factor))


def _moved_squares(ratio: Value) -> dict[str, Value]:
    return {"a": ratio * ratio, "b": ratio * ratio}


# softpick


def _size(x: Value, m: Value) -> dict[str, Value]:
    below, lost = exact_difference(m, where(x > 0.0, x, 0.0))
    exponential, part = op("decay", below), -op("expm1", -abs(x))
    size = exponential * part
    rest = fma(exponential, part, -size)  # one rounding is left of three
    size = size + where(below < FAR_BELOW, fma(size, -lost, rest), 0.0)
    return {"size": where(op("eq", x, MINUS_INFINITY), 0.0, size)}


def _picked(e: Value, x: Value, high: Value, low: Value) -> dict[str, Value]:
    positive = where(x <= 0.0, 0.0, e)
    return {"y": fma(positive, high, positive * low)}


def _picked_slope(x: Value, g: Value, m: Value, high: Value, low: Value) -> dict[str, Value]:
    slope = op("decay", m - x) * high
    below = where(x < 0.0, slope * low, x)  # 0 at 0, and NaN
    return {"dx": where(x > 0.0, slope * (g - low), below)}


def _moved_size(logit: Value, m: Value) -> dict[str, Value]:
    moved = where(op("eq", logit, m), 1.0, op("decay", m - logit))
    return {"a": moved, "b": moved}


# squash: the length is sqrt(a) / m


def _squashed(a: Value, m: Value) -> dict[str, Value]:
    return {"high": (op("sqrt", a) / m) / (m + a / m)}


def _squashed_slope(a: Value, b: Value, m: Value) -> dict[str, Value]:
    square = m * m
    square = where(square < 1e30, square, 1e30)
    bent = b / a * ((square - a) / (square + a))
    return {"high": op("sqrt", a) / (m + a / m), "low": where(a > 0.0, bent, 0.0)}


WEIGHT_GIVEN: dict[str, Formula] = {
    "finite": lambda x: {"finite": where(op("eq", x, MINUS_INFINITY), 0.0, x)},
    "logistic": _logistic,
    "shifted": _shifted,
    "taylor_weight": _taylor_weight,
    "spherical_weight": _spherical_weight,
    "size": _size,
    "ratio": lambda logit, m: {"ratio": m / logit},
}
WEIGHT_FORMULAS: dict[str, Formula] = {
    # after the largest one is found
    "largest_or_nothing": lambda m: {"m": where(op("eq", m, MINUS_INFINITY), 0.0, m)},
    "largest_or_zero": lambda m: {"m": where(m > 0.0, m, 0.0)},
    "largest_shifted": lambda x: {"m": abs(x + 1.0)},
    "scale": scale_of_length,
    "spherical_scale": _spherical_scale,
    # sums
    "add_and_keep_weights": lambda weight: {"e": weight, "a": weight},
    "add_and_keep_weights_and_products": lambda weight, g: {
        "e": weight,
        "a": weight,
        "b": weight * g,
    },
    "add_and_keep_finite_products": lambda share, g, finite: {
        "e": share,
        "a": share,
        "b": share * (g * finite),
    },
    "add_and_keep_sizes": lambda size: {"e": size, "a": size},
    "add_sizes_and_products": lambda size, g, x: {
        "a": size,
        "b": where(x > 0.0, size * g, where(x <= 0.0, 0.0, x)),
    },
    # by what the sums of a piece become those of the row
    "moved_share": lambda logit, m, share: {"a": where(op("eq", logit, m), 1.0, share)},
    "moved_shares": lambda logit, m, share: {
        "a": where(op("eq", logit, m), 1.0, share),
        "b": where(op("eq", logit, m), 1.0, share),
    },
    "moved_squares": _moved_squares,
    "moved_lengths": lambda ratio: {"a": ratio * ratio, "b": ratio},
    "moved_logistic": _moved_logistic,
    "moved_sizes": _moved_size,
    # after the sums
    "inverse": lambda a, a_low: exact_inverse(a, a_low),
    "inverse_or_nothing": lambda a, a_low: exact_inverse(where(op("eq", a, 0.0), 1.0, a), a_low),
    "inverse_with_nothing": lambda a, a_low, m: _inverse_of_two(a, a_low, op("decay", m)),
    "inverse_with_eps": lambda a, a_low, m, factor: _inverse_of_two(
        a, a_low, op("decay", m) * factor
    ),
    "quotient_of_shares": _quotient,
    "quotient_with_eps": lambda a, b, m, factor: _quotient(fma(op("decay", m), factor, a), b),
    "squashed_length": _squashed,
    "squashed_slope": _squashed_slope,
    # results
    "unit_times_share": lambda finite, e, high, low: {"y": finite * fma(e, high, e * low)},
    "picked": _picked,
    "stretched": lambda normal, high: {"y": normal * high},
    # gradients
    "slope_of_unit": lambda e, g, finite, high, low: {"dx": e * high * (fma(finite, g, g) - low)},
    "logistic_slope": _logistic_slope,
    "slope_of_squares": lambda normal, g, high, low, m: {
        "dx": (normal * high) * (g - low) * m * 2.0
    },
    "picked_slope": _picked_slope,
    "slope_of_stretched": lambda normal, g, high, low: {"dx": fma(normal, low, g) * high},
}
