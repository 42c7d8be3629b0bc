"""Formulas as people write them, in MathML: without the forms that only arithmetic needs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

from ogive.catalogue import Spec
from ogive.certify.univariate import defaults
from ogive.errors import require
from ogive.expr import Node, diff, evaluate, rebuild, symbol, walk
from ogive.printers import latex
from ogive.printers.latex import symbol_latex

#: Where two branches are compared, and how closely they must agree to be one function.
_PROBES = (-2.6, -1.3, -0.7, -0.2, 0.3, 0.8, 1.4, 2.2)
AGREE = 1e-7
#: A longer formula is a page of fractions that nobody reads.
LONGEST_LATEX = 2500


def as_written(spec: Spec) -> Node:
    """The formula with one of two branches that are the same function, the shorter one.

    A series near a point where the closed form cancels is for arithmetic, not for people.
    """
    numbers = defaults(spec) | dict.fromkeys(spec.data, 0.7)

    def change(node: Node) -> Node | None:
        if node.op != "where":
            return None
        condition, a, b = node.args
        if _is_finiteness(condition):
            return a
        if not _same(a, b, numbers, spec.data[0]):
            return None
        return min(a, b, key=lambda n: sum(1 for _ in walk(n)))

    return rebuild(spec.expression, change)


def _gathered(node: Node) -> Node | None:
    """c x x as c x**2."""
    if node.op != "mul" or node.args[0].op != "mul":
        return None
    (c, a), b = node.args[0].args, node.args[1]
    return Node("mul", (c, Node("mul", (a, b)))) if a is b and c.op == "const" else None


def _is_finiteness(condition: Node) -> bool:
    """|x| < inf, which is there for the limits."""
    return condition.op == "lt" and condition.args[1].value == math.inf


def _same(a: Node, b: Node, numbers: dict[str, float], variable: str) -> bool:
    found = [
        (evaluate(a, **numbers | {variable: x}), evaluate(b, **numbers | {variable: x}))
        for x in _PROBES
    ]
    inner = [pair for pair, x in zip(found, _PROBES, strict=True) if abs(x) < 1]
    varies = any(not math.isclose(p[1], inner[0][1], rel_tol=1e-6) for p in inner)
    return varies and all(
        math.isfinite(p) and math.isclose(p, q, rel_tol=AGREE, abs_tol=AGREE) for p, q in inner
    )


def formulas(spec: Spec) -> Iterator[tuple[str, str]]:
    """(left side, MathML) of f and its derivatives; MathML is empty for what is too long."""
    if spec.kind == "rowwise":
        yield "", mathml(spec.latex_text)
        return
    f = as_written(spec)
    yield _left(spec, ""), _mathml_of(f)
    if spec.kind == "gated":
        for variable in spec.data:
            slope = diff(f, symbol(variable))
            yield _partial(variable), _mathml_of(slope)
        return
    first = diff(f, symbol(spec.data[0]))
    yield _left(spec, "'"), _mathml_of(first)
    yield _left(spec, "''"), _mathml_of(diff(first, symbol(spec.data[0])))


def training_formula(spec: Spec) -> str:
    """The MathML of what a stochastic entry computes while it is trained; empty for others."""
    return _mathml_of(spec.training_expression) if spec.noise and spec.kind != "rowwise" else ""


def _left(spec: Spec, primes: str) -> str:
    arguments = ", ".join(map(symbol_latex, spec.data))
    return mathml(f"f{primes}({arguments})")


def _partial(variable: str) -> str:
    return mathml(rf"\frac{{\partial f}}{{\partial {symbol_latex(variable)}}}")


def _mathml_of(formula: Node) -> str:
    written = latex(rebuild(formula, _gathered))
    return mathml(written) if len(written) <= LONGEST_LATEX and r"\ldots" not in written else ""


@lru_cache(maxsize=4096)
def mathml(written: str) -> str:
    """LaTeX as MathML, which browsers draw by themselves.

    Raises:
        MissingExtra: without latex2mathml.
    """
    convert = require("latex2mathml.converter", "explore").convert
    found: str = convert(written, display="block")
    return found.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
