"""Stable forms, binding, expansion, and the guard of limits."""

import math

import pytest

from ogive.certify.reference import exact
from ogive.expr import (
    PRIMITIVES,
    Program,
    bind,
    evaluate,
    expand,
    expand_all,
    fold,
    fold_all,
    parse,
    stabilise,
    substitute,
    symbol,
    walk,
)
from ogive.expr.primitives import call
from ogive.expr.program import program

STABLE = [
    ("log(1 + x)", "log1p(x)"),
    ("log(exp(x) + 1)", "softplus(x)"),
    ("exp(x) - 1", "expm1(x)"),
    ("1 / (1 + exp(-x))", "sigmoid(x)"),
    ("x / (1 + exp(-beta * x))", "x * sigmoid(beta * x)"),
    ("x * tanh(log(1 + exp(x)))", "x * tanh(softplus(x))"),
    ("0.5 * x * (1 + erf(x / sqrt(2)))", "x * ndtr(x)"),
]


@pytest.mark.parametrize(("textbook", "stable"), STABLE)
def test_textbook_forms_become_stable_primitives(textbook, stable):
    symbols = ["x", "beta"]
    assert stabilise(parse(textbook, symbols)) is parse(stable, symbols)


def test_a_stable_form_has_the_value_of_the_textbook_form():
    for textbook, _ in STABLE:
        node = parse(textbook, ["x", "beta"])
        for x in (-0.9, 0.3, 2.0):
            expected = evaluate(node, x=x, beta=1.5)
            assert evaluate(stabilise(node), x=x, beta=1.5) == pytest.approx(expected, rel=1e-12)


def test_bind_puts_numbers_in_and_folds():
    node = bind(parse("x * sqrt(2 / pi) * a", ["x", "a"]), {"a": 3.0})
    assert {n.op for n in walk(node)} <= {"mul", "symbol", "const"}


def test_substitute_takes_formulas_too():
    assert substitute(parse("x**2"), {"x": parse("tanh(x)")}) is parse("tanh(x)**2")


def test_what_is_substituted_is_left_alone():
    x = symbol("x")
    assert substitute(-x, {"x": -x}) is x
    swapped = substitute(parse("a - b", ["a", "b"]), {"a": symbol("b"), "b": symbol("a")})
    assert swapped is parse("b - a", ["a", "b"])


def test_expand_leaves_only_what_the_language_speaks():
    spoken = {
        "add",
        "sub",
        "mul",
        "div",
        "neg",
        "abs",
        "exp",
        "log1p",
        "max",
        "lt",
        "where",
        "sqrt",
    }
    node = expand(parse("softplus(x) * sigmoid(x) + sech(x) + rhypot(x)"), spoken | {"min"})
    assert {n.op for n in walk(node)} <= spoken | {"const", "symbol", "min"}


def test_several_at_once_become_what_each_becomes_alone():
    x = symbol("x")
    roots = [x * (2 + parse("sqrt(2)")), parse("softplus(x)"), parse("softplus(x) * sqrt(2)")]
    spoken = {"add", "sub", "mul", "neg", "abs", "exp", "log1p", "max", "lt", "where", "sqrt"}
    assert fold_all(roots) == tuple(map(fold, roots))
    assert expand_all(roots, spoken) == tuple(expand(root, spoken) for root in roots)


def test_expand_names_what_it_cannot_express():
    with pytest.raises(NotImplementedError, match="atan"):
        expand(parse("atan(x)"), {"add"})


@pytest.mark.parametrize("name", [n for n, row in PRIMITIVES.items() if row.definition])
def test_a_definition_has_the_value_of_its_primitive(name):
    row = PRIMITIVES[name]
    inputs = tuple("ab"[: row.arity])
    arguments = [symbol(s) for s in inputs]
    itself = Program(
        "f", inputs, (call("mul" if name == "mul0" else name, *arguments),), ((0.4,),) * 2
    )
    definition = row.definition(*arguments)
    for a in (-745.0, -37.5, -3.0, -1e-9, 0.0, 0.4, 40.0, 1e200):
        expected = float(exact(itself, *(a, 0.7)[: row.arity])[0])
        got = evaluate(definition, a=a, b=0.7)
        # x / sqrt(2) of ndtr is rounded before it is squared
        assert got == pytest.approx(expected, rel=1e-12 if name == "ndtr" else 1e-14, abs=1e-322)
        assert row.value(*(a, 0.7)[: row.arity]) == pytest.approx(got, rel=1e-15, abs=5e-324)


GUARDED = [
    ("x * sigmoid(x)", -math.inf, 0.0),
    ("x * sigmoid(x)", math.inf, math.inf),
    ("x * sigmoid(2 * (x + 0.04 * x**3))", -math.inf, 0.0),
    ("x * exp(-x**2)", math.inf, 0.0),
    ("x * tanh(softplus(x))", -math.inf, 0.0),
]


@pytest.mark.parametrize(("formula", "x", "limit"), GUARDED)
def test_the_guard_brings_out_limits(formula, x, limit):
    made = program("f", parse(formula), ("x",), {})
    assert math.isnan(evaluate(made.outputs[0], x=x)) or evaluate(made.outputs[0], x=x) == limit
    assert evaluate(made.guarded[0], x=x) == limit


def test_the_guard_reaches_parameters_that_may_be_zero():
    swish = program("swish", parse("x * sigmoid(beta * x)", ["x", "beta"]), ("x",), {"beta": 1.0})
    assert evaluate(swish.guarded[0], x=math.inf, beta=0.0) == math.inf


def test_the_guard_leaves_the_rest_alone():
    made = program("f", parse("where(x > 0, x, expm1(x))"), ("x",), {})
    assert made.guarded == made.outputs


def test_vjp_and_jvp_are_programs_again():
    made = program("f", parse("x * sigmoid(a * x)", ["x", "a"]), ("x",), {"a": 1.0})
    assert made.vjp((0, 1)).inputs == ("g0", "x", "a")
    assert made.jvp((0,)).vjp((0, 1)).inputs == ("g0", "t0", "x", "a")
    assert isinstance(made.bind({"a": 2.0}), Program)
    assert made.bind({"a": 2.0}).inputs == ("x",)
    assert made.vjp((0,)) is made.vjp((0,)), "derived once"
