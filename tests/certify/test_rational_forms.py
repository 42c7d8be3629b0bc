"""Quotients over exponentials and roots: the expression itself, and nothing left to cancel."""

import pytest

from ogive.certify.proof.enclosure import ball, ball_arithmetic, on_reals
from ogive.certify.proof.polynomials import T, fraction
from ogive.certify.proof.rational_forms import as_quotient, factors, from_terms, quotients
from ogive.expr import parse

#: Each is the same in lowest terms; the second is how many terms its numerator has there.
QUOTIENTS = [
    ("t**2/t - t", 0),
    ("exp(t)/(1 + exp(t)) - (exp(t)/(1 + exp(t)))**2", 1),
    ("tanh(t) - 2*sigmoid(2*t) + 1", 0),
    ("1/sqrt(t**2 - 1) - t**2/sqrt(t**2 - 1)**3", 1),
    ("exp(t/2)*exp(t/3) - exp(5*t/6)", 0),
    ("cosh(t)**2 - sinh(t)**2", 1),
    ("sech(t)**2 + tanh(t)**2", 1),
    ("dsigmoid(t) - sigmoid(t)*sigmoid(-t)", 0),
    ("expm1(2*t)/expm1(t) - exp(t)", 1),
    ("hypot1(t)*rhypot(t)", 1),
    ("algebraic(t)*hypot1(t)/t", 1),
    ("(t**2 + 1)**1.5/(t**2 + 1)**0.5 - t**2", 1),
    ("1/(sqrt(t) + 1) + sqrt(t)/(t - 1)", 2),
    ("log(t)/t - log(t)*exp(t)/(t*exp(t))", 0),
]


@pytest.mark.parametrize(("formula", "terms"), QUOTIENTS)
def test_a_quotient_is_the_expression_in_lowest_terms(formula, terms):
    node = parse(formula, ["t"])
    forms = quotients(node)
    assert len(forms[0][0]) == terms
    with ball_arithmetic():
        for top, bottom in forms:
            for t in (1.5, 2.0, 7.25):
                values = on_reals((node, from_terms(top), from_terms(bottom)), ("t",))(ball(t))
                assert (values[0] * values[2]).overlaps(values[1])


def test_what_cancels_is_shown_by_the_conjugate():
    """sqrt(t**2 + t) - t is t over sqrt(t**2 + t) + t."""
    plain, conjugate = quotients(parse("sqrt(t**2 + t) - t", ["t"]))
    assert len(plain[0]) == 2
    assert set(conjugate[0]) == {frozenset({(T, 1)})}
    assert len(conjugate[1]) == 2


@pytest.mark.parametrize(
    "formula", ["1/(t - t)", "exp(1000*t) - exp(t)", "(t + 1)**16*(t + 2)**500"]
)
def test_what_is_too_large_or_undefined_has_no_quotient_but_no_wrong_one(formula):
    node = parse(formula, ["t"])
    for top, bottom in quotients(node):
        with ball_arithmetic():
            both = on_reals((node, from_terms(top), from_terms(bottom)), ("t",))(ball(0.01))
            assert (both[0] * both[2]).overlaps(both[1])


def test_a_root_of_a_square_has_no_sign_by_algebra():
    ((top, _),) = quotients(parse("t + sqrt(t**2)", ["t"]))
    assert len(top) == 2


def test_powers_of_what_vanishes_are_drawn_out():
    root = parse("x**2 - 2", ["x"])
    top, bottom, powers = as_quotient(
        parse("x/(x**2 - 2)**2 + 1/(x**2 - 2)", ["x"]), frozenset({root})
    )
    assert (powers, bottom) == ({root: -2}, parse("1", []))
    assert top == parse("x**2 + x - 2", ["x"]) or len(quotients(top)[0][0]) == 3


def test_factors_are_no_powers():
    assert len(factors(parse("(t**2 - 2)**3 * exp(t)", ["t"]))) == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [("1/3", (1, 3)), ("1/3 - 1", (-2, 3)), ("2*0.25", (1, 2)), ("sqrt(2)", None), ("t", None)],
)
def test_constants_that_are_rational(text, value):
    found = fraction(parse(text, ["t"]))
    assert found == value if value is None else found.as_integer_ratio() == value
