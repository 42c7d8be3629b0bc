"""Differentiation: branch by branch, closed over the primitives, right at kinks."""

import math

import mpmath
import pytest

from ogive.certify.reference import exact
from ogive.expr import PRIMITIVES, Program, const, diff, evaluate, parse, symbol, walk
from ogive.expr.functions import vocabulary
from ogive.expr.primitives import call

X = symbol("x")
BOOLEAN = {"lt", "le", "eq"}


def test_the_branch_not_taken_never_reaches_the_derivative():
    """inf * 0 = NaN from a dead branch is excluded by construction."""
    elu = parse("where(x > 0, x, alpha * expm1(x))", ["x", "alpha"])
    assert evaluate(elu, x=1000.0, alpha=1.0) == 1000.0
    assert evaluate(diff(elu, X), x=1000.0, alpha=1.0) == 1.0
    assert evaluate(diff(diff(elu, X), X), x=1000.0, alpha=1.0) == 0.0


@pytest.mark.parametrize(
    ("formula", "kink", "slope"),
    [
        ("relu(x)", 0.0, 0.0),
        ("clip(x, -1, 1)", 1.0, 0.0),
        ("clip(x, -1, 1)", -1.0, 0.0),
        ("abs(x)", 0.0, 0.0),
        ("where(x > 0, x, 0.1 * x)", 0.0, 0.1),
        ("where(x >= 0, x, 0.1 * x)", 0.0, 1.0),
    ],
)
def test_at_a_kink_the_derivative_is_that_of_the_branch_that_holds(formula, kink, slope):
    assert evaluate(diff(parse(formula), X), x=kink) == slope


def test_every_derivative_stays_within_the_primitives():
    for name, row in PRIMITIVES.items():
        arguments = [symbol(s) for s in "xyz"[: row.arity]]
        if name == "where":
            arguments[0] = call("lt", arguments[1], arguments[2])
        expression = call(name, *arguments)
        for _ in range(3):
            expression = diff(expression, X)
        assert {n.op for n in walk(expression)} <= {*PRIMITIVES, "const", "symbol"}


@pytest.mark.parametrize("name", [n for n, row in PRIMITIVES.items() if row.arity == 1])
def test_the_derivative_of_a_primitive_is_its_slope(name):
    expression = call(name, X)
    point = max(-0.7, PRIMITIVES[name].domain[0] + 0.7)  # an ordinary one of the domain
    program = Program("slope", ("x",), (expression, diff(expression, X)), ((0.0,),))
    with mpmath.workdps(60):
        _, slope = exact(program, point)
        h = mpmath.mpf(10) ** -15
        numeric = (exact(program, point + h)[0] - exact(program, point - h)[0]) / (2 * h)
    assert abs(slope - numeric) < 1e-15


def test_both_partials_of_a_power():
    expression = call("pow", symbol("a"), symbol("b"))
    for variable, expected in (("a", 1.5 * 0.5**0.5), ("b", 0.5**1.5 * math.log(0.5))):
        got = evaluate(diff(expression, symbol(variable)), a=0.5, b=1.5)
        assert got == pytest.approx(expected, rel=1e-15)


def test_a_constant_has_derivative_zero():
    assert diff(const(3.0), X) is const(0.0)
    assert diff(symbol("y"), X) is const(0.0)


def test_the_vocabulary_can_all_be_differentiated():
    for name, (function, arity) in vocabulary().items():
        arguments = [call("lt", X, 1.0)] * (name == "where") + [X, 2.0, 3.0]
        derivative = diff(function(*arguments[:arity]), X)
        assert math.isfinite(evaluate(derivative, x=0.4)), name
