"""The sections that certificates add: signal, noise, gate, rows, numerics, cost."""

import math
from dataclasses import replace

import pytest
import torch

import ogive
from ogive.catalogue import entries, user_spec
from ogive.certify.proof.under_proof import under_proof
from ogive.certify.report.cost import cost
from ogive.certify.report.gate import gate
from ogive.certify.report.numerics import LARGEST, numerics
from ogive.certify.report.random_moments import training
from ogive.certify.report.rowwise_facts import BY_LENGTH, TABLE, row_facts
from ogive.certify.report.signal import signal

#: Entries of rows of which nothing is proved yet.
NOT_IN_THE_TABLE: set[str] = set()
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


@pytest.mark.parametrize("name", STOCHASTIC)
def test_the_moments_over_noise_and_input_agree_with_what_training_draws(name):
    torch.manual_seed(0)
    found, count = ogive.get(name).certificate().training, 400_000
    x = torch.randn(count, dtype=torch.float64)
    drawn = ogive.get(name)(x, training=True)
    for number, sample in ((found.first, drawn), (found.second, drawn**2)):
        # six standard errors of the mean
        error = 6 * float(sample.std()) / math.sqrt(count)
        assert float(sample.mean()) == pytest.approx(number.value, abs=error)


def test_moments_over_noise_and_input_in_closed_form():
    # E x^2 ndtr(x) = 1/2 and E x ndtr(x) = 1 / (2 sqrt(pi)), as of GELU's mean
    gelu = training(entries()["stochastic_gelu"])
    assert abs(gelu.first.value - 0.5 / math.sqrt(math.pi)) <= gelu.first.error
    assert abs(gelu.second.value - 0.5) <= gelu.second.error
    # relu plus independent noise of size 1/10
    probact = training(entries()["probact"])
    assert abs(probact.second.value - 0.51) <= probact.second.error
    assert abs(probact.variance.value - (0.51 - 0.5 / math.pi)) <= probact.variance.error
    # a slope from U(1/8, 1/3) below 0, half of the time
    lower, upper = 1 / 8, 1 / 3
    square = (lower**2 + lower * upper + upper**2) / 3
    rrelu = training(entries()["rrelu"])
    assert abs(rrelu.second.value - (1 + square) / 2) <= rrelu.second.error


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
    known, function, sparse = row_facts(spec, values), ogive.get(name), False
    for scale in (1e-3, 0.1, 1.0, 3.0, 10.0):
        for _ in range(20):
            x = scale * torch.randn(6, dtype=torch.float64, generator=draw)
            torch.manual_seed(2)
            y = function(x)
            sparse |= bool((y == 0).any())
            assert not known.nonnegative or bool((y >= 0).all())
            assert not known.sums_to_one or float(y.sum()) == pytest.approx(1, abs=1e-12)
            if known.jacobian.method != "not proved":
                bound = known.jacobian.high * BY_LENGTH[known.times](len(x))
                assert _norm(function, x) <= bound * (1 + 1e-9) + 1e-9
    assert sparse == known.sparse or name == "gumbel_softmax"


def _norm(function, x):
    def seeded(row):
        torch.manual_seed(2)
        return function(row)

    jacobian = torch.autograd.functional.jacobian(seeded, x).reshape(-1, len(x))
    return float(torch.linalg.matrix_norm(jacobian, 2))


def test_every_entry_of_rows_is_in_the_table():
    rowwise = {n for n, spec in entries().items() if spec.kind == "rowwise"}
    assert rowwise - set(TABLE) == NOT_IN_THE_TABLE


@pytest.mark.parametrize("n", [2, 5, 50])
def test_bounds_that_are_reached(n):
    x = torch.zeros(2, dtype=torch.float64)
    assert _norm(ogive.get("softmax"), x) == pytest.approx(0.5, abs=1e-12)
    # one share alone: the projection is as large as its bound
    row = torch.tensor([40.0] + [0.0] * (n - 1), dtype=torch.float64)
    assert _norm(ogive.get("log_softmax"), row) == pytest.approx(math.sqrt(n), abs=1e-12)
    # two shares of 1/2
    row = torch.tensor([60.0, 60.0] + [0.0] * (n - 2), dtype=torch.float64)
    norm = _norm(ogive.get("scalable_softmax"), row)
    assert norm == pytest.approx(0.5 * math.log(n), rel=1e-6)


