"""Every formula against the judge: value, derivatives and parameter gradients in float64.

At least 4,000 points an entry and parameter set, the special numbers, kinks and their neighbours
and far tails among them. The bar of the kernels is the recorded error (tests/data/accuracy.json,
written by `make accuracy`) with a quarter on top; a recorded error may only fall. That of torch's
operators, whose last digits differ by processor, is what their stated accuracy allows at each point
(allowance.py); what was recorded of them is what to expect. Four units need no explanation; what is
above has its reason in reasons.py.
"""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from bars import check
from measure import (
    COUNT,
    EPS,
    balls,
    drawn,
    error,
    errors,
    limits,
    measure,
    parameters_of,
    reference_program,
    split,
)
from measure import LARGEST as LARGEST_OF
from reasons import REASONS, free
from records import CASES, RECORDED

from ogive.certify import reference

INF, NAN = math.inf, math.nan
#: So many of a case's points are special numbers and kinks, or a few more.
SPECIAL_POINTS = 200


@pytest.mark.parametrize("name", CASES)
def test_the_error_is_within_its_bar(name):
    check(CASES[name], measure(CASES[name]), "float64")


@pytest.mark.parametrize("name", CASES)
def test_the_values_at_infinity_are_the_limits(name):
    for place, (got, expected) in limits(CASES[name]).items():
        if math.isnan(expected):
            continue  # no limit, nothing to hold; docs/generated/accuracy.md says what is returned
        # the constants in a finite limit are rounded once or twice
        assert got == pytest.approx(expected, rel=1e-14), place


@pytest.mark.parametrize("name", CASES)
def test_balls_hold_what_mpmath_gives(name, monkeypatch):
    """At every 150th point, and at every eighth of the special ones, which are others in each of
    eight cases. 50 digits of the terms are too few where the sum is next to a large number."""
    monkeypatch.setattr(reference, "DIGITS", 100)
    case, along = CASES[name], parameters_of(CASES[name])
    program = reference_program(case, along)
    held, xs = balls(case, program), drawn(case, program, COUNT)
    first = list(CASES).index(name) % 8
    for x in (*xs[first:SPECIAL_POINTS:8], *xs[SPECIAL_POINTS::150]):
        if (found := held(x)) is not None:
            with mpmath.workdps(100):
                wanted = split(case, program, x)
            for (near, rest), (other, other_rest) in zip(found, wanted, strict=True):
                # in the middle between two floats either is next to the number
                apart = Fraction(near) - Fraction(other) + Fraction(rest) - Fraction(other_rest)
                assert abs(apart) <= Fraction(abs(other)) / 2**100, x


def test_a_large_error_has_a_reason_and_a_reason_has_an_error():
    large = {
        name.partition(":")[0]
        for recorded in (RECORDED["float64"], RECORDED["float32"])
        for table in recorded.values()
        for name, errors in table.items()
        for label, units in errors.items()
        if units > free(label)
    }
    assert large == set(REASONS)


LARGEST = LARGEST_OF["float64"]
#: A number an engine may give, and the exact one: a third of a unit off, one rounding over the
#: edge, beyond the dtype, subnormal.
PAIRS = [
    (got, wanted)
    for got in (0.0, 1.0, -1.0, 1.0 + EPS, 5e-324, 1e-310, LARGEST, INF, -INF, NAN)
    for wanted in (
        mpmath.mpf(0), 1 + mpmath.mpf(EPS) / 3, mpmath.mpf("-1e-400"), mpmath.mpf("1.2e-310"),
        mpmath.mpf(LARGEST), LARGEST * (1 + mpmath.mpf("1e-30")), mpmath.mpf("-1e400"),
    )
]  # fmt: skip


@pytest.mark.parametrize(("slope", "floor"), [(0.0, 0.0), (3.0, 0.0), (-1e300, 2.0)])
@pytest.mark.parametrize(("got", "wanted"), PAIRS)
def test_a_column_is_judged_as_single_numbers_are(got, wanted, slope, floor):
    with mpmath.workdps(50):
        near = float(wanted)
        columns = [got, 0.7, near, float(wanted - near), slope, floor]
        (found,) = errors(*(np.array([c]) for c in columns))
        assert found == pytest.approx(error(got, wanted, 0.7, slope, floor), rel=1e-9, abs=1e-15)


def test_a_nan_is_the_worst_error():
    one, zero = np.ones(1), np.zeros(1)
    assert errors(one * NAN, one, one, zero, one, zero) == INF
