"""The language of formulas as data for the page: its primitives, words and textbook forms.

The page differentiates and evaluates what people type by these tables, which are printed from
``expr/``; a new primitive is known there without a change here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from ogive.explorer.bundle import Functions
from ogive.explorer.formula_data import tree
from ogive.expr import PRIMITIVES, Node, Primitive, Program, symbol
from ogive.expr.functions import CONSTANTS, vocabulary
from ogive.expr.parse import MAX_DEPTH, MAX_LENGTH, MAX_NODES
from ogive.expr.primitives import call
from ogive.expr.rewrite import stable_rows

_NAMES = "abc"
#: Differentiated branch by branch, as ``diff`` does it, and not by partial derivatives.
BRANCHED = ("where", "min", "max")


def language_script() -> str:
    """The script that sets ``ogive.language``."""
    functions = Functions()
    primitives = [f"{n}: {_primitive(row, functions)}" for n, row in PRIMITIVES.items()]
    words = (f"{name}: [{arity}, {tree(made)}]" for name, arity, made in _words())
    constants = (f"{name}: {tree(node)}" for name, node in CONSTANTS.items())
    stable = (f"[{tree(a)}, {tree(b)}]" for a, b in stable_rows())
    limits = {"length": MAX_LENGTH, "depth": MAX_DEPTH, "nodes": MAX_NODES}
    parts = [
        "// Written by ogive from its language of formulas.",
        '"use strict";',
        "{",
        *functions.helpers.values(),
        "ogive.language = {",
        f"limits: {json.dumps(limits)},",
        f"primitives: {{\n{_listed(primitives)}\n}},",
        f"words: {{\n{_listed(words)}\n}},",
        f"constants: {{ {', '.join(constants)} }},",
        f"stable: [\n{_listed(stable)}\n],",
        "};",
        "}",
    ]
    return "\n".join(parts) + "\n"


def _listed(rows: Iterator[str] | list[str]) -> str:
    return ",\n".join(rows)


def _primitive(row: Primitive, functions: Functions) -> str:
    """Its number of arguments, what it computes, and its derivatives with respect to each, of the
    value y and the arguments a, b, c."""
    arguments = tuple(map(symbol, _NAMES[: row.arity]))
    written = () if row.name in BRANCHED else row.partials(symbol("y"), *arguments)
    partials = ", ".join(map(tree, written))
    compute = _compute(row, arguments, functions)
    return f"{{ arity: {row.arity}, compute: {compute}, partials: [{partials}] }}"


def _compute(row: Primitive, arguments: tuple[Node, ...], functions: Functions) -> str:
    """What it computes, as a function; where has no condition here, so that it is no program."""
    names = tuple(_NAMES[: row.arity])
    if not row.arity:
        return f"() => {row.value()!r}"
    if row.name == "where":
        return (
            f"({', '.join(names)}) => {functions.printer.write(Node('where', arguments), [*names])}"
        )
    samples = ((0.4,),) * row.arity
    return functions.printed(Program(row.name, names, (call(row.name, *arguments),), samples))


def _words() -> Iterator[tuple[str, int, Node]]:
    """Every function that a formula may call, as what it stands for."""
    for name, (function, arity) in vocabulary().items():
        if name == "where":
            yield name, arity, Node("where", tuple(map(symbol, _NAMES)))
        else:
            yield name, arity, function(*map(symbol, _NAMES[:arity]))
