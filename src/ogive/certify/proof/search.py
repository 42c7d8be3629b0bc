"""Searches over a closed interval: every zero of a function, and bounds of its largest value.

Both divide the interval into boxes until each box is settled by ball arithmetic, so that nothing
between two points is missed; both give up, and say so, when their budget is spent.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from itertools import count

from ogive.certify.proof.budget import Budget, Unproved
from ogive.certify.proof.enclosure import PROOF_BITS, Ball, Enclosure, ball, between, sign_of

#: How finely two zeros are told apart, relative to 1 or to their size.
_NARROW = 2.0**-60
#: A zero at which this many derivatives are 0 as well is still recognised at an exact point.
MULTIPLICITY = 6
#: Where a box is divided; the others serve if the sign at the one before is not known. A zero at
#: a point of division is exact, so that it belongs to both boxes beyond doubt.
DIVISIONS = (0.5, 0.46, 0.53)
#: Relative width to which a largest value is bounded.
_RELATIVE = 1e-15
#: The size below which a value counts as 0 for that purpose.
_TINY = 1e-18


def zeros(f: Enclosure, low: Ball, high: Ball, budget: Budget) -> list[Ball]:
    """Balls in order, each around exactly one zero, that hold every zero in [low, high].

    At an end whose value is 0 within the precision, the end counts as a zero. A zero at which the
    derivative is 0 as well is found only if it is exactly 0, an end, or the middle of a box.

    Raises:
        Unproved: when the budget is spent: near zeros that touch, poles, oscillations, or where
            the function is 0 on an interval.
    """
    found: list[Ball] = []
    stack = [(low, high)]
    while stack:
        budget.spend()
        left, right = stack.pop()
        box = between(left, right)
        value, slope = f.with_slope(box)
        if value.is_finite() and sign_of(value):
            continue
        if slope.is_finite() and sign_of(slope):
            found += _single(f, left, right, slope)
        elif (multiple := _multiple(f, left, right, box)) is not None:
            found.append(multiple)
        else:
            middle = _division(f, left, right)
            stack += [(left, middle), (middle, right)]
    return merged(found)


def _single(f: Enclosure, left: Ball, right: Ball, slope: Ball) -> list[Ball]:
    """The zero of a function that is monotone from left to right, if it has one."""
    at_left, at_right = f.at(left), f.at(right)
    ends = [end for end, value in ((left, at_left), (right, at_right)) if value.contains(0)]
    if ends:
        # the ball around an end holds the zero, which may lie in the box or beyond its end
        return [between(end, end - f.at(end) / slope) for end in ends]
    return [] if sign_of(at_left) == sign_of(at_right) else [newton(f, between(left, right), slope)]


def newton(f: Enclosure, box: Ball, slope: Ball) -> Ball:
    """The zero in a box over which the slope has one sign, by interval Newton steps.

    Each step meets the box with m - f(m) / f'(box), which holds the zero; where that no longer
    halves the box, the precision is reached. A zero that is a float exactly is given as that.
    """
    for _ in range(PROOF_BITS):
        middle = box.mid()
        step = (middle - f.at(middle) / slope).intersection(box)
        if not step.rad() < box.rad() * 0.5:
            break
        box = step
        slope = f.slope.at(box)
    exact = ball(float(step.mid()))
    return exact if step.contains(exact) and f.at(exact) == 0 else step


def _multiple(f: Enclosure, left: Ball, right: Ball, box: Ball) -> Ball | None:
    """0 or an end, where it is exactly a zero of several orders and the box has no other zero.

    All derivatives below the order k are 0 there and the k-th has one sign over the box, so that
    f(x) = f^(k)(xi) (x - zero)**k / k! vanishes nowhere else.
    """
    for point in (ball(0.0), left, right):
        if box.contains(point) and f.at(point) == 0:
            return point if _is_alone(f, point, box) else None
    return None


def _is_alone(f: Enclosure, point: Ball, box: Ball) -> bool:
    """Whether the first derivative that does not vanish at a point has one sign over the box."""
    for _ in range(1, MULTIPLICITY):
        f = f.slope
        if sign_of(f.at(point)) != 0:
            value, _ = f.with_slope(box)
            return bool(value.is_finite() and sign_of(value))
    return False


def _division(f: Enclosure, left: Ball, right: Ball) -> Ball:
    """A point between, preferably one where the sign of the function is known."""
    if not (right - left) > _NARROW * (1 + abs(left)):
        raise Unproved("zeros that cannot be told apart")
    points = [(left + (right - left) * part).mid() for part in DIVISIONS]
    if left < 0 < right:
        points.insert(0, ball(0.0))
    for point in points:
        if sign_of(f.at(point)) is not None:
            return point
    raise Unproved("no point at which the sign is known")


def merged(found: list[Ball]) -> list[Ball]:
    """The zeros in order, those that neighbouring boxes share taken once."""
    apart: list[Ball] = []
    for zero in sorted(found, key=lambda b: (float(b.mid()), float(b.rad()))):
        if apart and apart[-1].overlaps(zero):
            apart[-1] = between(apart[-1], zero)
        else:
            apart.append(zero)
    return apart


def crossing(f: Callable[[Ball], Ball], above: Ball, below: Ball, level: float) -> Ball:
    """Where a monotone function passes a level that it is above and below at the two points."""
    while abs(above - below) > _NARROW * (abs(below) + abs(above)):
        middles = ((above + (below - above) * part).mid() for part in DIVISIONS)
        values = ((middle, f(middle)) for middle in middles)
        decided = next(((m, v) for m, v in values if v < level or v > level), None)
        if decided is None:
            break
        middle, value = decided
        above, below = (above, middle) if value < level else (middle, below)
    return between(above, below)


def supremum(f: Enclosure, low: Ball, high: Ball, budget: Budget) -> Ball:
    """A ball around the largest value in [low, high].

    Branch and bound: the box with the largest bound is divided until the bound is within
    ``RELATIVE`` of a value that is reached; a box over which the slope has one sign counts with the
    end that is larger.
    """
    best = _better(f.at(low), f.at(high))
    order, ignored = count(), best
    heap = [(-math.inf, next(order), low, high)]
    while heap:
        budget.spend()
        _, _, left, right = heapq.heappop(heap)
        bound, candidate = _bound(f, left, right)
        best = _better(best, f.at(candidate))
        if bound is None:
            continue
        if bound <= best.lower() + _RELATIVE * (abs(best).lower() + ball(_TINY)):
            ignored = ignored.max(bound)
            continue
        if not (right - left) > _NARROW * (1 + abs(left)):
            raise Unproved("values that the arithmetic cannot bound")
        for part in ((left, candidate), (candidate, right)):
            heapq.heappush(heap, (-float(bound), next(order), *part))
    return between(best, best.max(ignored))


def _bound(f: Enclosure, left: Ball, right: Ball) -> tuple[Ball | None, Ball]:
    """An upper bound over a box and a point to look at; no bound if that point has the largest
    value of the box because the slope has one sign."""
    value, slope = f.with_slope(between(left, right))
    if slope.is_finite() and (slope >= 0 or slope <= 0):
        return None, (right if slope >= 0 else left)
    bound = value.upper() if value.is_finite() else ball(math.inf)
    return bound, ((left + right) / 2).mid()


def _better(a: Ball, b: Ball) -> Ball:
    if not (a.is_finite() and b.is_finite()):
        return a if a.is_finite() else b
    return a if a.lower() >= b.lower() else b
