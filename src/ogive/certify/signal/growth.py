"""How fast a formula grows at most, and so how little of an expectation lies far out.

Beyond a cut R >= 1 every node is bounded by C |x|**k exp(a |x|), by rules for each primitive; a may
be negative. Such a bound times the normal density has an integral in closed form; what grows
faster, exp(x**2) say, has no bound here, and its expectation is not proved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from ogive.certify.signal.analytic import CHOICES, SPOKEN
from ogive.certify.signal.ranges import Range, range_from, range_of
from ogive.errors import require
from ogive.expr import Node, diff, expand, symbol, walk
from ogive.expr.node import constant_value

#: What falls faster is bounded as falling at this rate: its numbers stay of ordinary size.
STEEPEST = -8.0


@dataclass(frozen=True)
class Growth:
    """|u(x)| <= factor * |x|**power * exp(rate * |x|); the factor is a python-flint real."""

    factor: Any
    power: float = 0.0
    rate: float = 0.0


@dataclass(frozen=True)
class _Ray:
    """The arguments with sign * x >= cut."""

    cut: float
    sign: float

    @property
    def low(self) -> float:
        return self.cut if self.sign > 0 else -math.inf

    @property
    def high(self) -> float:
        return math.inf if self.sign > 0 else -self.cut


def beyond(expression: Node, mean: float, std: float, cut: float, sign: float) -> Any:
    """A bound of the integral of |g| times the density of N(mean, std**2) over sign * x > cut.

    A python-flint real, infinite where no bound is known; the cut is at least 1.
    """
    arb = require("flint", "certify").arb
    grown = growth(expand(expression, SPOKEN), cut, sign)
    if grown is None:
        return arb.pos_inf()
    return _integral(grown, arb(sign * mean), arb(std), arb(cut)).upper()


def _integral(grown: Growth, mean: Any, std: Any, cut: Any) -> Any:
    """The bound's integral: x**k <= cut**k exp(k (x / cut - 1)), so an exponential remains."""
    rate = grown.rate + grown.power / cut
    start = (cut - mean - rate * std * std) / std
    mass = (start / require("flint", "certify").arb(2).sqrt()).erfc() / 2
    exponent = rate * mean + rate * rate * std * std / 2 - grown.power
    return grown.factor * cut**grown.power * exponent.exp() * mass


def growth(root: Node, cut: float, sign: float) -> Growth | None:
    """A bound of the formula's growth over sign * x > cut; None where the rules give none."""
    ray = _Ray(cut, sign)
    arb = require("flint", "certify").arb
    known: dict[Node, Range | None] = {}
    found: dict[Node, Growth | None] = {}
    for node in walk(root):
        known[node] = range_from(node, (arb(ray.low), arb(ray.high)), known)
        found[node] = _grown(node, ray, known, found)
        if not _finite(known[node]):
            known[node] = _decayed(found[node], cut, known[node])
    return found[root]


def _finite(known: Range | None) -> TypeGuard[Range]:
    return known is not None and bool(known[0].is_finite() and known[1].is_finite())


def _decayed(grown: Growth | None, cut: float, known: Range | None) -> Range | None:
    """A finite range from a growth that falls from the cut on: of x * exp(x) far to the left."""
    if known is None or grown is None or grown.power > -grown.rate * cut or not grown.rate < 0:
        return known
    x = require("flint", "certify").arb(cut)
    high = (grown.factor * x**grown.power * (grown.rate * x).exp()).upper()
    return -high, high


def _grown(
    node: Node, ray: _Ray, known: Mapping[Node, Range | None], found: Mapping[Node, Growth | None]
) -> Growth | None:
    if node.op == "symbol":
        return Growth(require("flint", "certify").arb(1), 1.0)
    if node.op == "where":
        return _chosen(node, known, found)
    inner = [(found[a], known[a]) for a in node.args]
    if node.op not in RULES or any(None in pair for pair in inner):
        return _bounded(known[node])
    if node.op == "exp" and (sloped := _below_a_line(node.args[0], ray)) is not None:
        return sloped
    by_rule = RULES[node.op]([g for g, _ in inner], [r for _, r in inner], node)
    falls = by_rule is not None and by_rule.rate < 0
    return by_rule if falls or not _finite(known[node]) else _bounded(known[node])


def _bounded(known: Range | None) -> Growth | None:
    if not _finite(known):
        return None
    return Growth(abs(known[0]).max(abs(known[1])))


