"""Which values a formula can take on an interval, infinite ones included.

Apart from the integrals because they need two proofs from it: that a piece is the one that holds,
and that a denominator stays away from 0 however far out. It is interval arithmetic on pairs of
ends, each rounded outwards by python-flint; nothing here is sampled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ogive.certify.signal.analytic import FUNCTIONS, SPOKEN
from ogive.errors import require
from ogive.expr import Node, expand, walk

#: (lower, upper) end; both are python-flint reals and may be infinite.
Range = tuple[Any, Any]
#: name -> (limit at -inf, limit at +inf) of primitives that rise everywhere.
RISING: dict[str, tuple[float, float]] = {
    "exp": (0.0, math.inf),
    "expm1": (-1.0, math.inf),
    "sigmoid": (0.0, 1.0),
    "softplus": (0.0, math.inf),
    "tanh": (-1.0, 1.0),
    "sinh": (-math.inf, math.inf),
    "erf": (-1.0, 1.0),
    "ndtr": (0.0, 1.0),
    "atan": (-1.6, 1.6),
    "asinh": (-math.inf, math.inf),
    "algebraic": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "sign": (-1.0, 1.0),
    "log": (math.nan, math.inf),
    "log1p": (math.nan, math.inf),
    "sqrt": (math.nan, math.inf),
}
#: name -> limit at infinity of primitives that are even and rise, or fall, away from 0.
EVEN = {
    "sech": 0.0,
    "dsigmoid": 0.0,
    "rhypot": 0.0,
    "hypot1": math.inf,
    "cosh": math.inf,
    "abs": math.inf,
}
#: name -> where a rising primitive that is not defined everywhere begins.
BEGINS = {"log": 0.0, "log1p": -1.0, "sqrt": 0.0, "pow": 0.0}


def ranges(expression: Node, low: float, high: float) -> dict[Node, Range | None]:
    """A range for every node of a formula of one symbol, for arguments in [low, high].

    None where nothing is known, or where the node is not defined on the whole interval.
    """
    arb = require("flint", "certify").arb
    found: dict[Node, Range | None] = {}
    for node in walk(expression):
        found[node] = range_from(node, (arb(low), arb(high)), found)
    return found


def range_of(expression: Node, low: float, high: float) -> Range | None:
    """The range of a formula of one symbol on [low, high]; see ``ranges``.

    Example:
        >>> from ogive.expr import parse
        >>> range_of(parse("1 + x**2", ["x"]), -2.0, math.inf)[0]
        1.00000000000000
    """
    spoken = expand(expression, SPOKEN)
    return ranges(spoken, low, high)[spoken]


def range_from(node: Node, argument: Range, found: Mapping[Node, Range | None]) -> Range | None:
    """The range of one node from the range of the symbol and those of the node's arguments."""
    if node.op == "symbol":
        return argument
    if node.op == "where":
        return _where(node, found)
    inner = [found[a] for a in node.args]
    if any(r is None for r in inner):
        return None
    known: list[Range] = [r for r in inner if r is not None]
    if node.op in RISING:
        return _rising(node.op, *known)
    if node.op in EVEN:
        return _even(node.op, *known)
    if node.op in ("mul", "mul0") and node.args[0] is node.args[1]:
        low, high = _even("abs", *known[:1])
        return _product((low, low), (low, low))[0], _product((high, high), (high, high))[1]
    rule = RULES.get(node.op)
    return _checked(rule(node, *known)) if rule else None


def _checked(found: Range | None) -> Range | None:
    """No range where an end came out as no number: inf - inf."""
    return None if found is None or any(end.is_nan() for end in found) else found


def _where(node: Node, found: Mapping[Node, Range | None]) -> Range | None:
    """The range of the branch that holds; of both where that is not known."""
    holds = found[node.args[0]]
    if holds is None:
        return None
    first, second = found[node.args[1]], found[node.args[2]]
    if holds[0] == 1:
        return first
    if holds[1] == 0:
        return second
    return None if first is None or second is None else _union(first, second)


def _union(a: Range, b: Range) -> Range:
    return a[0].min(b[0]), a[1].max(b[1])


def _at(name: str, end: Any) -> Any:
    """A primitive at a finite number, as a real ball."""
    return FUNCTIONS[name](require("flint", "certify").acb(end), False).real


def _rising(name: str, u: Range) -> Range | None:
    if name in BEGINS and not u[0] >= BEGINS[name]:
        return None
    return _checked((_risen(name, u[0]).lower(), _risen(name, u[1]).upper()))


