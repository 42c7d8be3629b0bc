"""A formula in pieces as a list of intervals with a formula without pieces on each, proved.

``pieces.breakpoints`` looks for the breakpoints; here every zero of every condition is isolated
over the whole line, so that the list is complete. On a piece, |x|, min, where and sign are replaced
by the branch that holds, and what is left is analytic wherever it is bounded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from ogive.certify.pieces import (
    BINARY,
    UNARY,
    branch,
    decider,
    in_known_primitives,
    in_pieces,
    without_infinity,
)
from ogive.certify.proof.budget import Budget, Unproved
from ogive.certify.proof.enclosure import Ball, Enclosure, ball, ball_arithmetic, enclosed, sign_of
from ogive.certify.proof.polynomials import T, is_constant, polynomial
from ogive.certify.proof.search import zeros
from ogive.certify.proof.tail_enclosure import TailEnclosure
from ogive.certify.proof.tails import HalfLine
from ogive.expr import Node, const, substitute, walk
from ogive.expr.node import ZERO, build

#: Where a tail may begin; the first at which the proof succeeds is taken.
STARTS = (3.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1024.0, 2.0**14, 2.0**20)


@dataclass(frozen=True)
class Piece:
    """An interval and the formula that holds inside.

    Attributes:
        low, high: its ends as balls; infinite ones at the tails.
        node: the formula, without pieces.
        open_low, open_high: whether the formula is not defined at the end: where it is infinite,
            or the end of the function's domain.
    """

    low: Ball
    high: Ball
    node: Node
    open_low: bool = True
    open_high: bool = True

    def enclosed(self, order: int = 0) -> Enclosure:
        """The formula or a derivative of it."""
        return enclosed(self.node).derivative(order)

    @property
    def middle(self) -> Ball:
        """A point inside."""
        low, high = float(self.low), float(self.high)
        if math.isinf(low) and math.isinf(high):
            return ball(0.0)
        if math.isinf(low) or math.isinf(high):
            return ball(high - 1.0 if math.isinf(low) else low + 1.0)
        return ((self.low + self.high) / 2).mid()

    def far(self, side: int, start: float) -> Ball:
        """The point at which the tail towards an end begins that t = start stands for."""
        end = self.high if side > 0 else self.low
        return ball(side * start) if not end.is_finite() else end - side / ball(start)

    def enclosure(self, node: Node, side: int, start: float) -> TailEnclosure:
        """The tail of an expression of x towards an open end of the piece."""
        end = self.high if side > 0 else self.low
        towards = side * T if not end.is_finite() else const(float(end)) - side / T
        return HalfLine(start).enclosure(substitute(node, {"x": towards}))

    def tails(self, node: Node, side: int) -> Iterator[tuple[Ball, TailEnclosure]]:
        """(beginning, enclosure) towards an open end, farther and farther out, where seen."""
        for start in STARTS:
            begin = self.far(side, start)
            if self.low < begin < self.high:
                try:
                    yield begin, self.enclosure(node, side, start)
                except Unproved:
                    continue

    def signed_tail(self, node: Node, side: int) -> tuple[Ball, TailEnclosure]:
        """The first tail over which the expression has one sign, not 0."""
        for begin, tail in self.tails(node, side):
            if tail.sign:
                return begin, tail
        raise Unproved("a sign far out")

    def bounds(self, node: Node) -> tuple[Ball, Ball]:
        """Two points beyond which the expression has no zero on the piece."""
        low = self.signed_tail(node, -1)[0] if self.open_low else self.low
        high = self.signed_tail(node, 1)[0] if self.open_high else self.high
        return low.lower(), high.upper()

    def zeros(self, node: Node, budget: Budget) -> list[Ball]:
        """Every zero of an expression inside the piece; none at an end counts."""
        low, high = self.bounds(node)
        found = zeros(enclosed(node), low, high, budget)
        return [z for z in found if not (z.overlaps(self.low) or z.overlaps(self.high))]


@lru_cache(maxsize=4096)
def partition(node: Node, low: float = -math.inf, high: float = math.inf) -> tuple[Piece, ...]:
    """The pieces of an expression of x on an open interval, in order, proved to be complete."""
    with ball_arithmetic():
        whole = Piece(ball(low), ball(high), without_infinity(in_known_primitives(node)))
        return tuple(_divided(whole))


def _divided(piece: Piece) -> Iterator[Piece]:
    """The piece divided until no condition is left in its formula."""
    condition = _open_condition(piece.node)
    if condition is None:
        yield replace(piece, node=ZERO) if _vanishes(piece.node) else piece
        return
    constant = is_constant(condition) or _vanishes(condition)
    cuts = [] if constant else piece.zeros(condition, Budget())
    ends = [piece.low, *cuts, piece.high]
    for i, (low, high) in enumerate(pairwise(ends)):
        opened = (piece.open_low and i == 0, piece.open_high and i == len(cuts))
        part = Piece(low, high, piece.node, *opened)
        side = sign_of(enclosed(condition).at(part.middle))
        if side is None:
            raise Unproved("the sign of a condition")
        yield from _divided(replace(part, node=_decided(piece.node, condition, side)))


def _vanishes(node: Node) -> bool:
    """Whether everything cancels, or the value is a constant 0 as that of log1p(0)."""
    if is_constant(node):
        return bool(enclosed(node).at(ball(0.0)) == 0)
    return polynomial(substitute(node, {"x": T})) == {}


def _open_condition(node: Node) -> Node | None:
    """What a condition compares with 0 that has none inside.

    Comparisons come first: what stands in a branch that does not hold need not be defined.
    """
    found = [n for n in walk(node) if n.op in UNARY | BINARY]
    found.sort(key=lambda n: n.op not in ("lt", "le", "eq"))
    return next((d for d in map(decider, found) if not in_pieces(d)), None)


def _decided(node: Node, condition: Node, side: int) -> Node:
    """The expression with every choice made that depends on the sign of this difference."""
    new: dict[Node, Node] = {}
    for n in walk(node):
        args = tuple(new[a] for a in n.args)
        if n.op in UNARY | BINARY and decider(n) is condition:
            new[n] = branch(n.op, side, args)
        else:
            cancels = n.op == "sub" and args[0] is args[1]
            new[n] = ZERO if cancels else build(n.op, args, n.value)
    return new[node]
