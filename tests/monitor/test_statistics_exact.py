"""Every statistic of every entry, beside an exact computation of the same numbers."""

import math

import numpy as np
import pytest
import torch

import ogive
from ogive.catalogue import entries
from ogive.certify.signal.moments import mean_formula
from ogive.certify.signal.quadrature import evaluator
from ogive.certify.signal.theory import field
from ogive.certify.univariate import function_of_one_number
from ogive.expr import diff, symbol
from ogive.monitor.sampling import LEAST_OF_A_UNIT, most_of, sampling, some_queries
from ogive.monitor.slopes import SLOPE_ROWS, slope_judge
from ogive.monitor.softmax_sums import softmax_sums, sums_along
from ogive.monitor.tallies import GradientNumbers, Look, gradient_numbers
from ogive.monitor.thresholds import USUAL

NAMES = [name for name, spec in entries().items() if spec.kind != "rowwise"]
#: Entries of each kind that are looked at in every dtype and layout.
FEW = ("relu", "gelu", "silu", "tanh", "sigmoid", "hardswish", "swiglu", "softplus", "squared_relu")
#: What float32 arithmetic may be off by, relative to the sum of sizes; 16 bits are computed in
#: float32, of inputs that are numbers of float32.
TOLERANCE = {torch.float64: 1e-12, torch.float32: 3e-6, torch.bfloat16: 3e-6, torch.float16: 3e-6}


def exact(name, judge, z):
    """The rows of a sum, each number of the units computed in float64 with NumPy."""
    one = function_of_one_number(entries()[name])
    formula = mean_formula(one)
    slope = diff(formula, symbol("x"))
    f, d, d2 = (evaluator(g)(z.ravel()).reshape(z.shape) for g in
                (formula, slope, diff(slope, symbol("x"))))  # fmt: skip
    flat = (np.abs(d) < USUAL.slope * judge.supremum).astype(float)
    left = flat * (z < judge.middle)
    straight = (np.abs(d2) < USUAL.bend * judge.supremum) * (1 - flat)
    rows = (np.ones_like(z), z, z * z, f, f * f, d, d * d, left, flat - left, straight, f == 0)
    return np.stack([np.asarray(r, float).sum(axis=0) for r in rows]), np.stack(
        [np.abs(np.asarray(r, float)).sum(axis=0) for r in rows]
    )


def slope_sums(judge, z, dim, learned=()):
    """The rows, of all numbers."""
    look = Look(judge, z, dim, learned, z.numel())
    return counted(look, look.sums(z, learned))


def counted(look, sums):
    """The rows with the first, the count of samples."""
    return torch.cat([torch.full_like(sums[:1], look.samples), sums])


def inputs(units=6, samples=64, dtype=torch.float32, spread=2.0):
    generator = torch.Generator().manual_seed(0)
    z = spread * torch.randn(samples, units, generator=generator, dtype=torch.float64)
    return z.to(dtype)


@pytest.mark.parametrize("name", NAMES)
def test_sums_are_those_of_an_exact_computation(name):
    judge = slope_judge(entries()[name], (), USUAL)
    z = inputs(dtype=torch.float64, spread=1.5)
    low, high = entries()[name].domain
    z = z[((z > low) & (z < high)).all(dim=1)]
    with ogive.engine("eager"):  # kernels are compared below, as each takes its time to compile
        found = slope_sums(judge, z, 1).numpy()
    want, sizes = exact(name, judge, z.numpy())
    assert np.abs(found - want).max() <= 1e-9 * max(1.0, sizes.max())


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("name", FEW)
def test_every_dtype_is_summed_in_float64(name, dtype):
    judge = slope_judge(entries()[name], (), USUAL)
    z = inputs(dtype=dtype)
    found = slope_sums(judge, z, 1).numpy()
    want, sizes = exact(name, judge, z.double().numpy())
    counted = [SLOPE_ROWS.index(row) for row in ("left", "right", "linear", "zero")]
    others = [k for k in range(len(SLOPE_ROWS)) if k not in counted]
    assert (np.abs(found - want)[others] <= TOLERANCE[dtype] * sizes[others].clip(1)).all()
    # a sample so near to a border that rounding decides may be on either side
    assert np.abs(found - want)[counted].max() <= 1


