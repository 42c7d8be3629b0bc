"""Ranges, growth and balls hold what they say: attacked at thousands of points of every entry."""

import math

import numpy as np
import pytest
from flint import acb, arb

from ogive.catalogue import entries
from ogive.certify.signal.analytic import FUNCTIONS, SPOKEN, on_balls, supported
from ogive.certify.signal.growth import beyond, growth
from ogive.certify.signal.moments import formula
from ogive.certify.signal.quadrature import compiled
from ogive.certify.signal.ranges import range_of
from ogive.expr import diff, expand, parse, symbol

ONES = [name for name, spec in entries().items() if spec.kind != "rowwise"]
INTERVALS = [(-math.inf, -12.0), (-3.0, -0.5), (-1.0, 2.0), (0.3, 0.4), (12.0, math.inf)]
#: What floats may be off by where a formula is evaluated with them.
SLACK = 1e-9


def samples(low, high, seed=0):
    draw = np.random.default_rng(seed)
    far = 12 + 700 * draw.random(2000) ** 3
    if math.isinf(low):
        return -far
    return far if math.isinf(high) else draw.uniform(low, high, 2000)


def both(name):
    f = formula(entries()[name])
    return f, diff(f, symbol("x"))


@pytest.mark.parametrize("name", ONES)
def test_no_value_lies_outside_its_range(name):
    for g in both(name):
        for low, high in INTERVALS:
            found = range_of(g, low, high)
            values = compiled(g)(samples(low, high))
            values = values[np.isfinite(values)]
            if found is not None and len(values):
                slack = SLACK * max(1.0, float(np.abs(values).max()))
                assert values.min() >= float(found[0].lower()) - slack
                assert values.max() <= float(found[1].upper()) + slack


@pytest.mark.parametrize("name", [n for n in ONES if n != "log1mexp"])
def test_no_value_outgrows_its_bound(name):
    """Beyond the cut that lies farther out than every branch; subnormal values are too coarse."""
    far = 48 + 650 * np.random.default_rng(1).random(2000) ** 3
    for g in both(name):
        for sign in (-1.0, 1.0):
            found = growth(expand(g, SPOKEN), 48.0, sign)
            values = np.abs(compiled(g)(sign * far))
            good = np.isfinite(values) & (values > 1e-300)
            factor = math.log(max(float(found.factor.upper()), 1e-300))
            bound = factor + found.power * np.log(far) + found.rate * far
            assert np.all(np.log(values[good]) <= bound[good] + 1e-6)


@pytest.mark.parametrize("name", ONES)
def test_a_ball_holds_the_value(name):
    """Balls around points, and points as balls, against floats; off the kinks both flags agree."""
    for g in both(name):
        evaluate, floats = on_balls(g), compiled(g)
        for x in (-7.3, -1.7, -0.37, 0.29, 1.3, 6.1):
            value = float(floats(np.array([x]))[0])
            if math.isfinite(value):
                for radius in (0.0, 0.05):
                    found = evaluate(acb(arb(x, radius)), False).real
                    assert abs(found - value).lower() <= SLACK * max(1.0, abs(value))


@pytest.mark.parametrize(
    "formula_", ["sqrt(x)", "log(x)", "abs(x)", "x**0.3", "max(x, 0)", "atan(x)", "asinh(x)"]
)
def test_no_finite_ball_where_a_function_is_not_analytic(formula_):
    across = acb(arb(0, 0.5), arb(0, 2))
    evaluate = on_balls(parse(formula_, ["x"]))
    assert not evaluate(across, True).is_finite()
    assert evaluate(acb(2), True).is_finite()


def test_every_primitive_is_known_to_balls_or_defined():
    from ogive.expr import PRIMITIVES

    unknown = [
        name for name, row in PRIMITIVES.items() if name not in SPOKEN and row.definition is None
    ]
    assert unknown == ["erfinv"]
    assert not supported(parse("erfinv(x)", ["x"]))
    assert "erf" in FUNCTIONS


@pytest.mark.parametrize(
    ("text", "low", "high", "known"),
    [
        ("x**2", -1.0, 2.0, (0, 4)),
        ("1/x", 2.0, math.inf, (0, 0.5)),
        ("exp(-x)", 0.0, math.inf, (0, 1)),
        ("1/(1 + x**2)", -math.inf, math.inf, (0, 1)),
        ("sin(x)", 0.0, math.inf, (-1, 1)),
        ("where(x > 1, tanh(x), x)", 2.0, math.inf, (math.tanh(2), 1)),
    ],
)
def test_ranges_that_are_known(text, low, high, known):
    found = range_of(parse(text, ["x"]), low, high)
    assert (float(found[0]), float(found[1])) == pytest.approx(known, abs=1e-12)


@pytest.mark.parametrize("text", ["1/x", "log(x)", "sqrt(x)", "x**0.5"])
def test_no_range_where_a_function_is_not_defined(text):
    assert range_of(parse(text, ["x"]), -1.0, 1.0) is None


def test_the_tail_of_a_square():
    """The integral of x**2 times the density beyond 12 is 12 phi(12) + Q(12)."""
    density = math.exp(-72) / math.sqrt(2 * math.pi)
    exact = 12 * density + math.erfc(12 / math.sqrt(2)) / 2
    bound = float(beyond(parse("x**2", ["x"]), 0.0, 1.0, 12.0, 1.0))
    assert exact <= bound <= 2 * exact


def test_no_bound_of_what_outgrows_the_density():
    assert not beyond(parse("exp(x**2)", ["x"]), 0.0, 1.0, 12.0, 1.0).is_finite()
