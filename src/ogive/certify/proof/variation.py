"""Where a function or a derivative has which sign, and its smallest and largest value, proved.

Both are asked of a list of pieces. The sign changes only at a zero or at a breakpoint, and all of
them are known; so the function below (its antiderivative, so to speak) takes its extreme values at
one of those points, at a breakpoint from one side, or as a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from ogive.certify.proof.algebra import period
from ogive.certify.proof.budget import Budget, Unproved
from ogive.certify.proof.enclosure import (
    Ball,
    X,
    ball,
    between,
    coincide,
    enclosed,
    max_of,
    sign_of,
)
from ogive.certify.proof.partition import Piece
from ogive.certify.proof.polynomials import is_constant
from ogive.certify.proof.search import supremum
from ogive.certify.proof.tail_enclosure import TailEnclosure
from ogive.expr import Node, diff

#: How many tails are tried where only bounds are known.
TAILS = 6
#: A bound far out may exceed what is reached nearer by this, relative to its size.
SLACK = 1e-12


@dataclass(frozen=True)
class Segment:
    """A part of a piece over which an expression has one sign: 1, -1, or 0 for the constant 0."""

    low: Ball
    high: Ball
    sign: int
    piece: Piece


@dataclass(frozen=True)
class Extreme:
    """The largest value of an expression.

    Attributes:
        value: a ball around it; infinite where the function is unbounded.
        places: the points and intervals (low, high) where it is reached or approached; none where
            only the value is proved.
        inside: for each place, whether it lies inside a piece and is reached for certain; True
            where the value is reached in every period.
    """

    value: Ball
    places: tuple[tuple[Ball, Ball], ...] = ()
    inside: tuple[bool, ...] = ()


def segments(pieces: Sequence[Piece], order: int = 0) -> list[Segment]:
    """The signs of a derivative over the whole line, in order, if its zeros can be isolated."""
    return [s for piece in pieces for s in _segments(piece, piece.enclosed(order).node)]


def _segments(piece: Piece, node: Node) -> list[Segment]:
    cuts = [] if is_constant(node) else piece.zeros(node, Budget())
    found = []
    for low, high in pairwise([piece.low, *cuts, piece.high]):
        side = sign_of(enclosed(node).at(replace(piece, low=low, high=high).middle))
        if side is None:
            raise Unproved("a sign between two zeros")
        found.append(Segment(low, high, side, piece))
    return found


def end_value(piece: Piece, node: Node, at: Ball) -> Ball:
    """The value of an expression at a point of a piece, or its limit at an end, if one is seen."""
    if is_constant(node):
        return enclosed(node).at(ball(0.0))
    side = 1 if coincide(at, piece.high) else -1 if coincide(at, piece.low) else 0
    if (side > 0 and piece.open_high) or (side < 0 and piece.open_low):
        for _, tail in piece.tails(node, side):
            if tail.value is not None:
                return tail.value
        raise Unproved("a limit")
    value = enclosed(node).at(at)
    if not value.is_finite():
        raise Unproved("a value at an end")
    return value


def largest(pieces: Sequence[Piece], order: int = 0) -> Extreme:
    """The supremum of a derivative over the pieces, one-sided values at breakpoints among them."""
    return _combined([_largest(p, p.enclosed(order).node) for p in pieces])


def smallest(pieces: Sequence[Piece], order: int = 0) -> Extreme:
    """The infimum; see ``largest``."""
    mirrored = _combined([_largest(p, -p.enclosed(order).node) for p in pieces])
    return replace(mirrored, value=-mirrored.value)


def _combined(found: Sequence[Extreme]) -> Extreme:
    """The largest of several, with every place at which it is seen."""
    best = max_of(e.value for e in found)
    top = [e for e in found if coincide(e.value, best)]
    return Extreme(
        best,
        tuple(p for e in top for p in e.places),
        tuple(i for e in top for i in e.inside),
    )


def _largest(piece: Piece, node: Node) -> Extreme:
    if is_constant(node):
        return Extreme(end_value(piece, node, piece.low), ((piece.low, piece.high),), (True,))
    try:
        return _by_monotonicity(piece, node)
    except Unproved:
        return _by_bounds(piece, node)


def _by_monotonicity(piece: Piece, node: Node) -> Extreme:
    """The largest of the values between which the expression is monotone."""
    cuts = [s.high for s in _segments(piece, diff(node, X))[:-1]]
    ends = [(piece.low, False), *((c, True) for c in cuts), (piece.high, False)]
    return _combined(
        [Extreme(end_value(piece, node, e), ((e, e),), (inside,)) for e, inside in ends]
    )


def _by_bounds(piece: Piece, node: Node) -> Extreme:
    """Branch and bound nearby and the tail's bound far out; over one period of a periodic one."""
    f = enclosed(node)
    if (length := period(node)) is not None and (piece.open_low or piece.open_high):
        return Extreme(supremum(f, *_one_period(piece, length), Budget()), inside=(True,))
    lower = islice(piece.tails(node, -1), TAILS) if piece.open_low else [(piece.low, None)] * TAILS
    upper = islice(piece.tails(node, 1), TAILS) if piece.open_high else [(piece.high, None)] * TAILS
    for (low, left), (high, right) in zip(lower, upper, strict=False):
        near = supremum(f, low.lower(), high.upper(), Budget())
        far = [tail for tail in (left, right) if tail is not None]
        with suppress(Unproved):
            if (value := _with_tails(near, far)) is not None:
                return Extreme(value)
    raise Unproved("a bound far out")


def _one_period(piece: Piece, length: Ball) -> tuple[Ball, Ball]:
    """The ends of a part of an unbounded piece that is as long as a period."""
    if piece.high.is_finite():
        return (piece.high - length).lower(), piece.high.upper()
    low = piece.low if piece.low.is_finite() else ball(0.0)
    return low.lower(), (low + length).upper()


def _with_tails(near: Ball, far: Sequence[TailEnclosure]) -> Ball | None:
    """The largest of a value nearby and of the limits, if the tails do not exceed it."""
    limits = [tail.value for tail in far if tail.value is not None]
    least = max_of([near, *limits])
    most = max_of([near, *(tail.ends[1] for tail in far)])
    if not least.is_finite():
        return least
    return between(least, most) if most <= least + SLACK * (1 + abs(least)) else None
