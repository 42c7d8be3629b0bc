"""Tail enclosures: signs, bounds and limits, against known asymptotics and the judge."""

from fractions import Fraction

import pytest

from ogive.catalogue import entries
from ogive.certify.proof.budget import Unproved
from ogive.certify.proof.enclosure import ball, ball_arithmetic, on_reals
from ogive.certify.proof.polynomials import UNIT, T, polynomial
from ogive.certify.proof.rational_forms import quotient
from ogive.certify.proof.scale import GrowthScale
from ogive.certify.proof.tails import HalfLine
from ogive.certify.univariate import defaults, function_of_one_number
from ogive.expr import PRIMITIVES, diff, parse, substitute
from ogive.expr.primitives import call

POINTWISE = [n for n, s in entries().items() if s.kind != "rowwise"]


def enclosure(formula: str, start: float = 16.0, order: int = 0):
    node = parse(formula, ["t"])
    for _ in range(order):
        node = diff(node, T)
    return HalfLine(start).enclosure(node)


# formula of t, sign far out, limit (None: there is none, or none is seen)
KNOWN = [
    ("t * sigmoid(-t)", 1, 0.0),
    ("sigmoid(-t) - t * dsigmoid(-t)", -1, 0.0),
    ("t * ndtr(-t)", 1, 0.0),
    ("t * sigmoid(t) - t", -1, 0.0),
    ("softplus(t) - t", 1, 0.0),
    ("hypot1(t) - t", 1, 0.0),
    ("t**9 * exp(-t)", 1, 0.0),
    ("exp(t) * exp(-exp(t))", 1, 0.0),
    ("t * exp(-exp(t)) - exp(-t)", -1, 0.0),
    ("(1 + 1/t) * tanh(t)", 1, 1.0),
    ("atan(t) * 2", 1, 3.141592653589793),
    ("exp(-1.5 * softplus(2 * t)) * exp(3 * t)", 1, 1.0),
    ("exp(t * ndtr(t)) * exp(-t)", 1, 1.0),
    ("erfc(t) * exp(t * t) * t", 1, 0.5641895835477563),
    ("log(t) / t", 1, 0.0),
    ("t - log(t)", 1, float("inf")),
    ("-t**3 + 100 * t", -1, float("-inf")),
    ("sqrt(t * t + 1) / t", 1, 1.0),
    ("1/t - t/(t*t + t) - 1/(t*t)", -1, 0.0),
    ("3 + sin(t)", 1, None),
    ("sin(t)", None, None),
]


@pytest.mark.parametrize(("formula", "side", "limit"), KNOWN, ids=lambda v: str(v))
def test_known_asymptotics(formula, side, limit):
    with ball_arithmetic():
        found = enclosure(formula)
        assert found.sign == side
        assert limit is None if found.value is None else float(found.value) == pytest.approx(limit)


@pytest.mark.parametrize("formula", ["exp(sin(t) * t)", "sin(t) + 1/sin(t)", "t**t", "log(log(t))"])
def test_what_no_rule_covers_is_not_proved(formula):
    with ball_arithmetic(), pytest.raises(Unproved):
        enclosure(formula).tendency  # noqa: B018 - asking is the test


@pytest.mark.parametrize("name", [n for n, row in PRIMITIVES.items() if row.arity == 1])
@pytest.mark.parametrize("argument", ["t", "-t", "2 + 1/t", "1/t", "-exp(-t)", "0.3 + sin(t) / 4"])
def test_the_rule_of_a_primitive_holds_at_every_point(name, argument):
    node = call(name, parse(argument, ["t"]))
    with ball_arithmetic():
        try:
            found = HalfLine(8.0).enclosure(node)
        except Unproved:
            return
        assert_holds(found, node)


@pytest.mark.parametrize("name", POINTWISE)
@pytest.mark.parametrize("side", [1, -1])
def test_the_tails_of_every_entry_hold_at_every_point(name, side):
    spec = function_of_one_number(entries()[name])
    node = substitute(substitute(spec.expression, defaults(spec)), {"x": side * T})
    for _ in range(3):
        with ball_arithmetic():
            try:
                found = HalfLine(64.0).enclosure(node)
            except Unproved:
                continue
            if spec.domain[0] < 0 or side > 0:
                assert_holds(found, node)
        node = diff(node, T)


def assert_holds(found, node):
    """scale(t) times the factor holds the value at points of the half-line, and so do the ends."""
    low, high = found.ends
    for t in (found.start, found.start * 1.37, found.start * 7, found.start * 100):
        value = on_reals((node,), ("t",))(ball(t))[0]
        assert not (value < low or value > high), t
        assert (scale_at(found.scale, t) * found.factor).overlaps(value), t


def scale_at(scale: GrowthScale, t: float):
    total = ball(0.0)
    for monomial, factor in scale.exponent:
        term = ball(1.0) * factor.numerator / factor.denominator
        for atom, power in monomial:
            term *= on_reals((atom,), ("t",))(ball(t))[0] ** power
        total += term
    power = ball(float(scale.power))
    return total.exp() * ball(t) ** power * ball(t).log() ** ball(float(scale.logs))


def test_a_scale_that_decays_is_bounded_from_its_start_on():
    square = frozenset({(T, 2)})
    with ball_arithmetic():
        bell = GrowthScale(frozenset({(square, Fraction(-1, 2))}), Fraction(30))
        assert bell.decay(4.0) is None  # t**30 still grows at 4
        bound = bell.decay(8.0)
        assert bound is not None
        assert all(scale_at(bell, t) <= bound for t in (8.0, 8.5, 10.0, 50.0))
        assert (bell**-1).decay(8.0) is None


def test_polynomials_are_compared_exactly():
    assert polynomial(parse("(t + 1)**2 - t**2 - 2 * t", ["t"])) == {UNIT: 1}
    assert polynomial(parse("sqrt(4) * t - t / 0.5", ["t"])) == {}
    assert polynomial(parse("pi * t - t * pi", ["t"])) == {}


def test_quotients_are_reduced_to_lowest_terms():
    found = quotient(parse("(t**2 - 1) / (t - 1) + 1 / t", ["t"]))
    assert found == (
        {frozenset({(T, 2)}): 1, frozenset({(T, 1)}): 1, UNIT: 1},
        {frozenset({(T, 1)}): 1},
    )
    assert quotient(parse("exp(t) / t", ["t"])) is None
