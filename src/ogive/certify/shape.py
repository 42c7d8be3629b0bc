"""The shape of a function, proved: range, limits, zeros, monotone and convex stretches, symmetry.

Every statement follows from the signs of f, f' and f'' over the whole line (``variation``), from
the germs at its ends (``tails``) or from the formula (``algebra``). What cannot be proved is
NOT_PROVED or None, never a guess.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ogive.catalogue import Spec
from ogive.certify import algebra, variation
from ogive.certify.budget import Unproved
from ogive.certify.enclosure import Ball, X, ball
from ogive.certify.germ import Germ
from ogive.certify.interval import Interval, quantity
from ogive.certify.partition import Piece
from ogive.certify.quantity import NOT_PROVED, Quantity
from ogive.certify.subject import Subject, attempt, attempted, step, subject
from ogive.certify.variation import Segment
from ogive.certify.zeros import zeros_of

MONOTONE = {1: "increasing", -1: "decreasing", 0: "constant"}
CONVEX = {1: "convex", -1: "concave", 0: "linear"}
POWERS = {1: "linear", 2: "quadratic", 3: "cubic"}
#: Points at which a symmetry or homogeneity that does not hold is disproved, with one beyond
#: every joint.
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
class Stretch:
    """An interval over which a function is of one kind: increasing, convex ..."""

    interval: Interval
    kind: str


@dataclass(frozen=True)
class Turn:
    """A point where a function turns: a ``minimum`` or a ``maximum``."""

    place: Quantity
    value: Quantity
    kind: str


@dataclass(frozen=True)
class Branch:
    """An interval on which a function is strictly monotone, so has an inverse, and its image."""

    domain: Interval
    image: Interval


@dataclass(frozen=True)
class Shape:
    """The shape of a function; None stands for what is not proved.

    Attributes:
        domain: where it is defined.
        range: from its infimum to its supremum, an end closed if it is reached.
        left, right: its limits and growth towards the ends of the domain.
        zeros, fixed_points: where f(x) = 0 and f(x) = x; intervals where there are such.
        at_zero, slope_at_zero: f(0) and f'(0), the latter by torch's convention at a kink.
        monotone, turning_points: the stretches in order, and where it turns between them.
        convexity, curvature: the stretches in order; ``convex``, ``concave``, ``linear`` or
            ``neither`` as a whole.
        symmetry: ``odd``, ``even``, ``none`` or ``not proved``.
        homogeneous: whether f(c x) = c f(x) for every c > 0.
        bounded: whether both ends of the range are finite.
        invertible: whether the function as a whole is strictly monotone.
        branches: the parts that have an inverse.
    """

    domain: Interval
    range: Interval
    left: Limit
    right: Limit
    zeros: tuple[Interval, ...] | None
    fixed_points: tuple[Interval, ...] | None
    at_zero: Quantity
    slope_at_zero: Quantity
    monotone: tuple[Stretch, ...] | None
    turning_points: tuple[Turn, ...] | None
    convexity: tuple[Stretch, ...] | None
    curvature: str
    symmetry: str
    homogeneous: bool | None
    bounded: bool | None
    invertible: bool | None
    branches: tuple[Branch, ...] | None


def shape(spec: Spec) -> Shape:
    """The shape of an entry; see ``subject`` for what it is of gated and stochastic ones.

    Raises:
        OgiveError: for a rowwise entry, which is no function of one number.

    Example:
        >>> from ogive.catalogue import entries
        >>> found = shape(entries()["silu"])
        >>> [s.kind for s in found.monotone], round(found.range.low.value, 9)
        (['decreasing', 'increasing'], -0.278464543)
    """
    return shape_of(subject(spec))


def shape_of(f: Subject) -> Shape:
    """The shape of a function; see ``shape``."""
    runs = attempt(lambda: _runs(f, 1))
    bends = attempt(lambda: _runs(f, 2))
    values = _range(f)
    return Shape(
        domain=_domain(f),
        range=values,
        left=_limit(f, -1),
        right=_limit(f, 1),
        zeros=attempt(lambda: zeros_of(f)),
        fixed_points=attempt(lambda: zeros_of(Subject(f.node - X, f.domain))),
        at_zero=_at_zero(f, 0),
        slope_at_zero=_at_zero(f, 1),
        monotone=_stretches(runs, MONOTONE),
        turning_points=None if runs is None else attempt(lambda: _turns(f, runs)),
        convexity=_stretches(bends, CONVEX),
        curvature=attempt(lambda: _curvature(f, bends or _runs(f, 2))) or "not proved",
        symmetry=attempt(lambda: _symmetry(f)) or "not proved",
        homogeneous=attempt(lambda: _homogeneous(f)),
        bounded=_bounded(values),
        invertible=None if runs is None else len(runs) == 1 and runs[0].sign != 0,
        branches=None if runs is None else attempt(lambda: _branches(f, runs)),
    )


def _domain(f: Subject) -> Interval:
    low, high = (Quantity(end, 0.0, "symbolic") for end in f.domain)
    return Interval(low, high)


@dataclass(frozen=True)
class _Run:
    """Neighbouring segments of one sign that belong together."""

    segments: tuple[Segment, ...]

    @property
    def sign(self) -> int:
        return self.segments[0].sign

    @property
    def ends(self) -> tuple[Ball, Ball]:
        return self.segments[0].low, self.segments[-1].high

    @property
    def closed(self) -> tuple[bool, bool]:
        """Whether the function is defined at the ends."""
        (first, *_), (*_, last) = self.segments, self.segments
        open_low = first.low is first.piece.low and first.piece.open_low
        return not open_low, not (last.high is last.piece.high and last.piece.open_high)

    @property
    def interval(self) -> Interval:
        (low, high), closed = self.ends, self.closed
        return Interval(quantity(low), quantity(high), *closed)


def _runs(f: Subject, order: int) -> list[_Run]:
    """The stretches over which f rises, falls or is constant (order 1), or bends (order 2)."""
    groups: list[list[Segment]] = []
    for segment in f.segments(order):
        if groups and _joins(groups[-1][-1], segment, order):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return [_Run(tuple(group)) for group in groups]


def _joins(left: Segment, right: Segment, order: int) -> bool:
    """Whether two segments are one stretch: of one sign, and no step against it between them."""
    if left.sign != right.sign:
        return False
    if left.piece is right.piece:
        return True
    steps = [step(left.piece, right.piece, lower) for lower in range(order)]
    return not any(steps[:-1]) and steps[-1] in (0, left.sign)


def _stretches(runs: Sequence[_Run] | None, kinds: dict[int, str]) -> tuple[Stretch, ...] | None:
    return None if runs is None else tuple(Stretch(r.interval, kinds[r.sign]) for r in runs)


def _turns(f: Subject, runs: Sequence[_Run]) -> tuple[Turn, ...]:
    """Where a rising and a falling stretch meet without a step."""
    found = []
    for left, right in pairwise(runs):
        if left.sign * right.sign == -1 and not _steps(left.segments[-1], right.segments[0]):
            place = left.ends[1]
            kind = "minimum" if left.sign < 0 else "maximum"
            found.append(Turn(quantity(place), quantity(f.at(place)), kind))
    return tuple(found)


def _steps(left: Segment, right: Segment) -> bool:
    return left.piece is not right.piece and step(left.piece, right.piece, 0) != 0


def _curvature(f: Subject, bends: Sequence[_Run]) -> str:
    """Convex or concave as a whole: bent to one side, and kinked to no other."""
    if len(bends) == 1:
        return CONVEX[bends[0].sign]
    kinks = [(step(*joint, 0), step(*joint, 1)) for joint in f.joints]
    for side in (1, -1):
        if all(b.sign in (0, side) for b in bends) and all(
            jump == 0 and kink in (0, side) for jump, kink in kinks
        ):
            return CONVEX[side]
    return "neither"


def _branches(f: Subject, runs: Sequence[_Run]) -> tuple[Branch, ...]:
    return tuple(Branch(run.interval, _image(f, run)) for run in runs if run.sign)


def _image(f: Subject, run: _Run) -> Interval:
    """The values of a strictly monotone stretch, the lower end first."""
    pieces = run.segments[0].piece, run.segments[-1].piece
    ends = [
        _image_end(f, piece, end, closed)
        for piece, end, closed in zip(pieces, run.ends, run.closed, strict=True)
    ]
    (low, closed_low), (high, closed_high) = ends if run.sign > 0 else reversed(ends)
    return Interval(quantity(low), quantity(high), closed_low, closed_high)


def _image_end(f: Subject, piece: Piece, end: Ball, closed: bool) -> tuple[Ball, bool]:
    value = variation.end_value(piece, piece.node, end)
    return value, closed and bool(value.is_finite() and f.at(end).overlaps(value))


def _range(f: Subject) -> Interval:
    low = attempt(lambda: _range_end(f, -1)) or (NOT_PROVED, None)
    high = attempt(lambda: _range_end(f, 1)) or (NOT_PROVED, None)
    return Interval(low[0], high[0], low[1], high[1])


def _range_end(f: Subject, side: int) -> tuple[Quantity, bool | None]:
    """The infimum (-1) or supremum (1), and whether it is reached."""
    inner = variation.largest(f.pieces) if side > 0 else variation.smallest(f.pieces)
    at_joints = [f.at(left.high) for left, _ in f.joints]
    value = side * variation.max_of([side * v for v in (inner.value, *at_joints)])
    reached = any(v.overlaps(value) for v in at_joints) or (
        any(inner.inside) and variation.same(inner.value, value)
    )
    return quantity(value), True if reached else False if inner.places else None


def _limit(f: Subject, side: int) -> Limit:
    found = attempt(lambda: _growth(f, side))
    return found or Limit(NOT_PROVED, "not proved", NOT_PROVED)


def _growth(f: Subject, side: int) -> Limit:
    piece = f.pieces[-1 if side > 0 else 0]
    known = [germ for _, germ in piece.tails(piece.node, side)]
    if not known:
        raise Unproved("a germ")
    signed = next((germ for germ in known if germ.sign is not None), known[0])
    value = NOT_PROVED if signed.value is None else quantity(signed.value)
    factor = NOT_PROVED if signed.limit is None else quantity(signed.limit)
    if signed.tendency <= 0:
        return Limit(value, "bounded", value)
    return Limit(value, _order_of_growth(signed), factor)


def _order_of_growth(germ: Germ) -> str:
    if germ.scale.exponent:
        return "exponential"
    power = germ.scale.power
    return POWERS.get(int(power), f"power {power}") if power else "logarithmic"


def _at_zero(f: Subject, order: int) -> Quantity:
    low, high = f.domain
    return attempted(lambda: f.at(ball(0.0), order)) if low < 0 < high else NOT_PROVED


def _probes(f: Subject) -> tuple[float, ...]:
    farthest = max((abs(float(left.high)) for left, _ in f.joints), default=0.0)
    return (*PROBES, 1.5 * farthest + 1.0)


def _symmetry(f: Subject) -> str:
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


def _homogeneous(f: Subject) -> bool:
    if algebra.homogeneous(f.pieces):
        return True
    if any(f.at(ball(2 * p)) != 2 * f.at(ball(p)) for q in _probes(f) for p in (q, -q)):
        return False
    raise Unproved("homogeneity")


def _bounded(values: Interval) -> bool | None:
    ends = (values.low, values.high)
    if any(math.isinf(end.value) for end in ends):
        return False
    return None if NOT_PROVED in ends else True
