"""The numbers behind the pictures are the formula's, and no line is drawn across a jump."""

import math

import numpy as np
import pytest

import ogive
from ogive.catalogue import user_spec
from ogive.errors import OgiveError
from ogive.plot import sample
from ogive.plot.curve import caption, window


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", ["silu", "mish", "elu", "softplus", "gelu", "rrelu"])
def test_samples_are_the_derivatives(name, order):
    activation = ogive.get(name)
    curve = sample(activation, order)
    held = ~np.isnan(curve.y)
    assert held.sum() > 1190
    expected = activation.derivative(order)(curve.x[held])
    np.testing.assert_allclose(curve.y[held], expected, rtol=1e-12, atol=1e-14)


def test_a_jump_of_the_derivative_is_open():
    curve = sample(ogive.get("relu"), 1)
    (gap,) = np.flatnonzero(np.isnan(curve.y))
    assert curve.x[gap] == 0
    assert (curve.y[gap - 1], curve.y[gap + 1]) == (0, 1)
    assert curve.x[gap + 1] - curve.x[gap - 1] < 1e-6
    assert curve.jumps == ((0, 0, 1, 0),)


def test_a_kink_of_the_function_is_a_point_of_its_curve():
    curve = sample(user_spec("kink", "max(x, 1/3)", {}))
    assert curve.jumps == ()
    assert not np.isnan(curve.y).any()
    assert 1 / 3 in curve.x


def test_a_jump_at_the_end_of_the_interval_is_open():
    curve = sample(ogive.get("relu6"), 1)
    assert [jump[0] for jump in curve.jumps] == [0, 6]
    steps = np.abs(np.diff(curve.y))
    assert not (steps[~np.isnan(steps)] > 0.5).any()


def test_a_value_apart_from_both_sides_is_a_jump():
    curve = sample(user_spec("point", "where(x < 0, x, where(x > 0, x, 5))", {}))
    ((at, below, above, there),) = curve.jumps
    assert (at, there) == (0, 5)
    assert max(abs(below), abs(above)) < 1e-6
    assert np.isnan(curve.y[curve.x == 0]).all()


def test_a_constant_derivative_is_a_line():
    curve = sample(ogive.get("leaky_relu"), 2)
    assert (curve.y == 0).all()
    assert curve.y.shape == curve.x.shape


def test_a_derivative_is_not_drawn_where_the_function_is_not_defined():
    root = user_spec("root", "log(x)", {})
    assert np.isnan(sample(root, 1).y[sample(root, 1).x < 0]).all()


def test_gated_entries_show_their_gate():
    swiglu, silu = sample(ogive.get("swiglu")), sample(ogive.get("silu"))
    np.testing.assert_allclose(swiglu.y, silu.y)
    assert caption(ogive.get("swiglu")) == "swiglu (gate, at value = 1)"


def test_the_parameters_a_name_implies_are_drawn():
    keras = ogive.get("keras:leaky_relu")
    assert sample(keras, 0, (-2, 2)).y[0] == pytest.approx(-2 * keras.preset["negative_slope"])
    assert "negative_slope=" in caption(keras)
    assert sample(keras.spec, 0, (-2, 2)).y[0] == pytest.approx(-0.02)


def test_a_parameter_at_zero_divides_without_an_error():
    curve = sample(user_spec("quotient", "x / a", {"a": 0.0}))
    assert not np.isfinite(curve.y).any()


def test_window_holds_the_curve_but_not_an_explosion():
    assert window([sample(ogive.get("tanh"))], (-6, 6)) == pytest.approx((-1, 1), abs=1e-4)
    explosion = user_spec("explosion", "exp(x)", {})
    assert window([sample(explosion)], (-6, 6))[1] == 9
    assert window([sample(ogive.get("relu"), 2)], (-6, 6)) == (-1, 1)


@pytest.mark.parametrize("interval", [(1, 1), (2, -2), (0, math.inf), (math.nan, 1)])
def test_wrong_interval(interval):
    with pytest.raises(OgiveError, match="low < high"):
        sample(ogive.get("relu"), 0, interval)


def test_rowwise_entries_have_no_curve():
    with pytest.raises(OgiveError, match="works on rows"):
        sample(ogive.get("softmax"))
