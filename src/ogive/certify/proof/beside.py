"""Expressions of x beside a point, as tails of t = 1/|x - point|: a zero of any order, then a pole.

Apart because a substitution shows what cancels only at a float. Here an expression that vanishes is
its first derivative that does not, over the way to the point (Taylor's theorem); at a point that no
float is, it vanishes if it is a multiple of that by which the point was found.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction

from ogive.certify.proof.budget import Unproved
from ogive.certify.proof.enclosure import Ball, X, ball, between, enclosed, sign_of
from ogive.certify.proof.polynomials import Monomial, is_constant, polynomial
from ogive.certify.proof.rational_forms import as_quotient
from ogive.certify.proof.scale import GrowthScale
from ogive.certify.proof.search import MULTIPLICITY
from ogive.certify.proof.tail_enclosure import TailEnclosure
from ogive.certify.proof.tails import HalfLine
from ogive.expr import Node


class Roots:
    """Expressions that are 0 at a point, and their multiples."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = frozenset(nodes)
        self._known = {_direction(node) for node in self.nodes}

    def __contains__(self, node: Node) -> bool:
        return node in self.nodes or (bool(self._known) and _direction(node) in self._known)


def _direction(node: Node) -> frozenset[object]:
    """The same for two expressions that differ by a rational factor."""
    terms = polynomial(node)
    lead = terms[max(terms, key=_place)] if terms else Fraction(1)
    return frozenset((m, c / lead) for m, c in terms.items())


def _place(monomial: Monomial) -> list[tuple[int, int]]:
    """Its place in an order in which no two are equal."""
    return sorted((id(atom), exponent) for atom, exponent in monomial)


class Beside(HalfLine):
    """The tail enclosures of expressions of x from one side of a point; t is 1/|x - point|."""

    def __init__(self, point: Ball, side: int, start: float, roots: frozenset[Node]) -> None:
        super().__init__(start)
        self.point, self.side, self.roots = point, side, Roots(roots)
        self.box = between(point, point - side / ball(start))

    def _enclosure(self, node: Node) -> TailEnclosure:
        if is_constant(node):
            return super()._enclosure(node)
        if node in self.roots:
            return self._vanishing(node, 1)
        values = enclosed(node).at(self.box)
        if values.is_finite() and sign_of(values):
            return TailEnclosure(values, enclosed(node).at(self.point), self.start)
        if enclosed(node).at(self.point) == 0:
            with suppress(Unproved):
                return self._vanishing(node, 1)
        if node is X:
            return TailEnclosure(values, self.point, self.start)
        return super()._enclosure(node)

    def _reduced(self, node: Node) -> Iterator[TailEnclosure]:
        """The tail of a sum in lowest terms, powers of what vanishes here drawn out."""
        if (found := as_quotient(node, self.roots.nodes)) is None or found[0] is node:
            return
        top, bottom, powers = found
        tail = self.enclosure(top) / self.enclosure(bottom)
        for root, exponent in powers.items():
            for _ in range(abs(exponent)):
                vanishing = self.enclosure(root)
                tail = tail * vanishing if exponent > 0 else tail / vanishing
        yield tail

    def _vanishing(self, node: Node, known: int) -> TailEnclosure:
        """f(x) = f^(k)(xi) (x - point)**k / k! with the lowest k at which it is not 0."""
        for k in range(known, MULTIPLICITY + 1):
            derivative = enclosed(node).derivative(k)
            at_point = derivative.at(self.point)
            if at_point != 0:
                factor = ball((-self.side) ** k) / math.factorial(k)
                scale = GrowthScale(power=Fraction(-k))
                over = derivative.with_slope(self.box)[0] * factor
                if sign_of(over):
                    return TailEnclosure(over, at_point * factor, self.start, scale)
                break
        raise Unproved("the order of a zero")
