"""A quantity's ends hold the true number, and what is not proved holds every number."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from flint import arb

from ogive.certify.quantity import METHODS, NOT_PROVED, Quantity, computed, quantity
from ogive.errors import OgiveError


def test_an_exact_number_is_both_of_its_ends():
    exact = Quantity(0.1, 0.0, "symbolic")
    assert exact.low == exact.value == exact.high


@pytest.mark.parametrize("value, error", [(0.1, 1e-12), (1e300, 1.0), (1.0, 1e-30), (-3.0, 0.1)])
def test_the_ends_are_rounded_outwards(value, error):
    held = Quantity(value, error, "ball")
    assert Fraction(held.low) <= Fraction(value) - Fraction(error)
    assert Fraction(held.high) >= Fraction(value) + Fraction(error)


def test_what_is_not_proved_can_be_any_number():
    assert (NOT_PROVED.low, NOT_PROVED.high) == (-math.inf, math.inf)
    assert math.isnan(NOT_PROVED.value)


def test_an_infinite_number_has_itself_as_both_ends():
    unbounded = Quantity(math.inf, 0.0, "ball")
    assert unbounded.low == unbounded.high == math.inf


def test_a_method_there_is_not_is_refused_by_name():
    with pytest.raises(OgiveError, match="guessed") as refused:
        Quantity(1.0, 0.0, "guessed")
    assert all(method in str(refused.value) for method in METHODS)


def test_two_that_are_not_proved_are_the_same():
    # dataclasses compare fields one by one from Python 3.13 on, and no NaN is equal to another
    other = Quantity(float("nan"), math.inf, "not proved")
    assert other == NOT_PROVED
    assert hash(other) == hash(NOT_PROVED)
    assert other != Quantity(0.0, math.inf, "not proved")
    assert math.nan != NOT_PROVED


@pytest.mark.parametrize(
    ("held", "known"),
    [
        (arb("0.5"), (0.5, 0.0)),
        (arb(0, 1e-30), (0.0, 1e-30)),  # what may be 0 is 0
        (arb(1e-31, 1e-30), (0.0, 1.1e-30)),
        (arb(1.0, 1e-12), (1.0, 1e-12)),
        (arb(1.0, 1e-8), None),  # not nine digits
        (arb(0, 1e-20), None),
        (arb.pos_inf(), (math.inf, 0.0)),
        (arb.neg_inf(), (-math.inf, 0.0)),
        (arb.neg_inf().union(arb.pos_inf()), None),
        (arb.nan(), None),
        (arb("1e400"), None),  # no float
    ],
    ids=str,
)
def test_one_ball_is_one_quantity(held, known):
    found = quantity(held)
    if known is None:
        assert found == NOT_PROVED
    else:
        assert (found.value, found.error) == (known[0], pytest.approx(known[1], rel=1e-8))
        assert not known[1] or arb(found.value, found.error).contains(held)


def test_a_small_integral_may_be_known_less_exactly():
    held = arb(1e-13, 1e-12)
    assert quantity(held) == NOT_PROVED
    assert quantity(held, near_zero=1e-9).value == 0.0


def test_what_is_computed_is_as_certain_as_the_least_certain():
    exact, near = Quantity(2.0, 0.0, "symbolic"), Quantity(1.0, 1e-6, "quadrature")
    found = computed(lambda a, b: a * b, exact, near)
    assert (found.method, found.value) == ("quadrature", 2.0)
    assert found.error >= 2e-6
    assert computed(lambda a, b: a * b, exact, NOT_PROVED) == NOT_PROVED
