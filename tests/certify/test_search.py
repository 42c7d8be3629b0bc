"""Searches over an interval: complete lists of zeros, sharp suprema, or no answer at all."""

import math

import pytest

from ogive.certify.proof.budget import Budget, Unproved
from ogive.certify.proof.enclosure import ball, ball_arithmetic, between, enclosed
from ogive.certify.proof.partition import partition
from ogive.certify.proof.search import supremum, zeros
from ogive.expr import parse


def function(formula: str):
    return enclosed(parse(formula, ["x"]))


@pytest.mark.parametrize(
    ("formula", "known"),
    [
        ("x * sigmoid(x)", [0.0]),
        ("x**2 - 2", [-math.sqrt(2), math.sqrt(2)]),
        ("sin(x)", [k * math.pi for k in range(-2, 3)]),
        ("x - tanh(x)", [0.0]),  # of order 3
        ("x**4", [0.0]),
        ("x - 7", [7.0]),  # at the end
        ("exp(x)", []),
        ("x**2 + 1e-9", []),
        ("x**2 - 1e-12", [-1e-6, 1e-6]),  # so near each other that a grid sees none
        ("(x - 1) * (x - 1.0000001) * (x + 2)", [-2.0, 1.0, 1.0000001]),
    ],
)
def test_every_zero_is_found(formula, known):
    with ball_arithmetic():
        found = zeros(function(formula), ball(-7.0), ball(7.0), Budget())
        assert len(found) == len(known)
        for zero, at in zip(found, known, strict=True):
            # the known one is a rounded float
            assert abs(zero - at) <= 4e-16 * (1 + abs(at))
            assert zero.rad() < 1e-25


@pytest.mark.parametrize(
    "formula", ["1/x", "sin(1/x)", "x**2 - 2*x*sqrt(2) + 2", "sqrt(x*x)", "0*x"]
)
def test_zeros_that_cannot_be_isolated_are_refused(formula):
    with ball_arithmetic(), pytest.raises(Unproved):
        zeros(function(formula), ball(-7.0), ball(6.9), Budget())


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("sigmoid(x) + x * dsigmoid(x)", 1.0998393201288669),
        ("sin(x) * sin(3 * x)", 0.5625),
        ("-(x - 0.1)**2", 0.0),
        ("x", 7.0),
        ("x * (1 - x) * 1e-20", 0.25e-20),
        ("sqrt(49 - x*x)", 7.0),
    ],
)
def test_suprema_are_sharp(formula, value):
    with ball_arithmetic():
        high = 6.5 if "sqrt" in formula else 7.0
        found = supremum(function(formula), ball(-high), ball(high), Budget())
        assert float(found.upper()) == pytest.approx(value, rel=1e-11, abs=1e-25)
        assert float(found.lower()) == pytest.approx(value, rel=1e-11, abs=1e-25)


@pytest.mark.parametrize("formula", ["1/x", "sin(1/x)/x", "sin(x)/cos(x)", "1/(x - 0.3)**2"])
def test_a_supremum_that_cannot_be_bounded_is_refused(formula):
    with ball_arithmetic(), pytest.raises(Unproved):
        supremum(function(formula), ball(-7.0), ball(6.9), Budget())


def test_a_search_ends_with_its_budget():
    with ball_arithmetic(), pytest.raises(Unproved, match="limit"):
        zeros(function("sin(1/x)"), ball(0.0), ball(1.0), Budget(boxes=50))


def test_the_time_of_a_search_is_bounded():
    with ball_arithmetic(), pytest.raises(Unproved, match="limit"):
        zeros(function("sin(1/x)"), ball(0.0), ball(1.0), Budget(boxes=10**9, seconds=0.05))


@pytest.mark.parametrize("formula", ["x * tanh(x)", "exp(x) - x", "sin(x) * x", "log1p(x*x)"])
def test_the_mean_value_form_holds_the_values(formula):
    f = function(formula)
    with ball_arithmetic():
        for low in (-3.0, -0.1, 0.7):
            box = f.with_slope(between(ball(low), ball(low + 0.25)))[0]
            for part in (0.0, 0.1, 0.2, 0.25):
                assert box.overlaps(f.at(ball(low + part)))


@pytest.mark.parametrize(
    ("formula", "ends"),
    [
        ("max(x, x**3 - 1e-3)", [-0.9994996244991782, -0.001000001000003, 1.0004996254991811]),
        ("max(x, x**2 + 1e-9)", [1.0000000010000000e-9, 0.99999999899999999]),
        ("abs(abs(x) - 1)", [-1.0, 0.0, 1.0]),
        ("where(x > 0.001, x, 0)", [0.001]),
        ("where(abs(x) < inf, cos(x), 0)", []),
        ("min(x, inf)", []),
        ("where(x < 1, x, where(x < 1, 5, 7))", [1.0]),
        ("abs(max(x, 0))", [0.0]),
        ("softsign(x - 2)", [2.0]),
    ],
)
def test_pieces_are_complete(formula, ends):
    with ball_arithmetic():
        found = partition(parse(formula, ["x"]))
        assert [float(p.high) for p in found[:-1]] == pytest.approx(ends, rel=1e-12)
        assert (float(found[0].low), float(found[-1].high)) == (-math.inf, math.inf)


def test_a_condition_that_oscillates_is_refused():
    with pytest.raises(Unproved):
        partition(parse("abs(sin(x))", ["x"]))
