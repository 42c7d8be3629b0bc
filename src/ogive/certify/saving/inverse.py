"""f'(f^-1(y)), fitted on each of at most two branches.

On a branch f is monotone, so y says where x was. Where the branch begins at a turning point the
slope goes with the root of the distance from there, else with y itself; in that variable
polynomials follow it, one for each interval of y, as few as keep within the tolerance. A slope
without bounds has to be a line in y or in such a root, which goes on as far as y does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ogive.certify.compiled import Array
from ogive.certify.saving.mode import CODE, RESULT, NotLegal, choice
from ogive.expr import Node, const, symbol
from ogive.expr.functions import sqrt
from ogive.expr.node import where

_Function = Callable[[Array], Array]
#: The largest error of a fit, as a part of the largest slope: a sixteenth of bfloat16's rounding.
TOLERANCE = 2.0**-12
#: A polynomial that follows the slope this closely is the slope.
EXACT = 1e-13
_DEGREE, MOST_PIECES = 6, 16
#: A result of this size at the last sample is on its way to infinity.
_LARGE = 5.0
#: Points of a fit.
NODES = -np.cos(np.pi * np.arange(257) / 256)


@dataclass(frozen=True)
class Part:
    """An interval of x on which f is monotone and smooth, or constant."""

    low: float
    high: float
    constant: bool


@dataclass(frozen=True)
class _Row:
    """The slope from a result upwards; ``included`` says whether that result itself counts."""

    low: float
    included: bool
    slope: Node


def inverse(
    f: _Function, slope: _Function, parts: Sequence[Part], turn: float | None, scale: float
) -> Node:
    """The slope in terms of the result, and of the branch where the function turns at a point.

    Args:
        parts: the line in order.
        scale: the largest slope, which may be infinite.

    Raises:
        NotLegal: where too many polynomials would be needed, or lines do not do.
    """
    start = None if turn is None else _at(f, turn)
    at_nan = _at(slope, math.nan)
    cut = math.inf if turn is None else turn
    branches = [[p for p in parts if p.high <= cut], [p for p in parts if p.low >= cut]]
    found = [
        _selected([r for p in branch for r in _rows(f, slope, p, start, scale)], at_nan)
        for branch in branches
        if branch
    ]
    return choice(symbol(CODE), found)


def _at(f: _Function, x: float) -> float:
    return float(f(np.array([x]))[0])


def _selected(rows: list[_Row], at_nan: float) -> Node:
    """The slope of the last row that begins below the result."""
    y = symbol(RESULT)
    rows.sort(key=lambda row: (row.low, not row.included))
    if len(rows) > MOST_PIECES:
        raise NotLegal(f"f' in terms of y takes {len(rows)} polynomials")
    chosen = where(y >= -math.inf, rows[-1].slope, at_nan)
    for below, row in reversed(list(pairwise(rows))):
        chosen = where(y < row.low if row.included else y <= row.low, below.slope, chosen)
    return chosen


def _rows(
    f: _Function, slope: _Function, part: Part, start: float | None, scale: float
) -> list[_Row]:
    x = _samples(part)
    if part.constant:
        return [_Row(_at(f, float(x[len(x) // 2])), True, const(0.0))]
    y, d = f(x), slope(x)
    kept = np.isfinite(y) & np.isfinite(d) & (x > part.low) & (x < part.high)
    y, places = np.unique(y[kept], return_index=True)
    d = d[kept][places]
    rising = bool(d[np.argmax(abs(d))] > 0)
    if math.isinf(scale):
        ends = [_at(f, end) for end in (part.low, part.high) if math.isfinite(end)]
        return [_from_the_end(_line(y, d, ends), f, slope, part, rising)]
    rows = _fits(y, d, start, scale)
    rows[0] = _from_the_end(rows[0], f, slope, part, rising)
    return _to_infinity(rows, (float(y[0]), float(y[-1])), (float(d[0]), float(d[-1])))


def _to_infinity(
    rows: list[_Row], ends: tuple[float, float], slopes: tuple[float, float]
) -> list[_Row]:
    """Beyond the samples of large results the slope is constant, as at infinity."""
    first, last = rows[0], rows[-1]
    if ends[0] < -_LARGE and first.slope.op != "const":
        rows = [replace(first, slope=const(slopes[0])), replace(first, low=ends[0]), *rows[1:]]
    if ends[1] > _LARGE and last.slope.op != "const":
        rows = [*rows, _Row(ends[1], True, const(slopes[1]))]
    return rows


def _from_the_end(row: _Row, f: _Function, slope: _Function, part: Part, rising: bool) -> _Row:
    """The first row of a part begins where the part does."""
    end = part.low if rising else part.high
    if math.isinf(end):
        return replace(row, low=-math.inf)
    inside = math.nextafter(end, part.high if rising else part.low)
    included = abs(_at(slope, end) - _at(slope, inside)) <= EXACT
    return replace(row, low=_at(f, end), included=included)


def _line(y: Array, d: Array, ends: Sequence[float]) -> _Row:
    """The slope as a line in y, or in the root of the distance from an end of the part."""
    some = [len(y) // 3, 2 * len(y) // 3]
    for start in (None, *ends):
        variable = y if start is None else np.sqrt(abs(y - start))
        with np.errstate(all="ignore"):
            rise = np.diff(d[some])[0] / np.diff(variable[some])[0]
            found = d[some[0]] + rise * (variable - variable[some[0]])
        if np.all(abs(found - d) <= TOLERANCE * np.maximum(1, abs(d))):
            at_zero = d[some[0]] - rise * variable[some[0]]
            return _Row(float(y[0]), True, _variable(start) * float(rise) + float(at_zero))
    raise NotLegal("f' is unbounded, and no line in y or in the root of its distance from an end")


def _fits(y: Array, d: Array, start: float | None, scale: float) -> list[_Row]:
    """As few polynomials as follow the slope over rising results, each as far as it can."""
    variable = y if start is None else np.sqrt(abs(y - start))
    rows: list[_Row] = []
    first = 0
    while first < len(y):
        last, polynomial = _longest(variable, d, first, scale)
        node = _polynomial(polynomial, variable[first], variable[last - 1], start)
        rows.append(_Row(float(y[first]), True, node))
        first = last if last == len(y) or last == first + 1 else last - 1  # they share a point
        if len(rows) > MOST_PIECES:
            raise NotLegal(f"f' in terms of y takes more than {MOST_PIECES} polynomials")
    return rows


def _samples(part: Part) -> Array:
    """Points of a part, dense towards its ends and into the tails."""
    width = part.high - part.low
    near = np.geomspace(1e-9, 1.0, 4001)
    if math.isfinite(width):
        steps = np.concatenate([near / 2, np.linspace(0, 1, 4001)]) * width
        return np.unique(np.concatenate([part.low + steps, part.high - steps]))
    far = np.concatenate([near, np.linspace(1, 40, 8001), np.geomspace(40, 1e4, 1001)])
    if math.isfinite(part.low):
        return part.low + far
    return part.high - far if math.isfinite(part.high) else np.concatenate([-far, [0.0], far])


def _longest(variable: Array, d: Array, first: int, scale: float) -> tuple[int, Array]:
    """The polynomial that follows the slope farthest from a point on, and where it ends."""
    low, high = first + 1, len(d)
    best = low, np.array([d[first]])
    last = high
    while low <= high:
        found = _fitted(variable[first:last], d[first:last], scale)
        if found is None:
            high = last - 1
        else:
            best, low = (last, found), last + 1
        last = (low + high) // 2
    return best


def _fitted(variable: Array, d: Array, scale: float) -> Array | None:
    """The polynomial on [-1, 1] of the lowest degree that is good enough; None if none is."""
    middle, half = (variable[0] + variable[-1]) / 2, (variable[-1] - variable[0]) / 2
    if half == 0:
        return np.array([d[0]])
    t = (variable - middle) / half
    some = np.searchsorted(t, NODES).clip(max=len(t) - 1)
    chebyshev = np.polynomial.chebyshev
    for degree, goal in ((0, EXACT), (1, EXACT), (2, EXACT), (0, TOLERANCE), (_DEGREE, TOLERANCE)):
        if len(t) > degree:
            series = chebyshev.chebfit(t[some], d[some], degree) if degree else d[:1]
            if np.max(abs(chebyshev.chebval(t, series) - d)) <= goal * scale:
                return np.asarray(chebyshev.cheb2poly(series))
    return None


def _polynomial(coefficients: Array, low: float, high: float, start: float | None) -> Node:
    """The polynomial in y, or in the root of the distance from where the branch begins."""
    value = const(float(coefficients[-1]))
    if len(coefficients) == 1:
        return value
    t = (_variable(start) - float(low + high) / 2) * float(2 / (high - low))
    for c in reversed(coefficients[:-1]):
        value = value * t + float(c)
    return value


def _variable(start: float | None) -> Node:
    """What the slope is a polynomial in: y, or the root of its distance from a result."""
    y = symbol(RESULT)
    return y if start is None else sqrt(abs(y - start))
