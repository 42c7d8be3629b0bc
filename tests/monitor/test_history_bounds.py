"""A history is bounded, and says of its steps what it can: the first of those it put together."""

import math

import numpy as np
import pytest

from ogive.monitor import History
from ogive.monitor.history import MOST_POINTS

STATISTICS = tuple("abcdefghijklmnopqr")


def filled(steps, every=1):
    history = History()
    for step in range(0, steps * every, every):
        history.add(step, "place", {name: float(step) for name in STATISTICS})
    return history


def test_a_hundred_thousand_steps_of_fifty_places_take_a_few_megabytes():
    one = filled(100_000)
    steps, values = one.series("place", "c")
    assert len(steps) <= MOST_POINTS and 50 * one.nbytes < 5e6
    assert steps[0] == 0 and (np.diff(steps) > 0).all()
    width = steps[1] - steps[0]
    means = steps[:-1] + (width - 1) / 2  # of what was put together
    assert np.abs(values[:-1] - means).max() < 1
    assert steps[-1] >= 100_000 - 2 * width


@pytest.mark.parametrize("count", [1, 2, MOST_POINTS - 1, MOST_POINTS, MOST_POINTS + 1, 1500])
def test_means_over_all_steps_stay_what_they_are(count):
    steps, values = filled(count, every=10).series("place", "a")
    assert len(steps) <= MOST_POINTS and steps[0] == 0
    if count < MOST_POINTS:
        assert values.tolist() == steps.tolist() == [10 * k for k in range(count)]


def test_what_was_not_measured_is_no_number_and_hides_no_other():
    history = History()
    for step in range(2 * MOST_POINTS):
        history.add(step, "place", {"a": None if step % 2 else 1.0, "b": None})
    assert (history.series("place", "a")[1] == 1.0).all()
    assert all(map(math.isnan, history.series("place", "b")[1]))
    with pytest.raises(KeyError):
        history.series("place", "c")
