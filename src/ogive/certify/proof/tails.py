"""The tail of an expression of t: one rule for each primitive, proved for every t >= start.

Where an argument grows, a primitive is rewritten by the exact identity of its row that shows its
growth, as sigmoid(v) = exp(v) sigmoid(-v) for v to -inf, or it saturates and is held between its
value at the argument's bound and its row's limit. Where an argument decays, f(v) = f(0) + v f'(xi).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction

from ogive.certify.proof.budget import Unproved, in_time
from ogive.certify.proof.enclosure import Ball, ball, between, constant, on_reals
from ogive.certify.proof.polynomials import (
    Monomial,
    Polynomial,
    T,
    fraction,
    is_constant,
    polynomial,
)
from ogive.certify.proof.rational_forms import in_whole_powers, quotient, quotients
from ogive.certify.proof.scale import GrowthScale, rational
from ogive.certify.proof.tail_enclosure import TailEnclosure
from ogive.expr import PRIMITIVES, Node, const, symbol
from ogive.expr.node import PI
from ogive.expr.primitives import call

_V = symbol("v")
ROOT_TWO_PI = call("sqrt", 2 * PI)


#: What tends to a limit, or to its argument, as that and what decays: in the exponent of an
#: exponential, and in a sum in which it may cancel. The sign is 0 where the argument decays.
COMPLEMENTS: dict[tuple[str, int], Callable[[Node], Node]] = {
    ("sigmoid", 1): lambda v: 1 - call("sigmoid", -v),
    ("ndtr", 1): lambda v: 1 - call("ndtr", -v),
    ("erf", 1): lambda v: 1 - call("erfc", v),
    ("erf", -1): lambda v: call("erfc", -v) - 1,
    ("tanh", 1): lambda v: 1 - 2 * call("sigmoid", -2 * v),
    ("tanh", -1): lambda v: 2 * call("sigmoid", 2 * v) - 1,
    ("softplus", 1): lambda v: v + call("log1p", call("exp", -v)),
    ("hypot1", 1): lambda v: v + 1 / (call("hypot1", v) + v),
    ("hypot1", -1): lambda v: 1 / (call("hypot1", v) - v) - v,
    ("exp", 0): lambda v: 1 + call("expm1", v),
}
#: The Gaussian tails in the form exp(u(v)) / (|v| c) times a factor in [1 - 1/(a v**2), 1]
#: (Abramowitz and Stegun 7.1.23): (primitive, sign) -> u, c, a.
GAUSSIAN: dict[tuple[str, int], tuple[Callable[[Node], Node], Node, float]] = {
    ("erfc", 1): (lambda v: -(v * v), call("sqrt", PI), 2.0),
    ("ndtr", -1): (lambda v: const(-0.5) * v * v, ROOT_TWO_PI, 1.0),
}


class HalfLine:
    """The tail enclosures of expressions of t on one half-line; what is found once is kept."""

    def __init__(self, start: float) -> None:
        self.start = start
        self._found: dict[Node, TailEnclosure | None] = {}  # None while it is looked for

    def enclosure(self, node: Node) -> TailEnclosure:
        """The tail of an expression, if each rule's condition is seen to hold from start on."""
        in_time()
        if node not in self._found:
            self._found[node] = None
            try:
                self._found[node] = self._enclosure(node)
            finally:
                if self._found[node] is None:
                    del self._found[node]
        found = self._found[node]
        if found is None:
            raise Unproved("a growth that is seen in no other form")
        return found

    def _enclosure(self, node: Node) -> TailEnclosure:
        if node is T:
            return self._pure(GrowthScale(power=Fraction(1)))
        if is_constant(node):
            return self._constant(constant(node))
        rule = _RULES.get(node.op)
        if rule is not None:
            found = rule(*map(self.enclosure, node.args))
            return self._expanded(node) or found if found.sign is None else found
        if node.op == "pow":
            return self._power(node)
        if PRIMITIVES[node.op].arity != 1:
            raise Unproved(f"no rule for {node.op} far out")
        return self._function(node.op, node.args[0])

    def _expanded(self, node: Node) -> TailEnclosure | None:
        """The tail of a sum with what cancels taken out beforehand, if that gives it a sign."""
        if node.op not in ("add", "sub"):
            return None
        if (reduced := quotient(node)) is not None:
            return self.sum(reduced[0]) / self.sum(reduced[1])
        for found in self._reduced(node):
            if found.sign is not None:
                return found
        return None

    def _reduced(self, node: Node) -> Iterator[TailEnclosure]:
        """The tails of other forms of a sum."""
        terms = polynomial(node, self._grown)
        if frozenset({(node, 1)}) not in terms:  # else it is an atom itself
            yield self.sum(terms)
        for top, bottom in quotients(node):
            with suppress(Unproved):
                yield self.sum(top) / self.sum(bottom)

    def _pure(self, scale: GrowthScale) -> TailEnclosure:
        return TailEnclosure(ball(1.0), ball(1.0), self.start, scale)

    def _constant(self, value: Ball) -> TailEnclosure:
        if not value.is_finite():
            raise Unproved("an infinite constant")
        return TailEnclosure(value, value, self.start)

    def _power(self, node: Node) -> TailEnclosure:
        exponent = fraction(node.args[1])
        if exponent is None:
            return self.enclosure(call("exp", node.args[1] * call("log", node.args[0])))
        return self.enclosure(node.args[0]).power(exponent)

    def _function(self, op: str, argument: Node) -> TailEnclosure:
        inner = self.enclosure(argument)
        if op in ("abs", "sign"):
            return self._one_sided(op, inner)
        if op == "sqrt":
            return inner.power(Fraction(1, 2))
        if op == "log":
            return self._logarithm(inner)
        if op == "log1p" and inner.tendency == 0 and not _value(op, inner.factor).is_finite():
            return self.enclosure(call("log", 1 + argument))
        if op == "exp":
            return self._exponential(argument, inner)
        if inner.tendency <= 0:
            return self._bounded(op, inner)
        if op in ("sin", "cos"):
            return inner.mapped(ball(math.inf).sin(), None)  # exactly from -1 to 1
        return self._far(op, argument, inner)

    def _one_sided(self, op: str, inner: TailEnclosure) -> TailEnclosure:
        """The absolute value or the sign of a function of one sign."""
        if inner.sign is None:
            raise Unproved("the absolute value or the sign of a function of either sign")
        side = ball(float(inner.sign))
        return inner.times(side) if op == "abs" else inner.mapped(side, side)

    def _bounded(self, op: str, inner: TailEnclosure) -> TailEnclosure:
        """A primitive of a bounded argument; of one that decays, f(0) + v f'(xi)."""
        if inner.tendency == 0:
            limit = None if inner.limit is None else _value(op, inner.limit)
            return _finite(inner.mapped(_value(op, inner.factor), limit))
        at_zero, box = _value(op, ball(0.0)), between(ball(0.0), inner.held)
        if at_zero != 0:
            return _finite(inner.mapped(_value(op, box), at_zero))
        slope, limit = _slope(op, box), _slope(op, ball(0.0))
        return _finite(inner * inner.mapped(slope, limit))

    def _far(self, op: str, argument: Node, inner: TailEnclosure) -> TailEnclosure:
        """A primitive of an argument that grows to an infinity of one sign."""
        if inner.sign is None:
            raise Unproved("an argument that may go to either infinity")
        key, row = (op, inner.sign), PRIMITIVES[op]
        form = row.right if inner.sign > 0 else row.left
        if callable(form):
            return self.enclosure(form(argument))
        low, high = inner.ends
        nearest = low if inner.sign > 0 else high
        if key in GAUSSIAN:
            exponent, factor, a = GAUSSIAN[key]
            held = between(1 - 1 / (ball(a) * nearest * nearest), ball(1.0))
            shape = call("exp", exponent(argument)) / (factor * argument)
            return self.enclosure(shape) * inner.mapped(held * inner.sign, ball(float(inner.sign)))
        if form is not None:
            limit = constant(form)
            return inner.mapped(between(_value(op, nearest), limit), limit)
        raise Unproved(f"no rule for {op} of an argument that grows")

    def _logarithm(self, inner: TailEnclosure) -> TailEnclosure:
        """u(t) + p log t + r log log t + log c; the third is left to formulas nobody wrote."""
        if inner.scale.logs or inner.sign != 1:
            raise Unproved("the logarithm of a logarithm, or of what is not positive")
        limit = None if inner.limit is None else inner.limit.log()
        total = inner.mapped(_value("log", inner.factor), limit)
        if inner.scale.power:
            logarithm = self._pure(GrowthScale(logs=Fraction(1)))
            total += logarithm.times(rational(inner.scale.power))
        return total + self.sum(dict(inner.scale.exponent))

    def _exponential(self, argument: Node, inner: TailEnclosure) -> TailEnclosure:
        """The growing terms of the exponent go to the scale, the others to the factor."""
        if inner.tendency <= 0:
            return self._bounded("exp", inner)
        terms = in_whole_powers(argument) or polynomial(argument, self._grown)
        growing = {m: c for m, c in terms.items() if self._monomial(m).tendency > 0}
        rest = self.sum({m: c for m, c in terms.items() if m not in growing})
        found = self._bounded("exp", rest)
        for monomial, factor in list(growing.items()):
            scale = self._monomial(monomial).scale
            if not (scale.exponent or scale.power):
                ((logarithm, power), *others) = monomial
                if others or power > 1 or logarithm.op != "log":
                    raise Unproved("the exponential of a power of a logarithm")
                found *= self.enclosure(logarithm.args[0]).power(factor)
                del growing[monomial]
        return self._pure(GrowthScale(frozenset(growing.items()))) * found

    def _grown(self, node: Node) -> Node | None:
        """Another form of a part of an exponent that shows how the part grows."""
        if not any(op == node.op for op, _ in COMPLEMENTS):
            return None
        inner = self.enclosure(node.args[0])
        if inner.tendency == 0 or inner.sign is None:
            return None
        form = COMPLEMENTS.get((node.op, inner.sign if inner.tendency > 0 else 0))
        return form(node.args[0]) if form else None

    def sum(self, terms: Polynomial) -> TailEnclosure:
        """The tail of a polynomial over atoms."""
        total = self._constant(ball(0.0))
        for monomial, factor in terms.items():
            total += self._monomial(monomial).times(rational(factor))
        return total

    def _monomial(self, monomial: Monomial) -> TailEnclosure:
        product = self._constant(ball(1.0))
        for atom, exponent in monomial:
            for _ in range(exponent):
                product *= self.enclosure(atom)
        return product


def _finite(tail: TailEnclosure) -> TailEnclosure:
    if not tail.factor.is_finite():
        raise Unproved("a function that is not bounded where its argument is")
    return tail


def _value(op: str, x: Ball) -> Ball:
    value: Ball = on_reals((call(op, _V),), ("v",))(x)[0]
    return value


def _slope(op: str, x: Ball) -> Ball:
    (partial,) = PRIMITIVES[op].partials(call(op, _V), _V)
    value: Ball = on_reals((partial,), ("v",))(x)[0]
    return value


_RULES: dict[str, Callable[..., TailEnclosure]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "neg": lambda a: -a,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
}
