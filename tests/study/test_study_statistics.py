"""Intervals, paired tests and corrections against scipy and values computed by hand."""

import math

import pytest
from scipy import stats

from ogive.study.statistics import holm, paired_p, t_interval

FIRST = [0.91, 0.94, 0.95, 0.90, 0.97]
SECOND = [0.90, 0.95, 0.91, 0.88, 0.93]


def test_interval_by_hand():
    interval = t_interval([1.0, 2.0, 3.0])
    assert interval is not None
    point = 0.95 / math.sqrt(2 * 0.975 * 0.025)  # Student's 97.5 % point, 2 degrees of freedom
    half = point / math.sqrt(3)
    assert interval.mean == 2.0
    assert interval.low == pytest.approx(2 - half, rel=1e-12)
    assert interval.high == pytest.approx(2 + half, rel=1e-12)


def test_interval_against_scipy():
    interval = t_interval(FIRST)
    expected = stats.ttest_1samp(FIRST, 0).confidence_interval(0.95)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), rel=1e-12)


def test_single_value_has_no_interval():
    interval = t_interval([0.5])
    assert (interval.mean, interval.low, interval.high) == (0.5, None, None)
    assert interval.within(0, 1) == interval
    assert t_interval([]) is None


def test_interval_is_cut_at_the_possible_range():
    cut = t_interval([0.98, 1.0, 0.99]).within(0.0, 1.0)
    assert cut.high == 1.0
    assert cut.low == t_interval([0.98, 1.0, 0.99]).low


def test_paired_p_against_scipy():
    differences = [a - b for a, b in zip(FIRST, SECOND, strict=True)]
    expected = stats.ttest_rel(FIRST, SECOND).pvalue
    assert paired_p(differences) == pytest.approx(expected, rel=1e-10)


def test_paired_p_without_information():
    assert paired_p([0.25]) is None
    assert paired_p([0.25, 0.25, 0.25]) is None


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, None]) == pytest.approx([0.03, 0.06, 0.06, None])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    assert holm([]) == []
