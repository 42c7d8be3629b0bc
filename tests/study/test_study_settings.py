"""Settings are checked before anything is trained, and sweeps mean what they say."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ogive.study import Settings, StudyError, Sweep
from ogive.study.running.tuning import rates_of
from ogive.study.sweeps import SWEEPS

SETTINGS = Settings((8, 8), 10, 32, "adamw", 3e-3)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("width=2:32", (2, 4, 8, 16, 32)),
        ("width=3:40", (3, 6, 12, 24, 40)),
        ("depth=1:8", (1, 2, 4, 8)),
        ("depth=2:7", (2, 3, 4, 5, 6, 7)),
        ("epochs=5:5", (5,)),
        ("epochs = 40, 10,20", (10, 20, 40)),
        ("width=8", (8,)),
        ("lr=0.001:0.008", (0.001, 0.002, 0.004, 0.008)),
        ("init-scale=0.5,2,1", (0.5, 1.0, 2.0)),
        ("batch_size=16:64", (16, 32, 64)),
        ("rows=100", (100,)),
    ],
)
def test_sweep_values(text, values):
    assert Sweep.parse(text).values == values


@given(st.integers(1, 500), st.integers(0, 5000))
def test_ranges_hold_both_ends_and_ascend(low, more):
    text = f"width={low}:{low + more}"
    if more >= 100 and more < 3 * low:
        with pytest.raises(StudyError, match="at most 100"):
            Sweep.parse(text)
        return
    values = Sweep.parse(text).values
    assert (values[0], values[-1]) == (low, low + more)
    assert list(values) == sorted(set(values))
    geometric = low + more >= 4 * low
    steps = pairwise(values)
    assert all(b <= 2 * a if geometric else b == a + 1 for a, b in steps)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
def test_lists_are_taken_as_they_are(values):
    assert Sweep.parse("epochs=" + ",".join(map(str, values))).values == tuple(sorted(set(values)))


@given(st.text(max_size=30))
def test_any_other_text_is_refused_with_an_explanation(text):
    try:
        sweep = Sweep.parse(text)
    except StudyError as error:
        assert repr(text) in str(error)
    else:
        assert sweep.values


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("widht=2:8", "did you mean 'width'"),
        ("width", "such as width=2:32"),
        ("width=a", "no integers"),
        ("width=8:2", "low <= high"),
        ("width=2:4:8", "low:high"),
        ("depth=0:3", "at least 1"),
        ("depth=51", "at most 50"),
        ("lr=0:1", "must be positive"),
        ("lr=nan", "must be positive"),
        ("lr=a", "no numbers"),
        ("epochs=1.5", "no integers"),
        ("width=1,2,x", "no integers"),
        ("epochs=" + ",".join(map(str, range(1, 200))), "at most 100"),
    ],
)
def test_bad_sweeps(text, hint):
    with pytest.raises(StudyError, match=hint):
        Sweep.parse(text)


@pytest.mark.parametrize("name", SWEEPS)
def test_sweeps_change_one_setting(name):
    value = 4 if SWEEPS[name].whole else 0.25
    changed = Sweep(name, (value,)).apply(SETTINGS, value)
    own = {"width": "hidden", "depth": "hidden"}.get(name, name)
    wanted = {"width": (4, 4), "depth": (8,) * 4}.get(name, value)
    assert getattr(changed, own) == wanted
    assert changed == replace(SETTINGS, **{own: wanted})


@pytest.mark.parametrize(
    ("changed", "hint"),
    [
        ({"hidden": ()}, "at least one"),
        ({"hidden": (8, 0)}, "at least 1"),
        ({"hidden": (8.5,)}, "whole number"),
        ({"epochs": 0}, "at least 1"),
        ({"epochs": 1.5}, "whole number"),
        ({"batch_size": -1}, "at least 1"),
        ({"threads": 0}, "at least 1"),
        ({"rows": 0}, "at least 1"),
        ({"init_scale": -1.0}, "positive"),
        ({"init_scale": True}, "positive"),
        ({"optimizer": "adam"}, "did you mean 'adamw'"),
        ({"norm": "bath"}, "did you mean 'batch'"),
        ({"init": "match"}, "did you mean 'matched'"),
        *(({"lr": lr}, "positive") for lr in (0.0, -1.0, float("inf"), float("nan"))),
    ],
    ids=str,
)
def test_impossible_settings(changed, hint):
    with pytest.raises(StudyError, match=hint):
        replace(SETTINGS, **changed)


def test_rates():
    assert rates_of(0.5, "sgd").fixed == 0.5
    assert rates_of([0.1, 0.01], "sgd").first == (0.01, 0.1)
    assert rates_of("tune", "adamw").trials == rates_of("tune", "sgd").trials == 9
    assert rates_of("tune", "adamw", swept=True).fixed
    for wrong, hint in ((0, "positive"), ([], "at least one"), ("tun", "'tune'")):
        with pytest.raises(StudyError, match=hint):
            rates_of(wrong, "adamw")
