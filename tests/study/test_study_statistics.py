"""Student's interval of a mean against scipy and by hand."""

import math

import pytest
from scipy import stats

from ogive.study.statistics.intervals import t_interval

VALUES = [0.91, 0.94, 0.95, 0.90, 0.97]


def test_interval_by_hand():
    interval = t_interval([1.0, 2.0, 3.0])
    assert interval is not None
    point = 0.95 / math.sqrt(2 * 0.975 * 0.025)  # Student's 97.5 % point, 2 degrees of freedom
    half = point / math.sqrt(3)
    assert interval.mean == 2.0
    assert interval.low == pytest.approx(2 - half, rel=1e-12)
    assert interval.high == pytest.approx(2 + half, rel=1e-12)


def test_interval_against_scipy():
    interval = t_interval(VALUES)
    expected = stats.ttest_1samp(VALUES, 0).confidence_interval(0.95)
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
