"""The shape of a function, proved: range, limits, zeros, monotone and convex intervals, symmetry.

Every statement follows from the signs of f, f' and f'' over the whole line (``variation``), from
the tail enclosures at its ends (``tails``) or from the formula (``algebra``). What cannot be proved
is NOT_PROVED or None, never a guess.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from ogive.certify.proof import algebra, variation
from ogive.certify.proof.budget import Unproved, limited
from ogive.certify.proof.enclosure import X, ball, between, coincide, max_of
from ogive.certify.proof.monotone import (
    CONVEX,
    MONOTONE,
    Branch,
    MonotoneInterval,
    SegmentRun,
    Turn,
    branches,
    curvature,
    direction,
    invertible,
    monotone_intervals,
    runs_of,
    turns,
    zeros_of,
)
from ogive.certify.proof.partition import Piece
from ogive.certify.proof.smoothness import smoothness
from ogive.certify.proof.under_proof import (
    JOINED,
    FunctionUnderProof,
    domain_of,
    if_proved,
    quantity_if_proved,
)
from ogive.certify.quantity import NOT_PROVED, ProvedInterval, Quantity, quantity

POWERS = {Fraction(1): "linear", Fraction(2): "quadratic", Fraction(3): "cubic"}
#: Points at which a symmetry or homogeneity that does not hold is disproved, with one beyond every
#: breakpoint, and one for each breakpoint that lies on the other side of it than its double.
PROBES = (0.5, 1.0, 2.5)


@dataclass(frozen=True)
class Limit:
    """What a function does towards an end of its domain.

    Attributes:
        value: the limit, infinite ones among them; not proved where there is none.
        growth: ``bounded``, ``logarithmic``, ``linear``, ``quadratic``, ``cubic``, ``power p``,
            one of these ``times a logarithm`` or a power of it, ``exponential``, or ``not proved``.
        factor: the limit of the function divided by that growth; of the exponential's, the limit
            of what stands before it.
    """

    value: Quantity
    growth: str
    factor: Quantity


@dataclass(frozen=True)
class Shape:
    """The shape of a function; None stands for what is not proved.

    Attributes:
        domain: the intervals in which it is defined, in order.
        range: from its infimum to its supremum, an end closed if it is reached.
        left, right: its limits and growth towards the ends of the domain.
        zeros, fixed_points: where f(x) = 0 and f(x) = x; intervals where there are such.
        at_zero, slope_at_zero: f(0) and f'(0), the latter by torch's convention at a kink.
        monotone, turning_points: the intervals in order, and where it turns between them.
        direction: ``increasing``, ``decreasing``, ``constant`` or ``neither`` as a whole, jumps
            and gaps of the domain among its steps, or ``not proved``.
        convexity, curvature: the intervals in order; ``convex``, ``concave``, ``linear`` or
            ``neither`` as a whole.
        symmetry: ``odd``, ``even``, ``none`` or ``not proved``.
        homogeneous: whether f(c x) = c f(x) for every c > 0.
        bounded: whether both ends of the range are finite.
        invertible: whether it takes no value twice.
        branches: the parts that have an inverse.
    """

    domain: tuple[ProvedInterval, ...] | None
    range: ProvedInterval
    left: Limit
    right: Limit
    zeros: tuple[ProvedInterval, ...] | None
    fixed_points: tuple[ProvedInterval, ...] | None
    at_zero: Quantity
    slope_at_zero: Quantity
    monotone: tuple[MonotoneInterval, ...] | None
    turning_points: tuple[Turn, ...] | None
    direction: str
    convexity: tuple[MonotoneInterval, ...] | None
    curvature: str
    symmetry: str
    homogeneous: bool | None
    bounded: bool | None
    invertible: bool | None
    branches: tuple[Branch, ...] | None


@lru_cache(maxsize=1024)
@limited()
def shape(f: FunctionUnderProof) -> Shape:
    runs = if_proved(lambda: runs_of(f, 1))
    bends = if_proved(lambda: runs_of(f, 2))
    values = _range(f)
    if NOT_PROVED in (values.low, values.high) and f.one_period is not f:
        values = _range(f.one_period)
    return Shape(
        domain=if_proved(lambda: domain_of(f)),
        range=values,
        left=_limit(f, -1),
        right=_limit(f, 1),
        zeros=if_proved(lambda: zeros_of(f)),
        fixed_points=if_proved(lambda: zeros_of(FunctionUnderProof(f.node - X, f.domain))),
        at_zero=_at_zero(f, 0),
        slope_at_zero=_at_zero(f, 1),
        monotone=if_proved(lambda: monotone_intervals(f, runs or runs_of(f, 1), MONOTONE)),
        turning_points=None if runs is None else if_proved(lambda: turns(f, runs)),
        direction=if_proved(lambda: _direction(f, runs, values)) or "not proved",
        convexity=if_proved(lambda: monotone_intervals(f, bends or runs_of(f, 2), CONVEX)),
        curvature=if_proved(lambda: curvature(f, bends or runs_of(f, 2))) or "not proved",
        symmetry=if_proved(lambda: _symmetry(f)) or "not proved",
        homogeneous=if_proved(lambda: _homogeneous(f)),
        bounded=_bounded(values),
        invertible=if_proved(lambda: _invertible(f, runs)),
        branches=None if runs is None else if_proved(lambda: branches(f, runs)),
    )


def _range(f: FunctionUnderProof) -> ProvedInterval:
    low = if_proved(lambda: _range_end(f, -1)) or (NOT_PROVED, None)
    high = if_proved(lambda: _range_end(f, 1)) or (NOT_PROVED, None)
    return ProvedInterval(low[0], high[0], low[1], high[1])


def _range_end(f: FunctionUnderProof, side: int) -> tuple[Quantity, bool | None]:
    """The infimum (-1) or supremum (1), and whether it is reached."""
    inner = variation.largest(f.pieces) if side > 0 else variation.smallest(f.pieces)
    points = [*(left.high for left, _ in f.breakpoints), *(end for _, end in f.owned_edges)]
    if any(f.is_defined(x) is None for x in points):
        raise Unproved("whether the function is defined at a point")
    at_points = [f.at(x) for x in points if f.is_defined(x)]
    value = side * max_of([side * v for v in (inner.value, *at_points)])
    reached = any(v.overlaps(value) for v in at_points) or (
        any(inner.inside) and coincide(inner.value, value)
    )
    return quantity(value), True if reached else False if inner.places else None


def _limit(f: FunctionUnderProof, side: int) -> Limit:
    found = if_proved(lambda: _growth(f, side))
    return found or Limit(NOT_PROVED, "not proved", NOT_PROVED)


def _growth(f: FunctionUnderProof, side: int) -> Limit:
    piece = f.pieces[-1 if side > 0 else 0]
    known = [tail for _, tail in piece.tails(piece.node, side)]
    if not known:
        raise Unproved("a tail enclosure")
    known.sort(key=lambda tail: tail.value is None)
    signed = next((tail for tail in known if tail.sign is not None), known[0])
    value = NOT_PROVED if signed.value is None else quantity(signed.value)
    factor = NOT_PROVED if signed.limit is None else quantity(signed.limit)
    if signed.tendency <= 0:
        return Limit(value, "bounded", value)
    power, logs = signed.scale.power, signed.scale.logs
    told = power if power.denominator < 100 else float(power)
    growth = POWERS.get(power, f"power {told}") if power else "logarithmic"
    if logs and (power or logs != 1):
        logarithm = "a logarithm" if logs == 1 else f"power {logs} of a logarithm"
        growth = f"{growth} times {logarithm}" if power else logarithm
    return Limit(value, "exponential" if signed.scale.exponent else growth, factor)


def _invertible(f: FunctionUnderProof, runs: Sequence[SegmentRun] | None) -> bool:
    if runs is not None:
        return invertible(f, runs)
    if f.one_period is not f:
        return False
    if _is_gapless(f):
        return _by_slopes(f) != "neither"
    raise Unproved("whether a value is taken twice")


def _is_gapless(f: FunctionUnderProof) -> bool:
    return len(f.edges) == 2 and all(f.is_continuous(*pair) for pair in f.breakpoints)


def _by_slopes(f: FunctionUnderProof) -> str:
    """What the slopes tell of a function whose turning points are not known; with one that is
    nowhere negative, but not 0 throughout, an analytic function rises strictly."""
    low, high = smoothness(f).slopes.low, smoothness(f).slopes.high
    if low.high < 0 < high.low:
        return "neither"
    if not _is_gapless(f) or len(f.pieces) > 1:
        raise Unproved("slopes of both signs")
    (piece,) = f.pieces
    slopes = piece.enclosed(1).at(between(piece.low, piece.high))
    for kind, sign in (("increasing", 1), ("decreasing", -1)):
        if slopes * sign >= 0 and piece.is_not_zero(piece.enclosed(1).node):
            return kind
    raise Unproved("slopes of both signs")


def _direction(
    f: FunctionUnderProof, runs: Sequence[SegmentRun] | None, values: ProvedInterval
) -> str:
    if runs is not None:
        return direction(f, runs)
    if f.one_period is not f and values.low.high < values.high.low:
        return "neither"
    return _by_slopes(f)


def _at_zero(f: FunctionUnderProof, order: int) -> Quantity:
    low, high = f.domain
    return quantity_if_proved(lambda: f.at(ball(0.0), order)) if low < 0 < high else NOT_PROVED


def _probes(f: FunctionUnderProof) -> tuple[float, ...]:
    breakpoints = [abs(float(left.high)) for left, _ in f.breakpoints]
    return (*PROBES, 1.5 * max(breakpoints, default=0.0) + 1.0, *(0.75 * j for j in breakpoints))


def _symmetry(f: FunctionUnderProof) -> str:
    whole = [Piece(ball(-math.inf), ball(math.inf), f.node)]
    if f.one_period is not f and (found := algebra.parity(whole)):
        return "even" if found > 0 else "odd"
    mirrored = [-end for _, end in reversed(f.edges)]
    if not all(coincide(a, b) for (_, a), b in zip(f.edges, mirrored, strict=True)):
        return "none"
    found = algebra.parity(f.pieces)
    if found and _mirrors(f, found):
        return "even" if found > 0 else "odd"
    values = [(f.at(ball(p)), f.at(ball(-p))) for p in _probes(f)]
    if any(a != b for a, b in values) and any(a != -b for a, b in values):
        return "none"
    raise Unproved("a symmetry")


def _mirrors(f: FunctionUnderProof, sign: int) -> bool:
    """Whether the values where pieces meet, which may be none of theirs, are symmetric too."""
    pairs = [(f.at(left.high), sign * f.at(-left.high)) for left, _ in f.breakpoints]
    known = [(a, b) for a, b in pairs if a.is_finite() or b.is_finite()]
    if any(max(a.rad(), b.rad()) > JOINED for a, b in known):
        raise Unproved("a value at a breakpoint that no float is")
    return all(a.overlaps(b) for a, b in known)


def _homogeneous(f: FunctionUnderProof) -> bool:
    at_zero = f.is_defined(ball(0.0)) and f.at(ball(0.0)) != 0
    cone = all(end == 0 or not end.is_finite() for _, end in f.edges)
    if cone and not at_zero and algebra.homogeneous(f.pieces):
        return True
    if any(f.at(ball(2 * p)) != 2 * f.at(ball(p)) for q in _probes(f) for p in (q, -q)):
        return False
    raise Unproved("homogeneity")


def _bounded(values: ProvedInterval) -> bool | None:
    ends = (values.low, values.high)
    if any(math.isinf(end.value) for end in ends):
        return False
    return None if NOT_PROVED in ends else True
