"""The probability that an output is exactly zero, from the pieces on which the formula is zero.

A piece is zero if its formula is the constant 0 once every choice is replaced by the branch that is
proved to hold there. A piece that is analytic and not 0 at one point has isolated zeros, which have
probability 0. What is neither stays unknown.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from ogive.certify import pieces
from ogive.certify.quantity import NOT_PROVED, Quantity
from ogive.certify.signal.analytic import CHOICES, SPOKEN, supported
from ogive.certify.signal.balls import BITS, quantity
from ogive.certify.signal.ranges import BEGINS, range_of
from ogive.errors import require
from ogive.expr import Node, const, expand, walk
from ogive.expr.node import build

#: A border that is no float lies within this distance of its joint, relative to it or to 1.
MARGIN = 1e-14
#: How far out pieces are looked at, in standard deviations; beyond lies less than 1e-30.
CUT = 12.0
#: Halvings of a piece to prove that a difference has one sign on it, and parts looked at in all.
DEPTH, PARTS = 60, 400
#: Where a piece is tried for a value that is not 0, as parts of its width.
TRIED = (0.5, 0.3183098861837907, 0.7071067811865476)
#: The most that the unknown part may weigh.
ACCEPTED = 1e-9


def zero_probability(f: Node, mean: float = 0.0, std: float = 1.0) -> Quantity:
    """P(f(Z) = 0) at Z ~ N(mean, std**2), for a formula of x.

    Example:
        >>> from ogive.expr import parse
        >>> zero_probability(parse("max(x, 0)", ["x"])).value
        0.5
    """
    if not supported(f):
        return NOT_PROVED
    with require("flint", "certify").ctx.workprec(BITS):
        attempts = [_with_margin(f, mean, std, margin) for margin in (0.0, MARGIN)]
    best = min(attempts, key=lambda found: found.error)
    return best if best.error <= ACCEPTED else NOT_PROVED


def _with_margin(f: Node, mean: float, std: float, margin: float) -> Quantity:
    """The probability with pieces that begin so far from the joints."""
    arb = require("flint", "certify").arb
    certain, unknown = arb(0), _mass(-math.inf, -CUT) + _mass(CUT, math.inf)
    for low, high in _pieces(f, mean - CUT * std, mean + CUT * std, margin):
        zero = _is_zero(f, low, high)
        mass = _mass(*((arb(end) - mean) / std for end in (low, high)))
        certain += mass if zero else 0
        unknown += mass if zero is None else 0
    return quantity(certain + unknown.union(-unknown))


def _pieces(f: Node, low: float, high: float, margin: float) -> list[tuple[float, float]]:
    """The intervals between the joints and, with a margin, the narrow ones that hold the joints."""
    found = {low, high}
    for joint in pieces.joints(f):
        width = margin * max(1.0, abs(joint))
        found |= {end for end in (joint - width, joint + width) if low < end < high}
    return list(pairwise(sorted(found)))


def _mass(low: Any, high: Any) -> Any:
    """The probability of an interval of the standard normal distribution."""
    arb = require("flint", "certify").arb
    far, near = (abs(arb(end)) for end in (low, high))
    if low >= 0:  # from the tail, where the distribution function would lose its digits
        return _beyond(far) - _beyond(near)
    return _beyond(near) - _beyond(far) if high <= 0 else 1 - _beyond(far) - _beyond(near)


def _beyond(end: Any) -> Any:
    """The probability beyond a number >= 0, which may be infinite."""
    arb = require("flint", "certify").arb
    return (end / arb(2).sqrt()).erfc() / 2 if end.is_finite() else arb(0)


def _is_zero(f: Node, low: float, high: float) -> bool | None:
    """Whether f is 0 on the interval; None where neither this nor its opposite is proved."""
    piece = resolved(f, low, high)
    whole = range_of(piece, low, high)
    if whole is not None and whole[0] == whole[1] == 0:
        return True
    if not _is_analytic(piece, low, high):
        return None
    tried = (low + part * (high - low) for part in TRIED)
    return False if any(_is_not_zero(piece, at) for at in tried) else None


def _is_analytic(piece: Node, low: float, high: float) -> bool:
    """Whether the formula has no choices, and roots and logarithms of positive numbers only.

    sqrt(x**2) has no choices either, and is a line of another slope on either side of 0.
    """
    if any(node.op in CHOICES for node in walk(piece)):
        return False
    begins = ((node.args[0], BEGINS[node.op]) for node in walk(piece) if node.op in BEGINS)
    return all(sign_on(u - begin, low, high, touching=False) > 0 for u, begin in begins)


def _is_not_zero(piece: Node, at: float) -> bool:
    value = range_of(piece, at, at)
    return value is not None and bool(value[0] > 0 or value[1] < 0)


def resolved(expression: Node, low: float, high: float) -> Node:
    """The formula with each choice replaced by the branch proved to hold on the whole interval."""
    new: dict[Node, Node] = {}
    for node in walk(expand(expression, SPOKEN - {"softsign"})):
        args = tuple(new[a] for a in node.args)
        same = build(node.op, args, node.value)
        new[node] = _chosen(same, low, high)
    return new[node]


def _chosen(node: Node, low: float, high: float) -> Node:
    if node.op not in CHOICES:
        return node
    first, *rest = node.args
    if node.op == "where":
        if first.op not in ("lt", "le"):
            return node
        sign = sign_on(first.args[1] - first.args[0], low, high)
        return node if sign == 0 else rest[0] if sign > 0 else rest[1]
    sign = sign_on(first - rest[0] if rest else first, low, high)
    if sign == 0:
        return node
    if node.op == "sign":
        return const(sign)
    if node.op == "abs":
        return first if sign > 0 else -first
    return first if (sign > 0) == (node.op == "max") else rest[0]


def sign_on(difference: Node, low: float, high: float, touching: bool = True) -> int:
    """1 or -1 where a formula has this sign on the whole interval, but for single points; else 0.

    It may touch 0 if it is analytic and not 0 in the middle, for then it is 0 at single points.
    """
    touching = touching and _is_analytic(difference, low, high)
    middle = low + (high - low) / 2
    sign = _sign(difference, middle, middle, False)
    waiting = [(low, high, 0)]
    for _ in range(PARTS):
        if not waiting:
            return sign
        left, right, depth = waiting.pop()
        found = _sign(difference, left, right, touching)
        if found == -sign or (found == 0 and depth == DEPTH):
            return 0
        if found == 0:
            middle = left + (right - left) / 2
            waiting += [(left, middle, depth + 1), (middle, right, depth + 1)]
    return 0


def _sign(difference: Node, low: float, high: float, touching: bool) -> int:
    """The sign on an interval, which may include 0 if touching is allowed; 0 if unknown."""
    found = range_of(difference, low, high)
    if found is None:
        return 0
    if found[0] > 0 or (touching and found[0] >= 0):
        return 1
    return -1 if found[1] < 0 or (touching and found[1] <= 0) else 0
