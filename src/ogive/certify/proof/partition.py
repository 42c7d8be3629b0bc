"""A formula in pieces as a list of intervals with a formula without pieces on each, proved.

``pieces.breakpoints`` looks for the breakpoints; here every zero of every condition is isolated
over the whole line, so that the list is complete. On a piece, |x|, min, where and sign are replaced
by the branch that holds. What is left is analytic inside: a piece ends at a pole and where the
argument of a root, a logarithm or a power is 0, and there is none where the function is undefined.
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
from ogive.certify.proof.polynomials import T, is_constant, polynomial, quotient
from ogive.certify.proof.search import zeros
from ogive.certify.proof.tail_enclosure import TailEnclosure
from ogive.certify.proof.tails import HalfLine
from ogive.expr import PRIMITIVES, Node, const, rebuild, substitute, walk
from ogive.expr.node import ONE, ZERO, constant_value

#: Where a tail may begin; the first at which the proof succeeds is taken.
STARTS = (3.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1024.0, 2.0**14, 2.0**20)


#: The formula where there is none.
UNDEFINED = const(math.nan)
_COMPARISONS = ("lt", "le", "eq")


@dataclass(frozen=True)
class Piece:
    """An interval and the formula that holds inside.

    Attributes:
        low, high: its ends as balls; infinite ones at the tails.
        node: the formula, without pieces.
        open_low, open_high: whether the formula is not analytic at the end: at infinity, a pole,
            the root of 0, or the end of the function's domain.
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
        if end.is_finite() and end.rad() != 0:
            raise Unproved("an open end that no float is")
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

    def is_not_zero(self, node: Node) -> bool:
        """Whether an expression is seen not to be 0 throughout: at one of three points, as an odd
        one is 0 at the first. Being analytic inside, it has isolated zeros then."""
        middle = self.middle
        tried = (middle, replace(self, low=middle).middle, replace(self, high=middle).middle)
        return any(sign_of(enclosed(node).at(x)) for x in tried)

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
        known = without_infinity(in_known_primitives(node))
        parts = list(_divided(Piece(ball(low), ball(high), known)))
        for left, right in pairwise(parts):
            alone = left.node is right.node is UNDEFINED
            if alone and enclosed(known).at(left.high).is_finite():
                raise Unproved("whether the function is defined at one point alone")
        found = tuple(part for part in parts if part.node is not UNDEFINED)
        if not found:
            raise Unproved("where the function is defined")
        return found


def _divided(piece: Piece) -> Iterator[Piece]:
    """The piece divided until no condition is left in its formula, and it is analytic inside."""
    condition = _open_condition(piece.node)
    for part in _analytic(piece, piece.node if condition is None else condition):
        if condition is None:
            known = part.node if part.node is UNDEFINED else rebuild(part.node, _cancelled)
            yield replace(part, node=ZERO if vanishes(known) else known)
        elif part.node is UNDEFINED:
            yield from _divided(replace(part, node=_decided(piece.node, condition, None)))
        else:
            for half, side in _cut(part, condition):
                yield from _divided(replace(half, node=_decided(piece.node, condition, side)))


def _analytic(piece: Piece, node: Node) -> Iterator[Piece]:
    """The piece divided where an expression is not analytic; ``UNDEFINED`` without a value."""
    undefined = any(math.isnan(constant_value(n) or 0.0) for n in walk(node))
    parts = [replace(piece, node=UNDEFINED) if undefined else piece]
    for argument, signed in delicate(node):
        parts = [new for part in parts for new in _regular(part, argument, signed)]
    yield from parts


def delicate(root: Node) -> Iterator[tuple[Node, bool]]:
    """What an expression is analytic off the zeros of, and whether it is undefined below them."""
    for node in walk(root):
        exponent = constant_value(node.args[1]) if node.op == "pow" else None
        if node.op == "div":
            yield node.args[1], False
        elif exponent is not None and exponent.is_integer():
            if exponent < 0:
                yield node.args[0], False
        elif node.args:
            low, high = PRIMITIVES[node.op].domain
            if math.isfinite(low):
                yield node.args[0] - low, True
            if math.isfinite(high):
                yield high - node.args[0], True


def _regular(piece: Piece, argument: Node, signed: bool) -> Iterator[Piece]:
    """The piece divided where an argument is 0, and undefined where it must not be negative."""
    if piece.node is UNDEFINED:
        yield piece
        return
    for part, side in _cut(piece, argument):
        defined = side > 0 or (side == 0 if signed else side != 0)
        at_ends = [side == 0 or sign_of(enclosed(argument).at(e)) for e in (part.low, part.high)]
        yield replace(
            part,
            node=part.node if defined else UNDEFINED,
            open_low=part.open_low or not at_ends[0],
            open_high=part.open_high or not at_ends[1],
        )


def _cut(piece: Piece, node: Node) -> Iterator[tuple[Piece, int]]:
    """The parts of a piece between the zeros of an expression, each with the sign that it has."""
    constant = is_constant(node) or vanishes(node)
    cuts = [] if constant else piece.zeros(node, Budget())
    ends = [piece.low, *cuts, piece.high]
    for i, (low, high) in enumerate(pairwise(ends)):
        opened = (piece.open_low and i == 0, piece.open_high and i == len(cuts))
        part = Piece(low, high, piece.node, *opened)
        side = 0 if vanishes(node) else sign_of(enclosed(node).at(part.middle))
        if side is None:
            raise Unproved("the sign of a condition")
        yield part, side


def vanishes(node: Node) -> bool:
    """Whether everything cancels, or the value is a constant 0 as that of log1p(0)."""
    if is_constant(node):
        return bool(enclosed(node).at(ball(0.0)) == 0)
    terms = substitute(node, {"x": T})
    reduced = quotient(terms)
    return polynomial(terms) == {} or (reduced is not None and not reduced[0])


def _open_condition(node: Node) -> Node | None:
    """What a condition compares with 0 that has none inside.

    Comparisons come first: what stands in a branch that does not hold need not be defined.
    """
    found = [n for n in walk(node) if n.op in UNARY | BINARY]
    found.sort(key=lambda n: n.op not in _COMPARISONS)
    return next((d for d in map(decider, found) if not in_pieces(d)), None)


def _decided(node: Node, condition: Node, side: int | None) -> Node:
    """The expression with every choice made that depends on the sign of this difference.

    Where the difference is no number (None), a comparison does not hold, and nothing else has a
    value. What a branch that is 0 is multiplied by stays, as it need not be defined.
    """
    new: dict[Node, Node] = {}
    for n in walk(node):
        args = tuple(new[a] for a in n.args)
        if n.op in UNARY | BINARY and decider(n) is condition:
            undefined = ZERO if n.op in _COMPARISONS else UNDEFINED
            new[n] = undefined if side is None else branch(n.op, side, args)
        elif n.op == "where" and args[0] in (ZERO, ONE):
            new[n] = args[1] if args[0] is ONE else args[2]
        else:
            new[n] = Node(n.op, args, n.value)
    return new[node]


def _cancelled(node: Node) -> Node | None:
    return ZERO if node.op == "sub" and node.args[0] is node.args[1] else None
