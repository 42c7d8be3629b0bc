"""Symbolic differentiation: one walk, one chain rule, the partials from the table of primitives.

``where``, ``min`` and ``max`` are differentiated branch by branch into a new ``where``. The result
is a formula of its own, never something propagated through, so that the branch not taken can hold
infinity without turning the derivative into 0 * inf = NaN.
"""

from __future__ import annotations

from ogive.expr.node import ZERO, Node, add, mul, walk, where
from ogive.expr.primitives import PRIMITIVES, call


def diff(expression: Node, variable: Node) -> Node:
    """The derivative of ``expression`` with respect to the symbol ``variable``.

    At a kink it is the derivative of the branch that holds there: torch's convention for the
    functions torch has.
    """
    derivative: dict[Node, Node] = {}
    for node in walk(expression):
        derivative[node] = _chain(node, variable, derivative)
    return derivative[expression]


def _chain(node: Node, variable: Node, derivative: dict[Node, Node]) -> Node:
    if node is variable:
        return Node("const", (), 1.0)
    if node.op in ("const", "symbol"):
        return ZERO
    inner = [derivative[a] for a in node.args]
    if all(d is ZERO for d in inner):
        return ZERO
    if node.op == "where":
        return where(node.args[0], inner[1], inner[2])
    if node.op in ("min", "max"):
        a, b = node.args
        return where(call("lt", a, b) if node.op == "min" else call("lt", b, a), *inner)
    total = ZERO
    partials = PRIMITIVES[node.op].partials(node, *node.args)
    for partial, d in zip(partials, inner, strict=True):
        if d is not ZERO:
            total = add(total, mul(partial, d))
    return total
