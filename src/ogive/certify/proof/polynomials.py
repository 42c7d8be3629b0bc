"""Expressions of t as polynomials with rational coefficients, over whatever is no polynomial.

Apart because exponents are compared exactly: exp(-x**2 / 2) and exp(-0.5 * x * x) must be seen to
be one and the same. The atoms are t, constants that no rational number is (pi, sqrt(2)) and every
part of the expression that is no sum or product.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction

from ogive.certify.proof.budget import in_time
from ogive.expr import Node, symbol, walk
from ogive.expr.node import ONE, build, constant_value

T = symbol("t")
#: Atom -> exponent, as a hashable set of pairs.
Monomial = frozenset[tuple[Node, int]]
Polynomial = dict[Monomial, Fraction]
UNIT: Monomial = frozenset()
#: A product of sums with more terms than this stays an atom, and so does what is of a higher degree
#: or has a coefficient of more bits: ((1e300*x)**16)**16 and on doubles them with every operation.
TERMS, DEGREE, COEFFICIENT_BITS = 32, 1024, 1 << 13


def is_constant(node: Node) -> bool:
    return all(n.op != "symbol" for n in walk(node))


def polynomial(node: Node, rewrite: Callable[[Node], Node | None] = lambda _: None) -> Polynomial:
    """The expression as a polynomial; ``rewrite`` may give another form of a part beforehand.

    Example:
        >>> from ogive.expr import parse
        >>> polynomial(parse("t * (t - 0.5) + 0.5 * t", ["t"])) == {frozenset({(T, 2)}): 1}
        True
    """
    return _known(node, rewrite, {})


def _known(
    node: Node, rewrite: Callable[[Node], Node | None], found: dict[Node, Polynomial]
) -> Polynomial:
    """The polynomial of an expression, that of a part which stands in many places made once."""
    if node not in found:
        in_time()
        found[node] = _made(node, rewrite, found)
    return found[node]


def _made(
    node: Node, rewrite: Callable[[Node], Node | None], found: dict[Node, Polynomial]
) -> Polynomial:
    value = rational_value(node)
    if value is not None:
        return {UNIT: value} if value else {}
    again = rewrite(node)
    if again is not None:
        return _known(again, rewrite, found)
    if operands := _operands(node):
        made = _RULES[node.op](*(_known(a, rewrite, found) for a in operands))
        if _is_small(made):
            return made
    return {frozenset({(node, 1)}): Fraction(1)}


def _is_small(terms: Polynomial) -> bool:
    return len(terms) <= TERMS and all(
        sum(exponent for _, exponent in m) <= DEGREE
        and max(c.numerator.bit_length(), c.denominator.bit_length()) <= COEFFICIENT_BITS
        for m, c in terms.items()
    )


def rational_value(node: Node) -> Fraction | None:
    """The value of a finite constant, of a quotient of two or of the root of a square."""
    if node.op == "div":
        a, b = map(rational_value, node.args)
        return a / b if a is not None and b else None
    if node.op == "sqrt":
        return _root(rational_value(node.args[0]))
    value = constant_value(node)
    return Fraction(value) if value is not None and math.isfinite(value) else None


def fraction(node: Node) -> Fraction | None:
    """The value of an expression without symbols, where it is seen to be rational."""
    if not is_constant(node):
        return None
    terms = polynomial(node)
    return terms.get(UNIT, Fraction(0)) if terms.keys() <= {UNIT} else None


def _root(value: Fraction | None) -> Fraction | None:
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
    total = {m: a.get(m, Fraction(0)) + b.get(m, Fraction(0)) for m in (*a, *b)}
    return {m: c for m, c in total.items() if c}


def multiple(a: Mapping[Monomial, Fraction], factor: Fraction) -> Polynomial:
    return {m: c * factor for m, c in a.items()} if factor else {}


def multiply(a: Polynomial, b: Polynomial) -> Polynomial:
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