@pytest.mark.parametrize("name", ("erf", *FEW))
def test_far_samples_are_summed_as_near_ones_are(name):
    judge = slope_judge(entries()[name], (), USUAL)
    z = torch.linspace(-60, 60, 800)[:, None]
    found = slope_sums(judge, z, 1).numpy()
    want, sizes = exact(name, judge, z.double().numpy())
    assert (np.abs(found - want) <= TOLERANCE[torch.float32] * sizes.clip(1)).all()


@pytest.mark.parametrize(
    "layout", ["rows", "channels", "channels_last", "strided", "one", "scalar"]
)
def test_units_are_found_however_a_tensor_lies(layout):
    judge = slope_judge(entries()["gelu"], (), USUAL)
    base = torch.randn(4, 5, 6, 7, generator=torch.Generator().manual_seed(1))
    z, dim = {
        "rows": (base.reshape(-1, 7), 1),
        "channels": (base, 1),
        "channels_last": (base.contiguous(memory_format=torch.channels_last), 1),
        "strided": (base.permute(3, 1, 0, 2)[::2], 1),
        "one": (base.reshape(-1)[:9], 0),
        "scalar": (base.reshape(-1)[:1], 0),
    }[layout]
    found = slope_sums(judge, z, dim)
    flat = z.movedim(dim, -1).reshape(-1, z.shape[dim])
    want, _ = exact("gelu", judge, flat.double().numpy())
    assert np.allclose(found.numpy(), want, rtol=1e-5, atol=1e-5)


def test_a_learned_slope_is_that_of_each_channel():
    judge = slope_judge(entries()["prelu"], ("weight",), USUAL)
    z, slopes = inputs(4), torch.tensor([0.0, 0.25, -0.5, 1.0])
    row = dict(zip(SLOPE_ROWS, slope_sums(judge, z, 1, [slopes]), strict=True))
    expected = torch.where(z > 0, z, slopes * z)
    assert torch.allclose(row["f"], expected.double().sum(0), atol=1e-5)
    assert torch.equal(
        row["left"] + row["right"], torch.where(slopes == 0, (z <= 0).sum(0), 0).double()
    )


@pytest.mark.parametrize("name", NAMES)
def test_flat_is_left_or_right_and_never_straight(name):
    judge = slope_judge(entries()[name], (), USUAL)
    z = torch.linspace(-20, 20, 401, dtype=torch.float64)[:, None]
    with ogive.engine("eager"):
        row = dict(zip(SLOPE_ROWS, slope_sums(judge, z, 1)[:, 0].tolist(), strict=True))
    assert row["left"] + row["right"] + row["linear"] <= row["count"] == 401


def test_the_judge_knows_the_sides_of_the_well_known():
    def sides(name):
        judge = slope_judge(entries()[name], (), USUAL)
        return judge.quiet, judge.gate, [math.isfinite(edge) for edge in judge.edges]

    assert sides("relu") == ((True, False), False, [True, False])
    assert sides("gelu") == ((True, False), False, [True, False])
    assert sides("tanh") == ((False, False), False, [True, True])
    assert sides("sigmoid") == ((False, False), True, [True, True])
    assert sides("leaky_relu") == ((False, False), False, [False, False])
    assert sides("relu6") == ((True, False), False, [True, True])
    assert sides("softplus") == ((True, False), False, [True, False])


@pytest.mark.parametrize("most", [10, 100, 1000, 10**6])
def test_what_is_looked_at_is_spread_over_all_samples_and_says_of_how_many(most):
    z = torch.arange(6 * 4 * 50.0).reshape(6, 4, 50)
    taken = sampling(z, 1, most)
    found = taken.of(z, turn=0)
    assert found.shape[1] == 4 and found.numel() <= max(most, 4)
    assert found.numel() * taken.one_in == pytest.approx(z.numel())
    seen = {n for turn in range(300) for n in taken.of(z, turn).flatten().tolist()}
    assert len(seen) == z.numel()  # in turn all are looked at


def test_numbers_that_lie_side_by_side_are_looked_at_together():
    assert sampling(torch.empty(8, 16, 32, 32), 1, 2**14).steps == (1, 1, 8, 1)
    assert sampling(torch.empty(4, 65, 768), 2, 2**16).steps == (1, 4, 1)
    assert sampling(torch.empty(2, 16, 4096), 1, 2**13).steps == (1, 1, 16)


