"""compare: verdicts that agree with their intervals, err as rarely as stated, and name mistakes."""

import math
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ogive.study import StudyError, compare
from ogive.study.statistics.family import Family
from ogive.study.statistics.intervals import ConfidenceInterval
from ogive.study.statistics.power import ERROR_RATE

RANDOM = np.random.default_rng(7)
BASE = RANDOM.normal(0.9, 0.01, 10)
SPREAD = RANDOM.normal(0, 0.004, 10)


def judged(other, reference=BASE, **options):
    """The row of one activation beside the reference."""
    return compare({"relu": reference, "other": other}, **options)[1]


def agrees(row):
    """Whether verdict, interval and p-value say the same."""
    if row.difference is None:
        return row.verdict != "equivalent"
    low, high = row.difference.low, row.difference.high
    low, high = -math.inf if low is None else low, math.inf if high is None else high
    inside = -row.margin <= low and high <= row.margin
    told = "better" if low > 0 else "worse" if high < 0 else "undecided"
    if row.difference.n < 6:
        return row.verdict == "undecided" and low <= 0 <= high
    if row.verdict in ("better", "worse") and row.p_adjusted > ERROR_RATE:
        return False
    return row.verdict == ("equivalent" if inside else told)


@pytest.mark.parametrize(
    ("shift", "options", "verdict"),
    [
        (0.05, {}, "better"),
        (-0.05, {}, "worse"),
        (0.0005, {"metric": "accuracy"}, "equivalent"),
        (0.0045, {"metric": "accuracy"}, "equivalent"),
        (0.0045, {}, "better"),
        (0.002, {"margin": 0.003}, "undecided"),
    ],
)
def test_verdicts(shift, options, verdict):
    row = judged(BASE + shift + SPREAD - SPREAD.mean(), **options)
    assert row.verdict == verdict
    assert agrees(row)
    assert (row.seeds_needed is None) == (verdict != "undecided")


def test_equivalent_wins_and_what_it_wins_over_is_still_known():
    row = judged(BASE + 0.0045 + SPREAD - SPREAD.mean(), metric="accuracy")
    assert row.verdict == "equivalent"
    assert row.told_apart
    assert row.p_adjusted <= ERROR_RATE
    assert not judged(BASE + SPREAD - SPREAD.mean(), metric="accuracy").told_apart


def test_rows_have_what_is_promised():
    rows = compare({"gelu": BASE + 0.01 + SPREAD, "relu": BASE, "tanh": BASE - SPREAD})
    assert [row.activation for row in rows] == ["gelu", "relu", "tanh"]
    gelu, relu, _ = rows
    assert relu.difference is relu.verdict is relu.p is None
    assert relu.score.mean == pytest.approx(BASE.mean())
    differences = (BASE + 0.01 + SPREAD) - BASE
    assert gelu.difference.mean == pytest.approx(differences.mean())
    assert gelu.effect_size == pytest.approx(differences.mean() / differences.std(ddof=1))
    assert gelu.probability_better == np.mean(differences > 0)
    assert gelu.bca.low < gelu.difference.mean < gelu.bca.high
    assert set(asdict(gelu)) >= {"activation", "score", "difference", "p", "p_adjusted"}
    assert gelu.p <= gelu.p_adjusted


def test_bca_is_scipys():
    differences = np.round(BASE + SPREAD - BASE, 14)
    expected = stats.bootstrap((differences,), np.mean, n_resamples=20_000, rng=1)
    row = judged(BASE + SPREAD)
    found = expected.confidence_interval
    assert (row.bca.low, row.bca.high) == pytest.approx((found.low, found.high), abs=2e-4)


def test_where_bootstrap_and_flips_disagree_nothing_is_decided():
    for seed in range(400):
        skewed = np.random.default_rng(seed).exponential(size=10) - 0.55
        family = Family(skewed[:, None])
        flips, bca = family.interval(0), family.bca(0)
        if (flips.low > 0) != (bca.low > 0):
            row = judged(BASE + skewed)
            assert row.verdict == "undecided"
            assert row.difference.low <= min(flips.low, bca.low) + 1e-9
            assert row.difference.high >= max(flips.high, bca.high) - 1e-9
            return
    pytest.fail("no case of disagreement was drawn")


@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
def test_few_seeds_give_intervals_and_no_verdict(seeds):
    row = judged(BASE[:seeds] + 0.3, BASE[:seeds])
    assert row.verdict == "undecided"
    assert row.seeds_needed >= 6
    assert (row.difference.low is None) == (seeds == 1)
    assert agrees(row) or seeds == 1
    assert row.p_adjusted is None or row.p_adjusted >= 2 / 2**seeds


