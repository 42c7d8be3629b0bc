"""Every formula against the judge: value, derivatives and parameter gradients in float64.

At least 4,000 points an entry and parameter set, the special numbers, kinks and their neighbours
and far tails among them. The bar is the recorded error (tests/data/accuracy.json, written by
`make accuracy`) with a quarter on top for other processors' last digits; a recorded error may only
fall. Four units need no explanation; what is above has its reason in reasons.py.
"""

import json
import math
from pathlib import Path

import pytest
from measure import ENGINES, Worst, cases, limits, measure
from reasons import REASONS, free

DATA = Path(__file__).parents[1] / "data"
RECORDED = json.loads((DATA / "accuracy.json").read_text())
RECORDED32 = json.loads((DATA / "accuracy32.json").read_text())
RECORDED16 = [
    json.loads((DATA / f"accuracy_{d}.json").read_text()) for d in ("bfloat16", "float16")
]
CASES = {case.id: case for case in cases()}


@pytest.mark.parametrize("name", CASES)
def test_the_error_is_within_its_recorded_bar(name):
    for engine, found in measure(CASES[name]).items():
        for label, worst in found.items():
            bar = max(1.0, 1.25 * RECORDED[engine][name][label])
            assert worst.units <= bar, f"{engine} {label}: {worst}"


@pytest.mark.parametrize("name", CASES)
def test_the_values_at_infinity_are_the_limits(name):
    for place, (got, expected) in limits(CASES[name]).items():
        if math.isnan(expected):
            continue  # no limit, nothing to hold; what is returned is stated in docs/accuracy.md
        # the constants in a finite limit are rounded once or twice
        assert got == pytest.approx(expected, rel=1e-14), place


def test_every_case_is_recorded_and_nothing_else():
    for recorded in (RECORDED, RECORDED32, *RECORDED16):
        assert set(recorded) == set(ENGINES)
        assert all(set(table) == set(CASES) for table in recorded.values())


def test_a_large_error_has_a_reason_and_a_reason_has_an_error():
    large = {
        name.partition(":")[0]
        for recorded in (RECORDED, RECORDED32)
        for table in recorded.values()
        for name, errors in table.items()
        for label, units in errors.items()
        if units > free(label)
    }
    assert large == set(REASONS)


def test_a_nan_is_the_worst_error():
    worst = Worst()
    worst.see(math.nan, 1.0, math.nan, 0.0)
    assert not worst.units <= 1.0
