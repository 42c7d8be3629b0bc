"""How smooth a function is, proved: its breakpoints, its class C^k, the suprema of |f'| and |f''|.

A formula without pieces has every derivative wherever its denominators, and the arguments of its
roots and logarithms, have no zero; elsewhere pieces meet, and the first derivative that steps there
gives the class.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ogive.certify.proof import variation
from ogive.certify.proof.budget import Budget, Unproved
from ogive.certify.proof.enclosure import Ball, coincide, enclosed, max_of
from ogive.certify.proof.monotone import touching
from ogive.certify.proof.partition import Piece
from ogive.certify.proof.polynomials import is_constant
from ogive.certify.proof.under_proof import FunctionUnderProof, if_proved, step
from ogive.certify.proof.variation import end_value
from ogive.certify.quantity import NOT_PROVED, ProvedInterval, Quantity, quantity
from ogive.expr import PRIMITIVES, Node, walk

#: Derivatives up to this order are compared where pieces meet.
ORDERS = 4


@dataclass(frozen=True)
class Breakpoint:
    """A point where a derivative steps.

    Attributes:
        place: where.
        order: the lowest order that steps: 0 for a jump of the function, 1 for a kink.
        below, above: the values of that derivative on both sides.
    """

    place: Quantity
    order: int
    below: Quantity
    above: Quantity


@dataclass(frozen=True)
class Supremum:
    """The supremum of the size of a derivative, the values from one side at breakpoints among them.

    Attributes:
        value: infinite where it is unbounded.
        places: points and intervals where it is reached or approached, those known of.
    """

    value: Quantity
    places: tuple[ProvedInterval, ...]


@dataclass(frozen=True)
class Smoothness:
    """How smooth a function is; None stands for what is not proved.

    Attributes:
        order: the largest k up to ``ORDERS`` with the function in C^k, -1 for one that jumps,
            infinity for one that has every derivative.
        exact: whether the function is in no higher class; False where its pieces meet with
            ``ORDERS`` derivatives, and nothing is proved about the next.
        breakpoints: where a derivative up to ``ORDERS`` steps.
        slope: the supremum of |f'| over the pieces.
        slopes: from the infimum to the supremum of f' over the pieces.
        lipschitz: the Lipschitz constant: that supremum, infinite where the function jumps.
        bend: the supremum of |f''| over the pieces.
    """

    order: float | None
    exact: bool | None
    breakpoints: tuple[Breakpoint, ...] | None
    slope: Supremum
    slopes: ProvedInterval
    lipschitz: Quantity
    bend: Supremum

    @property
    def jumps(self) -> tuple[Quantity, ...] | None:
        """Where the function itself jumps."""
        return self._of(0)

    @property
    def kinks(self) -> tuple[Quantity, ...] | None:
        """Where the function is continuous and its derivative jumps."""
        return self._of(1)

    def _of(self, order: int) -> tuple[Quantity, ...] | None:
        found = self.breakpoints
        return None if found is None else tuple(j.place for j in found if j.order == order)


@lru_cache(maxsize=1024)
def smoothness(f: FunctionUnderProof) -> Smoothness:
    """What is proved of the smoothness of a function.

    Example:
        >>> from ogive.catalogue import entries
        >>> from ogive.certify.proof.under_proof import under_proof
        >>> found = smoothness(under_proof(entries()["mish"]))
        >>> found.order, round(found.slope.value.value, 9)
        (inf, 1.088498161)
    """
    breakpoints = if_proved(lambda: _breakpoints(f))
    order = None if breakpoints is None else _class(f, breakpoints)
    unknown = Supremum(NOT_PROVED, ())
    jumps = any(j.order == 0 for j in breakpoints or ())
    slope = if_proved(lambda: _largest_size(f, 1)) or unknown
    lipschitz = Quantity(math.inf, 0.0, "ball") if jumps else slope.value
    return Smoothness(
        order=order,
        exact=None if breakpoints is None else bool(breakpoints) or order == math.inf,
        breakpoints=breakpoints,
        slope=slope,
        slopes=if_proved(lambda: _slopes(f)) or ProvedInterval(NOT_PROVED, NOT_PROVED, None, None),
        lipschitz=NOT_PROVED if breakpoints is None else lipschitz,
        bend=if_proved(lambda: _largest_size(f, 2)) or unknown,
    )


def _class(f: FunctionUnderProof, breakpoints: tuple[Breakpoint, ...]) -> float:
    if breakpoints:
        return min(j.order for j in breakpoints) - 1
    return ORDERS if f.breakpoints else math.inf


def _breakpoints(f: FunctionUnderProof) -> tuple[Breakpoint, ...]:
    """Where a derivative steps, on condition that none does inside a piece."""
    if not all(_has_no_zero(piece, node) for piece in f.pieces for node in delicate(piece.node)):
        raise Unproved("the argument of a quotient, a root or a logarithm may be 0")
    found = (_breakpoint(left, right) for left, right in f.breakpoints)
    return tuple(breakpoint for breakpoint in found if breakpoint is not None)


def _breakpoint(left: Piece, right: Piece) -> Breakpoint | None:
    for order in range(ORDERS + 1):
        side = step(left, right, order)
        if side is None:
            raise Unproved("a step")
        if side:
            values = [
                quantity(end_value(piece, piece.enclosed(order).node, left.high))
                for piece in (left, right)
            ]
            return Breakpoint(quantity(left.high), order, *values)
    return None


def delicate(root: Node) -> Iterator[Node]:
    """What is analytic only where it is not 0, or leads to something that is."""
    for node in walk(root):
        if node.op == "div":
            yield node.args[1]
        elif node.args:
            ends = filter(math.isfinite, PRIMITIVES[node.op].domain)
            yield from (node.args[0] - end for end in ends)


def _has_no_zero(piece: Piece, node: Node) -> bool:
    """Whether it has no zero in a piece or at an end that belongs to it."""
    if is_constant(node):
        return True
    sides = ((piece.low, piece.open_low), (piece.high, piece.open_high))
    ends = [enclosed(node).at(end) for end, opened in sides if not opened]
    return all(value != 0 for value in ends) and not piece.zeros(node, Budget())


def _slopes(f: FunctionUnderProof) -> ProvedInterval:
    ends = (variation.smallest(f.pieces, 1), variation.largest(f.pieces, 1))
    low, high = (quantity(end.value) for end in ends)
    return ProvedInterval(low, high, None, None)


def _largest_size(f: FunctionUnderProof, order: int) -> Supremum:
    """The larger of the supremum and minus the infimum of a derivative."""
    above, below = variation.largest(f.pieces, order), variation.smallest(f.pieces, order)
    value = max_of([above.value, -below.value])
    places = [
        place
        for extreme, size in ((above, above.value), (below, -below.value))
        if coincide(size, value)
        for place in extreme.places
    ]
    places.sort(key=lambda ends: (float(ends[0]), float(ends[1])))
    return Supremum(quantity(value), tuple(_place(*ends) for ends in touching(places)))


def _place(low: Ball, high: Ball) -> ProvedInterval:
    if coincide(low, high):
        return ProvedInterval(quantity(low), quantity(low), True, True)
    return ProvedInterval(quantity(low), quantity(high))
