"""Ranks against scipy, and what becomes of ties and of runs that diverged."""

import pytest
from scipy import stats

from ogive.study.statistics.ranking import ranks

SCORES = {
    "a": [0.9, 0.8, 0.85, 0.9, 0.7],
    "b": [0.8, 0.7, 0.80, 0.9, 0.6],
    "c": [0.1, 0.2, 0.15, 0.2, 0.3],
}


def test_the_p_of_friedman_is_scipys():
    found = ranks(SCORES)
    assert found.p == pytest.approx(stats.friedmanchisquare(*SCORES.values()).pvalue)
    assert found.blocks == 5
    assert found.differ


def test_mean_ranks_share_ties():
    assert ranks(SCORES).means == pytest.approx({"a": 1.1, "b": 1.9, "c": 3.0})


def test_pairs_are_those_of_nemenyi():
    pairs = ranks(SCORES).pairs
    assert pairs.loc["a", "a"] == 1.0
    assert pairs.loc["a", "c"] < 0.05 < pairs.loc["a", "b"]
    assert pairs.loc["a", "c"] == pairs.loc["c", "a"]


def test_a_run_that_diverged_is_the_last_of_its_seed():
    lost = {**SCORES, "a": [None, *SCORES["a"][1:]]}
    assert ranks(lost).means["a"] == pytest.approx((3 + 1 + 1 + 1.5 + 1) / 5)


@pytest.mark.parametrize(
    "scores",
    [
        {"a": [1.0, 2.0], "b": [2.0, 1.0]},
        {"a": [1.0], "b": [2.0], "c": [3.0]},
        {"a": [1.0, 1.0], "b": [1.0, 1.0], "c": [1.0, 1.0]},
    ],
)
def test_what_cannot_be_ranked(scores):
    assert ranks(scores) is None
