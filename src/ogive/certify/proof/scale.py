"""Scales of growth exp(u(t)) t**p log(t)**r for t to infinity: multiplied, and compared with proof.

Apart because the order of growth is exact algebra, whatever balls the coefficients are.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import factorial

from ogive.certify.proof.enclosure import Ball, ball, constant
from ogive.certify.proof.polynomials import (
    Monomial,
    Polynomial,
    T,
    is_constant,
    multiple,
    plus,
    polynomial,
)
from ogive.errors import require
from ogive.expr import Node
from ogive.expr.node import ZERO


@dataclass(frozen=True)
class GrowthScale:
    """exp(u) t**power log(t)**logs, a positive function for t > 1.

    ``exponent`` holds the terms of the polynomial u, none of them constant.
    """

    exponent: frozenset[tuple[Monomial, Fraction]] = frozenset()
    power: Fraction = Fraction(0)
    logs: Fraction = Fraction(0)

    def __mul__(self, other: GrowthScale) -> GrowthScale:
        exponent = plus(dict(self.exponent), dict(other.exponent))
        return GrowthScale(
            frozenset(exponent.items()), self.power + other.power, self.logs + other.logs
        )

    def __pow__(self, factor: Fraction | int) -> GrowthScale:
        factor = Fraction(factor)
        exponent = multiple(dict(self.exponent), factor)
        return GrowthScale(frozenset(exponent.items()), self.power * factor, self.logs * factor)

    def __truediv__(self, other: GrowthScale) -> GrowthScale:
        return self * other**-1

    def decay(self, start: float) -> Ball | None:
        """A bound of the scale from ``start`` on, if it is proved to fall to 0 from there."""
        found = self._power_law(start)
        return None if found is None else found[0].upper()

    def integral(self, start: float) -> Ball | None:
        """A bound of the integral from ``start`` to infinity; None where none is seen.

        Of bound * (t/start)**-rate it is bound * start / (rate - 1).
        """
        found = self._power_law(start)
        if found is None or not (rate := found[1]) > 1:
            return None
        return (found[0] * start / (rate - 1)).upper()

    def _power_law(self, start: float) -> tuple[Ball, Ball] | None:
        """(bound, rate > 0): from ``start`` on the scale is at most bound * (t/start)**-rate.

        The logarithm of the scale is p log t + r log log t + sum c_k t**k, and t times its slope is
        at most (t/start)**n (n c_n start**n + the positive ones among k c_k start**k, p and
        r/log start), c_n being the leading coefficient.
        """
        terms = _bounding(dict(self.exponent), start)
        if terms is None:
            return None
        first = ball(start)
        slopes = {k: k * c * first**k for k, c in terms.items()}
        rest = [rational(self.power), rational(self.logs) / first.log()]
        lead = slopes[max(slopes)] if slopes else next((s for s in rest if s != 0), ball(0.0))
        rising = sum((s.max(0) for s in (*slopes.values(), *rest)), ball(0.0))
        if not lead + rising < 0:
            return None
        exponent = sum((c * first**k for k, c in terms.items()), ball(0.0))
        logs = first.log() ** rational(self.logs)
        return exponent.exp() * first ** rational(self.power) * logs, -(lead + rising)


CONSTANT = GrowthScale()
#: exp(w) is at least w**DEGREE / DEGREE! for w > 0.
_DEGREE = 3


def _bounding(exponent: Polynomial, start: float) -> dict[int, Ball] | None:
    """Coefficients by power of t of a polynomial that is nowhere below u from ``start`` on.

    A second exponential with a negative factor is bounded by a power of its argument; a power of t
    beside it is at least 1.
    """
    terms: dict[int, Ball] = {}
    for monomial, factor in exponent.items():
        power, product, others = _split(monomial)
        coefficient = product * rational(factor)
        if others:
            if not coefficient < 0 or any(o.op != "exp" for o in others):
                return None
            inner = _rate(sum((o.args[0] for o in others), ZERO), start)
            if inner is None:
                return None
            power, rate = inner
            power, coefficient = power * _DEGREE, coefficient * rate**_DEGREE / factorial(_DEGREE)
        terms[power] = terms.get(power, ball(0.0)) + coefficient
    return terms


def _split(monomial: Monomial) -> tuple[int, Ball, list[Node]]:
    """The power of t, the product of the constants, and the atoms that are neither."""
    power, product, others = 0, ball(1.0), []
    for atom, exponent in monomial:
        if atom is T:
            power = exponent
        elif is_constant(atom):
            product *= constant(atom) ** exponent
        else:
            others += [atom] * exponent
    return power, product, others


def _rate(argument: Node, start: float) -> tuple[int, Ball] | None:
    """(n, a) with a > 0 such that the argument is at least a t**n from ``start`` on."""
    opposite = _bounding(multiple(polynomial(argument), Fraction(-1)), start)
    if not opposite or (top := max(opposite)) < 1:
        return None
    falling = (c.max(0) * ball(start) ** (k - top) for k, c in opposite.items() if k != top)
    rate = -opposite[top] - sum(falling, ball(0.0))
    return (top, rate) if rate > 0 else None


def rational(value: Fraction) -> Ball:
    flint = require("flint", "certify")
    return flint.arb(value.numerator) / value.denominator
