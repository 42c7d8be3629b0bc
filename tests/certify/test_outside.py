"""Boxes, tails and balls hold what they say: attacked at thousands of points of every entry."""

import math

import numpy as np
import pytest
from flint import acb, arb

from ogive.catalogue import entries
from ogive.certify.proof.budget import Unproved
from ogive.certify.proof.enclosure import ball_arithmetic, between
from ogive.certify.proof.partition import partition
from ogive.certify.proof.polynomials import T
from ogive.certify.signal.analytic import ON_BALLS, SPOKEN, on_balls, supported
from ogive.certify.signal.moments import mean_formula
from ogive.certify.signal.outside import Majorant, beyond
from ogive.certify.signal.quadrature import evaluator
from ogive.expr import diff, parse, substitute, symbol

ONES = [name for name, spec in entries().items() if spec.kind != "rowwise"]
INTERVALS = [(-math.inf, -12.0), (-3.0, -0.5), (-1.0, 2.0), (0.3, 0.4), (12.0, math.inf)]
#: Entries that are defined on half of the line only.
NONE = {"log1mexp"}
#: What floats may be off by where a formula is evaluated with them.
SLACK = 1e-9


def samples(low, high, seed=0):
    draw = np.random.default_rng(seed)
    far = 12 + 700 * draw.random(2000) ** 3
    if math.isinf(low):
        return -far
    return far if math.isinf(high) else draw.uniform(low, high, 2000)


def both(name):
    f = mean_formula(entries()[name])
    return f, diff(f, symbol("x"))


def ranges(g, low, high):
    """(from, to, least, largest) of each piece on an interval, or of a tail."""
    if math.isinf(low) or math.isinf(high):
        side = 1 if math.isinf(high) else -1
        yield low, high, *majorant(g, min(abs(low), abs(high)), side).ends
        return
    for piece in partition(g, low, high):
        held = piece.enclosed().with_slope(between(piece.low, piece.high))[0]
        yield float(piece.low), float(piece.high), held.lower(), held.upper()


def majorant(g, start, side=1):
    return Majorant(start).of(substitute(g, {"x": side * T}))


@pytest.mark.parametrize("name", ONES)
def test_no_value_lies_outside_its_range(name):
    for g in both(name):
        for low, high in [ends for ends in INTERVALS if name not in NONE or ends[0] >= 0]:
            x = samples(low, high)
            values = evaluator(g)(x)
            with ball_arithmetic():
                found = list(ranges(g, low, high))
            for begin, end, least, largest in found:
                inside = values[np.isfinite(values) & (x > begin) & (x < end)]
                if len(inside) and largest.is_finite() and least.is_finite():
                    slack = SLACK * max(1.0, float(np.abs(inside).max()))
                    assert inside.min() >= float(least) - slack
                    assert inside.max() <= float(largest) + slack


@pytest.mark.parametrize("name", [n for n in ONES if n not in NONE])
def test_no_value_outgrows_its_bound(name):
    """Beyond the cut that lies farther out than every branch; subnormal values are too coarse."""
    far = 48 + 650 * np.random.default_rng(1).random(2000) ** 3
    for g in both(name):
        for sign in (-1, 1):
            with ball_arithmetic():
                found = majorant(g, 48.0, sign)
                factor = -math.inf if found.factor == 0 else float(abs(found.factor).upper().log())
            values = np.abs(evaluator(g)(sign * far))
            good = np.isfinite(values) & (values > 1e-300)
            bound = factor + float(found.scale.power) * np.log(far) + exponent(found.scale, far)
            bound += float(found.scale.logs) * np.log(np.log(far))
            assert np.all(np.log(values[good]) <= bound[good] + 1e-6)


def exponent(scale, far):
    """The polynomial in t, and in what else grows, that the scale is the exponential of."""
    total = np.zeros_like(far)
    for monomial, factor in scale.exponent:
        term = np.full_like(far, float(factor))
        for atom, power in monomial:
            term *= evaluator(substitute(atom, {"t": symbol("x")}))(far) ** power
        total += term
    return total


@pytest.mark.parametrize("name", ONES)
def test_a_ball_holds_the_value(name):
    """Balls around points, and points as balls, against floats; off the kinks both flags agree."""
    for g in both(name):
        evaluate, floats = on_balls(g), evaluator(g)
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
    assert "erf" in ON_BALLS


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("1/x", (0, 0.5)),
        ("exp(-x)", (0, math.exp(-2))),
        ("1/(1 + x**2)", (0, 0.25)),  # 1/x**2, whatever else stands below
        ("sin(x)", (-1, 1)),
        ("where(x > 1, tanh(x), x)", (math.tanh(2), 1)),
        ("tanh(x*sin(x))", (-1, 1)),  # an argument of either sign
        ("where(sin(x) > 0, 1, 1/x)", (0, 1)),  # a condition of either truth
        ("max(sin(x), exp(-x))", (-1, 1)),
        ("softsign(x*cos(x))", (-1, 1)),
        ("exp(x*(sin(x) - 1.1))", (0, 1)),  # an exponent below 0 that goes nowhere
    ],
)
def test_ranges_that_are_known(text, known):
    with ball_arithmetic():
        found = majorant(parse(text, ["x"]), 2.0).ends
    assert (float(found[0]), float(found[1])) == pytest.approx(known, abs=1e-8)


@pytest.mark.parametrize("text", ["log(-x)", "sqrt(-x)", "(-x)**0.5", "erfinv(x)", "1/sin(x)"])
def test_no_range_where_a_function_is_not_defined(text):
    with ball_arithmetic(), pytest.raises(Unproved):
        majorant(parse(text, ["x"]), 2.0)


@pytest.mark.parametrize(
    "text",
    [
        "exp(x*sin(x))",
        "cosh(sin(x)*x)",
        "asinh(x*sin(x))",
        "log1p(exp(x*cos(x)))",
        "hypot1(x*sin(x))",
    ],
)
def test_the_size_is_bounded_where_no_sign_is_known(text):
    g = parse(text, ["x"])
    far = 12 + 600 * np.random.default_rng(2).random(2000) ** 3
    with ball_arithmetic():
        found = majorant(g, 12.0)
        factor = float(abs(found.factor).upper())
    values, bound = np.abs(evaluator(g)(far)), exponent(found.scale, far)
    bound += math.log(factor) + float(found.scale.power) * np.log(far)
    assert np.all(np.log(values[values > 0]) <= bound[values > 0] + 1e-9)
    assert beyond(g, 0.0, 1.0, 12.0, 1) < 1e-6


def test_the_tail_of_a_square():
    """The integral of x**2 times the density beyond 12 is 12 phi(12) + Q(12)."""
    density = math.exp(-72) / math.sqrt(2 * math.pi)
    exact = 12 * density + math.erfc(12 / math.sqrt(2)) / 2
    bound = float(beyond(parse("x**2", ["x"]), 0.0, 1.0, 12.0, 1))
    assert exact <= bound <= 2 * exact


def test_no_bound_of_what_outgrows_the_density():
    assert not beyond(parse("exp(x**2)", ["x"]), 0.0, 1.0, 12.0, 1).is_finite()
