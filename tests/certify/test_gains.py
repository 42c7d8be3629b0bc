"""Gains by name against the golden table and torch, SELU's constants against the authors'."""

import math

import pytest
from torch.nn.init import calculate_gain

from ogive.catalogue import entries
from ogive.certify.signal.gains import (
    LINEAR,
    convention,
    criticality,
    gains,
    recommended,
    selu_constants,
)
from ogive.certify.signal.moments import moments
from ogive.errors import OgiveError

#: name: 1/sqrt(E f**2), 1/std f
GOLDEN = {
    "relu": (1.41421, 1.71286),
    "leaky_relu": (1.41414, 1.70483),
    "elu": (1.24520, 1.27084),
    "selu": (1.0, 1.0),
    "gelu": (1.53353, 1.70093),
    "silu": (1.67653, 1.78719),
    "mish": (1.48685, 1.59203),
    "hardswish": (1.73666, 1.81387),
    "tanh": (1.59254, 1.59254),
    "sigmoid": (1.84623, 4.80131),
    "softplus": (1.04187, 1.91913),
    "softsign": (2.33753, 2.33753),
    "squared_relu": (0.81650, 0.89443),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_golden_table_to_its_printed_digits(name):
    found = gains(entries()[name])
    second, deviation = GOLDEN[name]
    assert found.second_moment.value == pytest.approx(second, abs=0.50001e-5)
    assert found.standard_deviation.value == pytest.approx(deviation, abs=0.50001e-5)
    assert max(found.second_moment.error, found.standard_deviation.error) <= 1e-9


@pytest.mark.parametrize("name", [*LINEAR, "sigmoid", "tanh", "relu", "selu", "leaky_relu"])
def test_the_convention_is_torchs(name):
    assert convention(name) == calculate_gain(name)


@pytest.mark.parametrize("slope", [0.2, 0.0, 1.0, -3.0])
def test_the_convention_of_a_slope_is_torchs(slope):
    assert convention("leaky_relu", {"negative_slope": slope}) == calculate_gain(
        "leaky_relu", slope
    )


def test_no_convention_where_torch_has_none():
    assert convention("gelu") is None


def test_gains_of_what_has_no_moments():
    assert gains(entries()["log1mexp"]).second_moment.method == "not proved"


@pytest.mark.parametrize(
    ("mean", "variance", "alpha", "scale"),
    [(0.0, 1.0, 1.67326324, 1.05070099), (-0.1, 2.0, 1.97690, 1.07385)],
)
def test_selu_constants_of_the_authors(mean, variance, alpha, scale):
    found = selu_constants(mean, variance)
    assert found.alpha.value == pytest.approx(alpha, abs=0.5e-5 if mean else 0.5e-8)
    assert found.scale.value == pytest.approx(scale, abs=0.5e-5 if mean else 0.5e-8)
    assert max(found.alpha.error, found.scale.error) <= 1e-15


@pytest.mark.parametrize("point", [(0.0, 1.0), (-0.1, 2.0), (0.1, 1.0), (0.0, 0.25)])
def test_selu_constants_keep_their_point(point):
    from ogive.certify.signal.moments import expectation
    from ogive.expr.functions import expm1, where
    from ogive.expr.node import symbol

    mean, variance = point
    found, x = selu_constants(mean, variance), symbol("x")
    selu = found.scale.value * where(x > 0, x, found.alpha.value * expm1(x))
    std = math.sqrt(variance)
    assert expectation(selu, mean, std).value == pytest.approx(mean, abs=1e-12)
    second = expectation(selu * selu, mean, std).value
    assert second - mean**2 == pytest.approx(variance, abs=1e-12)


def test_selu_constants_that_there_are_not():
    with pytest.raises(OgiveError, match="variance > 0"):
        selu_constants(0.0, -1.0)
    with pytest.raises(OgiveError, match="no SELU"):
        selu_constants(50.0, 1.0)


def test_the_recommendation_gives_its_reason():
    relu, gelu, sigmoid = (recommended(moments(entries()[n])) for n in ("relu", "gelu", "sigmoid"))
    assert (relu.mode, round(relu.gain, 5)) == ("fan_in", 1.41421)
    assert "gradients keep their size" in relu.reason
    assert "grows 1.144-fold per layer, so deep networks need normalisation" in gelu.reason
    assert "centre the output" in sigmoid.reason


def test_nothing_is_recommended_without_moments():
    found = recommended(moments(entries()["log1mexp"]))
    assert (found.mode, math.isnan(found.gain)) == ("", True)


def test_criticality_of_a_constant_zero():
    from ogive.catalogue import user_spec

    found = criticality(moments(user_spec("nothing", "0*x", {})))
    assert found.chi.method == "not proved"
