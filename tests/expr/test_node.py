"""Nodes: hash-consed, immutable in spirit, simplified only where it is exact."""

import copy
import math
import pickle

import pytest

from ogive.expr import const, evaluate, parse, symbol, walk
from ogive.expr.node import ZERO

X = symbol("x")


def test_equal_expressions_are_one_object():
    assert X * 2 + 1 is X * 2 + 1
    assert parse("x * sigmoid(x)") is parse("x*sigmoid( x )")


def test_zero_and_minus_zero_and_nan_are_constants_of_their_own():
    assert const(0.0) is not const(-0.0)
    assert const(math.nan) is const(math.nan)


def test_copies_and_pickles_are_the_same_object():
    expression = parse("tanh(x) / (1 + x**2)")
    assert pickle.loads(pickle.dumps(expression)) is expression
    assert copy.deepcopy(expression) is expression


@pytest.mark.parametrize(
    ("written", "simple"),
    [
        ("x + 0", "x"),
        ("x * 1", "x"),
        ("x - -x", "2 * x"),
        ("--x", "x"),
        ("x / 1", "x"),
        ("x ** 1", "x"),
        ("0.5 * (4 * x)", "2 * x"),
        ("(-x) * 3", "-(3 * x)"),
        ("where(1 < 2, x, 3)", "x"),
        ("where(x > 0, x, x)", "x"),
    ],
)
def test_exact_simplifications(written, simple):
    assert parse(written) is parse(simple)


def test_a_constant_is_folded_only_when_no_digit_is_lost():
    assert parse("0.5 + 0.25").op == "const"
    assert parse("0.1 + 0.2").op == "add"
    assert parse("1 / 3").op == "div"


def test_whole_powers_become_products():
    assert {n.op for n in walk(parse("x**5"))} == {"mul", "symbol"}
    assert evaluate(parse("x**-2"), x=4.0) == 1 / 16
    assert parse("x**0.5").op == "sqrt"


def test_a_formula_has_no_truth_value():
    with pytest.raises(TypeError, match=r"where\(condition, a, b\)"):
        bool(X > 0)


def test_only_numbers_and_symbols_make_formulas():
    with pytest.raises(TypeError, match="str"):
        X + "1"


def test_nothing_lies_beyond_infinity():
    assert (math.inf < X) is ZERO


def test_a_walk_meets_arguments_before_those_who_use_them_and_each_once():
    roots = (parse("(x + 1) * tanh(x + 1)"), parse("tanh(x + 1) - y", "xy"))
    met = list(walk(*roots))
    assert len(met) == len(set(met)) == 7
    assert all(met.index(a) < met.index(node) for node in met for a in node.args)
    assert [n for n in met if n in roots] == [*roots]
