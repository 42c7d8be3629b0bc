"""What seeds can show: announced differences, seeds that would decide, and when to look."""

import math

import numpy as np
import pytest

from ogive.study import compare, detectable, look_schedule, pooled_deviation, seeds_needed
from ogive.study.statistics.flips import flip_test
from ogive.study.statistics.power import ERROR_RATE, MOST_SEEDS, SOUGHT_POWER, fewest_seeds


@pytest.mark.parametrize("looks", [1, 2, 5, 10])
def test_the_fewest_seeds_are_those_whose_flips_can_give_a_verdict(looks):
    fewest = fewest_seeds(looks)
    assert 2 / 2**fewest <= ERROR_RATE / looks < 2 / 2 ** (fewest - 1)


@pytest.mark.parametrize("seeds", [6, 7, 10, 20])
@pytest.mark.parametrize("comparisons", [1, 6])
def test_an_announced_difference_is_found_as_often_as_announced(seeds, comparisons):
    count = 300 if seeds > 15 else 1500
    drawn = np.random.default_rng(3).normal(size=(count, seeds, comparisons + 1))
    differences = drawn[..., 1:] - drawn[..., :1]
    differences[..., 0] += detectable(math.sqrt(2), seeds, comparisons)
    parts = np.array_split(differences, 1 + count // 30)
    found = np.concatenate([flip_test(part, ERROR_RATE).p_adjusted[:, 0] for part in parts])
    assert np.mean(found <= ERROR_RATE) == pytest.approx(SOUGHT_POWER, abs=0.08)


def test_more_seeds_find_less_and_more_comparisons_need_more():
    sizes = [detectable(1.0, seeds, 5) for seeds in (6, 7, 8, 10, 20, 50, 200)]
    assert sizes == sorted(sizes, reverse=True)
    assert detectable(1.0, 10, 1) < detectable(1.0, 10, 7) < detectable(1.0, 10, 7, looks=5)
    assert detectable(2.0, 10) == pytest.approx(2 * detectable(1.0, 10))
    assert detectable(1.0, 5) == math.inf


def test_overlap_sets_a_floor_that_no_seeds_pass():
    assert detectable(1.0, MOST_SEEDS, overlap=1 / 3) > 1.6 * math.sqrt(1 / 3)
    assert seeds_needed(0.5, 1.0, margin=0.5, overlap=1 / 3) is None
    assert seeds_needed(0.5, 1.0, margin=0.5) is not None


@pytest.mark.parametrize("mean", [0.0, 0.004, -0.02, 0.5])
@pytest.mark.parametrize("looks", [1, 5])
def test_the_seeds_needed_are_the_first_that_find_it_or_find_it_within_the_margin(mean, looks):
    needed = seeds_needed(mean, 0.01, 0.01, comparisons=3, looks=looks)
    target = max(abs(mean), 0.01 - abs(mean))
    assert detectable(0.01, needed, 3, looks=looks) <= target
    fewest = fewest_seeds(looks)
    assert needed == fewest or detectable(0.01, needed - 1, 3, looks=looks) > target
    assert seeds_needed(mean, 0.01, 0.01, 3, looks=looks, spent=needed) == needed + 1


def test_the_seeds_that_a_comparison_names_decide_most_of_the_time():
    random = np.random.default_rng(5)
    decided = 0
    for _ in range(40):
        needed = seeds_needed(0.01, 0.01, 0.001)
        base = random.normal(0.9, 0.01, needed)
        other = base + 0.01 + random.normal(0, 0.01, needed)
        decided += compare({"relu": base, "other": other})[1].verdict != "undecided"
    assert decided >= 25  # 80 % of 40 less three deviations


@pytest.mark.parametrize("most", [6, 10, 11, 25, 50, 100, 1000])
def test_looks_are_few_rise_and_end_at_the_most(most):
    looks = look_schedule(most)
    assert looks[-1] == most
    assert looks == sorted(set(looks))
    assert len(looks) <= 5
    assert min(looks) >= min(10, most)


def test_the_deviation_of_a_pilot():
    assert pooled_deviation([[0.0, 2.0], [1.0, 1.0], [4.0]]) == pytest.approx(1.0)
    assert math.isnan(pooled_deviation([[1.0], []]))


def test_looking_five_times_errs_no_more_than_looking_once():
    looks, count, wrong = look_schedule(50), 150, 0
    drawn = np.random.default_rng(9).normal(size=(count, looks[-1], 4))
    for family in drawn[..., 1:] - drawn[..., :1]:
        level = ERROR_RATE / len(looks)
        tests = (flip_test(family[:seeds], level).p_adjusted.min() for seeds in looks[:3])
        wrong += any(p <= level for p in tests)
    assert wrong / count <= ERROR_RATE + 3.3 * math.sqrt(ERROR_RATE * (1 - ERROR_RATE) / count)
