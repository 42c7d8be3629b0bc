"""How smooth a function is, proved: its breakpoints, its class C^k, the suprema of |f'| and |f''|.

Inside a piece it has every derivative; where pieces meet, or the domain ends, the first derivative
that steps or is infinite gives the class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

from ogive.certify.proof import variation
from ogive.certify.proof.budget import Unproved, limited
from ogive.certify.proof.enclosure import Ball, coincide, max_of
from ogive.certify.proof.monotone import touching
from ogive.certify.proof.partition import Piece
from ogive.certify.proof.under_proof import FunctionUnderProof, if_proved, rise
from ogive.certify.proof.variation import end_value
from ogive.certify.quantity import NOT_PROVED, ProvedInterval, Quantity, quantity

#: Derivatives up to this order are compared where pieces meet.
ORDERS = 4


@dataclass(frozen=True)
class Breakpoint:
    """A point where a derivative steps, or is infinite.

    Attributes:
        place: where: between two pieces, or an end of the domain that belongs to it.
        order: the lowest such order: 0 for a jump of the function, a pole, and a point at which
            it is not defined or has a value of its own; 1 for a kink.
        below, above: the limits of that derivative on both sides; not proved where there is none.
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
        order: the largest k up to ``ORDERS`` with the function in C^k on its domain, -1 for one
            that jumps or has a pole, infinity for one that has every derivative.
        exact: whether the function is in no higher class; False where its pieces meet with
            ``ORDERS`` derivatives, and nothing is proved about the next.
        breakpoints: where a derivative up to ``ORDERS`` steps.
        slope: the supremum of |f'| over the pieces.
        slopes: from the infimum to the supremum of f' over the pieces.
        lipschitz: the Lipschitz constant: that supremum, infinite where the function jumps; not
            proved where it may be larger because the domain has a gap.
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
@limited()
def smoothness(f: FunctionUnderProof) -> Smoothness:
    breakpoints = if_proved(lambda: _breakpoints(f))
    if breakpoints is None and f.one_period is not f:
        return _periodic(smoothness(f.one_period))
    order = None if breakpoints is None else _class(f, breakpoints)
    unknown = Supremum(NOT_PROVED, ())
    slope = if_proved(lambda: _largest_size(f, 1)) or unknown
    return Smoothness(
        order=order,
        exact=None if breakpoints is None else bool(breakpoints) or order == math.inf,
        breakpoints=breakpoints,
        slope=slope,
        slopes=if_proved(lambda: _slopes(f)) or ProvedInterval(NOT_PROVED, NOT_PROVED, None, None),
        lipschitz=if_proved(lambda: _lipschitz(f, slope.value)) or NOT_PROVED,
        bend=if_proved(lambda: _largest_size(f, 2)) or unknown,
    )


def _periodic(found: Smoothness) -> Smoothness:
    """What holds of a function with infinitely many breakpoints, of what does in one period."""
    slope, bend = (Supremum(each.value, ()) for each in (found.slope, found.bend))
    return replace(found, breakpoints=None, slope=slope, bend=bend)


def _lipschitz(f: FunctionUnderProof, slope: Quantity) -> Quantity:
    if not math.isfinite(slope.value):
        return slope
    steps = {step for pair in f.breakpoints for step in f.jumps(*pair)}
    alone = [f.belongs(piece, end) for piece, end in f.owned_edges]
    if steps & {1, -1} or False in alone:
        return Quantity(math.inf, 0.0, "ball")
    return NOT_PROVED if None in (*steps, *alone) or len(f.edges) > 2 else slope


def _class(f: FunctionUnderProof, breakpoints: tuple[Breakpoint, ...]) -> float:
    if breakpoints:
        return min(j.order for j in breakpoints) - 1
    return ORDERS if f.breakpoints else math.inf


def _breakpoints(f: FunctionUnderProof) -> tuple[Breakpoint, ...]:
    inner = [(left.high, (left, right)) for left, right in f.breakpoints]
    edges = [(e, (None, p) if e is p.low else (p, None)) for p, e in f.owned_edges]
    found = (_breakpoint(f, place, sides) for place, sides in [*inner, *edges])
    return tuple(sorted(filter(None, found), key=lambda b: b.place.value))


def _breakpoint(
    f: FunctionUnderProof, place: Ball, sides: tuple[Piece | None, Piece | None]
) -> Breakpoint | None:
    pieces = [piece for piece in sides if piece is not None]
    for order in range(ORDERS + 1):
        values = [end_value(piece, piece.enclosed(order).node, place) for piece in pieces]
        if _breaks(f, place, pieces, order, values):
            told = iter(map(quantity, values))
            below, above = (NOT_PROVED if piece is None else next(told) for piece in sides)
            return Breakpoint(quantity(place), order, below, above)
    return None


def _breaks(
    f: FunctionUnderProof, place: Ball, pieces: list[Piece], order: int, values: list[Ball]
) -> bool:
    """Whether a derivative is infinite, or other than on the other side or at the point."""
    if not all(value.is_finite() for value in values):
        return True
    if len(pieces) == 1:
        jump = 0 if order else rise(values[0], f.at(place))
    elif order == 0:
        return not f.is_continuous(pieces[0], pieces[1])
    else:
        jump = rise(*values)
    if jump is None:
        raise Unproved("a step")
    return jump != 0


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
