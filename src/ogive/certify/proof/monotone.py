"""Where a function is 0, rises, falls and turns, bends to which side, has an inverse: proved.

Neighbouring segments of one sign make one interval, unless a step at the breakpoint between them
goes against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ogive.certify.proof import variation
from ogive.certify.proof.budget import Unproved
from ogive.certify.proof.enclosure import Ball, coincide, max_of
from ogive.certify.proof.partition import Piece
from ogive.certify.proof.under_proof import JOINED, FunctionUnderProof, step
from ogive.certify.proof.variation import Segment
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
        """Where it begins and where it ends."""
        return self.segments[0].low, self.segments[-1].high

    @property
    def closed(self) -> tuple[bool, bool]:
        """Whether the function is defined at the ends."""
        (first, *_), (*_, last) = self.segments, self.segments
        open_low = first.low is first.piece.low and first.piece.open_low
        return not open_low, not (last.high is last.piece.high and last.piece.open_high)

    @property
    def interval(self) -> ProvedInterval:
        """The same as an interval of a report."""
        (low, high), closed = self.ends, self.closed
        return ProvedInterval(quantity(low), quantity(high), *closed)


def runs_of(f: FunctionUnderProof, order: int) -> list[SegmentRun]:
    """The intervals over which f rises, falls or is constant (order 1), or bends (order 2)."""
    groups: list[list[Segment]] = []
    for segment in f.segments(order):
        if groups and _joins(groups[-1][-1], segment, order):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return [SegmentRun(tuple(group)) for group in groups]


def _joins(left: Segment, right: Segment, order: int) -> bool:
    """Whether two segments are one interval: of one sign, and no step against it between them."""
    if left.sign != right.sign:
        return False
    if left.piece is right.piece:
        return True
    steps = [step(left.piece, right.piece, lower) for lower in range(order)]
    return not any(steps[:-1]) and steps[-1] in (0, left.sign)


def monotone_intervals(
    runs: Sequence[SegmentRun] | None, kinds: dict[int, str]
) -> tuple[MonotoneInterval, ...] | None:
    """The runs as a report states them."""
    return (
        None if runs is None else tuple(MonotoneInterval(r.interval, kinds[r.sign]) for r in runs)
    )


def turns(f: FunctionUnderProof, runs: Sequence[SegmentRun]) -> tuple[Turn, ...]:
    """Where a rising and a falling interval meet without a step."""
    found = []
    for left, right in pairwise(runs):
        pieces = left.segments[-1].piece, right.segments[0].piece
        steps = pieces[0] is not pieces[1] and step(*pieces, 0) != 0
        if left.sign * right.sign == -1 and not steps:
            place = left.ends[1]
            kind = "minimum" if left.sign < 0 else "maximum"
            found.append(Turn(quantity(place), quantity(f.at(place)), kind))
    return tuple(found)


def curvature(f: FunctionUnderProof, bends: Sequence[SegmentRun]) -> str:
    """Convex or concave as a whole: bent to one side, and kinked to no other."""
    if len(bends) == 1:
        return CONVEX[bends[0].sign]
    kinks = [(step(*breakpoint, 0), step(*breakpoint, 1)) for breakpoint in f.breakpoints]
    for side in (1, -1):
        if all(b.sign in (0, side) for b in bends) and all(
            jump == 0 and kink in (0, side) for jump, kink in kinks
        ):
            return CONVEX[side]
    return "neither"


def branches(f: FunctionUnderProof, runs: Sequence[SegmentRun]) -> tuple[Branch, ...]:
    """The strictly monotone intervals with their images; a step within leaves a gap in one."""
    return tuple(Branch(run.interval, _image(f, run)) for run in runs if run.sign)


def _image(f: FunctionUnderProof, run: SegmentRun) -> ProvedInterval:
    """The values of a strictly monotone interval, the lower end first."""
    pieces = run.segments[0].piece, run.segments[-1].piece
    ends = [
        _image_end(f, piece, end, closed)
        for piece, end, closed in zip(pieces, run.ends, run.closed, strict=True)
    ]
    (low, closed_low), (high, closed_high) = ends if run.sign > 0 else reversed(ends)
    return ProvedInterval(quantity(low), quantity(high), closed_low, closed_high)


def _image_end(f: FunctionUnderProof, piece: Piece, end: Ball, closed: bool) -> tuple[Ball, bool]:
    value = variation.end_value(piece, piece.node, end)
    return value, closed and bool(value.is_finite() and f.at(end).overlaps(value))


def zeros_of(f: FunctionUnderProof) -> tuple[ProvedInterval, ...]:
    """The points and intervals where f is 0, in order, if they can all be isolated."""
    found: list[tuple[Ball, Ball]] = []
    parts = f.segments(0)
    for i, part in enumerate(parts):
        if part.sign == 0:
            found.append((part.low, part.high))
        if i + 1 < len(parts) and _is_zero(f, part, parts[i + 1]):
            found.append((part.high, part.high))
    return tuple(_zero_interval(f, low, high) for low, high in touching(found))


def _is_zero(f: FunctionUnderProof, left: Segment, right: Segment) -> bool:
    """Whether f is 0 between two segments; for certain between two of one piece."""
    if left.piece is right.piece:
        return True
    value = f.at(left.high)
    if value.contains(0) and value.rad() > JOINED:
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
    closed = [end.is_finite() and bool(f.at(end).contains(0)) for end in (low, high)]
    return ProvedInterval(quantity(low), quantity(high), *closed)
