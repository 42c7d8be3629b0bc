"""The table of special forms: a row is all that a form needs."""

import pytest

from ogive.expr import Node, fold, parse, symbol
from ogive.expr.primitives import call
from ogive.printers.llvm.forms import OWN, Form, of_functions, of_operations, with_forms
from ogive.printers.machine import FLOAT32, FLOAT64

X, Y = symbol("x"), symbol("y")


def found(expression, *stages, format=FLOAT32, near=()):
    """The operations of the expression with forms in it."""
    for forms in stages:
        small = lambda node: node.op == "symbol" and node.value in near  # noqa: E731
        expression = with_forms(expression, forms, format, small)
    return repr_of(expression)


def repr_of(node):
    return f"{node.op}({', '.join(map(repr_of, node.args))})" if node.args else str(node.value)


def test_a_form_is_a_row():
    row = Form(call("exp", symbol("a")) + call("exp", -symbol("a")), lambda a: Node("two", (a,)))
    assert found(parse("1 + (exp(x*y) + exp(-(x*y)))", ["x", "y"]), (row,)) == (
        "add(1.0, two(mul(x, y)))"
    )
    assert "two" not in found(parse("exp(x) + exp(-y)", ["x", "y"]), (row,))


def test_a_form_holds_in_its_format_and_where_its_symbols_are_not_large():
    row = Form(call("sin", symbol("a")), lambda a: Node("near", (a,)), "a", FLOAT32)
    assert found(call("sin", X), (row,), near="x") == "near(x)"
    assert found(call("sin", X), (row,), near="y") == "sin(x)"
    assert found(call("sin", X), (row,), near="x", format=FLOAT64) == "sin(x)"


def test_a_form_that_makes_nothing_leaves_the_next_one():
    rows = (Form(call("exp", X), lambda x: None), Form(call("exp", X), lambda x: x))
    assert found(call("exp", Y), rows) == "y"


@pytest.mark.parametrize("name", OWN)
def test_a_function_with_its_own_approximation_is_found(name):
    assert found(fold(OWN[name](2 * Y)), *of_functions()) == f"{name}(mul(2.0, y))"
    assert name not in found(fold(OWN[name](Y)), *of_functions(), format=FLOAT64)


@pytest.mark.parametrize(
    ("formula", "form"),
    [
        ("exp(-abs(x))", "decay(abs(x))"),
        ("log1p(exp(-abs(x)))", "log1p_of_unit(decay(abs(x)))"),
        ("exp(x + 1)", "exp_of_wide(add(widen(x), 1.0))"),
        ("x / 5", "mul(0.2, x)"),
    ],
)
def test_operations_have_forms(formula, form):
    assert found(parse(formula), *of_operations()) == form


def test_forms_for_what_is_not_large():
    assert found(call("exp", X), *of_operations(), near="x") == "exp_near(x)"
    assert found(Y * (X * call("exp", X)), *of_operations(), near="xy") == (
        "mul(mul(y, x), exp_near(x))"
    )
    assert "mul(mul(" not in found(X * (X * call("exp", X)), *of_operations(), near="x")
