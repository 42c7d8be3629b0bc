"""Where a formula changes from one piece to the next, and what is left of it on each.

Apart because pictures, integrals and proofs all ask: a derivative jumps only where pieces meet.
"""

from __future__ import annotations

import math

from ogive.expr import Node, const, diff, evaluate, expand, rebuild, symbol, walk
from ogive.expr.node import ONE, ZERO, constant_value
from ogive.printers import printer

UNARY = frozenset(("abs", "sign", "softsign"))
BINARY = frozenset(("min", "max", "lt", "le", "eq"))
#: Where pieces of which the border is no linear equation are looked for, in steps of 1/8.
WINDOW = (-16.0, 16.0)
_STEP = 0.125
#: Borders closer than this, relative to their size, are one border seen through rounding.
SAME = 1e-12
#: Powers of x underflow before x does, so nearer to 0 a border cannot be told from 0.
_TINY = 1e-30


def in_pieces(expression: Node) -> bool:
    """Whether the formula has an operation that makes pieces: |x|, min, where, softsign ..."""
    return any(node.op in UNARY | BINARY for node in walk(expression))


def breakpoints(expression: Node, variable: str = "x") -> tuple[float, ...]:
    """Where pieces of an expression of one symbol meet, in order.

    A border that is a linear equation is solved; others are looked for in ``WINDOW``, so that two
    borders of one condition within a step can be missed. Borders that only rounding separates are
    one.
    """
    found = {b for d in deciders(in_known_primitives(expression)) for b in _borders(d, variable)}
    merged: list[float] = []
    for border in sorted(0.0 if abs(b) < _TINY else b for b in found):
        if merged and border - merged[-1] <= SAME * abs(border):
            merged[-1] = (merged[-1] + border) / 2
        else:
            merged.append(border)
    return tuple(merged)


def deciders(expression: Node) -> list[Node]:
    """What changes its sign where pieces meet: of |x| it is x, of min(a, b) a - b."""
    return [decider(node) for node in walk(expression) if node.op in UNARY | BINARY]


def decider(node: Node) -> Node:
    """What the choice of an operation that makes pieces depends on the sign of."""
    return node.args[0] if node.op in UNARY else node.args[0] - node.args[1]


def branch(op: str, side: int, args: tuple[Node, ...]) -> Node:
    """What is left of an operation where its difference has this sign."""
    if op == "abs":
        return args[0] if side > 0 else -args[0]
    if op == "sign":
        return const(float(side))
    if op == "softsign":
        # in this form no derivative cancels
        return 1 - 1 / (1 + args[0]) if side > 0 else 1 / (1 - args[0]) - 1
    if op in ("min", "max"):
        return args[0] if (side < 0) == (op == "min") else args[1]
    held = side < 0 if op == "lt" else side <= 0 if op == "le" else side == 0
    return ONE if held else ZERO


def without_infinity(node: Node) -> Node:
    """The expression with comparisons with infinity decided: x is a number."""

    def change(n: Node) -> Node | None:
        if n.op not in ("lt", "le", "min", "max"):
            return None
        a, b = map(constant_value, n.args)
        if n.op in ("min", "max"):
            idle = math.inf if n.op == "min" else -math.inf
            return n.args[1] if a == idle else n.args[0] if b == idle else None
        return ONE if b == math.inf or a == -math.inf else None

    return rebuild(node, change)


def _borders(difference: Node, variable: str) -> set[float]:
    """Where an expression of one symbol changes its sign."""
    slope = constant_value(diff(difference, symbol(variable)))
    if slope == 0:
        return set()
    if slope is not None and not in_pieces(difference):
        border = 0.0 - evaluate(difference, **{variable: 0.0}) / slope
        return {border} if math.isfinite(border) else set()
    low, high = WINDOW
    points = [low + _STEP * i for i in range(int((high - low) / _STEP) + 1)]
    signs = [_sign(difference, variable, p) for p in points]
    return {
        _bisect(difference, variable, points[i], points[i + 1])
        for i in range(len(points) - 1)
        if signs[i] != signs[i + 1]
    }


def _sign(difference: Node, variable: str, at: float) -> int:
    value = evaluate(difference, **{variable: at})
    return (value > 0) - (value < 0)


def _bisect(difference: Node, variable: str, low: float, high: float) -> float:
    """The float at which the sign changes between low and high; the zero, where a float is one."""
    left = _sign(difference, variable, low)
    while low < (middle := (low + high) / 2) < high:
        if _sign(difference, variable, middle) == left:
            low = middle
        else:
            high = middle
    return low if left == 0 else high


def in_known_primitives(expression: Node) -> Node:
    """The expression with what balls have no spelling of replaced by its definition.

    Proofs look at operations: a kink within one that they have never heard of would be hidden.
    """
    return expand(expression, printer("arb").spoken() | {"mul0"})
