"""Where a function is 0, rises, falls and turns, bends to which side, has an inverse: proved.

Neighbouring segments of one sign make one interval, unless a step at the breakpoint between them
goes against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ogive.certify.proof.budget import Unproved
from ogive.certify.proof.enclosure import Ball, coincide, max_of
from ogive.certify.proof.under_proof import JOINED, FunctionUnderProof, rise, step
from ogive.certify.proof.variation import Segment, end_value
from ogive.certify.quantity import ProvedInterval, Quantity, quantity

MONOTONE = {1: "increasing", -1: "decreasing", 0: "constant"}
CONVEX = {1: "convex", -1: "concave", 0: "linear"}


@dataclass(frozen=True)
class MonotoneInterval:
    """An interval over which a function is of one kind: increasing, convex ..."""

    interval: ProvedInterval
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

    domain: ProvedInterval
    image: ProvedInterval


@dataclass(frozen=True)
class SegmentRun:
    """Neighbouring segments of one sign that belong together."""

    segments: tuple[Segment, ...]

    @property
    def sign(self) -> int:
        return self.segments[0].sign

    @property
    def ends(self) -> tuple[Ball, Ball]:
        return self.segments[0].low, self.segments[-1].high

    def closed(self, f: FunctionUnderProof) -> tuple[bool | None, bool | None]:
        """Whether the ends belong to it: where the function has the values that lead there."""
        pieces = (self.segments[0].piece, self.segments[-1].piece)
        low, high = (f.belongs(p, end) for p, end in zip(pieces, self.ends, strict=True))
        return low, high

    def interval(self, f: FunctionUnderProof) -> ProvedInterval:
        (low, high), closed = self.ends, self.closed(f)
        return ProvedInterval(quantity(low), quantity(high), *closed)


def runs_of(f: FunctionUnderProof, order: int) -> list[SegmentRun]:
    """The intervals over which f rises, falls or is constant (order 1), or bends (order 2)."""
    groups: list[list[Segment]] = []
    for segment in f.segments(order):
        if groups and _joins(f, groups[-1][-1], segment, order):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return [SegmentRun(tuple(group)) for group in groups]


def _joins(f: FunctionUnderProof, left: Segment, right: Segment, order: int) -> bool:
    """Whether two segments are one interval: of one sign, and no step against it between them."""
    if left.sign != right.sign or not coincide(left.high, right.low):
        return False
    if left.piece is right.piece:
        return True
    pieces = left.piece, right.piece
    if order == 1:
        steps = f.jumps(*pieces) if f.is_defined(left.high) else (None,)
        return all(s in (0, left.sign) for s in steps)
    return f.is_continuous(*pieces) and step(*pieces, 1) in (0, left.sign)


def direction(f: FunctionUnderProof, runs: Sequence[SegmentRun]) -> str:
    """Increasing, decreasing or constant as a whole, every jump and gap among its steps."""
    gaps = zip(f.edges[1:-1:2], f.edges[2:-1:2], strict=True)
    across = (rise(*(end_value(p, p.node, end) for p, end in gap)) for gap in gaps)
    steps = {*across, *(s for pair in f.breakpoints for s in f.jumps(*pair))}
    alone = ((p, e, f.at(e), end_value(p, p.node, e)) for p, e in f.owned_edges)
    steps |= {rise(at, inner) if e is p.low else rise(inner, at) for p, e, at, inner in alone}
    signs = {*steps, *(run.sign for run in runs)} - {0}
    return _of_one_sign(signs, MONOTONE, "a step")


def _of_one_sign(signs: set[int | None], kinds: dict[int, str], part: str) -> str:
    """The kind of a whole whose parts have these signs, 0 left out; None is a sign unproved."""
    if {1, -1} <= signs:
        return "neither"
    if None in signs:
        raise Unproved(part)
    return next((name for sign, name in kinds.items() if sign in signs), kinds[0])


def monotone_intervals(
    f: FunctionUnderProof, runs: Sequence[SegmentRun], kinds: dict[int, str]
) -> tuple[MonotoneInterval, ...]:
    return tuple(MonotoneInterval(r.interval(f), kinds[r.sign]) for r in runs)


def turns(f: FunctionUnderProof, runs: Sequence[SegmentRun]) -> tuple[Turn, ...]:
    """Where a rising and a falling interval meet without a step."""
    found = []
    for left, right in pairwise(runs):
        pieces = left.segments[-1].piece, right.segments[0].piece
        meet = coincide(left.ends[1], right.ends[0])
        if pieces[0] is not pieces[1]:
            meet = meet and f.is_continuous(*pieces)
        if left.sign * right.sign == -1 and meet:
            place = left.ends[1]
            kind = "minimum" if left.sign < 0 else "maximum"
            found.append(Turn(quantity(place), quantity(f.at(place)), kind))
    return tuple(found)


def curvature(f: FunctionUnderProof, bends: Sequence[SegmentRun]) -> str:
    """Convex or concave as a whole: bent to one side, and kinked to no other."""
    if not all(f.belongs(piece, end) for piece, end in f.owned_edges):
        raise Unproved("a value at an end of the domain")
    if len(bends) == 1:
        return CONVEX[bends[0].sign]
    if len(f.edges) > 2 or not all(f.is_continuous(*pair) for pair in f.breakpoints):
        return "neither"
    kinks = [step(*pair, 1) for pair in f.breakpoints]
    signs = {*kinks, *(b.sign for b in bends)} - {0}
    return _of_one_sign(signs, CONVEX, "a kink")


def branches(f: FunctionUnderProof, runs: Sequence[SegmentRun]) -> tuple[Branch, ...]:
    """The strictly monotone intervals with their images; a step within leaves a gap in one."""
    return tuple(Branch(run.interval(f), _image(f, run)) for run in runs if run.sign)


def invertible(f: FunctionUnderProof, runs: Sequence[SegmentRun]) -> bool:
    """Whether no value is taken twice: every interval is strictly monotone, and no images meet."""
    if any(run.sign == 0 for run in runs):
        return False
    alone = [p for p in f.breakpoints if f.is_defined(p[0].high) and all(f.jumps(*p))]
    owned = all(f.belongs(piece, end) for piece, end in f.owned_edges)
    if not owned or (len(runs) > 1 and alone):
        raise Unproved("whether a value at a point alone is taken elsewhere")
    images = [(_image(f, run), run) for run in runs]
    images.sort(key=lambda pair: (pair[0].low.value, pair[0].high.value))
    for (below, one), (above, other) in pairwise(images):
        ends = below.high, above.low
        touch = ends[0] == ends[1] and ends[0].error == 0
        if ends[0].high < ends[1].low or (touch and False in (below.closed_high, above.closed_low)):
            continue
        if ends[0].low > ends[1].high and not any(_jumps(f, run) for run in (one, other)):
            return False
        raise Unproved("whether two images meet")
    return True


def _jumps(f: FunctionUnderProof, run: SegmentRun) -> bool:
    """Whether there is a gap in the image of an interval."""
    pairs = ((a.piece, b.piece) for a, b in pairwise(run.segments) if a.piece is not b.piece)
    return any(step != 0 for pair in pairs for step in f.jumps(*pair))


def _image(f: FunctionUnderProof, run: SegmentRun) -> ProvedInterval:
    """The values of a strictly monotone interval, the lower end first."""
    pieces = run.segments[0].piece, run.segments[-1].piece
    values = [end_value(p, p.node, end) for p, end in zip(pieces, run.ends, strict=True)]
    ends = list(zip(map(quantity, values), run.closed(f), strict=True))
    (low, closed_low), (high, closed_high) = ends if run.sign > 0 else reversed(ends)
    return ProvedInterval(low, high, closed_low, closed_high)


def zeros_of(f: FunctionUnderProof) -> tuple[ProvedInterval, ...]:
    """The points and intervals where f is 0, in order, if they can all be isolated."""
    found: list[tuple[Ball, Ball]] = []
    parts = f.segments(0)
    for part in parts:
        at_low, at_high = (_is_zero(f, part, end) for end in (part.low, part.high))
        new = [(part.low, part.low)] * at_low + [(part.low, part.high)] * (part.sign == 0)
        for low, high in [*new, *[(part.high, part.high)] * at_high]:
            if found and coincide(found[-1][1], low) and (at_low or low is part.high):
                found[-1] = (found[-1][0], max_of([found[-1][1], high]))
            else:
                found.append((low, high))
    return tuple(_zero_interval(f, low, high) for low, high in found)


def _is_zero(f: FunctionUnderProof, part: Segment, end: Ball) -> bool:
    """Whether f is 0 at an end of a segment; for certain inside of a piece."""
    if not (end is part.piece.low or end is part.piece.high):
        return True
    if not end.is_finite() or f.is_defined(end) is False:
        return False
    value = f.at(end)
    if value.contains(0) and not value.rad() <= JOINED:
        raise Unproved("the value at a breakpoint that no float is")
    return bool(value.contains(0))


def touching(found: Iterable[tuple[Ball, Ball]]) -> list[tuple[Ball, Ball]]:
    """Intervals in the order of their lower ends, those that touch or overlap made one."""
    merged: list[tuple[Ball, Ball]] = []
    for low, high in found:
        if merged and (low <= merged[-1][1] or coincide(merged[-1][1], low)):
            merged[-1] = (merged[-1][0], max_of([merged[-1][1], high]))
        else:
            merged.append((low, high))
    return merged


def _zero_interval(f: FunctionUnderProof, low: Ball, high: Ball) -> ProvedInterval:
    closed = [bool(f.is_defined(end) and f.at(end).contains(0)) for end in (low, high)]
    return ProvedInterval(quantity(low), quantity(high), *closed)
