"""The formulas of sparsemax and entmax: a threshold t, found by Newton's method from below.

The sum of what is above t falls with t and is convex, so a step from below the solution never
passes it. Sparsemax's steps solve the sum of those that are still above t, entmax's the Euclidean
length. The product of what is missing and the slope falls by four in a step at least (Radzik 1992),
so some thirty steps are the most that a row takes; half of those of random numbers take seven, and
those that were made to be slow sixteen.

| name | what it is |
|---|---|
| high, low | the threshold, as two numbers; it begins so far below the largest that none is lost |
| over, over_low | x - t as two numbers where that is positive, else 0 |
| delta | by how much the threshold rises |
| moving | positive as long as it does |
"""

from __future__ import annotations

from ogive.engine.cpu.rowwise.weights import Formula, exact_difference
from ogive.printers.machine import Value, fma, op, where


def _begin(m: Value, reach: float) -> dict[str, Value]:
    """The threshold below which nothing has a share; rows without a number do not move."""
    high, low = exact_difference(m, reach)
    low = where(abs(m) < float("inf"), low, 0.0)
    return {"high": high, "low": low, "moving": where(m > float("-inf"), 1.0, 0.0)}


def _over(logit: Value, high: Value, low: Value) -> dict[str, Value]:
    above, lost = exact_difference(logit, high)
    # far below nothing was lost, or it is infinite
    over, rest = exact_difference(above, where(above < -1.0, 0.0, low - lost))
    outside = over <= 0.0
    return {"over": where(outside, 0.0, over), "over_low": where(outside, 0.0, rest)}


def _plain_over(logit: Value, high: Value, low: Value) -> dict[str, Value]:
    above = (logit - high) - low
    return {"over": where(above <= 0.0, 0.0, above)}


def _squares(over: Value, over_low: Value) -> dict[str, Value]:
    square = over * over
    rest = fma(over * 2.0, over_low, fma(over, over, -square))
    return {"a": square, "a_low": rest, "b": over}


def _raised(
    moving: Value, high: Value, low: Value, delta: Value, unsettled: Value
) -> dict[str, Value]:
    """The threshold after a step; one that is settled stays where it is, whatever others do."""
    more = low + where(moving > 0.0, delta, 0.0)
    total = high + more
    part = total - high
    rest = (high - (total - part)) + (more - part)
    return {"high": total, "low": rest, "moving": where(moving > 0.0, unsettled, moving)}


def _unsettled(scale: float) -> Formula:
    """Whether a step, so many times larger, would show beside the largest share. One that falls
    back is the last: only rounding brings the threshold above the solution."""

    def unsettled(delta: Value, m: Value, high: Value, low: Value) -> dict[str, Value]:
        top = (m - high) - low
        return {"unsettled": where(delta > 0.0, abs(fma(delta, scale, top) - top), 0.0)}

    return unsettled


def _length_delta(a: Value, a_low: Value, b: Value) -> dict[str, Value]:
    """Of the length of what is above the threshold, which is to be 2."""
    length = op("sqrt", a)
    return {"delta": ((a - 4.0) + a_low) / (length + 2.0) * (length / b)}


def _mean(a: Value, a_low: Value, b: Value) -> dict[str, Value]:
    high = a / b
    return {"high": high, "low": (fma(-high, b, a) + a_low) / b}


THRESHOLD_GIVEN: dict[str, Formula] = {
    "over": _over,
    "plain_over": _plain_over,
    "excess_delta": lambda a, a_low, b: {"delta": ((a - 1.0) + a_low) / b},
    "length_delta": _length_delta,
    "unsettled": _unsettled(4096.0),
    # sums of 16-bit numbers have fewer digits, and need fewer
    "plain_unsettled": _unsettled(2.0**-6),
    "root": lambda y: {"root": op("sqrt", y)},
}
THRESHOLD_FORMULAS: dict[str, Formula] = {
    "one_below": lambda m: _begin(m, 1.0),
    "two_below": lambda m: _begin(m, 2.0),
    "add_over": lambda over, over_low: {
        "a": over,
        "a_low": over_low,
        "b": where(over > 0.0, 1.0, 0.0),
    },
    "plain_add_over": lambda over: {"a": over, "b": where(over > 0.0, 1.0, 0.0)},
    "add_squares_over": _squares,
    "plain_add_squares_over": lambda over: {"a": over * over, "b": over},
    "raised": _raised,
    "excess": lambda over: {"y": over},
    "quarter_square": lambda over: {"y": over * over * 0.25},
    # the gradient: a share that is NaN is none of 0
    "add_supported": lambda y, g: {
        "a": where(y <= 0.0, 0.0, g),
        "b": where(y <= 0.0, 0.0, 1.0),
    },
    "add_roots": lambda root, g: {"a": where(root <= 0.0, 0.0, root * g), "b": root},
    "mean": _mean,
    "slope_of_supported": lambda y, rest: {"dx": where(y <= 0.0, 0.0, where(y > 0.0, rest, y))},
    "slope_of_roots": lambda root, rest: {"dx": where(root <= 0.0, 0.0, root * rest)},
}
