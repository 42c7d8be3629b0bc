"""The probability that an output is exactly zero, from the pieces on which the formula is zero.

A piece on which everything cancels is zero. One that is analytic, but for points, and not 0 at a
point between each two of those has isolated zeros, which have probability 0. What is neither stays
unknown.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from itertools import pairwise

from ogive.certify.proof.budget import Budget
from ogive.certify.proof.enclosure import Ball, ball, sign_of
from ogive.certify.proof.partition import Piece, partition
from ogive.certify.proof.smoothness import delicate
from ogive.certify.proof.under_proof import if_proved
from ogive.certify.quantity import NOT_PROVED, Quantity, quantity
from ogive.expr import Node
from ogive.expr.node import ZERO

#: How far out pieces are looked at, in standard deviations; beyond lies less than 1e-30.
_CUT = 12.0
#: The most that the unknown part may weigh.
_ACCEPTED = 1e-9


def zero_probability(f: Node, mean: float = 0.0, std: float = 1.0) -> Quantity:
    """P(f(Z) = 0) at Z ~ N(mean, std**2), for a formula of x."""
    for reach in (math.inf, _CUT * std):
        held = if_proved(partial(_probability, f, mean, std, reach))
        if held is not None and (found := quantity(held, near_zero=_ACCEPTED)) != NOT_PROVED:
            return found
    return NOT_PROVED


def _probability(f: Node, mean: float, std: float, reach: float) -> Ball:
    """The mass of the pieces that are 0, give or take that of what may be."""
    root = ball(2.0).sqrt()
    certain, unknown = ball(0.0), (ball(_CUT) / root).erfc()
    for piece in partition(f, mean - reach, mean + reach):
        low, high = (((end - mean) / std).max(-_CUT).min(_CUT) for end in (piece.low, piece.high))
        mass = ((high / root).erf() - (low / root).erf()) / 2
        if piece.node is ZERO:
            certain += mass
        elif not if_proved(partial(_has_isolated_zeros, piece)):
            unknown += mass
    return certain + unknown.union(-unknown)


def _has_isolated_zeros(piece: Piece) -> bool:
    """Whether the formula is not 0 at a point of each part on which it is analytic."""
    cuts = (zero for node in delicate(piece.node) for zero in piece.zeros(node, Budget()))
    ends = [piece.low, *sorted(cuts, key=float), piece.high]
    return all(_is_not_zero(replace(piece, low=a, high=b)) for a, b in pairwise(ends))


def _is_not_zero(part: Piece) -> bool:
    """Whether the formula is not 0 at one of three points: an odd one is 0 at the first."""
    middle = part.middle
    tried = (middle, replace(part, low=middle).middle, replace(part, high=middle).middle)
    return any(sign_of(part.enclosed().at(x)) for x in tried)
