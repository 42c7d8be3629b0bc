"""Expressions of t as polynomials with rational coefficients, over whatever is no polynomial.

Apart because exponents are compared exactly: exp(-x**2 / 2) and exp(-0.5 * x * x) must be seen to
be one and the same. The atoms are t, constants that no rational number is (pi, sqrt(2)) and every
part of the expression that is no sum or product. A quotient is reduced exactly, because the
derivatives of one are sums in which the leading terms cancel: their growth shows only in lowest
terms.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from ogive.errors import require
from ogive.expr import Node, symbol, walk
from ogive.expr.node import ONE, build, constant_value

T = symbol("t")
#: Atom -> exponent, as a hashable set of pairs.
Monomial = frozenset[tuple[Node, int]]
Polynomial = dict[Monomial, Fraction]
UNIT: Monomial = frozenset()
#: A product of sums with more terms than this stays an atom.
TERMS = 32


def is_constant(node: Node) -> bool:
    """Whether the expression holds no symbol."""
    return all(n.op != "symbol" for n in walk(node))


def polynomial(node: Node, rewrite: Callable[[Node], Node | None] = lambda _: None) -> Polynomial:
    """The expression as a polynomial; ``rewrite`` may give another form of a part beforehand.

    Example:
        >>> from ogive.expr import parse
        >>> polynomial(parse("t * (t - 0.5) + 0.5 * t", ["t"])) == {frozenset({(T, 2)}): 1}
        True
    """
    value = _rational(node)
    if value is not None:
        return {UNIT: value} if value else {}
    again = rewrite(node)
    if again is not None:
        return polynomial(again, rewrite)
    if operands := _operands(node):
        found = _RULES[node.op](*(polynomial(a, rewrite) for a in operands))
        if len(found) <= TERMS:
            return found
    return {frozenset({(node, 1)}): Fraction(1)}


def _rational(node: Node) -> Fraction | None:
    """The value of a finite constant, of a quotient of two or of the root of a square."""
    if node.op == "div":
        a, b = map(_rational, node.args)
        return a / b if a is not None and b else None
    if node.op == "sqrt":
        return _root(_rational(node.args[0]))
    value = constant_value(node)
    return Fraction(value) if value is not None and math.isfinite(value) else None


def _root(value: Fraction | None) -> Fraction | None:
    """The square root where it is rational."""
    if value is None or value < 0:
        return None
    root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    return root if root * root == value else None


def _operands(node: Node) -> tuple[Node, ...]:
    """What a sum or product is made of; nothing for an atom.

    A division by a constant is a product with its reciprocal.
    """
    if node.op == "div" and node.args[0] is not ONE and is_constant(node.args[1]):
        return node.args[0], build("div", (ONE, node.args[1]))
    return node.args if node.op in _RULES and node.op != "div" else ()


def plus(a: Mapping[Monomial, Fraction], b: Mapping[Monomial, Fraction]) -> Polynomial:
    """The sum, without terms that cancel."""
    total = {m: a.get(m, Fraction(0)) + b.get(m, Fraction(0)) for m in (*a, *b)}
    return {m: c for m, c in total.items() if c}


def multiple(a: Mapping[Monomial, Fraction], factor: Fraction) -> Polynomial:
    """The product with a rational number."""
    return {m: c * factor for m, c in a.items()} if factor else {}


def multiply(a: Polynomial, b: Polynomial) -> Polynomial:
    """The product."""
    total: Polynomial = {}
    for m, c in a.items():
        for n, d in b.items():
            powers = Counter(dict(m)) + Counter(dict(n))
            total = plus(total, {frozenset(powers.items()): c * d})
    return total


_RULES: dict[str, Callable[..., Polynomial]] = {
    "add": plus,
    "sub": lambda a, b: plus(a, multiple(b, Fraction(-1))),
    "neg": lambda a: multiple(a, Fraction(-1)),
    "mul": multiply,
    "div": multiply,
}


#: Numerator and denominator without a common factor, as polynomials of flint.
Quotient = tuple[Any, Any]


def quotient(node: Node) -> tuple[Polynomial, Polynomial] | None:
    """Numerator and denominator in lowest terms; None for what is no rational function of t."""
    found = _quotient(node)
    return None if found is None else (_terms(found[0]), _terms(found[1]))


def in_whole_powers(node: Node) -> Polynomial | None:
    """A quotient of polynomials of t that is itself one; None for what is none."""
    found = quotient(node)
    if found is None or set(found[1]) != {UNIT}:
        return None
    return multiple(found[0], 1 / found[1][UNIT])


def _terms(poly: Any) -> Polynomial:
    coefficients = [Fraction(int(c.p), int(c.q)) for c in poly.coeffs()]
    return {frozenset({(T, k)} if k else ()): c for k, c in enumerate(coefficients) if c}


@lru_cache(maxsize=4096)
def _quotient(node: Node) -> Quotient | None:
    fmpq, fmpq_poly = (getattr(require("flint", "certify"), n) for n in ("fmpq", "fmpq_poly"))
    one = fmpq_poly([1])
    if node is T:
        return fmpq_poly([0, 1]), one
    value = constant_value(node)
    if value is not None:
        exact = value.as_integer_ratio() if math.isfinite(value) else None
        return None if exact is None else (fmpq_poly([fmpq(*exact)]), one)
    args = [_quotient(a) for a in node.args]
    if node.op not in ("add", "sub", "neg", "mul", "div") or any(a is None for a in args):
        return None
    return _combined(node.op, [a for a in args if a is not None])


def _combined(op: str, args: list[Quotient]) -> Quotient | None:
    (a, b), (c, d) = args[0], args[-1]
    if op == "neg":
        return -a, b
    top, bottom = {
        "add": (a * d + c * b, b * d),
        "sub": (a * d - c * b, b * d),
        "mul": (a * c, b * d),
        "div": (a * d, b * c),
    }[op]
    common = top.gcd(bottom)
    return (top // common, bottom // common) if bottom != 0 else None
