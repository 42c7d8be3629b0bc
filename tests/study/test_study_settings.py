"""Settings are checked before anything is trained, and sweeps mean what they say."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ogive.study import Settings, StudyError, Sweep
from ogive.study.settings import learning_rate

SETTINGS = Settings((8, 8), 10, 32, "adamw", 3e-3, 1)


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
    ],
)
def test_sweep_values(text, values):
    assert Sweep.parse(text).values == values


@given(st.integers(1, 500), st.integers(0, 5000))
def test_ranges_hold_both_ends_and_ascend(low, more):
    values = Sweep.parse(f"width={low}:{low + more}").values
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
    ],
)
def test_bad_sweeps(text, hint):
    with pytest.raises(StudyError, match=hint):
        Sweep.parse(text)


def test_sweeps_change_one_setting():
    assert Sweep.parse("width=4").apply(SETTINGS, 4).hidden == (4, 4)
    assert Sweep.parse("depth=3").apply(SETTINGS, 3).hidden == (8, 8, 8)
    assert Sweep.parse("epochs=7").apply(SETTINGS, 7) == Settings((8, 8), 7, 32, "adamw", 3e-3, 1)


@pytest.mark.parametrize(
    "changed",
    [{"hidden": ()}, {"hidden": (8, 0)}, {"epochs": 0}, {"batch_size": -1}, {"threads": 0}],
)
def test_impossible_settings(changed):
    given_values = {
        "hidden": (8,),
        "epochs": 1,
        "batch_size": 1,
        "optimizer": "sgd",
        "lr": 1.0,
        "threads": 1,
    }
    with pytest.raises(StudyError, match=r"at least"):
        Settings(**{**given_values, **changed})


@pytest.mark.parametrize("lr", [0.0, -1.0, float("inf"), float("nan")])
def test_impossible_learning_rates(lr):
    with pytest.raises(StudyError, match="positive"):
        Settings((8,), 1, 1, "sgd", lr, 1)


def test_optimizers():
    assert learning_rate("sgd", 0.5) == 0.5
    assert learning_rate("adamw", None) == 3e-3
    with pytest.raises(StudyError, match="did you mean 'adamw'"):
        learning_rate("adam", None)
