"""What follows from the formula alone: a period, a symmetry, homogeneity. No number is computed.

An identity is proved by rewriting both sides to the same polynomial over the same atoms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from ogive.certify.proof.enclosure import Ball, X, coincide, constant
from ogive.certify.proof.partition import Piece, vanishes
from ogive.certify.proof.polynomials import Monomial, T, is_constant, polynomial
from ogive.certify.proof.scale import rational
from ogive.expr import PRIMITIVES, Node, rebuild, substitute, symbol, walk
from ogive.expr.node import PI
from ogive.expr.primitives import call


def period(node: Node) -> Ball | None:
    """A period of an expression in which x stands only in sines and cosines of c x + d."""
    slopes: set[tuple[Monomial, Fraction]] = set()

    def change(n: Node) -> Node | None:
        if n.op not in ("sin", "cos") or (slope := _slope(n.args[0])) is None:
            return None
        slopes.add(slope)
        return symbol("phase")

    rest = rebuild(node, change)
    if any(n is X for n in walk(rest)) or len({constants for constants, _ in slopes}) != 1:
        return None
    (constants, _), *_ = slopes
    factors = [abs(factor) for _, factor in slopes]
    common = Fraction(
        math.gcd(*(f.numerator for f in factors)), math.lcm(*(f.denominator for f in factors))
    )
    total = 2 * constant(PI) / rational(common)
    for atom, exponent in constants:
        total /= constant(atom) ** exponent
    return total


def _slope(argument: Node) -> tuple[Monomial, Fraction] | None:
    """The constants and the rational factor of c in c x + d."""
    terms = polynomial(substitute(argument, {"x": T}))
    moving = {m: c for m, c in terms.items() if not all(is_constant(a) for a, _ in m)}
    if len(moving) != 1:
        return None
    ((monomial, factor),) = moving.items()
    rest = monomial - {(T, 1)}
    return (rest, factor) if rest != monomial and all(is_constant(a) for a, _ in rest) else None


def parity(pieces: Sequence[Piece]) -> int:
    """1 for an even function, -1 for an odd one, 0 where neither follows from the formulas."""
    mirrored = list(zip(pieces, reversed(pieces), strict=True))
    if not all(coincide(p.low, -q.high) and coincide(p.high, -q.low) for p, q in mirrored):
        return 0
    for sign in (1, -1):
        if all(_equal(p.node, sign * reflected(q.node)) for p, q in mirrored):
            return sign
    return 0


def _equal(a: Node, b: Node) -> bool:
    return a is b or vanishes(a - b)


def reflected(node: Node) -> Node:
    """The expression at -x, the sign drawn out of every odd and even primitive."""

    def change(n: Node) -> Node | None:
        row = PRIMITIVES.get(n.op)
        if row is None or not row.parity or n.args[0].op != "neg":
            return None
        inner = call(n.op, n.args[0].args[0])
        return -inner if row.parity < 0 else inner

    return substitute(rebuild(substitute(node, {"x": -T}), change), {"t": X})


def homogeneous(pieces: Sequence[Piece]) -> bool:
    """Whether f(c x) = c f(x) for c > 0: every piece is a multiple of x and changes only at 0."""
    only_at_zero = all(p.high == 0 or _equal(p.node, q.node) for p, q in pairwise(pieces))
    monomials = (m for p in pieces for m in polynomial(substitute(p.node, {"x": T})))
    return only_at_zero and all(
        (T, 1) in m and all(is_constant(a) for a, _ in m - {(T, 1)}) for m in monomials
    )
