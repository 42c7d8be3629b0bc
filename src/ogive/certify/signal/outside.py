"""How little of an expectation lies far out: tails of formulas times the normal density.

The enclosures of ``proof.tails`` serve here too. Only the size matters, so where the sign of an
argument or of a condition is not known, a bound will do. What outgrows the density, exp(x**2) say,
has none.
"""

from __future__ import annotations

import math
from fractions import Fraction

from ogive.certify.pieces import (
    BINARY,
    UNARY,
    branch,
    decider,
    in_known_primitives,
    without_infinity,
)
from ogive.certify.proof.budget import Unproved
from ogive.certify.proof.enclosure import Ball, ball, between
from ogive.certify.proof.polynomials import T
from ogive.certify.proof.scale import GrowthScale
from ogive.certify.proof.tail_enclosure import TailEnclosure
from ogive.certify.proof.tails import HalfLine
from ogive.certify.signal.analytic import PIECEWISE
from ogive.errors import require
from ogive.expr import PRIMITIVES, Node, rebuild, substitute
from ogive.expr.primitives import call

#: What the ends of a primitive, which are floats, may be off by.
_ROUNDING = 2.0**-52
#: Primitives f with |f(v)| <= 1 + |v|, and those with |f(v)| <= 1 + exp(|v|).
SLOW, FAST = ("softplus", "hypot1", "asinh"), ("expm1", "sinh", "cosh")


class Majorant(HalfLine):
    """Tail enclosures where the size alone matters; a factor may hold what is never reached."""

    def of(self, node: Node) -> TailEnclosure:
        known = without_infinity(in_known_primitives(node))
        return self.enclosure(rebuild(known, self._resolved))

    def _resolved(self, node: Node) -> Node | None:
        if node.op not in UNARY | BINARY:
            return None
        try:
            side = self.enclosure(decider(node)).sign
        except Unproved:
            return None
        return None if side is None else branch(node.op, side, node.args)

    def _enclosure(self, node: Node) -> TailEnclosure:
        if node.op not in PIECEWISE:
            return super()._enclosure(node)
        options = [self.enclosure(a) for a in node.args[-2:]]
        if node.op in ("sign", "softsign"):
            return options[0].mapped(between(ball(-1.0), ball(1.0)), None)
        return options[0].union(-options[0] if node.op == "abs" else options[1])

    def _function(self, op: str, argument: Node) -> TailEnclosure:
        try:
            found = super()._function(op, argument)
            found.tendency  # noqa: B018 - asking is what tells
        except Unproved:
            return self._bounding(op, argument)
        return found

    def _bounding(self, op: str, argument: Node) -> TailEnclosure:
        """A function of which no more than a bound is known."""
        inner, unit = self.enclosure(argument), between(ball(-1.0), ball(1.0))
        low, high = PRIMITIVES[op].ends
        if math.isfinite(high - low):
            return inner.mapped(between(ball(low), ball(high)) * (1 + _ROUNDING), None)
        if op == "exp":
            return self._below_a_power(inner)
        if op == "log1p" and argument.op == "exp":  # a softplus in other words
            op, argument = "softplus", argument.args[0]
        if op in SLOW:
            return self.enclosure(1 + abs(argument)).times(unit)
        if op in FAST:
            return self.enclosure(1 + call("exp", abs(argument))).times(unit)
        raise Unproved(f"a bound of {op}")

    def _below_a_power(self, exponent: TailEnclosure) -> TailEnclosure:
        """An exponential, below that of a power of t which its exponent is below."""
        if exponent.scale.exponent:
            raise Unproved("the exponential of an exponential of either sign")
        power = math.ceil(exponent.scale.power + max(exponent.scale.logs, Fraction(0)))
        highest = math.nextafter(float(exponent.factor.upper()), math.inf)
        terms = {(frozenset({(T, power)}), Fraction(highest))} if highest > 0 else set()
        scale = GrowthScale(frozenset(terms))
        return TailEnclosure(between(ball(0.0), ball(1.0)), None, self.start, scale)


def beyond(g: Node, mean: float, std: float, cut: float, side: int) -> Ball:
    """A bound of the integral of |g| times the density of N(mean, std**2) over side * x > cut > 1.

    Infinite where none is known.
    """
    # the density as a scale, but for a constant factor
    precision = 1 / Fraction(std) ** 2
    terms = {
        frozenset({(T, 2)}): -precision / 2,
        frozenset({(T, 1)}): Fraction(side * mean) * precision,
    }
    density = GrowthScale(frozenset((m, c) for m, c in terms.items() if c))
    try:
        found = Majorant(cut).of(substitute(g, {"x": side * T}))
        integral = (found.scale * density).integral(cut)
    except Unproved:
        integral = None
    if integral is None:
        return ball(math.inf)
    pi = require("flint", "certify").arb.pi()
    constant = (-((ball(mean) / std) ** 2) / 2).exp() / ((2 * pi).sqrt() * std)
    return (abs(found.factor) * integral * constant).upper()
