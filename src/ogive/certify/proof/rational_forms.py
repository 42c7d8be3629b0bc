"""Expressions as quotients of polynomials in t, exponentials, roots and other atoms, exactly.

Apart because far out, and beside a pole, the leading terms of a sum of quotients cancel: the growth
of exp(t)/(1 + exp(t)) - (exp(t)/(1 + exp(t)))**2 shows only in lowest terms. Exponentials of one
argument are powers of one atom, and squares of roots are replaced by what stands under them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

from ogive.certify.proof.budget import in_time
from ogive.certify.proof.polynomials import (
    COEFFICIENT_BITS,
    UNIT,
    Monomial,
    Polynomial,
    T,
    fraction,
    polynomial,
    rational_value,
)
from ogive.errors import require
from ogive.expr import Node, const, rebuild, walk
from ogive.expr.node import ONE
from ogive.expr.primitives import call

#: Primitives that are rational functions of exponentials and roots.
_FORMS: dict[str, Callable[[Node], Node]] = {
    "expm1": lambda v: call("exp", v) - 1,
    "sigmoid": lambda v: 1 / (1 + call("exp", -v)),
    "dsigmoid": lambda v: call("exp", v) / (1 + call("exp", v)) ** 2,
    "tanh": lambda v: 1 - 2 / (1 + call("exp", 2 * v)),
    "sech": lambda v: 2 * call("exp", v) / (1 + call("exp", 2 * v)),
    "sinh": lambda v: (call("exp", v) - call("exp", -v)) / 2,
    "cosh": lambda v: (call("exp", v) + call("exp", -v)) / 2,
    "hypot1": lambda v: call("sqrt", 1 + v * v),
    "rhypot": lambda v: 1 / call("sqrt", 1 + v * v),
    "algebraic": lambda v: v / call("sqrt", 1 + v * v),
}
#: Powers beyond this are left as they are, and so are quotients with more terms or of a higher
#: degree: flint's arithmetic is not interrupted.
_DEGREE, _TERMS, _TOTAL_DEGREE = 64, 200, 256
#: Numerator and denominator as polynomials of flint.
Pair = tuple[Any, Any]


class QuotientField:
    """The field of quotients in which expressions lie, their atoms and the roots among them."""

    def __init__(self, *nodes: Node) -> None:
        self.nodes = [rebuild(node, _rational_form) for node in nodes]
        self._units: dict[Monomial, int] = {}
        self._atoms: dict[Node, int] = {}
        for node in walk(*self.nodes):
            if node.op == "exp":
                for monomial, factor in polynomial(node.args[0]).items():
                    known = self._units.get(monomial, 1)
                    self._units[monomial] = math.lcm(known, factor.denominator)
        for node in walk(*self.nodes):
            if node.op == "exp":
                for monomial in polynomial(node.args[0]):
                    self._index(self._exponential(monomial))
            elif node.op not in _OPERATIONS and rational_value(node) is None:
                self._index(node)
        flint = require("flint", "certify")
        names = tuple(f"a{i}" for i in range(max(len(self._atoms), 1)))
        context = flint.fmpq_mpoly_ctx.get(names, flint.Ordering.lex)
        self.gens, self.one = context.gens(), context.constant(1)
        self._found: dict[Node, Pair] = {}

    def _index(self, atom: Node) -> int:
        return self._atoms.setdefault(atom, len(self._atoms))

    def _exponential(self, monomial: Monomial) -> Node:
        """The atom of which exponentials of multiples of a monomial are powers."""
        return call("exp", from_terms({monomial: Fraction(1, self._units[monomial])}))

    @cached_property
    def atoms(self) -> list[Node]:
        return list(self._atoms)

    @cached_property
    def roots(self) -> list[int]:
        """The places of square roots among the atoms, those that stand in others last."""
        return [i for i, atom in enumerate(self.atoms) if atom.op == "sqrt"][::-1]

    def pair(self, node: Node) -> Pair:
        """Numerator and denominator, without a common factor and with no root below."""
        top, bottom = self._of(node)
        for i in self.roots:
            top, bottom = self._without_root(top, bottom, i)
        return _lowest(top, bottom)

    def conjugates(self, pair: Pair) -> Iterator[Pair]:
        """(A + B S) / D as (A**2 - B**2 S**2) / ((A - B S) D), for each root S there is."""
        for i in self.roots:
            u, v = self._of(self.atoms[i].args[0])
            (a, b), scale = self._split(pair[0], i)
            top = _times(a, a, v) - _times(b, b, u)
            if a != 0 and b != 0 and top != 0:  # else A - B S or A + B S is 0, and which is open
                yield top, _times(a - b * self.gens[i], pair[1], v, scale)

    def _of(self, node: Node) -> Pair:
        if node not in self._found:
            in_time()
            self._found[node] = _lowest(*self._pair(node))
        return self._found[node]

    def _pair(self, node: Node) -> Pair:
        value = rational_value(node)
        if value is not None:
            flint = require("flint", "certify")
            return self.one * flint.fmpq(value.numerator, value.denominator), self.one
        if node.op == "exp":
            return self._product(
                (self._exponential(m), c * self._units[m])
                for m, c in polynomial(node.args[0]).items()
            )
        if node.op in _OPERATIONS:
            pairs = [self._of(a) for a in node.args]
            return _OPERATIONS[node.op](*pairs[0], *pairs[-1])
        return self._product([(node, Fraction(1))])

    def _product(self, powers: Any) -> Pair:
        top = bottom = self.one
        for atom, exponent in powers:
            if abs(exponent) > _DEGREE:
                raise OverflowError
            power = self.gens[self._index(atom)] ** abs(int(exponent))
            top, bottom = (top * power, bottom) if exponent > 0 else (top, bottom * power)
        return top, bottom

    def _without_root(self, top: Any, bottom: Any, i: int) -> Pair:
        """The same with the squares of a root gone, and the root itself gone from the bottom."""
        root, (u, v) = self.gens[i], self._of(self.atoms[i].args[0])
        (a, b), above = self._split(top, i)
        (c, d), below = self._split(bottom, i)
        if d != 0:
            a, b = _times(a, c, v) - _times(b, d, u), _times(b * c - a * d, v)
            c = _times(c, c, v) - _times(d, d, u)
        return _times(a + b * root, below), _times(c, above)

    def _split(self, poly: Any, i: int) -> tuple[Pair, Any]:
        """(A, B), C with the polynomial (A + B S) / C, in which no root S is left."""
        u, v = self._of(self.atoms[i].args[0])
        terms = poly.to_dict()
        most = max((powers[i] // 2 for powers in terms), default=0)
        over, under = (list(_powers(self.one, base, most)) for base in (u, v))
        parts = [self.one * 0, self.one * 0]
        for powers, factor in terms.items():
            half, odd = divmod(powers[i], 2)
            rest = self.one * factor
            for j, power in enumerate(powers):
                if j != i and power:
                    rest *= self.gens[j] ** power
            parts[odd] += _times(rest, over[half], under[most - half])
        return (parts[0], parts[1]), under[most]

    def terms(self, poly: Any) -> Polynomial:
        return {
            frozenset((self.atoms[i], int(k)) for i, k in enumerate(powers) if k): Fraction(
                int(factor.p), int(factor.q)
            )
            for powers, factor in poly.to_dict().items()
        }


def _rational_form(node: Node) -> Node | None:
    if node.op in _FORMS:
        return rebuild(_FORMS[node.op](*node.args), _rational_form)
    exponent = fraction(node.args[1]) if node.op == "pow" else None
    if exponent is None or abs(exponent) > _DEGREE or exponent.denominator > 2:
        return None
    base = node.args[0] if exponent.denominator == 1 else call("sqrt", node.args[0])
    product = ONE
    for _ in range(abs(exponent.numerator)):
        product *= base
    return product if exponent > 0 else 1 / product


_OPERATIONS: dict[str, Callable[..., Pair]] = {
    "add": lambda a, b, c, d: (a * d + c * b, b * d),
    "sub": lambda a, b, c, d: (a * d - c * b, b * d),
    "mul": lambda a, b, c, d: (a * c, b * d),
    "div": lambda a, b, c, d: (a * d, b * c),
    "neg": lambda a, b, *_: (-a, b),
}


def _times(first: Any, *others: Any) -> Any:
    """The product of polynomials, if no more terms are multiplied than of two small ones."""
    for other in others:
        if len(first) * len(other) > _TERMS**2:
            raise OverflowError
        first = first * other
    return first


def _powers(one: Any, base: Any, most: int) -> Iterator[Any]:
    """The powers of a polynomial from 0 to the highest wanted."""
    yield (power := one)
    for _ in range(most):
        yield (power := _times(power, base))


def _is_small(poly: Any) -> bool:
    return bool(len(poly) <= _TERMS and poly.total_degree() <= _TOTAL_DEGREE) and all(
        max(c.p.bit_length(), c.q.bit_length()) <= COEFFICIENT_BITS for c in poly.coeffs()
    )


def _lowest(top: Any, bottom: Any) -> Pair:
    if bottom == 0:
        raise ZeroDivisionError
    if not (_is_small(top) and _is_small(bottom)):
        raise OverflowError
    common = top.gcd(bottom)
    return top // common, bottom // common


@lru_cache(maxsize=4096)
def quotients(node: Node) -> tuple[tuple[Polynomial, Polynomial], ...]:
    """Numerator and denominator in lowest terms, then the same with other roots below.

    Nothing for what is too large, or divides by 0.
    """
    try:
        field = QuotientField(node)
        first = field.pair(field.nodes[0])
        pairs = [first, *field.conjugates(first)]
    except (OverflowError, ZeroDivisionError):
        return ()
    return tuple((field.terms(top), field.terms(bottom)) for top, bottom in pairs)


def quotient(node: Node) -> tuple[Polynomial, Polynomial] | None:
    """Numerator and denominator in lowest terms; None for what is no rational function of t."""
    if any(
        n.op not in _OPERATIONS and n is not T and rational_value(n) is None for n in walk(node)
    ):
        return None
    found = quotients(node)
    return found[0] if found else None


def in_whole_powers(node: Node) -> Polynomial | None:
    """A quotient of polynomials of t that is itself one; None for what is none."""
    found = quotient(node)
    if found is None or set(found[1]) != {UNIT}:
        return None
    return {m: c / found[1][UNIT] for m, c in found[0].items()}


def factors(node: Node) -> list[Node]:
    """Expressions of which one is 0 wherever a quotient is, none of them a power of another."""
    try:
        field = QuotientField(node)
        top, _ = field.pair(field.nodes[0])
        parts = [] if field.roots else top.factor_squarefree()[1]
        return [from_terms(field.terms(part)) for part, _ in parts]
    except (OverflowError, ZeroDivisionError):
        return []


@lru_cache(maxsize=1024)
def as_quotient(
    node: Node, vanishing: frozenset[Node]
) -> tuple[Node, Node, dict[Node, int]] | None:
    """Numerator and denominator in lowest terms, and the powers of some expressions beside them."""
    try:
        roots = sorted(vanishing, key=_text)
        field = QuotientField(node, *roots)
        parts = list(field.pair(field.nodes[0]))
        powers = dict.fromkeys(roots, 0)
        for root, form in zip(roots, field.nodes[1:], strict=True):
            divisor = field.pair(form)[0]
            for i, sign in enumerate((1, -1)):
                while parts[i].total_degree() >= divisor.total_degree() > 0:
                    whole, rest = divmod(parts[i], divisor)
                    if rest != 0:
                        break
                    parts[i] = whole
                    powers[root] += sign
        top, bottom = (from_terms(field.terms(part)) for part in parts)
    except (OverflowError, ZeroDivisionError):
        return None
    return top, bottom, powers


def _exact(value: int) -> Node:
    if Fraction(float(value)) != value:
        raise OverflowError
    return const(float(value))


@lru_cache(maxsize=1024)
def _text(atom: Node) -> str:
    return repr(atom)


def from_terms(terms: Polynomial) -> Node:
    total = const(0.0)
    for monomial, factor in terms.items():
        product = _exact(factor.numerator) / _exact(factor.denominator)
        for atom, exponent in sorted(monomial, key=lambda pair: _text(pair[0])):
            for _ in range(exponent):
                product = product * atom
        total = total + product
    return total
