"""Where a formula changes from one piece to the next, and which pieces hold far out.

Apart because pictures and properties both ask: a derivative jumps only where pieces meet, and a
function saturates hard only if its outermost piece is constant.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from ogive.expr import Node, const, diff, evaluate, symbol, walk
from ogive.expr.node import build, constant_value
from ogive.expr.rewrite import evaluate_all

UNARY = frozenset(("abs", "sign", "softsign"))
BINARY = frozenset(("min", "max", "lt", "le", "eq"))
#: A piece holds at infinity if it is the chosen one at both of these distances.
FAR = (1e9, 1e12)
#: Where pieces of which the border is no linear equation are looked for, in steps of 1/8.
WINDOW = (-16.0, 16.0)
STEP = 0.125
#: Borders closer than this, relative to their size, are one border seen through rounding.
SAME = 1e-12
#: Powers of x underflow before x does, so nearer to 0 a border cannot be told from 0.
TINY = 1e-30


def in_pieces(expression: Node) -> bool:
    """Whether the formula has an operation that makes pieces: |x|, min, where, softsign ..."""
    return any(node.op in UNARY | BINARY for node in walk(expression))


def joints(expression: Node, variable: str = "x") -> tuple[float, ...]:
    """Where pieces of an expression of one symbol meet, in order.

    A border that is a linear equation is solved; others are looked for in ``WINDOW``, so that two
    borders of one condition within a step can be missed.
    """
    found = {b for d in differences(expression) for b in _borders(d, variable)}
    return _merged(sorted(found))


def differences(expression: Node) -> list[Node]:
    """What changes its sign where pieces meet: of |x| it is x, of min(a, b) a - b."""
    return [
        node.args[0] if node.op in UNARY else node.args[0] - node.args[1]
        for node in walk(expression)
        if node.op in UNARY | BINARY
    ]


def _merged(borders: list[float]) -> tuple[float, ...]:
    """The borders with neighbours that only rounding separates replaced by their middle."""
    merged: list[float] = []
    for border in (0.0 if abs(b) < TINY else b for b in borders):
        if merged and border - merged[-1] <= SAME * abs(border):
            merged[-1] = (merged[-1] + border) / 2
        else:
            merged.append(border)
    return tuple(merged)


def tail(expression: Node, sign: float, variable: str = "x") -> Node:
    """The expression with every choice of a piece replaced by the piece that holds far out."""
    values = [evaluate_all([expression], {variable: sign * distance}) for distance in FAR]
    new: dict[Node, Node] = {}
    for node in walk(expression):
        near, far = (_chosen(node, value, new) for value in values)
        same = build(node.op, tuple(new[a] for a in node.args), node.value)
        new[node] = same if near is None or near is not far else near
    return new[expression]


def _chosen(node: Node, value: Mapping[Node, float], new: Mapping[Node, Node]) -> Node | None:
    """What is left of a node where the nodes have these values; None where nothing can be said."""
    args = node.args
    if node.op == "where":
        return new[args[1] if value[args[0]] else args[2]]
    if node.op in ("min", "max") and value[args[0]] != value[args[1]]:
        return next((new[a] for a in args if value[a] == value[node]), None)
    if node.op == "abs" and value[args[0]]:
        return new[args[0]] if value[args[0]] > 0 else -new[args[0]]
    if node.op == "sign" and value[args[0]]:
        return const(value[node])
    return None


def _borders(difference: Node, variable: str) -> set[float]:
    """Where an expression of one symbol changes its sign."""
    slope = constant_value(diff(difference, symbol(variable)))
    if slope == 0:
        return set()
    if slope is not None and not in_pieces(difference):
        border = 0.0 - evaluate(difference, **{variable: 0.0}) / slope
        return {border} if math.isfinite(border) else set()
    return _sign_changes(difference, variable)


def _sign_changes(difference: Node, variable: str) -> set[float]:
    low, high = WINDOW
    points = [low + STEP * i for i in range(int((high - low) / STEP) + 1)]
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
