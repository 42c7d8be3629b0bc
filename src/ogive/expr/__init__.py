"""The language: nodes, stable primitives, derivatives, rewriting, parsing.

Everything ogive knows about a function starts as an expression of this language. The room needs
only the standard library and never meets a tensor.
"""

from ogive.expr.diff import diff
from ogive.expr.node import Node, as_node, const, symbol, symbols, walk
from ogive.expr.parse import parse
from ogive.expr.primitives import PRIMITIVES, Primitive
from ogive.expr.program import Program
from ogive.expr.rewrite import (
    bind,
    evaluate,
    expand,
    expand_all,
    fold,
    fold_all,
    guarded,
    rebuild,
    shared_subexpressions,
    stabilise,
    substitute,
)
from ogive.expr.text import to_text

__all__ = [
    "PRIMITIVES",
    "Node",
    "Primitive",
    "Program",
    "as_node",
    "bind",
    "const",
    "diff",
    "evaluate",
    "expand",
    "expand_all",
    "fold",
    "fold_all",
    "guarded",
    "parse",
    "rebuild",
    "shared_subexpressions",
    "stabilise",
    "substitute",
    "symbol",
    "symbols",
    "to_text",
    "walk",
]
