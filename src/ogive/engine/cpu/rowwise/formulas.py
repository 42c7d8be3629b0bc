"""The formulas of the rowwise kernels, for one vector at a time.

The names of a formula's parameters say what it is given, those of its results what becomes of them.

| name | what it is |
|---|---|
| x, y, g, dx, e | an operand: read, or written |
| logit | x or -x; -inf behind the end of a row |
| m | the row's largest element; for lengths, a power of two that brings this near to 1 |
| share | exp(logit - m) |
| rest | the gradient less the sum of its products with the results |
| normal | x m |
| a, b; a_low | a sum of the row: given as two numbers, or a number to be added |
| high, low | what was made of the sums after a walk |
| factor, factor_low | the number that the kernel is given, as two numbers |
| eps, eps_low | the same times m |

Those of weights are in weights.py, those of thresholds in newton.py.
"""

from __future__ import annotations

from ogive.engine.cpu.rowwise.newton import THRESHOLD_FORMULAS, THRESHOLD_GIVEN
from ogive.engine.cpu.rowwise.weights import (
    FAR_BELOW,
    WEIGHT_FORMULAS,
    WEIGHT_GIVEN,
    Formula,
    exact_difference,
    exact_inverse,
)
from ogive.printers.machine import Value, fma, op, where


def _share(logit: Value, m: Value) -> dict[str, Value]:
    """exp(logit - m) with what rounding took from the difference."""
    size, lost = exact_difference(m, logit)
    e = op("decay", size)
    return {"share": fma(e, where(size < FAR_BELOW, -lost, 0.0), e)}


def _tempered(logit: Value, m: Value, factor: Value, factor_low: Value) -> dict[str, Value]:
    """exp((logit - m) (factor + factor_low)), the same way."""
    d, lost = exact_difference(m, logit)
    size = d * factor
    e = op("decay", size)
    more = fma(lost, factor, fma(d, factor_low, fma(d, factor, -size)))
    return {"share": fma(e, where(size < FAR_BELOW, -more, 0.0), e)}


def _logarithm(total: Value, low: Value) -> Value:
    """log(total + low), right to the last digits at 1, too."""
    return op("log", total) + low / total


def _logarithm_of_mean(total: Value, low: Value, count: Value) -> Value:
    """log((total + low) / count), exactly 0 where these are one."""
    mean = total / count
    return _logarithm(mean, (fma(-mean, count, total) + low) / count)


def _inverse_length(a: Value, a_low: Value, eps: Value, eps_low: Value) -> dict[str, Value]:
    """1 / max(sqrt(a + a_low), eps + eps_low), in two numbers; NaN if a square was infinite."""
    root = op("sqrt", a)
    short = root < eps
    more = (fma(-root, root, a) + a_low) / (2.0 * root)
    return exact_inverse(where(short, eps, root), where(short, eps_low, more))


def _inclination(b: Value, a: Value, a_low: Value, eps: Value, eps_low: Value) -> dict[str, Value]:
    """The inverse of the length, and what the gradient takes from x: nothing where the length is
    less than eps."""
    inverse = _inverse_length(a, a_low, eps, eps_low)["high"]
    taken = where(op("sqrt", a) < eps, 0.0, b * inverse * inverse)
    return {"high": inverse, "low": taken}


def _scaled(e: Value, high: Value, low: Value) -> dict[str, Value]:
    return {"y": fma(e, high, e * low)}


#: What is itself computed before it is given; see Kind.variant for those that depend on the kind.
GIVEN: dict[str, Formula] = {
    "share": _share,
    # between 16-bit numbers a difference in float32 is exact, or too large to matter
    "plain_share": lambda logit, m: {"share": op("decay", m - logit)},
    # 1 for two infinities; what rounding took is nothing to a logarithm
    "share_of_a_logarithm": lambda logit, m: {
        "share": op("decay", where(op("eq", logit, m), 0.0, m - logit))
    },
    "tempered_share": _tempered,
    "normal": lambda x, m: {"normal": x * m},
    "eps": lambda factor, m: {"eps": factor * m},
    "eps_low": lambda factor_low, m: {"eps_low": factor_low * m},
    "rest": lambda g, high, low: {"rest": (g - high) - low},
    "plain_rest": lambda g, high: {"rest": g - high},
    **WEIGHT_GIVEN,
    **THRESHOLD_GIVEN,
}
FORMULAS: dict[str, Formula] = {
    "largest": lambda logit: {"m": logit},
    "largest_size": lambda x: {"m": abs(x)},
    "add": lambda share: {"a": share},
    "add_and_keep": lambda share: {"e": share, "a": share},
    # the share of an infinite logit is NaN, and that of no other, as in torch
    "add_finite_and_keep": lambda share, logit, m: {
        "e": share,
        "a": where(op("eq", logit, m), 1.0, share),
    },
    "add_and_keep_both": lambda share, g: {"e": share, "a": share, "b": g},
    "add_gradients": lambda g: {"a": g},
    "add_products": lambda y, g: {"a": y * g},
    "add_squares": lambda normal: {"a": normal * normal},
    "add_squares_and_products": lambda normal, g: {"a": normal * normal, "b": normal * g},
    "scaled": _scaled,
    "below": lambda logit, m, high: {"y": (logit - m) - high},
    "slope": lambda y, rest: {"dx": y * rest},
    "remainder": lambda e, g, high: {"dx": fma(-e, high, g)},
    "remainder_of_a_logarithm": lambda y, g, high: {"dx": fma(-op("decay", -y), high, g)},
    "weighted": lambda e, high: {"dx": e * high},
    "normalized": lambda normal, high, low: _scaled(normal, high, low),
    "slope_across": lambda normal, g, low, high, m: {"dx": fma(-normal, low, g) * high * m},
    # after a walk
    "logarithm": lambda a, a_low: {"high": _logarithm(a, a_low)},
    "sum": lambda a, a_low: {"high": a, "low": a_low},
    "quotient": lambda b, a: {"high": b / a},
    "gradient_over_sum": lambda g, a: {"high": g / a},
    "logarithm_of_sum": lambda m, a, a_low: {"y": m + _logarithm(a, a_low)},
    "logarithm_of_mean": lambda m, a, a_low, factor: {
        "y": m + _logarithm_of_mean(a, a_low, factor)
    },
    "inverse_length": _inverse_length,
    "inclination": _inclination,
    **WEIGHT_FORMULAS,
    **THRESHOLD_FORMULAS,
}
