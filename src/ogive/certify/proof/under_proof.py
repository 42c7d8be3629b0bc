"""What proofs are about: a function of x with numbers for its parameters, and its pieces.

Apart because shape, smoothness and saturation ask the same things of a function, and each is
proved once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, TypeVar, cast

from ogive.catalogue import Spec
from ogive.certify.proof.budget import Unproved
from ogive.certify.proof.enclosure import Ball, X, ball_arithmetic, on_reals
from ogive.certify.proof.partition import Piece, partition
from ogive.certify.proof.variation import Segment, end_value, segments
from ogive.certify.quantity import NOT_PROVED, Quantity, quantity
from ogive.certify.univariate import defaults, function_of_one_number
from ogive.expr import Node, diff, substitute

#: Two sides of a breakpoint that differ by less, relative to 1 or their size, are taken as joined:
#: a series that ends after its last useful term leaves such a step, and a breakpoint that no float
#: is.
JOINED = 1e-12

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

    def segments(self, order: int) -> Sequence[Segment]:
        """The signs of a derivative over the whole line; see ``variation.segments``."""
        return self._once(f"segments {order}", lambda: segments(self.pieces, order))

    @property
    def breakpoints(self) -> Sequence[tuple[Piece, Piece]]:
        """The neighbouring pieces, in order."""
        return list(pairwise(self.pieces))

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
        value: Ball = on_reals((node,))(x)[0]
        return value


@lru_cache(maxsize=1024)
def under_proof(spec: Spec) -> FunctionUnderProof:
    """The function that an entry is with its parameters at their defaults.

    A stochastic entry counts with its form of evaluation, a gated one with its gate at value = 1,
    and a rowwise one is no function of one number, which is an OgiveError.
    """
    function = function_of_one_number(spec)
    return FunctionUnderProof(substitute(function.expression, defaults(function)), function.domain)


def step(left: Piece, right: Piece, order: int) -> int | None:
    """The sign of the step of a derivative where two pieces meet; None where it is not bounded.

    A step within ``JOINED`` counts as none.
    """
    below, above = (
        end_value(piece, piece.enclosed(order).node, left.high) for piece in (left, right)
    )
    if abs(above - below) <= JOINED * (1 + abs(below)):
        return 0
    return 1 if above > below else -1 if above < below else None


def if_proved(question: Callable[[], _Answer]) -> _Answer | None:
    """The answer of a proof, None where there is none; balls have their bits within."""
    try:
        with ball_arithmetic():
            return question()
    except Unproved:
        return None


def quantity_if_proved(question: Callable[[], Ball]) -> Quantity:
    """The number that a proof gives a ball around, NOT_PROVED where there is none."""
    return if_proved(lambda: quantity(question())) or NOT_PROVED