def _risen(name: str, end: Any) -> Any:
    """A rising primitive at an end: its limit where that is infinite or a logarithm begins."""
    arb = require("flint", "certify").arb
    if not end.is_finite():
        return arb(RISING[name][end > 0])
    if name in ("log", "log1p") and end == BEGINS[name]:
        return arb.neg_inf()
    return _at(name, end)


def _even(name: str, u: Range) -> Range:
    arb = require("flint", "certify").arb
    ends = [abs(end) for end in u]
    far = ends[0].max(ends[1])
    near = arb(0) if u[0] <= 0 <= u[1] else ends[0].min(ends[1])
    values = [_at(name, e) if e.is_finite() else arb(EVEN[name]) for e in (near, far)]
    return values[0].min(values[1]).lower(), values[0].max(values[1]).upper()


def _product(u: Range, v: Range) -> Range:
    """The range of a product; 0 times an infinite end is 0, for no argument is infinite itself."""
    arb = require("flint", "certify").arb
    products = [arb(0) if a == 0 or b == 0 else a * b for a in u for b in v]
    low, high = products[0], products[0]
    for p in products[1:]:
        low, high = low.min(p), high.max(p)
    return low.lower(), high.upper()


def _reciprocal(u: Range) -> Range | None:
    """1 / u where u does not change its sign; nothing if it can be 0 inside."""
    arb = require("flint", "certify").arb
    if u[0] > 0:
        return (1 / u[1]).lower(), (1 / u[0]).upper()
    if u[1] < 0:
        return (1 / u[1]).lower(), (1 / u[0]).upper()
    if u[0] == 0 and u[1] > 0:
        return (1 / u[1]).lower(), arb.pos_inf()
    return (arb.neg_inf(), (1 / u[0]).upper()) if u[1] == 0 and u[0] < 0 else None


def _quotient(node: Node, u: Range, v: Range) -> Range | None:
    inverse = _reciprocal(v)
    return None if inverse is None else _product(u, inverse)


def _power(node: Node, u: Range, exponent: Range) -> Range | None:
    """A power of a positive number: exp of exponent times log."""
    logarithm = _rising("log", u)
    return None if logarithm is None else _rising("exp", _product(logarithm, exponent))


def _wave(name: str) -> Callable[[Node, Range], Range]:
    def enclose(node: Node, u: Range) -> Range:
        arb = require("flint", "certify").arb
        if not (u[0].is_finite() and u[1].is_finite()):
            return arb(-1), arb(1)
        ball = _at(name, u[0].union(u[1]))
        return ball.lower().max(arb(-1)), ball.upper().min(arb(1))

    return enclose


def _truth(certain: bool, impossible: bool) -> Range:
    arb = require("flint", "certify").arb
    return arb(int(certain)), arb(int(not impossible))


def _constant(node: Node) -> Range:
    arb = require("flint", "certify").arb
    return arb(node.value), arb(node.value)


def _sum(u: Range, v: Range) -> Range:
    return (u[0] + v[0]).lower(), (u[1] + v[1]).upper()


def _negative(u: Range) -> Range:
    return -u[1], -u[0]


def _pi(node: Node) -> Range:
    pi = require("flint", "certify").arb.pi()
    return pi.lower(), pi.upper()


def _erfc(u: Range) -> Range:
    """erfc = 1 - erf falls from 2 to 0."""
    arb = require("flint", "certify").arb
    low = _at("erfc", u[1]).lower() if u[1].is_finite() else arb(0 if u[1] > 0 else 2)
    high = _at("erfc", u[0]).upper() if u[0].is_finite() else arb(0 if u[0] > 0 else 2)
    return low, high


#: primitive -> (node, *ranges) -> range, for what neither rises nor is even.
RULES: dict[str, Callable[..., Range | None]] = {
    "const": _constant,
    "pi": _pi,
    "add": lambda node, u, v: _sum(u, v),
    "sub": lambda node, u, v: _sum(u, _negative(v)),
    "neg": lambda node, u: _negative(u),
    "mul": lambda node, u, v: _product(u, v),
    "mul0": lambda node, u, v: _product(u, v),
    "div": _quotient,
    "pow": _power,
    "min": lambda node, u, v: (u[0].min(v[0]), u[1].min(v[1])),
    "max": lambda node, u, v: (u[0].max(v[0]), u[1].max(v[1])),
    "lt": lambda node, u, v: _truth(bool(u[1] < v[0]), bool(u[0] >= v[1])),
    "le": lambda node, u, v: _truth(bool(u[1] <= v[0]), bool(u[0] > v[1])),
    "eq": lambda node, u, v: _truth(False, bool(u[1] < v[0] or u[0] > v[1])),
    "erfc": lambda node, u: _erfc(u),
    "sin": _wave("sin"),
    "cos": _wave("cos"),
}
