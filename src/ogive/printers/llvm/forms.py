"""Special forms: what a kernel computes in the place of a textbook form, as a table.

A row is a pattern and the form that replaces what it matches; some hold in one format alone, some
only where an input is not large: nearer to 0 than where products of two exponentials overflow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import NamedTuple

from ogive.expr import Node, Program, diff, fold, rebuild, symbol, symbols, walk
from ogive.expr.functions import gelu_tanh, ndtr, tanhshrink
from ogive.expr.node import ONE, ZERO, as_node, const, where
from ogive.expr.primitives import call
from ogive.expr.program import DATA_SAMPLES
from ogive.expr.rewrite import matches
from ogive.printers.machine import FLOAT32, Format

#: Functions that have an approximation of their own in float32, and so has the slope of each.
OWN: dict[str, Callable[[Node], Node]] = {
    "gelu": lambda x: x * ndtr(x),
    "gelu_tanh": gelu_tanh,
}


class Form(NamedTuple):
    """What replaces an expression.

    Attributes:
        pattern: the expression, in which a symbol stands for anything.
        made: what replaces it, given what the symbols stand for by name; None for nothing.
        near: the symbols that stand for what is not large.
        format: the only format in which the form holds.
    """

    pattern: Node
    made: Callable[..., Node | None]
    near: str = ""
    format: Format | None = None


def with_forms(
    root: Node, forms: tuple[Form, ...], format: Format, near: Callable[[Node], bool]
) -> Node:
    """The expression with the first form that holds in the place of each of its parts.

    Args:
        near: whether an expression is not large.
    """
    rows: dict[str, list[Form]] = {}
    for form in forms:
        if form.format in (None, format):
            rows.setdefault(form.pattern.op, []).append(form)

    def change(node: Node) -> Node | None:
        for form in rows.get(node.op, ()):
            found: dict[str, Node] = {}
            if matches(form.pattern, node, found) and all(near(found[n]) for n in form.near):
                new = form.made(**found)
                if new is not None:
                    return new
        return None

    return rebuild(root, change)


def _named(op: str) -> Callable[..., Node]:
    """What makes this operation of the arguments."""
    return lambda *args, **found: _op(op, *args, *found.values())


def _op(name: str, *args: Node | float) -> Node:
    """An operation as it stands, not simplified."""
    return Node(name, tuple(map(as_node, args)))


# functions


def _gated(a: Node, x: Node) -> Node:
    """a tanh(softplus(x)) in e = exp(-|x|).

    It is b - b q, with b the size it has far from 0, which is a or a e, and q a quotient that
    decays: what rounding takes from q counts little.
    """
    e, two = call("exp", -abs(x)), const(2.0)
    # a choice of a number or 0 is one operation, a choice of two numbers up to three
    left, right = where(x < 0, e, ZERO), where(x < 0, ZERO, ONE)
    factor = _op("fma", two, e, -left)  # e or 2 e
    rest = _op("fma", factor, e, left)
    whole = _op("fma", factor, e, _op("fma", two, e, 2 - right))
    b = a * (left + right)
    return _op("copysign", b - b * (rest / whole), a)  # which keeps the sign of a zero


def _own() -> Iterator[Form]:
    """Functions with approximations of their own and their slopes, with and without guards."""
    x = symbol("x")
    for name, function in OWN.items():
        for own, y in ((name, function(x)), (f"{name}_slope", diff(function(x), x))):
            for form in (fold(y), *Program(own, ("x",), (y,), (DATA_SAMPLES,)).guarded):
                yield Form(form, lambda x, own=own: _op(own, x), "", FLOAT32)


def _tanh_of_softplus(x: Node) -> Node:
    e = call("exp", -x)
    above = 1 + 2 * e
    return above / (above + 2 * e * e)


def _sech_of_softplus(x: Node) -> Node:
    e = call("exp", -x)
    return (2 * e * e + 2 * e) / (1 + 2 * e + 2 * e * e)


def _sigmoid(x: Node) -> Node:
    return 1 / (1 + call("exp", -x))


def _dsigmoid(x: Node) -> Node:
    s = _sigmoid(x)
    return call("exp", -x) * s * s


@lru_cache(maxsize=1)
def of_functions() -> tuple[tuple[Form, ...], ...]:
    """The forms of functions as they are defined; each tuple on what the one before it has left."""
    a, x = symbol("a"), symbol("x")
    softplus = call("softplus", x)
    gate = call("tanh", softplus)
    return (
        (Form(a * gate, _gated, "x"), Form(gate * a, _gated, "x")),
        tuple(_own()),
        # the logistic family as quotients of exp(-x)
        (
            Form(gate, _tanh_of_softplus, "x"),
            Form(call("sech", softplus), _sech_of_softplus, "x"),
            Form(call("sigmoid", x), _sigmoid, "x"),
            Form(call("dsigmoid", x), _dsigmoid, "x"),
        ),
    )


# operations


def _value_first(a: Node, x: Node, b: Node) -> Node | None:
    """a (x b) as (a x) b: x b may have lost digits."""
    return None if symbols(a) & symbols(x) else _op("mul", _op("mul", a, x), b)


def _by_inverse(a: Node, b: Node) -> Node | None:
    """A product in the place of a division by a number."""
    number = float(b.value or math.nan) if b.op == "const" else None
    return None if number is None else _op("mul", 1.0 / number, a)


def _of_wide(op: str, x: Node) -> Node | None:
    """An exponential of what was computed: in float64, for its rounding errors come out as large as
    the argument is."""
    given = x
    while given.op in ("neg", "abs"):
        (given,) = given.args
    return None if given.op == "symbol" else _op(f"{op}_of_wide", _widened(x))


def _widened(root: Node) -> Node:
    """The arithmetic of an expression in float64; anything else is widened when it is there."""
    new: dict[Node, Node] = {}
    for node in walk(root):
        if node.op in ("const", "pi"):
            new[node] = node
        elif node.op in ("add", "sub", "mul", "div", "neg", "abs", "sqrt", "fma"):
            new[node] = Node(node.op, tuple(new[a] for a in node.args))
        else:
            new[node] = Node("widen", (node,))
    return new[root]


def _log1p(e: Callable[[Node], Node], x: Node) -> Node:
    return _op("log1p_of_unit", e(x))


def _near_decay(x: Node) -> Node:
    return _op("exp_near", -abs(x))


@lru_cache(maxsize=1)
def of_operations() -> tuple[tuple[Form, ...], ...]:
    """The same of what the machine has."""
    a, b, x = symbol("a"), symbol("b"), symbol("x")
    return (
        (
            Form(call("exp", -0.5 * x * x), _named("bell_near"), "x"),
            Form(call("exp", x), _named("exp_near"), "x"),
            Form(call("exp", -abs(x)), lambda x: _op("decay", abs(x))),
            Form(call("sin", x), _named("sin_near"), "x"),
            Form(call("cos", x), _named("cos_near"), "x"),
            Form(a * _op("gelu", x), _named("geglu_near"), "ax"),
            Form(a * _op("gelu_tanh", x), _named("geglu_tanh_near"), "ax"),
            Form(a * (x * b), _value_first, "ax"),
            *(
                Form(call("log1p", e(x)), partial(_log1p, e), "", FLOAT32)
                for e in (_named("decay"), _near_decay)
            ),
            Form(tanhshrink(x), _named("tanhshrink"), "", FLOAT32),
            Form(a / b, _by_inverse, "", FLOAT32),
        ),
        tuple(
            Form(_op(op, x), partial(_of_wide, op), "", FLOAT32)
            for op in ("exp", "decay", "exp_near")
        ),
    )
