"""The mode ``mask``: which of its few slopes a piecewise linear function has, exactly.

Read off the formula of f': where it is made of comparisons with constants at their ends, the same
comparisons choose the constant's number.
"""

from __future__ import annotations

import math

from ogive.certify.saving.mode import CODE, Mode, NotLegal, choice, derivative, mode
from ogive.expr import Node, Program, const, fold, symbol
from ogive.expr.node import ZERO, build, constant_value, where

NAN = math.nan  # found again by identity
#: A mask has two bits at most.
_MOST = 4


def mask(program: Program) -> Mode:
    """The number of the slope that holds; a function with one slope keeps nothing."""
    tree = _tree(derivative(program))
    values = slopes(program)
    if len(values) > _MOST:
        raise NotLegal(f"f' has {len(values)} values, and two bits tell {_MOST} apart")
    bits = (len(values) - 1).bit_length()
    slope = choice(symbol(CODE), [const(v) for v in values])
    return mode("mask", program, slope, (_numbered(tree, values), bits) if bits else None)


def slopes(program: Program) -> list[float]:
    """The values of f' in order; NotLegal where they are a continuum."""
    found = set(_leaves(_tree(derivative(program))))
    return sorted(found, key=lambda v: (math.isnan(v), v))


def _tree(node: Node) -> Node:
    """The same as comparisons alone, with constants at the ends."""
    if constant_value(fold(node)) is not None:
        return fold(node)
    if node.op == "where":
        condition, a, b = node.args
        return where(condition, _tree(a), _tree(b))
    if node.op == "sign":
        (x,) = node.args
        zero_or_nan = where(x <= ZERO, ZERO, math.nan)
        return where(x > ZERO, const(1.0), where(x < ZERO, const(-1.0), zero_or_nan))
    if not node.args:
        raise NotLegal("f' takes a continuum of values")
    arguments = tuple(_tree(a) for a in node.args)
    return _pushed(node.op, arguments)


def _pushed(op: str, arguments: tuple[Node, ...]) -> Node:
    """An operation on trees as a tree: it is done at the ends."""
    for k, argument in enumerate(arguments):
        if argument.op == "where":
            condition, a, b = argument.args
            rest = [_pushed(op, (*arguments[:k], branch, *arguments[k + 1 :])) for branch in (a, b)]
            return where(condition, *rest)
    return fold(build(op, arguments))


def _leaves(tree: Node) -> list[float]:
    if tree.op == "where":
        return [*_leaves(tree.args[1]), *_leaves(tree.args[2])]
    value = constant_value(tree)
    if value is None:
        raise NotLegal("f' takes a continuum of values")
    return [NAN if math.isnan(value) else value + 0.0]  # one NaN, and one zero for both


def _numbered(tree: Node, values: list[float]) -> Node:
    if tree.op != "where":
        return const(values.index(_leaves(tree)[0]))
    condition, a, b = tree.args
    return where(condition, _numbered(a, values), _numbered(b, values))
