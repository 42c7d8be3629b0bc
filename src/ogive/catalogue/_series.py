"""Power series by Horner's rule, for the places where every closed form cancels."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import factorial

from ogive.expr import Node, as_node

Coefficient = Node | float


def polynomial(x: Node, coefficients: Sequence[Coefficient]) -> Node:
    """c0 + x (c1 + x (c2 + ...))."""
    total = as_node(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = coefficient + x * total
    return total


def sine_over_x(square: Node, terms: int) -> Node:
    """sin(x)/x from the square of x."""
    exact = [Fraction((-1) ** k, factorial(2 * k + 1)) for k in range(terms)]
    return polynomial(square, [float(c) for c in exact])