@pytest.mark.parametrize(("looks", "fewest"), [(1, 6), (5, 8), (10, 9)])
def test_more_looks_need_more_seeds(looks, fewest):
    far = {"relu": BASE, "other": BASE + 0.5 + SPREAD}
    for seeds, verdict in ((fewest - 1, "undecided"), (fewest, "better")):
        row = compare({n: c[:seeds] for n, c in far.items()}, looks=looks)[1]
        assert row.verdict == verdict


def test_looks_widen_and_overlap_widens():
    other = BASE + 0.01 + SPREAD
    once = judged(other)
    assert judged(other, looks=5).p_adjusted == pytest.approx(5 * once.p_adjusted)
    plain, wide = once.difference, judged(other, overlap=1 / 3).difference
    widening = (wide.high - wide.low) / (plain.high - plain.low)
    assert widening == pytest.approx(math.sqrt(1 + 10 / 3))
    assert judged(other, overlap=1 / 3).p_adjusted >= once.p_adjusted


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        (BASE, "equivalent"),  # no difference at all
        (BASE + 0.25, "better"),  # the same in every seed
        (BASE - 0.25, "worse"),
        (BASE + np.where(np.arange(10) < 5, 0.1, -0.1), "undecided"),  # one size, both signs
        (np.nextafter(BASE, 1), "equivalent"),  # rounding is no difference
    ],
)
def test_degenerate_differences(other, verdict):
    row = judged(other)
    assert row.verdict == verdict
    assert agrees(row)
    assert all(math.isfinite(end) for end in (row.difference.low, row.difference.high))


def test_a_tie_counts_half():
    other = BASE.copy()
    other[:4] += 0.1
    other[4:6] -= 0.1
    assert judged(other).probability_better == pytest.approx(0.6)


def test_the_reference_alone():
    (row,) = compare({"gelu": [0.9, 0.8, 0.95]})
    assert (row.activation, row.difference, row.verdict) == ("gelu", None, None)


@pytest.mark.parametrize("lost", [None, math.inf, -math.inf])
def test_a_run_that_diverged_is_no_tie(lost):
    other = [lost, lost, *(BASE[2:] + SPREAD[2:])]
    row = judged(other, metric="accuracy")
    assert row.diverged == 2
    assert row.verdict == "undecided"  # equivalent without them
    assert row.difference.low is None
    assert row.difference.n == 8
    assert agrees(row)
    assert judged(BASE, other, metric="accuracy").difference.high is None


def test_diverging_every_time_is_worse():
    row = judged([None] * 10)
    assert (row.verdict, row.diverged, row.difference, row.score) == ("worse", 10, None, None)
    assert row.p_adjusted <= ERROR_RATE
    assert judged(BASE, [None] * 10).verdict == "better"
    both = judged([None] * 10, [None] * 10)
    assert (both.verdict, both.seeds_needed) == ("undecided", 6)


def test_sequences_of_any_kind():
    expected = judged(BASE + SPREAD)
    frame = pd.DataFrame({"relu": BASE, "other": BASE + SPREAD})
    assert compare(frame)[1] == expected
    tensors = {"relu": torch.tensor(BASE), "other": torch.tensor(BASE + SPREAD)}
    assert compare(tensors)[1] == expected
    assert compare({name: tuple(column) for name, column in frame.items()})[1] == expected


@pytest.mark.parametrize(
    ("scores", "options", "words"),
    [
        ({"relu": [1.0, 2.0], "gelu": [1.0, math.nan]}, {}, ["score 1 of 'gelu'", "nan"]),
        ({"relu": [1.0, 2.0], "gelu": [1.0, "x"]}, {}, ["score 1 of 'gelu'", "'x'"]),
        ({"relu": [1.0, 2.0], "gelu": [1.0, 1e300]}, {}, ["score 1 of 'gelu'", "1e+100"]),
        ({"relu": [1.0, 2.0], "gelu": [1.0]}, {}, ["relu 2, gelu 1"]),
        ({"relu": [1.0], "gelu": []}, {}, ["for 'gelu'"]),
        ({}, {}, ["no scores given"]),
        ([1.0, 2.0], {}, ["for each activation"]),
        ({"relu": "0.9"}, {}, ["'relu'", "sequence"]),
        ({"relu": 0.9}, {}, ["'relu'", "sequence"]),
        ({"relu": [1.0], "gelu": [1.0]}, {"reference": "gelo"}, ["did you mean 'gelu'"]),
        ({"relu": [1.0]}, {"margin": -1}, ["margin", "-1"]),
        ({"relu": [1.0]}, {"overlap": math.nan}, ["overlap", "nan"]),
        ({"relu": [1.0]}, {"metric": "acc"}, ["'acc'", "accuracy"]),
        ({"relu": [1.0] * 3000}, {}, ["3000", "at most 2000"]),
    ],
)
def test_mistakes_are_named(scores, options, words):
    with pytest.raises(StudyError) as caught:
        compare(scores, **options)
    assert all(word in str(caught.value) for word in words)


