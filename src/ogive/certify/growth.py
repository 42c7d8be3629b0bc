"""How fast a formula grows at most, and so how little of an expectation lies far out.

Beyond a cut R >= 1 every node is bounded by C |x|**k exp(a |x|), by rules for each primitive; a may
be negative. Such a bound times the normal density has an integral in closed form; what grows
faster, exp(x**2) say, has no bound here, and its expectation is not proved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ogive.certify.analytic import SPOKEN
from ogive.certify.ranges import Range, range_from
from ogive.errors import require
from ogive.expr import Node, expand, walk
from ogive.expr.node import constant_value


@dataclass(frozen=True)
class Growth:
    """|u(x)| <= factor * |x|**power * exp(rate * |x|); the factor is a python-flint real."""

    factor: Any
    power: float = 0.0
    rate: float = 0.0


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
    arb = require("flint", "certify").arb
    ray = (arb(cut), arb.pos_inf()) if sign > 0 else (arb.neg_inf(), arb(-cut))
    known: dict[Node, Range | None] = {}
    found: dict[Node, Growth | None] = {}
    for node in walk(root):
        known[node] = range_from(node, ray, known)
        found[node] = _grown(node, sign, known, found)
        known[node] = known[node] if _finite(known[node]) else _decayed(found[node], cut, known[node])
    return found[root]


def _finite(known: Range | None) -> bool:
    return known is not None and bool(known[0].is_finite() and known[1].is_finite())


def _decayed(grown: Growth | None, cut: float, known: Range | None) -> Range | None:
    """A finite range from a growth that falls from the cut on: of x * exp(x) far to the left."""
    if known is None or grown is None or grown.power > -grown.rate * cut or not grown.rate < 0:
        return known
    x = require("flint", "certify").arb(cut)
    high = (grown.factor * x**grown.power * (grown.rate * x).exp()).upper()
    return -high, high


def _grown(
    node: Node, sign: float, known: Mapping[Node, Range | None], found: Mapping[Node, Growth | None]
) -> Growth | None:
    if node.op == "symbol":
        return Growth(require("flint", "certify").arb(1), 1.0)
    if node.op == "where":
        return _chosen(node, known, found)
    if node.op == "exp" and (decaying := _of_line(node.args[0], sign)) is not None:
        return decaying
    inner = [found[a] for a in node.args]
    if known[node] is None and any(known[a] is None for a in node.args):
        return None
    rule = RULES.get(node.op)
    if rule is not None and all(g is not None for g in inner):
        by_rule = rule(inner, [known[a] for a in node.args], node)
        if by_rule is not None and (by_rule.rate < 0 or not _finite(known[node])):
            return by_rule
    return _bounded(known[node])


def _bounded(known: Range | None) -> Growth | None:
    if known is None or not _finite(known):
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


def _of_line(argument: Node, sign: float) -> Growth | None:
    """exp(a x + b) exactly, where the argument is such a line and falls."""
    slope = _slope(argument)
    if slope is None or not sign * slope < 0:
        return None
    at_zero = range_at_zero(argument)
    return Growth(at_zero.exp().upper(), 0.0, sign * slope)
