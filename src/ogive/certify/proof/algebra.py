"""What follows from the formula alone: a period, a symmetry, homogeneity. No number is computed.

An identity is proved by rewriting both sides to the same polynomial over the same atoms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from ogive.certify.proof.enclosure import Ball, X, ball, constant
from ogive.certify.proof.partition import Piece
from ogive.certify.proof.polynomials import Monomial, Polynomial, T, is_constant, polynomial
from ogive.certify.proof.scale import rational
from ogive.expr import PRIMITIVES, Node, rebuild, substitute, symbol, walk
from ogive.expr.node import PI
from ogive.expr.primitives import call


def period(node: Node) -> Ball | None:
    """A period of an expression in which x stands only in sines and cosines of c x + d.

    Example:
        >>> from ogive.certify.proof.enclosure import ball_arithmetic
        >>> from ogive.expr import parse
        >>> with ball_arithmetic():
        ...     round(float(period(parse("sin(x)**2 + cos(3 * x)"))), 6)
        6.283185
    """
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
    return _product(constants) * 2 * constant(PI) / rational(common)


def _slope(argument: Node) -> tuple[Monomial, Fraction] | None:
    """The constants and the rational factor of c in c x + d."""
    terms = polynomial(substitute(argument, {"x": T}))
    moving = {m: c for m, c in terms.items() if not all(is_constant(a) for a, _ in m)}
    if len(moving) != 1:
        return None
    ((monomial, factor),) = moving.items()
    rest = monomial - {(T, 1)}
    return (rest, factor) if rest != monomial and all(is_constant(a) for a, _ in rest) else None


def _product(constants: Monomial) -> Ball:
    """The reciprocal of the product of constants."""
    total = ball(1.0)
    for atom, exponent in constants:
        total /= constant(atom) ** exponent
    return total


def parity(pieces: Sequence[Piece]) -> int:
    """1 for an even function, -1 for an odd one, 0 where neither follows from the formulas."""
    return next((sign for sign in (1, -1) if _is_symmetric(pieces, sign)), 0)


def _is_symmetric(pieces: Sequence[Piece], sign: int) -> bool:
    mirrored = list(zip(pieces, reversed(pieces), strict=True))
    return all(_opposite(p, q) and _equal(p.node, sign * reflected(q.node)) for p, q in mirrored)


def _opposite(p: Piece, q: Piece) -> bool:
    ends = ((p.low, -q.high), (p.high, -q.low))
    return all(bool(a == b) or bool(a.overlaps(b) and a.is_finite()) for a, b in ends)


def _equal(a: Node, b: Node) -> bool:
    return a is b or _polynomial(a - b) == {}


def _polynomial(node: Node) -> Polynomial:
    return polynomial(substitute(node, {"x": T}))


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
    return only_at_zero and all(_is_multiple_of_x(p.node) for p in pieces)


def _is_multiple_of_x(node: Node) -> bool:
    return all(
        (T, 1) in m and all(is_constant(a) for a, _ in m - {(T, 1)}) for m in _polynomial(node)
    )
