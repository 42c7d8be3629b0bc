"""ogive.gain: torch's answers where torch has them, the exact ones beside them, for anything."""

import copy
import math
import pickle

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.nn.init import calculate_gain

import ogive
from ogive.catalogue import entries
from ogive.certify.signal.gains import LINEAR
from ogive.errors import OgiveError, ParameterError, UnknownName

ONES = [n for n, s in entries().items() if s.kind != "rowwise" and n != "log1mexp"]
TORCHS = [*LINEAR, "sigmoid", "tanh", "relu", "leaky_relu", "selu"]


@pytest.mark.parametrize("name", TORCHS)
def test_torchs_names_have_torchs_gains(name):
    assert ogive.gain(name) == calculate_gain(name)
    assert ogive.gain(name).conventional == calculate_gain(name)


@pytest.mark.parametrize("slope", [0.2, 1, 0, -0.5, 10.0])
def test_the_slope_of_leaky_relu(slope):
    assert ogive.gain("leaky_relu", slope) == calculate_gain("leaky_relu", slope)
    assert ogive.gain("leaky_relu", negative_slope=slope) == calculate_gain("leaky_relu", slope)
    assert ogive.gain(nn.LeakyReLU(slope)) == calculate_gain("leaky_relu", slope)


def test_torch_ignores_a_parameter_elsewhere():
    assert ogive.gain("relu", 0.3) == calculate_gain("relu", 0.3)


@pytest.mark.parametrize("name", ONES)
def test_every_entry_has_a_gain(name):
    found = ogive.gain(name)
    assert isinstance(found, float)
    assert 0 < found < math.inf
    assert found.second_moment.method == "ball"
    assert found == (found.conventional or found.second_moment.value)


@pytest.mark.parametrize(
    ("anything", "name"),
    [
        (nn.GELU(), "gelu"),
        (nn.GELU("tanh"), "gelu_tanh"),
        (nn.Softplus(2.0), "softplus"),
        (nn.GLU(), "glu"),
        (nn.Identity(), "identity"),
        (nn.PReLU(3), "prelu"),
        (F.silu, "silu"),
        (torch.tanh, "tanh"),
        (torch.Tensor.relu, "relu"),
        (torch.relu_, "relu"),
        ("keras:gelu", "keras:gelu"),
        ("Mish", "Mish"),
    ],
)
def test_what_is_recognised(anything, name):
    assert ogive.gain(anything).name == name
    assert ogive.gain(anything).second_moment.method == "ball"


def test_ogives_own_objects():
    expected = ogive.gain("mish")
    assert ogive.gain(ogive.get("mish")) == ogive.gain(ogive.nn.Mish()) == expected
    assert ogive.gain(ogive.nn.LeakyReLU(0.3)) == calculate_gain("leaky_relu", 0.3)
    bump = ogive.define("bump_for_gain", "x * exp(-x**2 / (2*s**2))", s=1.0)
    # E x**2 exp(-x**2) = 3**-1.5
    assert ogive.gain(bump) == pytest.approx(3**0.75, rel=1e-12)
    assert ogive.gain("bump_for_gain", s=2.0) < ogive.gain(bump)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: x * torch.sigmoid(x), "silu"),
        (lambda x: torch.clamp(x, 0.0), "relu"),
        (lambda x: torch.where(x > 0, x, torch.expm1(x)), "elu"),
        (nn.Sequential(nn.Softplus(), nn.Tanh()), None),
    ],
)
def test_a_function_of_tensors_is_integrated(function, name):
    found = ogive.gain(function)
    assert found.second_moment.method == "quadrature"
    if name is not None:
        exact = ogive.gain(name)
        both = found.second_moment, exact.second_moment
        assert abs(both[0].value - both[1].value) <= both[0].error + both[1].error
        assert found.standard_deviation.value == pytest.approx(
            exact.standard_deviation.value, rel=1e-9
        )


@pytest.mark.parametrize(
    "function",
    [lambda x: 1 / x, lambda x: torch.sin(1e6 * x), lambda x: torch.exp(x * x), torch.zeros_like],
)
def test_what_has_no_gain_is_not_given_one(function):
    with pytest.raises(OgiveError, match="not proved"):
        ogive.gain(function)


def test_unknown_names_suggest():
    with pytest.raises(UnknownName, match="did you mean 'leaky_relu'"):
        ogive.gain("leaky_rellu")
    with pytest.raises(UnknownName, match="did you mean 'conv1d'"):
        ogive.gain("convv1d")
    with pytest.raises(ValueError):  # what torch raises
        ogive.gain("no such thing")


@pytest.mark.parametrize("slope", [True, "0.2", math.nan])
def test_slopes_that_are_none(slope):
    with pytest.raises(ParameterError):
        ogive.gain("leaky_relu", slope)


def test_parameters_that_do_not_fit():
    with pytest.raises(ParameterError, match="by name"):
        ogive.gain("gelu", 0.2)
    with pytest.raises(ParameterError, match="no parameter 'beta'"):
        ogive.gain("elu", beta=2.0)
    with pytest.raises(ParameterError, match="those of entries"):
        ogive.gain(lambda x: x, alpha=2.0)


def test_what_is_no_function_of_one_number():
    with pytest.raises(OgiveError, match="works on rows"):
        ogive.gain(nn.Softmax(-1))
    with pytest.raises(OgiveError, match="not as int"):
        ogive.gain(3)
    with pytest.raises(OgiveError, match="elementwise"):
        ogive.gain(lambda x: x.sum())


def test_channels_of_their_own():
    module = nn.PReLU(2)
    with torch.no_grad():
        module.weight[0] = 0.5
    with pytest.raises(OgiveError, match="one for each channel"):
        ogive.gain(module)


def test_it_is_a_number_like_any_other():
    found = ogive.gain("tanh")
    weight = nn.init.xavier_normal_(torch.empty(600, 600), gain=found)
    # 360,000 samples: their standard deviation is known to 0.12%
    assert weight.std().item() == pytest.approx(5 / 3 / math.sqrt(600), rel=0.01)
    assert copy.copy(found).second_moment == found.second_moment
    assert pickle.loads(pickle.dumps(found)).name == "tanh"


def test_it_says_which_gain_it_is():
    assert "torch's convention" in repr(ogive.gain("selu"))
    assert "torch's convention" not in repr(ogive.gain("gelu"))