def _chosen(
    node: Node, known: Mapping[Node, Range | None], found: Mapping[Node, Growth | None]
) -> Growth | None:
    """The growth of the branch that holds, of both where that is not known."""
    holds = known[node.args[0]]
    first, second = found[node.args[1]], found[node.args[2]]
    if holds is None:
        return None
    if holds[0] == 1:
        return first
    if holds[1] == 0:
        return second
    return None if first is None or second is None else _sum(first, second)


def _below_a_line(exponent: Node, ray: _Ray) -> Growth | None:
    """exp(v) where the slope of v is bounded: v(x) <= v(R) + slope * (|x| - R)."""
    if any(node.op in CHOICES for node in walk(exponent)):
        return None  # it could jump
    slopes = range_of(diff(exponent, symbol("x")), ray.low, ray.high)
    start = range_of(exponent, ray.sign * ray.cut, ray.sign * ray.cut)
    if slopes is None or start is None:
        return None
    steepest = slopes[1] if ray.sign > 0 else -slopes[0]
    if not steepest.is_finite():
        return None
    rate = max(STEEPEST, _float_above(steepest))
    return Growth((start[1] - rate * ray.cut).exp().upper(), 0.0, rate)


def _sum(u: Growth, v: Growth) -> Growth:
    """Of a sum, and of anything that is one of both; right because |x| >= 1."""
    return Growth(u.factor + v.factor, max(u.power, v.power), max(u.rate, v.rate))


def _product(u: Growth, v: Growth) -> Growth:
    return Growth(u.factor * v.factor, _above(u.power + v.power), _above(u.rate + v.rate))


def _constant(value: Any) -> Growth:
    return Growth(require("flint", "certify").arb(value))


def _quotient(inner: list[Growth], known: list[Range], node: Node) -> Growth | None:
    """Over a denominator that stays away from 0."""
    u, (low, high) = inner[0], known[1]
    least = low if low > 0 else -high
    return Growth(u.factor / least, u.power, u.rate) if least > 0 else None


def _exponential(inner: list[Growth], known: list[Range], node: Node) -> Growth | None:
    """exp, expm1, sinh and cosh of what grows no faster than |x|; all are within 1 + exp(|u|)."""
    (u,) = inner
    if u.rate > 0 or u.power > 1:
        return None
    if not u.power:
        return Growth(1 + u.factor.exp())
    return Growth(require("flint", "certify").arb(2), 0.0, _float_above(u.factor))


def _slower(inner: list[Growth], known: list[Range], node: Node) -> Growth:
    """sqrt, hypot1, asinh and softplus are within 1 + |u|."""
    return _sum(_constant(1), inner[0])


def _logarithm(inner: list[Growth], known: list[Range], node: Node) -> Growth | None:
    """|log u| <= |log of u's lower bound| + u."""
    low = known[0][0] + (1 if node.op == "log1p" else 0)
    if not low > 0:
        return None
    return _sum(_constant(1 + abs(low.log()).upper()), inner[0])


def _power(inner: list[Growth], known: list[Range], node: Node) -> Growth | None:
    """A constant power of what is positive."""
    exponent, (low, _) = constant_value(node.args[1]), known[0]
    if exponent is None or not low >= 0:
        return None
    if exponent < 0:
        return Growth((low**exponent).upper()) if low > 0 else None
    u = inner[0]
    factor = (u.factor**exponent).upper()
    return Growth(factor, _above(u.power * exponent), _above(u.rate * exponent))


def _above(rounded: float) -> float:
    """A float that is not below a sum or product that was rounded; whole numbers are exact."""
    return rounded if rounded.is_integer() else math.nextafter(rounded, math.inf)


def _float_above(bound: Any) -> float:
    """A float that is not below a python-flint real."""
    return math.nextafter(float(bound.upper()), math.inf)


#: primitive -> (growths, ranges, node) -> growth; others are bounded by their range or not at all.
RULES: dict[str, Callable[..., Growth | None]] = {
    "add": lambda g, known, node: _sum(*g),
    "sub": lambda g, known, node: _sum(*g),
    "min": lambda g, known, node: _sum(*g),
    "max": lambda g, known, node: _sum(*g),
    "neg": lambda g, known, node: g[0],
    "abs": lambda g, known, node: g[0],
    "mul": lambda g, known, node: _product(*g),
    "mul0": lambda g, known, node: _product(*g),
    "div": _quotient,
    "exp": _exponential,
    "expm1": _exponential,
    "sinh": _exponential,
    "cosh": _exponential,
    "sqrt": _slower,
    "hypot1": _slower,
    "asinh": _slower,
    "softplus": _slower,
    "log": _logarithm,
    "log1p": _logarithm,
    "pow": _power,
}
