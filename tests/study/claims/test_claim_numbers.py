"""The intervals of a claim: how often they are right, and what too little data gives."""

import numpy as np
import pytest

from ogive.study.claims.checks import always, generally
from ogive.study.claims.measurements import Measurements, simultaneous
from ogive.study.errors import StudyError


def drawn(repetition, mean, seeds=10, numbers=6):
    return np.random.default_rng(repetition).normal(mean, 1.0, (seeds, numbers))


@pytest.mark.parametrize("seeds", [8, 10, 20])
def test_all_intervals_of_a_family_hold_at_once_in_95_of_100_repetitions(seeds):
    missed = 0
    for repetition in range(300):
        found = simultaneous(drawn(repetition, 0.0, seeds))
        missed += any(e.low > 0 or e.high < 0 for e in found)
    assert missed / 300 <= 0.08  # 5 % and three standard errors, 0.038, at most


@pytest.mark.parametrize("repetition", range(20))
def test_a_claim_true_by_construction_holds_and_a_planted_false_one_fails(repetition):
    true, false = Measurements(), Measurements()
    for number, column in enumerate(drawn(repetition, 4.0).T):
        where = {"case": str(number)}
        true.mean("difference", column, where=where, at_least=0.0)
        false.mean("difference", column, where=where, at_most=0.0)
    assert {rule(true.checks()).word for rule in (always, generally)} == {"holds"}
    assert {rule(false.checks()).word for rule in (always, generally)} == {"fails"}


@pytest.mark.parametrize("seeds", range(2, 6))
def test_with_fewer_than_six_seeds_a_claim_is_undecided(seeds):
    measured = Measurements()
    measured.mean("difference", drawn(0, 9.0, seeds, 1)[:, 0], at_least=0.0)
    assert always(measured.checks()).word == "undecided"


def test_an_effect_as_large_as_its_noise_is_undecided_with_ten_seeds():
    measured = Measurements()
    measured.mean("difference", np.linspace(-1.0, 1.5, 10), at_least=0.0)
    assert generally(measured.checks()).word == "undecided"


def test_a_ratio_is_a_geometric_mean():
    measured = Measurements()
    measured.ratio("times", [1.0, 4.0] * 4, at_least=1.5)
    (check,) = measured.checks()
    assert check.estimate.value == pytest.approx(2.0)
    assert 0 < check.estimate.low < 2 < check.estimate.high


@pytest.mark.parametrize(("count", "outcome"), [(10, True), (9, None), (5, None), (0, False)])
def test_a_share_has_an_exact_interval(count, outcome):
    measured = Measurements()
    measured.share("converged", [True] * count + [False] * (10 - count), at_least=0.6)
    (check,) = measured.checks()
    assert (check.estimate.value, check.outcome) == (count / 10, outcome)


def test_shares_of_many_cases_are_less_certain():
    lows = []
    for cases in (1, 5):
        measured = Measurements()
        for number in range(cases):
            measured.share("converged", [True] * 10, where={"case": str(number)})
        lows.append(measured.checks()[0].estimate.low)
    assert lows[1] < lows[0] < 1


def test_a_number_of_other_seeds_is_refused():
    measured = Measurements()
    measured.mean("first", np.zeros(10))
    with pytest.raises(StudyError, match="second has 9 seeds and first has 10"):
        measured.mean("second", np.zeros(9))
