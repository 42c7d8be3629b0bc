"""Programs of balls: a result holds every value that the function takes on its argument's ball."""

import random

import flint
import mpmath
import pytest

from ogive.certify.reference import exact
from ogive.expr import PRIMITIVES, Program, parse, symbol
from ogive.expr.primitives import call
from ogive.printers import python_function

UNARY = [n for n, row in PRIMITIVES.items() if row.arity == 1]


def compiled(program: Program):
    return python_function(program, "arb")


def of_x(formula: str):
    return compiled(Program("f", ("x",), (parse(formula, ["x"]),), ((0.4,),)))


@pytest.mark.parametrize("name", UNARY)
def test_the_image_of_a_ball_holds_the_values_at_its_points(name):
    low, high = PRIMITIVES[name].domain
    low, high = max(low + 0.01, -40.0), min(high - 0.01, 40.0)
    program = Program("f", ("x",), (call(name, symbol("x")),), ((0.4,),))
    function, draw = compiled(program), random.Random(0)
    for _ in range(100):
        ends = sorted(draw.uniform(low, high) for _ in range(2))
        image = function(flint.arb(ends[0]).union(flint.arb(ends[1])))[0]
        if not image.is_finite():  # the ball's rounded radius reaches over the domain's end
            continue
        for inner in (ends[0], ends[1], draw.uniform(*ends)):
            with mpmath.workdps(40):
                value = exact(program, inner)[0]
                left, right = (mpmath.mpf(str(float(e))) for e in (image.lower(), image.upper()))
                slack = 1e-15 * (1 + abs(value))  # float() rounds the ends of the image
                assert left - slack <= value <= right + slack, (ends, inner)


@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid", "erf", "ndtr", "sech", "hypot1"])
def test_a_wide_ball_is_held_as_tightly_as_a_monotone_function_allows(name):
    function = compiled(Program("f", ("x",), (call(name, symbol("x")),), ((0.4,),)))
    image = function(flint.arb(-1).union(flint.arb(3)))[0]
    values = [PRIMITIVES[name].value(x / 100) for x in range(-100, 301)]
    # a ball's radius has 30 bits
    assert float(image.lower()) == pytest.approx(min(values), abs=1e-8 * max(values))
    assert float(image.upper()) == pytest.approx(max(values), abs=1e-8 * max(values))


@pytest.mark.parametrize(
    ("formula", "low", "high"),
    [
        ("where(x > 0, 5, 7)", 5, 7),
        ("where(x >= 3, 5, 7)", 7, 7),
        ("where(x < 3, 5, 7)", 5, 5),
        ("min(x, 1)", -1, 1),
        ("max(x, 1)", 1, 2),
        ("abs(x)", 0, 2),
        ("sign(x)", -1, 1),
        ("sign(x + 5)", 1, 1),
        ("x**2", 0, 4),
    ],
)
def test_an_undecided_condition_gives_both_branches(formula, low, high):
    image = of_x(formula)(flint.arb(-1).union(flint.arb(2)))[0]
    assert float(image.lower()) == pytest.approx(low, abs=1e-7)
    assert float(image.upper()) == pytest.approx(high, abs=1e-7)


def test_a_branch_that_does_not_hold_is_not_computed():
    assert of_x("where(x > 0, log(x), 0)")(flint.arb(-3))[0] == 0


def test_constants_are_not_rounded_to_doubles():
    with flint.ctx.workprec(200):
        image = of_x("x * sqrt(2 * pi)")(flint.arb(1))[0]
        assert image.rad() < 1e-50
        assert image.overlaps((2 * flint.arb.pi()).sqrt())


def test_infinities_and_nan_are_written():
    assert of_x("where(x < inf, 1, 2)")(flint.arb(3))[0] == 1
    assert of_x("max(x, -inf)")(flint.arb(3))[0] == 3
