"""The probability that an output is exactly zero, from the pieces on which the formula is zero.

A piece on which everything cancels is zero. Every other one is analytic, and if it is not 0 at one
point it has isolated zeros, which have probability 0. What is neither stays unknown.
"""

from __future__ import annotations

import math
from functools import partial

from ogive.certify.proof.budget import Unproved
from ogive.certify.proof.enclosure import Ball, ball
from ogive.certify.proof.partition import partition
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
    certain, unknown, whole = ball(0.0), (ball(_CUT) / root).erfc(), ball(0.0)
    for piece in partition(f, mean - reach, mean + reach):
        low, high = (((end - mean) / std).max(-_CUT).min(_CUT) for end in (piece.low, piece.high))
        mass = ((high / root).erf() - (low / root).erf()) / 2
        whole += mass
        if piece.node is ZERO:
            certain += mass
        elif not piece.is_not_zero(piece.node):
            unknown += mass
    if whole + unknown < 1 - _ACCEPTED:
        raise Unproved("a probability where the function is not defined")
    return certain + unknown.union(-unknown)
