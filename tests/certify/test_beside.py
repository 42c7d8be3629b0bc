"""Tails beside a point that no float is, and beside holes: they hold the function near it."""

import pytest

from ogive.certify.proof.beside import Beside
from ogive.certify.proof.enclosure import ball, ball_arithmetic, enclosed
from ogive.certify.proof.partition import partition
from ogive.expr import parse

#: An expression, an end of a piece of it that is open, its power of t there, and the limit of
#: value / t**power from below.
TAILS = [
    ("1/(x**2 - 2)", 1, 2**-1.5),
    ("x/(x**2 - 2)**2", 2, 2**0.5 / 8),
    ("1/(3*x - 1)", 1, -1 / 3),
    ("1/(exp(x) - 2)", 1, -0.5),
    ("sqrt(2 - x**2)", -0.5, 2**0.75),
    ("(x**3 - 2)**(-1/3)", 1 / 3, 0),
    ("tanh(x)/x", 0, 1),
    ("(1 - cos(x))/x**2", 0, 0.5),
    ("(sech(x)**2*x - tanh(x))/x**2", -1, 2 / 3),
    ("(tanh(x) - x)/x**3", 0, -1 / 3),
]


@pytest.mark.parametrize(("formula", "power", "limit"), TAILS)
def test_a_tail_holds_the_function_on_the_way_to_the_point(formula, power, limit):
    node = parse(formula, ["x"])
    with ball_arithmetic():
        piece = next(p for p in partition(node) if p.high.is_finite() or p.low.is_finite())
        side = 1 if piece.high.is_finite() else -1
        end, roots = piece.ends[side > 0]
        tail = Beside(end, side, 16.0, roots).enclosure(piece.node)
        assert float(tail.scale.power) == pytest.approx(power, abs=1e-9)
        if limit:
            assert abs(float(tail.limit)) == pytest.approx(abs(limit), rel=1e-12)
        for t in (16.0, 17.5, 100.0, 1e4):
            value = enclosed(piece.node).at(end - side / ball(t))
            assert tail.factor.overlaps(value / ball(t) ** ball(float(tail.scale.power)))
