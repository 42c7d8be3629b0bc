"""Where a function saturates, proved: soft, hard or not, and where its gradient gets how small.

Between the points where f'' changes sign f' is monotone, so that going inwards from infinity the
first place where |f'| reaches a threshold is found by bisection, with proof.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ogive.certify.proof.algebra import period
from ogive.certify.proof.budget import Unproved, limited
from ogive.certify.proof.enclosure import Ball, Enclosure, ball
from ogive.certify.proof.monotone import zeros_of
from ogive.certify.proof.partition import vanishes
from ogive.certify.proof.polynomials import is_constant
from ogive.certify.proof.search import crossing
from ogive.certify.proof.under_proof import FunctionUnderProof, if_proved
from ogive.certify.proof.variation import end_value
from ogive.certify.quantity import NOT_PROVED, ProvedInterval, Quantity, quantity
from ogive.printers.machine import BFLOAT16, FLOAT16, FLOAT32

#: What |f'| falls below. A format's smallest normal number keeps all its digits; below its
#: smallest positive one, which is subnormal, a gradient is lost.
THRESHOLDS: Mapping[str, float] = {
    "1e-1": 1e-1,
    "1e-3": 1e-3,
    "1e-7": 1e-7,
    **{
        f"{format.name} {kind}": size
        for format in (FLOAT16, BFLOAT16, FLOAT32)
        for kind, size in (("normal", format.smallest_normal), ("subnormal", format.smallest))
    },
}
#: No gradient is followed beyond this.
FARTHEST = 2.0**1000


@dataclass(frozen=True)
class Side:
    """What a function does towards one end of its domain.

    Attributes:
        kind: ``hard`` if f' is 0 beyond some point, ``soft`` if it tends to 0 (Gulcehre et al.
            2016, arXiv:1603.00391), ``none`` if it does not, or ``not proved``.
        below: by the name of a threshold, the place beyond which |f'| is below it all the way to
            infinity; None where there is no such place, an infinite one if it is so everywhere.
    """

    kind: str
    below: Mapping[str, Quantity | None]


@dataclass(frozen=True)
class Saturation:
    """Where a function saturates, on both sides, and where it is exactly 0.

    Attributes:
        left, right: towards -inf and +inf.
        zero: the intervals, not points, on which the function is exactly 0; None if not proved.
    """

    left: Side
    right: Side
    zero: tuple[ProvedInterval, ...] | None


@lru_cache(maxsize=1024)
@limited()
def saturation(f: FunctionUnderProof) -> Saturation:
    zero = if_proved(lambda: tuple(z for z in zeros_of(f) if z.low != z.high))
    return Saturation(_side(f, -1), _side(f, 1), zero)


def _side(f: FunctionUnderProof, side: int) -> Side:
    kind = if_proved(lambda: _kind(f, side)) or "not proved"
    if kind in ("none", "not proved"):
        unknown = None if kind == "none" else NOT_PROVED
        return Side(kind, dict.fromkeys(THRESHOLDS, unknown))
    places = {
        name: if_proved(lambda value=value: _place(f, side, value))  # type: ignore[misc]
        for name, value in THRESHOLDS.items()
    }
    return Side(kind, {n: NOT_PROVED if p is None else quantity(p) for n, p in places.items()})


def _kind(f: FunctionUnderProof, side: int) -> str:
    piece = f.pieces[-1 if side > 0 else 0]
    slope = piece.enclosed(1)
    steady = is_constant(slope.node) or period(slope.node) is not None
    if steady and any(slope.at(piece.middle + side * far) != 0 for far in (0.0, 1.0)):
        return "none"
    limit = end_value(piece, slope.node, piece.high if side > 0 else piece.low)
    if limit == 0:
        if vanishes(slope.node):
            return "hard"
        if piece.is_not_zero(slope.node):
            return "soft"
    if limit.contains(0):
        raise Unproved("whether a limit is 0, or the derivative everywhere")
    return "none"


def _place(f: FunctionUnderProof, side: int, threshold: float) -> Ball:
    """Where |f'| first reaches the threshold, coming from the end of the line."""
    parts = f.segments(2)
    for segment in reversed(parts) if side > 0 else parts:
        node = segment.piece.enclosed(1).node
        outer, inner = (segment.high, segment.low) if side > 0 else (segment.low, segment.high)
        sizes = [abs(end_value(segment.piece, node, end)) for end in (outer, inner)]
        if _reaches(sizes[0], threshold):
            return outer
        if _reaches(sizes[1], threshold):
            return _passing(segment.piece.enclosed(1), inner, outer, threshold)
    return ball(-side * math.inf)


def _reaches(size: Ball, threshold: float) -> bool:
    if size < threshold:
        return False
    if size >= threshold:
        return True
    raise Unproved("whether a gradient reaches a threshold")


def _passing(slope: Enclosure, inner: Ball, outer: Ball, threshold: float) -> Ball:
    """Where a monotone f' passes the threshold, between an end above it and one below."""
    high = _finite(outer, inner, lambda x: bool(abs(slope.at(x)) < threshold))
    low = _finite(inner, outer, lambda x: bool(abs(slope.at(x)) > threshold))
    return crossing(lambda x: abs(slope.at(x)), low, high, threshold)


def _finite(end: Ball, other: Ball, holds: Callable[[Ball], bool]) -> Ball:
    """The end, or in place of an infinite one a point on its side of the other at which it holds
    what holds at the end."""
    if end.is_finite():
        return end
    side, distance = (1 if end > 0 else -1), 1.0
    while distance < FARTHEST:
        place = ball(side * distance)
        if (place - other) * side > 0 and holds(place):
            return place
        distance *= 2
    raise Unproved("a gradient this small")
