"""Sign flips against scipy's permutation test, and against a distribution written out by hand."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from ogive.study.statistics.flips import EXACT_SEEDS, SAMPLED_FLIPS, flip_test, signs, studentised

RANDOM = np.random.default_rng(0)
FAMILY = RANDOM.normal(0.4, 1.0, (8, 3))


def t_statistic(column):
    return abs(column.mean()) / (column.std(ddof=1) / np.sqrt(len(column)))


@pytest.mark.parametrize("seeds", [2, 6, 9])
@pytest.mark.parametrize("column", [0, 1])
def test_p_is_that_of_scipys_permutation_test(seeds, column):
    values = FAMILY[:seeds, column] if seeds <= 8 else RANDOM.normal(0.5, 1, seeds)
    found = flip_test(values[:, None], 0.05).p[0]
    exact = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert found == pytest.approx(exact.pvalue, abs=1e-12)


def test_adjusted_p_is_that_of_the_largest_statistic():
    largest = [
        max(t_statistic(np.array(flip)[:, None] * column) for column in FAMILY.T[:, :, None])
        for flip in product((1, -1), repeat=8)
    ]
    found = flip_test(FAMILY, 0.05).p_adjusted
    for column, p in zip(FAMILY.T, found, strict=True):
        by_hand = np.mean(np.array(largest) >= t_statistic(column) * (1 - 1e-9))
        assert p >= by_hand  # flips about the means may only add
        assert p == pytest.approx(by_hand, abs=0.05)


def test_signs_are_all_there_are_up_to_fifteen_seeds_and_a_sample_above():
    some = signs(5)
    assert len(some) == 2**4
    assert len({tuple(row) for row in np.concatenate([some, -some])}) == 2**5
    assert len(signs(EXACT_SEEDS)) == 2 ** (EXACT_SEEDS - 1)
    above = signs(EXACT_SEEDS + 1)
    assert above.shape == (SAMPLED_FLIPS, EXACT_SEEDS + 1)
    assert (above[0] == 1).all()
    assert set(np.unique(above)) == {-1.0, 1.0}


def test_sampled_and_exact_flips_agree(monkeypatch):
    family = RANDOM.normal(0.5, 1.0, (12, 4))
    exact = flip_test(family, 0.05)
    monkeypatch.setattr("ogive.study.statistics.flips.EXACT_SEEDS", 5)
    signs.cache_clear()
    sampled = flip_test(family, 0.05)
    signs.cache_clear()
    assert sampled.p_adjusted == pytest.approx(exact.p_adjusted, abs=0.02)
    assert sampled.critical == pytest.approx(exact.critical, rel=0.05)


def test_studentised_means_are_those_of_the_flipped_differences():
    flips = signs(8)
    found = studentised(flips, FAMILY, np.full((1, 3), 8))
    for flip, row in zip(flips[::17], found[::17], strict=True):
        expected = [t_statistic(flip * column) for column in FAMILY.T]
        assert row == pytest.approx(expected, rel=1e-9)


def test_no_spread_is_infinitely_far_from_zero_and_nothing_is_not():
    family = np.array([[0.5, 0.0]] * 7)
    assert studentised(signs(7), family, np.full((1, 2), 7))[0].tolist() == [np.inf, 0.0]
    found = flip_test(family, 0.05)
    assert found.p_adjusted.tolist() == [2 / 2**7, 1.0]


def test_no_p_is_below_what_the_seeds_can_give():
    for seeds in (2, 5, 6, 10):
        family = RANDOM.normal(50.0, 1.0, (seeds, 2))
        assert flip_test(family, 0.05).p_adjusted.min() == pytest.approx(2 / 2**seeds)


def test_missing_pairs_are_left_out():
    short = FAMILY[:, :1].copy()
    short[[2, 5]] = np.nan
    kept = flip_test(short[np.isfinite(short[:, 0])], 0.05)
    assert flip_test(short, 0.05).p == pytest.approx(kept.p)


def test_families_at_once_are_families_one_by_one():
    several = RANDOM.normal(0.5, 1.0, (4, 7, 3))
    together = flip_test(several, 0.05)
    for place, family in enumerate(several):
        alone = flip_test(family, 0.05)
        assert together.p_adjusted[place].tolist() == alone.p_adjusted.tolist()
        assert together.critical[place] == alone.critical
