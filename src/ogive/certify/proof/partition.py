"""A formula in pieces as a list of intervals with a formula without pieces on each, proved.

``pieces.breakpoints`` looks for the breakpoints; here every zero of every condition is isolated
over the whole line, so that the list is complete. On a piece, |x|, min, where and sign are replaced
by the branch that holds. What is left is analytic inside: a piece ends at a pole and where the
argument of a root, a logarithm or a power is 0, and there is none where the function is undefined.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
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
from ogive.certify.proof.beside import Beside, Roots
from ogive.certify.proof.budget import Budget, Unproved
from ogive.certify.proof.enclosure import (
    Ball,
    Enclosure,
    X,
    ball,
    ball_arithmetic,
    constant,
    enclosed,
    sign_of,
)
from ogive.certify.proof.polynomials import T, fraction, is_constant, polynomial
from ogive.certify.proof.rational_forms import factors, from_terms, in_whole_powers, quotients
from ogive.certify.proof.search import merged, zeros
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
        roots_low, roots_high: expressions that are 0 at the end, by which it was found.
    """

    low: Ball
    high: Ball
    node: Node
    open_low: bool = True
    open_high: bool = True
    roots_low: frozenset[Node] = frozenset()
    roots_high: frozenset[Node] = frozenset()

    @property
    def ends(self) -> tuple[tuple[Ball, frozenset[Node]], ...]:
        return (self.low, self.roots_low), (self.high, self.roots_high)

    def enclosed(self, order: int = 0) -> Enclosure:
        return enclosed(self.node).derivative(order)

    @property
    def middle(self) -> Ball:
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
        end, roots = self.ends[side > 0]
        if not end.is_finite():
            return HalfLine(start).enclosure(substitute(node, {"x": side * T}))
        found = None
        if end.rad() == 0:
            with suppress(Unproved):
                towards = const(float(end)) - side / T
                found = HalfLine(start).enclosure(substitute(node, {"x": towards}))
        if found is None or found.sign is None:
            with suppress(Unproved):
                beside = Beside(end, side, start, roots).enclosure(node)
                return beside if found is None or beside.sign is not None else found
        if found is None:
            raise Unproved("a tail at a point")
        return found

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
        try:
            found = zeros(enclosed(node), *self.bounds(node), budget)
        except Unproved:
            parts = factors(node)
            if not parts or parts == [node]:
                raise
            found = merged([z for part in parts for z in self.zeros(part, budget)])
        return [z for z in found if not (z.overlaps(self.low) or z.overlaps(self.high))]


@lru_cache(maxsize=4096)
def partition(node: Node, low: float = -math.inf, high: float = math.inf) -> tuple[Piece, ...]:
    """The pieces of an expression of x on an open interval, in order, proved to be complete."""
    with ball_arithmetic():
        known = without_infinity(in_known_primitives(node))
        parts = list(_divided(Piece(ball(low), ball(high), known)))
        for left, right in pairwise(parts):
            if left.node is right.node is UNDEFINED and _may_be_defined(known, left, right):
                raise Unproved("whether the function is defined at one point alone")
        found = tuple(part for part in parts if part.node is not UNDEFINED)
        if not found:
            raise Unproved("where the function is defined")
        return found


def _may_be_defined(node: Node, left: Piece, right: Piece) -> bool:
    place = left.high
    if place.rad() == 0:
        return bool(enclosed(node).at(place).is_finite())
    return not is_undefined(at_root(node, place, left.roots_high | right.roots_low))


def _divided(piece: Piece) -> Iterator[Piece]:
    """The piece divided until no condition is left in its formula, and it is analytic inside."""
    condition = _open_condition(piece.node)
    for part in _analytic(piece, piece.node if condition is None else condition):
        if condition is None:
            known = part.node if part.node is UNDEFINED else rebuild(part.node, _cancelled)
            yield replace(part, node=ZERO if vanishes(known) else _without_holes(known))
        elif part.node is UNDEFINED:
            yield from _divided(replace(part, node=_decided(piece.node, condition, None)))
        else:
            for half, side in _cut(part, condition):
                yield from _divided(replace(half, node=_decided(piece.node, condition, side)))


def _analytic(piece: Piece, node: Node) -> Iterator[Piece]:
    """The piece divided where an expression is not analytic; ``UNDEFINED`` without a value."""
    undefined = any(math.isnan(constant_value(n) or 0.0) for n in walk(node))
    parts = [replace(piece, node=UNDEFINED) if undefined else piece]
    for delicate in delicate_arguments(node):
        parts = [new for part in parts for new in _regular(part, *delicate)]
    yield from parts


