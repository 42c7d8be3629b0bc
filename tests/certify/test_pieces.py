"""Where a formula changes from one piece to the next, and which piece holds far out."""

import math

import pytest
from seen import tail

from ogive.certify import breakpoints
from ogive.expr import bind, parse, symbol


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("max(x, 0)", (0.0,)),
        ("min(max(x, -1), 3)", (-1.0, 3.0)),
        ("where(2*x > 5, x, 0)", (2.5,)),
        ("abs(x**2 - 2)", (-math.sqrt(2), math.sqrt(2))),
        ("min(max(0.2*x + 0.5, 0), 1)", (-2.5, 2.5)),
        ("where(x < inf, x, 0)", ()),
        ("tanh(x)", ()),
        ("where(abs(x*x*x) <= 0, 1, x)", (0.0,)),
    ],
)
def test_breakpoints(formula, found):
    assert breakpoints(parse(formula, ["x"])) == pytest.approx(found, rel=1e-15)


@pytest.mark.parametrize(
    ("formula", "left", "right"),
    [
        ("max(x, 0)", "0", "x"),
        ("abs(x) * sign(x)", "x", "x"),
        ("min(max(x, -1), exp(x))", "-1", "x"),
        ("where(x > a, tanh(x), abs(x))", "-x", "tanh(x)"),
        ("where(sin(x) > 2, x, 1)", "1", "1"),
    ],
)
def test_tails(formula, left, right):
    expression = bind(parse(formula, ["x", "a"]), {"a": 3.0})
    assert str(tail(expression, -1)) == left
    assert str(tail(expression, 1)) == right


def test_a_tail_that_cannot_be_told_stays():
    expression = abs(symbol("x") - symbol("x"))
    assert tail(expression, 1) is expression
