"""ogive.propagate: random networks of depth 50 agree with the theory within sampling error."""

import json
import math

import pytest
import torch
from torch import nn

import ogive
from ogive.errors import OgiveError

# activation, sigma_w, sigma_b: chaos, the edge, order, growth
NETWORKS = [
    ("tanh", 1.5, 0.05),
    ("relu", math.sqrt(2), 0.0),
    ("selu", 1.0, 0.0),
    ("erf", 1.2, 0.3),
    ("sigmoid", 3.0, 0.1),
    ("signum", 1.0, 0.2),
]
#: With the gain that keeps the second moment, what correlation becomes of one half: at a jump the
#: correlation map is steeper than any line, so that no correlation stays near 1.
DEEP = {
    "step": 0.789833,  # c = 1/2 + asin(c) / pi
    "signum": 0.0,  # c -> 2 asin(c) / pi
    "hardshrink": 0.021905,
    "shrink": 0.021905,
    "identity": 0.5,
    "slaf": 0.5,
    "thresholded_relu": 0.2846,
}


@pytest.mark.parametrize(("name", "sigma_w", "sigma_b"), NETWORKS)
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.exhaustive)])
def test_depth_fifty_agrees_with_theory(name, sigma_w, sigma_b, seed):
    """Within five standard errors of a mean over eight networks (a scatter estimated from eight is
    itself off by a quarter), and depth / width, the order of what a finite width shifts."""
    found = ogive.propagate(name, 50, sigma_w, sigma_b, width=500, networks=8, seed=seed)
    predicted, measured = found.predicted, found.measured
    shift = 50 / 500
    for layer in (1, 5, 15, 30, 50):
        q, g = predicted.length[layer], predicted.gradient[50 - layer]
        assert abs(measured.length[layer] - q) <= 5 * measured.length_error[layer] + shift * q
        off = abs(measured.gradient[50 - layer] - g)
        assert off <= 5 * measured.gradient_error[50 - layer] + shift * g
        off = abs(measured.correlation[layer] - predicted.correlation[layer])
        assert off <= 5 * measured.correlation_error[layer] + shift


@pytest.mark.parametrize("name", DEEP)
def test_functions_with_jumps_and_straight_ones(name):
    depth = 50 if name == "thresholded_relu" else 100  # its length leaves 1, by rounding
    gain = ogive.gain(name).second_moment.value
    found = ogive.propagate(name, depth, gain, width=300, networks=4)
    assert found.predicted.correlation[depth] == pytest.approx(
        DEEP[name], abs=2e-5 if name != "thresholded_relu" else 3e-3
    )
    early, error = found.measured.correlation[3], found.measured.correlation_error[3]
    assert abs(early - found.predicted.correlation[3]) <= 5 * error + 3 / 300


def test_a_wrong_prediction_would_be_seen():
    """The measured lengths of one network do not fit the theory of another."""
    found = ogive.propagate("tanh", 50, 1.5, 0.05, width=300, networks=4)
    other = ogive.propagate("tanh", 50, 1.7, 0.05, width=300, networks=4)
    off = abs(found.measured.length[50] - other.predicted.length[50])
    assert off > 5 * found.measured.length_error[50] + 0.1 * other.predicted.length[50]


def test_a_function_is_propagated_as_its_entry():
    entry = ogive.propagate("softplus", 5, 1.0, 0.1, width=50, networks=2)
    values = ogive.propagate(lambda x: torch.log1p(torch.exp(x)), 5, 1.0, 0.1, width=50, networks=2)
    module = ogive.propagate(nn.Softplus(), 5, 1.0, 0.1, width=50, networks=2)
    for other in (values, module):
        assert other.predicted.length == pytest.approx(entry.predicted.length, rel=1e-9)
        assert other.predicted.gradient == pytest.approx(entry.predicted.gradient, rel=1e-9)
        assert other.measured.length == pytest.approx(entry.measured.length, rel=1e-9)


def test_the_seed_decides():
    first, second, third = (
        ogive.propagate("tanh", 3, 1.5, width=20, networks=2, seed=seed) for seed in (1, 1, 2)
    )
    assert first == second
    assert first.measured != third.measured


def test_the_result_is_a_table_and_json():
    found = ogive.propagate("tanh", 30, 1.5, width=20, networks=2)
    lines = str(found).splitlines()
    assert len(lines) == 12
    assert lines[1].startswith("0 ") and lines[-1].startswith("30 ")
    loaded = json.loads(json.dumps(found.to_dict()))
    assert len(loaded["predicted"]["length"]) == 31
    assert loaded["measured"]["gradient"][30] == 1.0


def test_what_explodes_and_what_vanishes():
    loud = ogive.propagate("squared_relu", 14, 2.0, width=20, networks=2)
    assert loud.predicted.length[-1] == math.inf
    quiet = ogive.propagate("silu", 100, 0.01, width=20, networks=2)
    assert 0 <= quiet.predicted.length[-1] < 1e-100
    assert 0 <= quiet.measured.length[-1] < 1e-100
    assert str(loud) and str(quiet)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"depth": 0}, "depth is a whole number >= 1"),
        ({"width": 1.5}, "width is a whole number >= 2"),
        ({"networks": 1}, "networks is a whole number >= 2"),
        ({"sigma_w": 0.0}, "sigma_w is a number > 0"),
        ({"correlation": 2.0}, "correlation one in"),
        ({"length": 0.0}, "length is a number > 0"),
        ({"width": 10**9}, "width is at most 10000, not 1000000000"),
        ({"seed": -1}, "seed is a whole number >= 0"),
        ({"sigma_w": "1"}, "sigma_w is a number, not '1'"),
        ({"correlation": None}, "correlation is a number, not None"),
    ],
)
def test_numbers_outside_their_range(arguments, message):
    with pytest.raises(OgiveError, match=message):
        ogive.propagate("tanh", **({"depth": 3, "sigma_w": 1.0} | arguments))


def test_what_is_no_function_of_one_number():
    with pytest.raises(OgiveError, match="propagate its gate's function instead"):
        ogive.propagate("swiglu", 3, 1.0)
    with pytest.raises(OgiveError, match="works on rows"):
        ogive.propagate("softmax", 3, 1.0)
    with pytest.raises(OgiveError, match=r"raised RuntimeError .*elementwise"):
        ogive.propagate(nn.Linear(2, 2), 3, 1.0)


@pytest.mark.parametrize("function", [torch.log, lambda x: x.sqrt(), lambda x: 0 * x / 0])
def test_a_function_of_a_half_line_is_refused(function):
    with pytest.raises(OgiveError, match="is not a number at -3, and signals reach every number"):
        ogive.propagate(function, 3, 1.0)
