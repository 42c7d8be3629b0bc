"""The sections that certificates add: signal, noise, gate, rows, numerics, cost."""

import math

import numpy as np
import pytest
import torch

import ogive
from ogive.catalogue import entries, user_spec
from ogive.certify.proof.shape import shape_of
from ogive.certify.proof.subject import subject
from ogive.certify.report.cost import cost
from ogive.certify.report.gate import gate
from ogive.certify.report.noise import training
from ogive.certify.report.numerics import LARGEST, numerics
from ogive.certify.report.rows import TABLE, rows
from ogive.certify.report.signal import signal

STOCHASTIC = [n for n, s in entries().items() if s.kind == "stochastic"]


def test_the_correlation_map_of_relu_is_the_arc_cosine_kernel():
    # Cho and Saul 2009: (sin t + (pi - t) cos t) / pi at the angle t of the inputs
    for row in signal(entries()["relu"]).correlation:
        t = math.acos(row.before)
        known = (math.sin(t) + (math.pi - t) * math.cos(t)) / math.pi
        assert abs(row.after.value - known) <= row.after.error


def test_the_edge_of_chaos_of_tanh():
    # without bias it is sigma_w = 1 / f'(0), at the length 0
    edge = signal(entries()["tanh"]).edge[0]
    assert (edge.sigma_b, edge.length) == (0.0, 0.0)
    assert edge.sigma_w.value == pytest.approx(1.0, abs=1e-9)


def test_mean_and_variance_over_the_noise():
    lower, upper = (p.default for p in entries()["rrelu"].parameters)
    for row in training(entries()["rrelu"]).spread:
        slope, spread = (lower + upper) / 2, (upper - lower) ** 2 / 12
        known = (row.at, 0.0) if row.at > 0 else (slope * row.at, spread * row.at**2)
        assert abs(row.mean.value - known[0]) <= row.mean.error + 1e-15
        assert abs(row.variance.value - known[1]) <= row.variance.error + 1e-15
    for row in training(entries()["stochastic_gelu"]).spread:
        p = 0.5 * math.erfc(-row.at / math.sqrt(2))
        assert row.mean.value == pytest.approx(row.at * p, abs=1e-9)
        assert row.variance.value == pytest.approx(row.at**2 * p * (1 - p), abs=1e-9)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_the_noise_agrees_with_what_training_draws(name):
    torch.manual_seed(0)
    for row in ogive.get(name).certificate().training.spread:
        if row.mean.method == "not proved":
            continue
        drawn = ogive.get(name)(torch.full((200_000,), row.at, dtype=torch.float64), training=True)
        # six standard errors of the mean
        error = 6 * math.sqrt(max(row.variance.high, 0.0) / 200_000) + 1e-6
        assert float(drawn.mean()) == pytest.approx(row.mean.value, abs=error)


def test_gates():
    found = gate(entries()["swiglu"])
    assert (found.linear_in_value, found.product) == (True, True)
    # the range of silu
    assert found.value_slope.low.value == pytest.approx(-0.278464543, abs=1e-9)


@pytest.mark.parametrize("name", TABLE)
def test_no_row_contradicts_what_is_said_of_rows(name):
    """The hand-written table under attack: random rows of many sizes."""
    draw = torch.Generator().manual_seed(1)
    spec = entries()[name]
    values = {p.name: p.default for p in spec.parameters}
    known, function, sparse = rows(spec, values), ogive.get(name), False
    for scale in (1e-3, 0.1, 1.0, 3.0, 10.0):
        for _ in range(20):
            x = scale * torch.randn(6, dtype=torch.float64, generator=draw)
            torch.manual_seed(2)
            y = function(x)
            sparse |= bool((y == 0).any())
            assert not known.nonnegative or bool((y >= 0).all())
            assert not known.sums_to_one or float(y.sum()) == pytest.approx(1, abs=1e-12)
            if known.jacobian.method != "not proved":
                assert _norm(function, x) <= known.jacobian.high * (1 + 1e-9) + 1e-9
    assert sparse == known.sparse or name == "gumbel_softmax"


def _norm(function, x):
    def seeded(row):
        torch.manual_seed(2)
        return function(row)

    jacobian = torch.autograd.functional.jacobian(seeded, x).reshape(-1, len(x))
    return float(torch.linalg.matrix_norm(jacobian, 2))


def test_the_bound_of_softmax_is_reached():
    x = torch.zeros(2, dtype=torch.float64)
    assert _norm(ogive.get("softmax"), x) == pytest.approx(0.5, abs=1e-12)


def overflow(formula):
    spec = user_spec("f", formula, {})
    return numerics(subject(spec), shape_of(subject(spec))).overflow


def test_where_a_function_leaves_the_range_of_a_dtype():
    # x^2 rounds to infinity in float16 from 65520 on
    half = overflow("x**2")["float16"]
    assert half.right.value == pytest.approx(math.sqrt(65520), rel=1e-12)
    assert half.left.value == pytest.approx(-math.sqrt(65520), rel=1e-12)
    assert overflow("exp(x)")["float32"].right.value == pytest.approx(math.log(2.0**128), rel=1e-7)
    assert overflow("exp(x)")["float32"].left is None
    for dtype in LARGEST:
        assert overflow("x*sigmoid(x)")[dtype] == overflow("tanh(x)")[dtype]


@pytest.mark.parametrize("name", ["squared_relu", "softplus", "elu", "gelu"])
def test_floats_overflow_where_the_certificate_says(name):
    found = ogive.get(name).certificate().numerics.overflow
    for dtype in (torch.float16, torch.float32):
        place = found[str(dtype).removeprefix("torch.")].right
        x = torch.finfo(dtype).max if place is None else place.value * 0.999
        assert torch.isfinite(ogive.get(name)(torch.tensor([x], dtype=dtype))).all()
        if place is not None:
            y = ogive.get(name)(torch.tensor([place.value * 1.001], dtype=dtype))
            assert torch.isinf(y).all()


def test_what_functions_cost():
    relu, mish, glu = (cost(entries()[n]) for n in ("relu", "mish", "swiglu"))
    assert (relu.forward.transcendental, relu.forward.operations, relu.mask) == (0, 1, 1)
    # exp and log1p of softplus, tanh
    assert (mish.forward.transcendental, mish.mask) == (3, None)
    # the sigmoid's exponential serves its derivative too
    assert (glu.forward.transcendental, glu.both.transcendental) == (1, 1)
    assert (glu.kept["float32"], relu.kept["float32"]) == (64, 32)
    assert cost(entries()["identity"]).kept["float64"] == 0
    assert np.isfinite(cost(entries()["hardtanh"]).mask)
