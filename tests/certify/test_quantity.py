"""A quantity's ends hold the true number, and what is not proved holds every number."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from ogive.certify.quantity import METHODS, NOT_PROVED, Quantity
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