def test_the_margin_is_that_of_the_score():
    scores = {"relu": BASE, "gelu": BASE + SPREAD}
    assert compare(scores, metric="accuracy")[1].margin == 0.01
    assert compare(scores, metric="R2")[1].margin == 0.02
    assert compare(scores)[1].margin == pytest.approx(0.1 * BASE.std(ddof=1))
    assert compare(scores, margin=0.5, metric="R2")[1].margin == 0.5


#: Scores on a lattice tie, are equal, and have differences of one size: all that is degenerate.
LATTICE = st.integers(-3, 3).map(lambda step: 0.9 + step / 450)
RUNS = st.one_of(LATTICE, LATTICE, LATTICE, st.floats(-1e6, 1e6), st.none())


@st.composite
def tables(draw, cells):
    seeds = draw(st.integers(1, 9))
    names = [f"a{place}" for place in range(draw(st.integers(1, 4)))]
    return {name: draw(st.lists(cells, min_size=seeds, max_size=seeds)) for name in names}


@given(tables(RUNS), st.sampled_from([0.0, 0.25]), st.sampled_from([1, 5]))
def test_verdict_and_interval_never_disagree(scores, overlap, looks):
    for row in compare(scores, overlap=overlap, looks=looks)[1:]:
        assert row.verdict in ("better", "worse", "equivalent", "undecided")
        numbers = [row.p, row.p_adjusted, row.probability_better]
        assert all(n is None or 0 <= n <= 1 for n in numbers)
        if looks == 1 and row.difference is not None and row.difference.n > 1:
            assert agrees(row)
        if row.diverged and row.verdict in ("better", "equivalent"):
            assert False not in [
                s is None
                for s, r in zip(scores[row.activation], scores["a0"], strict=True)
                if r is not None and s is None
            ]


@given(tables(LATTICE))
def test_turning_scores_round_turns_the_verdicts(scores):
    turned = {"better": "worse", "worse": "better"}
    plain = compare(scores, margin=0.003)
    upside_down = compare({n: [-s for s in c] for n, c in scores.items()}, margin=0.003)
    for one, other in zip(plain[1:], upside_down[1:], strict=True):
        assert one.difference.mean == pytest.approx(-other.difference.mean, abs=1e-12)
        assert one.p_adjusted == other.p_adjusted
        if one.bca is None:
            assert other.verdict == turned.get(one.verdict, one.verdict)


def families(count, seeds, noise, activations=6):
    drawn = np.random.default_rng(1).standard_t(3, (count, seeds, activations))
    if noise == "skewed":
        drawn = np.random.default_rng(1).exponential(size=(count, seeds, activations))
    if noise == "accuracies":
        drawn = np.random.default_rng(1).binomial(450, 0.97, (count, seeds, activations)) / 450
    return drawn[..., 1:] - drawn[..., :1]


@pytest.mark.parametrize("noise", ["heavy", "skewed", "accuracies"])
@pytest.mark.parametrize("seeds", [6, 10])
def test_families_without_a_difference_err_no_more_than_stated(seeds, noise):
    count = 2000
    found = [Family(family) for family in families(count, seeds, noise)]
    told = np.array([family.p_adjusted <= ERROR_RATE for family in found])
    away = np.array([np.abs(family.means) > family.halves for family in found])
    assert (told == away).all()
    stray = 3.3 * math.sqrt(ERROR_RATE * (1 - ERROR_RATE) / count)
    assert told.any(axis=1).mean() <= ERROR_RATE + stray


def test_intervals_hold_together_around_large_differences():
    shift = np.linspace(2, 6, 7)
    found = [Family(family + shift) for family in families(600, 10, "skewed", activations=8)]
    held = [(np.abs(family.means - shift) <= family.halves).all() for family in found]
    assert np.mean(held) >= 0.95 - 3.3 * math.sqrt(0.05 * 0.95 / 600)


def test_an_interval_is_plain_data():
    assert judged(BASE + SPREAD).difference == ConfidenceInterval(
        **asdict(judged(BASE + SPREAD).difference)
    )
