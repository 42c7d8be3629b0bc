"""Power series by Horner's rule, and other forms for the places where the closed one cancels."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import factorial

from ogive.expr import Node, as_node
from ogive.expr.functions import algebraic, sqrt, where

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


def inverse_root(x: Node, alpha: Node) -> Node:
    """x / sqrt(1 + alpha x**2), whose derivative in a small alpha would cancel."""
    curved = algebraic(sqrt(alpha) * x) / sqrt(alpha)
    size = alpha * x * x
    return where(alpha > 0.01, curved, where(size < 1, x / sqrt(1 + size), curved))