def delicate_arguments(root: Node) -> Iterator[tuple[Node, bool, bool]]:
    """What an expression is analytic off the zeros of, whether it is defined where that is
    negative, and whether it is where that is 0."""
    for node in walk(root):
        exponent = fraction(node.args[1]) if node.op == "pow" else None
        if node.op == "div":
            yield node.args[1], True, False
        elif exponent is not None and (exponent.denominator == 1 or exponent < 0):
            if exponent < 0:
                yield node.args[0], exponent.denominator == 1, False
        elif node.args:
            row = PRIMITIVES[node.op]
            low, high = row.domain
            if math.isfinite(low):
                yield node.args[0] - low, False, row.arity > 1 or math.isfinite(row.value(low))
            if math.isfinite(high):
                yield high - node.args[0], False, math.isfinite(row.value(high))


def _regular(piece: Piece, argument: Node, below: bool, at_zero: bool) -> Iterator[Piece]:
    """The piece divided where an argument is 0, and undefined where it must not be what it is."""
    if piece.node is UNDEFINED:
        yield piece
        return
    for part, side in _cut(piece, argument):
        defined = side > 0 or (below if side else at_zero)
        at_ends = [side == 0 or sign_of(enclosed(argument).at(e)) for e in (part.low, part.high)]
        yield replace(
            part,
            node=part.node if defined else UNDEFINED,
            open_low=part.open_low or not at_ends[0],
            open_high=part.open_high or not at_ends[1],
        )


def _cut(piece: Piece, node: Node) -> Iterator[tuple[Piece, int]]:
    """The parts of a piece between the zeros of an expression, each with the sign that it has."""
    fixed = is_constant(node) or vanishes(node)
    cuts = [] if fixed else piece.zeros(node, Budget())
    ends, root = [piece.low, *cuts, piece.high], frozenset({node})
    for i, (low, high) in enumerate(pairwise(ends)):
        first, last = i == 0, i == len(cuts)
        part = Piece(
            low,
            high,
            piece.node,
            piece.open_low and first,
            piece.open_high and last,
            piece.roots_low if first else root,
            piece.roots_high if last else root,
        )
        side = 0 if vanishes(node) else sign_of(enclosed(node).at(part.middle))
        if side is None:
            raise Unproved("the sign of a condition")
        yield part, side


def vanishes(node: Node) -> bool:
    """Whether everything cancels, or the value is a constant 0 as that of log1p(0)."""
    if is_constant(node):
        return bool(enclosed(node).at(ball(0.0)) == 0)
    terms = substitute(node, {"x": T})
    reduced = quotients(terms)
    return polynomial(terms) == {} or (bool(reduced) and reduced[0][0] == {})


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

    def change(n: Node, args: tuple[Node, ...]) -> Node | None:
        if n.op not in UNARY | BINARY or decider(n) is not condition:
            return None
        undefined = ZERO if n.op in _COMPARISONS else UNDEFINED
        return undefined if side is None else branch(n.op, side, args)

    return _chosen(node, change)


def _chosen(node: Node, change: Callable[[Node, tuple[Node, ...]], Node | None]) -> Node:
    """The expression with some operations replaced, and the branches taken that then hold."""
    new: dict[Node, Node] = {}
    for n in walk(node):
        args = tuple(new[a] for a in n.args)
        changed = change(n, args)
        if changed is not None:
            new[n] = changed
        elif n.op == "where" and args[0] in (ZERO, ONE):
            new[n] = args[1] if args[0] is ONE else args[2]
        else:
            new[n] = Node(n.op, args, n.value)
    return new[node]


def at_root(node: Node, place: Ball, roots: frozenset[Node]) -> Node:
    """The expression at a place that no float is, where these are exactly 0: they are replaced by
    0, and choices are made by signs."""
    vanishing = Roots(roots)

    def change(n: Node, args: tuple[Node, ...]) -> Node | None:
        if n.op in UNARY | BINARY:
            difference = decider(n)
            side = 0 if difference in vanishing else sign_of(enclosed(difference).at(place))
            return None if side is None else branch(n.op, side, args)
        return ZERO if n in vanishing else None

    return _chosen(node, change)


def is_undefined(node: Node) -> bool:
    """Whether an expression divides by a constant 0, or has another constant part without value."""
    return any(
        not constant(n).is_finite() if is_constant(n) else n.op == "div" and n.args[1] is ZERO
        for n in walk(node)
    )


def _without_holes(node: Node) -> Node:
    """A quotient that is a polynomial where it is defined as that, as x/x."""
    reduced = in_whole_powers(substitute(node, {"x": T})) if _divides(node) else None
    return node if reduced is None else substitute(from_terms(reduced), {"t": X})


def _divides(node: Node) -> bool:
    return any(n.op == "div" and not is_constant(n.args[1]) for n in walk(node))


def _cancelled(node: Node) -> Node | None:
    return ZERO if node.op == "sub" and node.args[0] is node.args[1] else None