def test_solu_has_no_bound():
    norms = [_norm(ogive.get("solu"), torch.full((2,), t, dtype=torch.float64)) for t in (8, 8e3)]
    assert norms[1] > 800 * norms[0]


@pytest.mark.parametrize("scale", [1e-10, 1e-8, 1e-3, 1.0, 30.0])
def test_no_row_near_the_step_of_softpick_contradicts_its_bound(scale):
    draw, known = torch.Generator().manual_seed(3), row_facts(entries()["softpick"], {"eps": 1e-8})
    for n in (1, 2, 40):
        for _ in range(20):
            x = scale * torch.randn(n, dtype=torch.float64, generator=draw)
            bound = known.jacobian.high * BY_LENGTH[known.times](n)
            assert _norm(ogive.get("softpick"), x) <= bound


def test_hard_gumbel_samples_have_the_gradient_of_soft_ones():
    known = row_facts(entries()["gumbel_softmax"], {"tau": 0.5, "hard": 1.0})
    assert known.sparse

    def hard(x):
        torch.manual_seed(5)
        return ogive.get("gumbel_softmax")(x, tau=0.5, hard=True)

    draw = torch.Generator().manual_seed(4)
    for _ in range(20):
        x = torch.randn(6, dtype=torch.float64, generator=draw)
        assert 0 < _norm(hard, x) <= known.jacobian.high + 1e-12


def overflow(formula, domain=(-math.inf, math.inf)):
    spec = replace(user_spec("f", formula, {}), domain=domain)
    return numerics(under_proof(spec)).overflow


def test_where_a_function_leaves_the_range_of_a_dtype():
    # x^2 rounds to infinity in float16 from 65520 on
    half = overflow("x**2")["float16"]
    assert half.right.value == pytest.approx(math.sqrt(65520), rel=1e-12)
    assert half.left.value == pytest.approx(-math.sqrt(65520), rel=1e-12)
    assert overflow("exp(x)")["float32"].right.value == pytest.approx(math.log(2.0**128), rel=1e-7)
    assert overflow("exp(x)")["float32"].left is None
    for dtype in LARGEST:
        assert overflow("x*sigmoid(x)")[dtype] == overflow("tanh(x)")[dtype]


def test_where_a_function_leaves_the_range_beside_a_finite_end():
    # 1/x at the numbers between 0 and 1 / 65520, of which float16 has some
    found = overflow("1/x", (0.0, math.inf))
    assert found["float16"].left.value == pytest.approx(1 / 65520, rel=1e-12)
    assert found["float16"].right is None
    mirrored = overflow("1/(x - 1)", (-math.inf, 1.0))
    # the last float16 before 1 is 1 - 2^-11, where it is -2048
    assert mirrored["float16"].right is None
    square = overflow("1/(x - 1)**2", (-math.inf, 1.0))["float16"].right
    assert square.value == pytest.approx(1 - 65520**-0.5, rel=1e-12)
    # no number of any dtype is so near to 0 that its logarithm is large
    assert ogive.get("log1mexp").certificate().numerics.overflow["float16"].left is None


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
    relu, mish, glu, identity = (cost_of(n) for n in ("relu", "mish", "swiglu", "identity"))
    assert (relu.forward.transcendental, relu.forward.operations) == (0, 1)
    assert relu.modes == {"output": 0, "mask": 1, "code4": 4, "code8": 8}
    assert mish.forward.transcendental == 3  # exp and log1p of softplus, tanh
    assert mish.modes == {"output": 1, "code4": 4, "code8": 8}
    assert glu.modes == {}
    # the sigmoid's exponential serves its derivative too
    assert (glu.forward.transcendental, glu.both.transcendental) == (1, 1)
    assert (glu.kept["float32"], relu.kept["float32"]) == (64, 32)
    assert identity.kept["float64"] == identity.modes["mask"] == 0


def cost_of(name):
    spec = entries()[name]
    return cost(spec)