@pytest.mark.parametrize("shape, dim", [((40, 30, 96), 2), ((32, 48, 16, 16), 1)], ids=str)
def test_a_sampled_share_is_within_its_stated_error(shape, dim):
    """Of single units within four standard errors of theirs, and of the place within two."""
    judge = slope_judge(entries()["gelu"], (), USUAL)
    z = 3 * torch.randn(shape, generator=torch.Generator().manual_seed(0))
    look = Look(judge, z, dim, (), 1)
    assert look.sampling.one_in >= 15
    whole = dict(zip(SLOPE_ROWS, slope_sums(judge, z, dim), strict=True))
    found = dict(zip(SLOPE_ROWS, counted(look, look.sums(look.sampling.of(z, 3), ())), strict=True))
    n, units = float(found["count"][0]), shape[dim]
    assert n >= LEAST_OF_A_UNIT * 0.9 and n * units <= most_of(shape, dim, 1)
    for row in ("left", "right", "zero", "linear"):
        shares = found[row] / n, whole[row] / whole["count"]
        error = (shares[1].mean() * (1 - shares[1].mean()) / n).sqrt()
        assert (shares[0] - shares[1]).abs().max() <= 4 * error
        assert (shares[0].mean() - shares[1].mean()).abs() <= 2 * error / units**0.5


@pytest.mark.parametrize("shape", [(40, 8), (6, 40, 8), (5, 3, 40, 8), (2, 2, 3, 40, 8)], ids=str)
@pytest.mark.parametrize("rows", [7, 150])
def test_in_turn_every_query_of_every_sequence_is_looked_at(shape, rows):
    """And those of one sequence at a time, where it has enough of them."""
    q = torch.zeros(shape)
    for turn in range(120):
        looked = q[some_queries(q, rows, turn)]
        looked += 1
        assert rows / 2 <= looked.numel() / shape[-1] <= rows or looked.shape == shape
        if len(shape) == 4 and rows == 7:
            assert len(looked) == 1
    assert q.min() >= 1


def test_softmax_sums_are_entropies_and_jacobians_of_the_rows_that_choose():
    z = torch.tensor([[0.0, 0.0, 0.0], [50.0, 0.0, -torch.inf], [1.0, -torch.inf, -torch.inf]])
    sums = softmax_sums(sums_along(z.double(), -1).numpy(), 3, 0.01)
    count, entropy, collapsed, jacobian, numbers, *_ = sums[:, 0].tolist()
    assert (count, collapsed, numbers) == (2, 1, 6)
    assert entropy == pytest.approx(1.0, abs=1e-12)
    p = torch.softmax(z.double(), -1)
    want = sum((torch.diag(r) - r[:, None] * r).square().sum() / 3 for r in p)
    assert jacobian == pytest.approx(float(want), abs=1e-12)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_gradient_numbers_count_what_is_lost(dtype):
    tiny = torch.finfo(dtype).smallest_normal
    g = torch.tensor([1.0, -2.0, 0.0, tiny / 2], dtype=torch.float64).to(dtype)
    told = GradientNumbers(True, gradient_numbers(g), count=8, one_in=2.0)
    square, count, nonzero, subnormal = told.rows(told.numbers.reshape(-1).tolist())
    assert square == pytest.approx(10.0) and count == 8
    if dtype in (torch.float16, torch.bfloat16):
        assert (nonzero, subnormal) == (6, 2)


@pytest.mark.parametrize("name", ["relu", "gelu", "tanh", "sigmoid", "mish"])
@pytest.mark.parametrize("normal", [(0.0, 1.0), (0.5, 2.0), (-1.0, 0.3)], ids=str)
def test_expectations_are_those_of_the_certificate(name, normal):
    from ogive.certify.signal.moments import moments
    from ogive.monitor.expected import expected_at

    found = expected_at(field(entries()[name]), *normal)
    proved = moments(entries()[name], *normal)
    assert found.chi == pytest.approx(proved.chi_1.value, rel=1e-8)
    assert found.second_f == pytest.approx(proved.second.value, rel=1e-8)
    length = math.hypot(*normal)
    assert found.gain == pytest.approx(math.sqrt(proved.second.value) / length, rel=1e-8)
