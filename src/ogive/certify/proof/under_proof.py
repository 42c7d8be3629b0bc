"""What proofs are about: a function of x with numbers for its parameters, and its pieces.

Apart because shape, smoothness and saturation ask the same things of a function, and each is
proved once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, TypeVar, cast

from ogive.catalogue import Spec
from ogive.certify.pieces import in_known_primitives
from ogive.certify.proof.algebra import period
from ogive.certify.proof.budget import Unproved, in_time
from ogive.certify.proof.enclosure import Ball, X, ball, ball_arithmetic, coincide, on_reals
from ogive.certify.proof.partition import (
    Piece,
    at_root,
    delicate_arguments,
    is_undefined,
    partition,
)
from ogive.certify.proof.variation import Segment, end_value, segments
from ogive.certify.quantity import NOT_PROVED, ProvedInterval, Quantity, quantity, symbolic
from ogive.certify.univariate import defaults, function_of_one_number
from ogive.expr import Node, diff, substitute, walk

#: Two sides of a breakpoint that differ by less, relative to 1 or their size, are taken as joined:
#: a series that ends after its last useful term leaves such a step, and a breakpoint that no float
#: is.
JOINED = 1e-12

#: Where an interval of a period and a quarter begins: no zero of a sine of x that people write.
_OFF_CENTRE = 0.59375

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, eq=False)
class FunctionUnderProof:
    """A function of x on an open interval.

    Attributes:
        node: its formula.
        domain: the interval.
    """

    node: Node
    domain: tuple[float, float] = (-math.inf, math.inf)

    @property
    def pieces(self) -> Sequence[Piece]:
        """The pieces of the formula; raises Unproved where they cannot all be found."""
        return self._once("pieces", lambda: partition(self.node, *self.domain))

    @cached_property
    def one_period(self) -> FunctionUnderProof:
        """A periodic function of the whole line on an interval that holds each of its values with
        what is around it; any other one itself."""
        length = None
        if self.domain == (-math.inf, math.inf):
            with suppress(Unproved):
                length = period(self.node)
        if length is None:
            return self
        reach = float(length.upper())
        return FunctionUnderProof(self.node, (-_OFF_CENTRE * reach, (1.25 - _OFF_CENTRE) * reach))

    def segments(self, order: int) -> Sequence[Segment]:
        """The signs of a derivative over the whole line; see ``variation.segments``."""
        return self._once(f"segments {order}", lambda: segments(self.pieces, order))

    @property
    def breakpoints(self) -> Sequence[tuple[Piece, Piece]]:
        """The neighbouring pieces that meet, in order."""
        return [(p, q) for p, q in pairwise(self.pieces) if coincide(p.high, q.low)]

    @property
    def edges(self) -> Sequence[tuple[Piece, Ball]]:
        """Pieces with their ends at which they meet no other: the ends of the domain, in order."""
        gaps = [(p, q) for p, q in pairwise(self.pieces) if not coincide(p.high, q.low)]
        inner = [edge for p, q in gaps for edge in ((p, p.high), (q, q.low))]
        first, last = self.pieces[0], self.pieces[-1]
        return [(first, first.low), *inner, (last, last.high)]

    def is_defined(self, x: Ball) -> bool | None:
        """Whether the function has a value at a point; None where that is not known."""
        if not x.is_finite() or any(coincide(x, ball(end)) for end in self.domain):
            return False
        node = self._at_place(self.node, x)
        if not on_reals((node,))(x)[0].is_finite():
            return False if x.rad() == 0 or is_undefined(node) else None
        # the sign of no number is a ball around 0
        signs = (n.args[0] for n in walk(node) if n.op == "sign")
        return True if all(on_reals((s,))(x)[0].is_finite() for s in signs) else None

    def belongs(self, piece: Piece, end: Ball) -> bool | None:
        """Whether the function has, at an end of a piece, the value that the piece leads to."""
        if not self.is_defined(end) or not (end is piece.low or end is piece.high):
            return self.is_defined(end)
        jump = rise(end_value(piece, piece.node, end), self.at(end))
        return None if jump is None else jump == 0

    @property
    def owned_edges(self) -> Sequence[tuple[Piece, Ball]]:
        """The ends of the domain that belong to it; raises Unproved where that is not known."""
        if any(self.is_defined(end) is None for _, end in self.edges):
            raise Unproved("whether the function is defined at an end of its domain")
        return [(piece, end) for piece, end in self.edges if self.is_defined(end)]

    def jumps(self, left: Piece, right: Piece) -> tuple[int | None, ...]:
        """The signs of the steps where two pieces meet: to the value there, if any, and from it."""
        below, above = (end_value(piece, piece.node, left.high) for piece in (left, right))
        at = self.at(left.high)
        if self.is_defined(left.high) is False:
            return (rise(below, above),)
        return rise(below, at), rise(at, above)

    def is_continuous(self, left: Piece, right: Piece) -> bool:
        """Whether the function is defined and does not jump where two pieces meet."""
        if self.is_defined(left.high) is False:
            return False
        jumps = self.jumps(left, right)
        if self.is_defined(left.high) is None or None in jumps:
            raise Unproved("a step")
        return not any(jumps)

    @cached_property
    def _answers(self) -> dict[str, Any]:
        return {}

    def _once(self, name: str, question: Callable[[], _Answer]) -> _Answer:
        """The answer of a proof, which is looked for once, whether it is found or not."""
        if name not in self._answers:
            try:
                self._answers[name] = question()
            except Unproved as reason:
                self._answers[name] = reason
        found = self._answers[name]
        if isinstance(found, Unproved):
            raise found
        return cast(_Answer, found)

    def at(self, x: Ball, order: int = 0) -> Ball:
        """The value of the formula or of a derivative at a point, a breakpoint among them."""
        node = self.node
        for _ in range(order):
            node = diff(node, X)
        value: Ball = on_reals((self._at_place(node, x),))(x)[0]
        return value

    def _at_place(self, node: Node, x: Ball) -> Node:
        """An expression as it is at a point; where pieces end, by what is 0 there."""
        if x.rad() == 0:
            return node
        ends = ((e, r) for p in self.pieces for e, r in p.ends if e is x)
        roots = frozenset(root for _, found in ends for root in found)
        return at_root(in_known_primitives(node), x, roots)


@lru_cache(maxsize=1024)
def under_proof(spec: Spec) -> FunctionUnderProof:
    """The function that an entry is with its parameters at their defaults.

    A stochastic entry counts with its form of evaluation, a gated one with its gate at value = 1,
    and a rowwise one is no function of one number, which is an OgiveError.
    """
    function = function_of_one_number(spec)
    return FunctionUnderProof(substitute(function.expression, defaults(function)), function.domain)


def domain_of(f: FunctionUnderProof) -> tuple[ProvedInterval, ...]:
    """The pieces, those made one between which the function is defined."""
    if not any(delicate_arguments(in_known_primitives(f.node))):
        return (ProvedInterval(symbolic(f.domain[0]), symbolic(f.domain[1])),)
    groups: list[list[Piece]] = [[f.pieces[0]]]
    for left, right in pairwise(f.pieces):
        defined = coincide(left.high, right.low) and f.is_defined(left.high)
        if defined is None:
            raise Unproved("whether the function is defined between two pieces")
        if defined:
            groups[-1].append(right)
        else:
            groups.append([right])
    ends = ((group[0].low, group[-1].high) for group in groups)
    return tuple(
        ProvedInterval(quantity(low), quantity(high), f.is_defined(low), f.is_defined(high))
        for low, high in ends
    )


def rise(a: Ball, b: Ball) -> int | None:
    """The sign of b - a; 0 within ``JOINED``, None where it is not known."""
    if a.is_finite() and b.is_finite() and abs(b - a) <= JOINED * (1 + abs(a)):
        return 0
    return 1 if b > a else -1 if b < a else None


def step(left: Piece, right: Piece, order: int) -> int | None:
    """The sign of the step of a derivative where two pieces meet; None where it is not known."""
    return rise(*(end_value(p, p.enclosed(order).node, left.high) for p in (left, right)))


def if_proved(question: Callable[[], _Answer]) -> _Answer | None:
    """The answer of a proof, None where there is none; balls have their bits within."""
    try:
        in_time()
        with ball_arithmetic():
            return question()
    except Unproved:
        return None


def quantity_if_proved(question: Callable[[], Ball]) -> Quantity:
    """The number that a proof gives a ball around, NOT_PROVED where there is none."""
    return if_proved(lambda: quantity(question())) or NOT_PROVED
