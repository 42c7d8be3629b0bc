"""The shape of a function, proved: range, limits, zeros, monotone and convex intervals, symmetry.

Every statement follows from the signs of f, f' and f'' over the whole line (``variation``), from
the tail enclosures at its ends (``tails``) or from the formula (``algebra``). What cannot be proved
is NOT_PROVED or None, never a guess.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from ogive.certify.proof import algebra, variation
from ogive.certify.proof.budget import Unproved
from ogive.certify.proof.enclosure import X, ball, coincide, max_of
from ogive.certify.proof.monotone import (
    CONVEX,
    MONOTONE,
    Branch,
    MonotoneInterval,
    Turn,
    branches,
    curvature,
    monotone_intervals,
    runs_of,
    turns,
    zeros_of,
)
from ogive.certify.proof.under_proof import (
    FunctionUnderProof,
    if_proved,
    quantity_if_proved,
)
from ogive.certify.quantity import NOT_PROVED, ProvedInterval, Quantity, quantity, symbolic

POWERS = {1: "linear", 2: "quadratic", 3: "cubic"}
#: Points at which a symmetry or homogeneity that does not hold is disproved, with one beyond every
#: breakpoint, and one for each breakpoint that lies on the other side of it than its double.
PROBES = (0.5, 1.0, 2.5)


@dataclass(frozen=True)
class Limit:
    """What a function does towards an end of its domain.

    Attributes:
        value: the limit, infinite ones among them; not proved where there is none.
        growth: ``bounded``, ``logarithmic``, ``linear``, ``quadratic``, ``cubic``, ``power p``,
            ``exponential``, or ``not proved``.
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
        domain: where it is defined.
        range: from its infimum to its supremum, an end closed if it is reached.
        left, right: its limits and growth towards the ends of the domain.
        zeros, fixed_points: where f(x) = 0 and f(x) = x; intervals where there are such.
        at_zero, slope_at_zero: f(0) and f'(0), the latter by torch's convention at a kink.
        monotone, turning_points: the intervals in order, and where it turns between them.
        convexity, curvature: the intervals in order; ``convex``, ``concave``, ``linear`` or
            ``neither`` as a whole.
        symmetry: ``odd``, ``even``, ``none`` or ``not proved``.
        homogeneous: whether f(c x) = c f(x) for every c > 0.
        bounded: whether both ends of the range are finite.
        invertible: whether the function as a whole is strictly monotone.
        branches: the parts that have an inverse.
    """

    domain: ProvedInterval
    range: ProvedInterval
    left: Limit
    right: Limit
    zeros: tuple[ProvedInterval, ...] | None
    fixed_points: tuple[ProvedInterval, ...] | None
    at_zero: Quantity
    slope_at_zero: Quantity
    monotone: tuple[MonotoneInterval, ...] | None
    turning_points: tuple[Turn, ...] | None
    convexity: tuple[MonotoneInterval, ...] | None
    curvature: str
    symmetry: str
    homogeneous: bool | None
    bounded: bool | None
    invertible: bool | None
    branches: tuple[Branch, ...] | None


@lru_cache(maxsize=1024)
def shape(f: FunctionUnderProof) -> Shape:
    """What is proved of the shape of a function.

    Example:
        >>> from ogive.catalogue import entries
        >>> from ogive.certify.proof.under_proof import under_proof
        >>> found = shape(under_proof(entries()["silu"]))
        >>> [s.kind for s in found.monotone], round(found.range.low.value, 9)
        (['decreasing', 'increasing'], -0.278464543)
    """
    runs = if_proved(lambda: runs_of(f, 1))
    bends = if_proved(lambda: runs_of(f, 2))
    values = _range(f)
    return Shape(
        domain=ProvedInterval(symbolic(f.domain[0]), symbolic(f.domain[1])),
        range=values,
        left=_limit(f, -1),
        right=_limit(f, 1),
        zeros=if_proved(lambda: zeros_of(f)),
        fixed_points=if_proved(lambda: zeros_of(FunctionUnderProof(f.node - X, f.domain))),
        at_zero=_at_zero(f, 0),
        slope_at_zero=_at_zero(f, 1),
        monotone=monotone_intervals(runs, MONOTONE),
        turning_points=None if runs is None else if_proved(lambda: turns(f, runs)),
        convexity=monotone_intervals(bends, CONVEX),
        curvature=if_proved(lambda: curvature(f, bends or runs_of(f, 2))) or "not proved",
        symmetry=if_proved(lambda: _symmetry(f)) or "not proved",
        homogeneous=if_proved(lambda: _homogeneous(f)),
        bounded=_bounded(values),
        invertible=None if runs is None else len(runs) == 1 and runs[0].sign != 0,
        branches=None if runs is None else if_proved(lambda: branches(f, runs)),
    )


def _range(f: FunctionUnderProof) -> ProvedInterval:
    low = if_proved(lambda: _range_end(f, -1)) or (NOT_PROVED, None)
    high = if_proved(lambda: _range_end(f, 1)) or (NOT_PROVED, None)
    return ProvedInterval(low[0], high[0], low[1], high[1])


def _range_end(f: FunctionUnderProof, side: int) -> tuple[Quantity, bool | None]:
    """The infimum (-1) or supremum (1), and whether it is reached."""
    inner = variation.largest(f.pieces) if side > 0 else variation.smallest(f.pieces)
    at_breakpoints = [f.at(left.high) for left, _ in f.breakpoints]
    value = side * max_of([side * v for v in (inner.value, *at_breakpoints)])
    reached = any(v.overlaps(value) for v in at_breakpoints) or (
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
    signed = next((tail for tail in known if tail.sign is not None), known[0])
    value = NOT_PROVED if signed.value is None else quantity(signed.value)
    factor = NOT_PROVED if signed.limit is None else quantity(signed.limit)
    if signed.tendency <= 0:
        return Limit(value, "bounded", value)
    power = signed.scale.power
    growth = POWERS.get(int(power), f"power {power}") if power else "logarithmic"
    return Limit(value, "exponential" if signed.scale.exponent else growth, factor)


def _at_zero(f: FunctionUnderProof, order: int) -> Quantity:
    low, high = f.domain
    return quantity_if_proved(lambda: f.at(ball(0.0), order)) if low < 0 < high else NOT_PROVED


def _probes(f: FunctionUnderProof) -> tuple[float, ...]:
    breakpoints = [abs(float(left.high)) for left, _ in f.breakpoints]
    return (*PROBES, 1.5 * max(breakpoints, default=0.0) + 1.0, *(0.75 * j for j in breakpoints))


def _symmetry(f: FunctionUnderProof) -> str:
    low, high = f.domain
    if low != -high:
        return "none"
    found = algebra.parity(f.pieces)
    if found:
        return "even" if found > 0 else "odd"
    values = [(f.at(ball(p)), f.at(ball(-p))) for p in _probes(f)]
    if any(a != b for a, b in values) and any(a != -b for a, b in values):
        return "none"
    raise Unproved("a symmetry")


def _homogeneous(f: FunctionUnderProof) -> bool:
    if algebra.homogeneous(f.pieces):
        return True
    if any(f.at(ball(2 * p)) != 2 * f.at(ball(p)) for q in _probes(f) for p in (q, -q)):
        return False
    raise Unproved("homogeneity")


def _bounded(values: ProvedInterval) -> bool | None:
    ends = (values.low, values.high)
    if any(math.isinf(end.value) for end in ends):
        return False
    return None if NOT_PROVED in ends else True
