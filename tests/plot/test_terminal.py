"""The terminal's curve, as text that a change must not alter unseen."""

import pytest

import ogive
from ogive.catalogue import user_spec
from ogive.plot import curve

RELU = """\
6 ┤⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠁⠀⠀⠀⠀⠀⠀⢀⡤⠞
  │⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠁⠀⠀⠀⠀⢀⡴⠋
  │⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠁⠀⠀⢀⡴⠋
  │⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠁⢀⡴⠋
0 ┤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⡵⠋⡀⠀⡀⠀⡀⠀⡀
   -6        0        6"""


def test_relu():
    assert curve(ogive.get("relu"), width=20, height=5) == RELU


@pytest.mark.parametrize("name", ["tanh", "mish", "step", "swiglu", "rrelu"])
def test_size_and_labels(name):
    lines = curve(ogive.get(name)).splitlines()
    assert len(lines) == 16
    assert max(map(len, lines)) <= 60 + len("-0.278 ┤")
    assert lines[-1].split() == ["-6", "0", "6"]


def test_zero_is_labelled_within_the_axis():
    labels = [line.split("┤")[0].strip() for line in curve(ogive.get("tanh")).splitlines()[:-1]]
    assert [label for label in labels if label and label[0] != "│"] == ["1", "0", "-1"]


def test_a_jump_is_not_joined():
    jump = curve(ogive.get("step"), width=20, height=5).splitlines()
    # the column of the jump holds the axis' dots alone between its ends
    assert [line[13] for line in jump[1:4]] == ["⠁"] * 3


def test_an_interval_beside_zero_has_its_middle():
    assert curve(ogive.get("tanh"), interval=(2, 3)).splitlines()[-1].split() == ["2", "2.5", "3"]


def test_a_function_that_is_nowhere_defined_has_axes_only():
    nowhere = user_spec("nowhere", "log(-1 - x*x)", {})
    lines = curve(nowhere, width=20, height=5).splitlines()
    assert set("".join(lines[:-1])) <= set("10- ┤│⠀⠁⠂⡀⠄⠅⠃⡁⠐")
