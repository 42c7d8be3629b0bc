"""The rowwise kernels: right to the last digits, wherever the rows lie and however long."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from ogive.engine.call import RowCall, RowFunction
from ogive.engine.cpu import kernels
from ogive.engine.cpu.rowwise.loops import source
from ogive.engine.cpu.rowwise.programs import PROGRAMS, Kind

DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.float16)
NARROW = (torch.bfloat16, torch.float16)
SIZES = (1, 7, 16, 17, 64, 1000, 100003)
SOFTMAX, LOG_SOFTMAX = RowFunction("softmax"), RowFunction("log_softmax")
LOGSUMEXP, NORMALIZE = RowFunction("logsumexp"), RowFunction("l2_normalize")
EPS = 1e-12


def run(function, tensors, dim, factor=1):
    """The kernel's result."""
    dtype = tensors[0].dtype
    call = RowCall("test", function, dim, dtype, dtype, factor)
    return kernels.prepare(call, tensors).run(*tensors)


INF, NAN = float("inf"), float("nan")
#: Units of the last place, beside the half that rounding to 16 bits takes.
BAR = 3.0


def numbers(shape, dtype, scale=4.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(shape, generator=generator, dtype=torch.float64) * scale).to(dtype)


def exact(x, dim):
    """What is left of x below its largest element, and softmax; in extended precision."""
    wide = x.double().numpy().astype(np.longdouble)
    below = wide - wide.max(dim, keepdims=True)
    e = np.exp(below)
    return below, e / e.sum(dim, keepdims=True)


def units(got, wanted):
    """The largest error, in units of the last place of the dtype."""
    limits = torch.finfo(got.dtype)
    _, exponent = np.frexp(wanted.astype(np.float64))
    unit = np.ldexp(limits.eps, exponent - 1)
    unit = np.maximum(unit, limits.tiny * limits.eps)
    error = np.abs(got.double().numpy().astype(np.longdouble) - wanted)
    return float((error / unit).max())


def bar(dtype):
    return 0.51 if dtype in NARROW else BAR


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_is_right_to_the_last_digits(dtype, size):
    x = numbers((3, size), dtype)
    assert units(run(SOFTMAX, (x,), 1), exact(x, 1)[1]) <= bar(dtype)


@pytest.mark.parametrize("size", SIZES[1:])
@pytest.mark.parametrize("dtype", DTYPES)
def test_log_softmax_is_right_to_the_last_digits(dtype, size):
    x = numbers((3, size), dtype, scale=1.0)
    below, shares = exact(x, 1)
    wanted = below - np.log(np.exp(below).sum(1, keepdims=True))
    assert shares.max() < 1
    assert units(run(LOG_SOFTMAX, (x,), 1), wanted) <= bar(dtype)


def test_log_softmax_is_right_close_to_0():
    x = torch.tensor([[0.0, -14.0, -12.0], [-11.0, -13.0, 5.0]])
    below, _ = exact(x, 1)
    wanted = -np.log1p(np.exp(np.sort(below, 1)[:, :2]).sum(1))
    y = run(LOG_SOFTMAX, (x,), 1)
    assert units(y.amax(1), wanted) <= BAR


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dim", (0, 1, 2))
@pytest.mark.parametrize("shape", ((3, 17, 33), (5, 1, 300), (9, 4, 1)))
def test_every_dimension(shape, dim, dtype):
    x = numbers(shape, dtype)
    assert units(run(SOFTMAX, (x,), dim), exact(x, dim)[1]) <= bar(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", ((4, 9, 40), (2, 600, 9)))
def test_columns_are_rows_elsewhere(shape, dtype):
    x = numbers(shape, dtype)
    for kernel in (SOFTMAX, LOG_SOFTMAX):
        rows = run(kernel, (x.movedim(1, -1),), 2).movedim(-1, 1)
        torch.testing.assert_close(run(kernel, (x,), 1), rows)


@pytest.mark.parametrize("dtype", DTYPES)
def test_tensors_that_are_not_contiguous(dtype):
    x = numbers((6, 20), dtype)
    views = (x.t(), x[:, ::3], x[:1].expand(4, 20), x[:, :1].expand(6, 5), x[2:, 3:])
    for view in views:
        for dim in (0, 1):
            wanted = run(SOFTMAX, (view.clone(memory_format=torch.contiguous_format),), dim)
            assert torch.equal(run(SOFTMAX, (view,), dim), wanted)


@pytest.mark.parametrize("dtype", DTYPES)
def test_minus_x_is_negated_exactly(dtype):
    x = numbers((4, 50), dtype)
    for dim in (0, 1):
        negated = run(RowFunction("softmax", negated=True), (x,), dim)
        assert torch.equal(negated, run(SOFTMAX, (-x,), dim))


@pytest.mark.parametrize("dtype", (torch.float32, torch.float64))
@pytest.mark.parametrize("tau", (0.3, 1.0, 7.0))
def test_a_temperature(tau, dtype):
    x = numbers((5, 100), dtype)
    below, _ = exact(x, 1)
    e = np.exp(below / np.longdouble(tau))
    y = run(RowFunction("softmax", tempered=True), (x,), 1, 1 / Fraction(tau))
    assert units(y, e / e.sum(1, keepdims=True)) <= BAR


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dim", (0, 1))
def test_the_gradient_of_softmax(dim, dtype):
    x, g = numbers((40, 70), dtype), numbers((40, 70), dtype, seed=1)
    y = run(SOFTMAX, (x,), dim)
    wide, h = y.double(), g.double()
    wanted = wide * (h - (h * wide).sum(dim, keepdim=True))
    got = run(RowFunction("softmax_backward"), (y, g), dim)
    size = wide * (h.abs() + (h * wide).abs().sum(dim, keepdim=True))
    assert ((got.double() - wanted).abs() <= 2 * torch.finfo(dtype).eps * size + tiny(dtype)).all()
    scaled = run(RowFunction("softmax_backward", tempered=True), (y, g), dim, -4)
    torch.testing.assert_close(scaled, -4 * got)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dim", (0, 1))
def test_the_gradient_of_log_softmax(dim, dtype):
    x, g = numbers((40, 70), dtype), numbers((40, 70), dtype, seed=1)
    h = g.double()
    shares = torch.softmax(x.double(), dim)
    wanted = h - shares * h.sum(dim, keepdim=True)
    if dtype in NARROW:
        got = run(RowFunction("log_softmax_backward_of_x"), (x, g), dim)
    else:
        got = run(RowFunction("log_softmax_backward"), (run(LOG_SOFTMAX, (x,), dim), g), dim)
    sums = 20 * h.sum(dim, keepdim=True).abs() + h.abs().sum(dim, keepdim=True)
    size = h.abs() + shares * sums
    assert ((got.double() - wanted).abs() <= 2 * torch.finfo(dtype).eps * size + tiny(dtype)).all()


def tiny(dtype):
    return torch.finfo(dtype).tiny


@pytest.mark.parametrize("dtype", (torch.float32, torch.bfloat16))
@pytest.mark.parametrize("shape, dim", (((300, 200), 1), ((7, 20000), 1), ((3, 50, 700), 1)))
def test_results_do_not_depend_on_the_number_of_threads(shape, dim, dtype):
    x, g = numbers(shape, dtype), numbers(shape, dtype, seed=1)
    before, found = torch.get_num_threads(), []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            y = run(SOFTMAX, (x,), dim)
            slopes = run(RowFunction("softmax_backward"), (y, g), dim)
            others = run(RowFunction("log_softmax_backward_of_x"), (x, g), dim)
            sums, rows = run(LOGSUMEXP, (x,), dim), run(NORMALIZE, (x,), dim, EPS)
            found.append((y, run(LOG_SOFTMAX, (x,), dim), slopes, others, sums, rows))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", (3, 16, 100))
@pytest.mark.parametrize("kernel", (SOFTMAX, LOG_SOFTMAX))
def test_infinities_and_nan(kernel, size, dtype):
    x = numbers((5, size), dtype)
    x[0, 1], x[1, 2], x[2], x[3, 0] = NAN, INF, -INF, -INF
    for rows in (run(kernel, (x,), 1), run(kernel, (x.t(),), 0).t()):
        assert rows[:3].isnan().all()
        assert rows[3, 0] == (0 if kernel is SOFTMAX else -INF)
        assert rows[3, 1:].isfinite().all() and rows[4].isfinite().all()


@pytest.mark.parametrize("dtype", (torch.float32, torch.float64))
def test_the_ends_of_the_range(dtype):
    largest = torch.finfo(dtype).max
    x = torch.tensor([[largest, -largest, largest], [-largest, -largest, 0.0]], dtype=dtype)
    assert run(SOFTMAX, (x,), 1).tolist() == [[0.5, 0.0, 0.5], [0.0, 0.0, 1.0]]


def test_small_shares_fade_out_gradually():
    x = torch.tensor([[0.0, -88.0, -95.0, -103.0, -105.0]])
    assert units(run(SOFTMAX, (x,), 1), exact(x, 1)[1]) <= BAR


def accurate(x, dim):
    """Logsumexp and the rows of length 1, in extended precision."""
    wide = x.double().numpy().astype(np.longdouble)
    largest = wide.max(dim, keepdims=True)
    logarithm = (largest + np.log(np.exp(wide - largest).sum(dim, keepdims=True))).squeeze(dim)
    return logarithm, wide / np.sqrt((wide * wide).sum(dim, keepdims=True))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dim", (0, 1, 2))
@pytest.mark.parametrize("shape", ((3, 17, 33), (5, 1, 300), (9, 4, 1), (2, 5, 3000), (300, 2, 20)))
def test_logsumexp_and_lengths_are_right_to_the_last_digits(shape, dim, dtype):
    x = numbers(shape, dtype)
    logarithm, rows = accurate(x, dim)
    y = run(LOGSUMEXP, (x,), dim)
    error = np.abs(y.double().numpy().astype(np.longdouble) - logarithm)
    assert (error <= 1.1 * torch.finfo(dtype).eps * np.maximum(np.abs(logarithm), 1)).all()
    assert units(run(NORMALIZE, (x,), dim, EPS), rows) <= bar(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dim", (0, 1))
def test_the_gradient_of_logsumexp(dim, dtype):
    x, g = numbers((40, 70), dtype), numbers((70, 40)[dim], dtype, seed=1)
    wanted = torch.softmax(x.double(), dim) * g.double().unsqueeze(dim)
    got = run(RowFunction("logsumexp_backward"), (x, g), dim)
    rtol = 20 * torch.finfo(dtype).eps
    torch.testing.assert_close(got.double(), wanted, rtol=rtol, atol=tiny(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dim", (0, 1))
def test_the_gradient_of_a_length_of_1(dim, dtype):
    x, g = numbers((40, 70), dtype), numbers((40, 70), dtype, seed=1)
    wide, h = x.double(), g.double()
    length = wide.norm(dim=dim, keepdim=True)
    y = wide / length
    wanted = (h - y * (h * y).sum(dim, keepdim=True)) / length
    got = run(RowFunction("l2_normalize_backward"), (x, g), dim, EPS)
    size = (h.abs() + y.abs() * (h * y).abs().sum(dim, keepdim=True)) / length
    assert ((got.double() - wanted).abs() <= 2 * torch.finfo(dtype).eps * size + tiny(dtype)).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_logsumexp_of_infinities_and_nan(dtype):
    x = numbers((7, 100), dtype)
    x[0], x[1, 3], x[2, 5], x[3, 7], x[4, 1], x[4, 2] = -INF, INF, NAN, -INF, INF, NAN
    x[5] = INF
    for y in (run(LOGSUMEXP, (x,), 1), run(LOGSUMEXP, (x.t(),), 0)):
        assert y[[0, 1, 5]].tolist() == [-INF, INF, INF]
        assert y[[2, 4]].isnan().all() and y[[3, 6]].isfinite().all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_lengths_with_infinities_and_nan(dtype):
    x = numbers((5, 100), dtype)
    x[0, 1], x[1, 2], x[2], x[3] = NAN, INF, -INF, 0
    kernels = ((NORMALIZE, (x,)), (RowFunction("l2_normalize_backward"), (x, torch.ones_like(x))))
    for kernel, given in kernels:
        columns = tuple(t.t() for t in given)
        for y in (run(kernel, given, 1, 1.0), run(kernel, columns, 0, 1.0).t()):
            assert y[:3].isnan().all() and y[4].isfinite().all()
            assert (y[3] == (0 if kernel is NORMALIZE else 1)).all()


@pytest.mark.parametrize("dtype", (torch.float32, torch.float64))
@pytest.mark.parametrize("power", (-1.0, -0.9, -0.6, -0.3, 0.3, 0.6, 0.9, 1.0))
def test_lengths_at_the_ends_of_the_range(power, dtype):
    """Squares of such numbers overflow or vanish."""
    limits = torch.finfo(dtype)
    size = 2.0 ** (round(power * np.log2(limits.max)) - 4)
    g = torch.tensor([[3.0, 4.0, 12.0], [-2.0, 3.0, 6.0]], dtype=dtype)
    x, eps = g * size, limits.tiny * limits.eps
    y = run(NORMALIZE, (x,), 1, eps)
    assert units(y, accurate(x, 1)[1]) <= BAR
    along = run(RowFunction("l2_normalize_backward"), (x, g), 1, eps)
    assert (along.abs() <= 2 * limits.eps / size).all()
    other = run(RowFunction("l2_normalize_backward"), (x, g.flip(1)), 1, eps)
    wanted = run(RowFunction("l2_normalize_backward"), (g, g.flip(1)), 1, eps) / size
    torch.testing.assert_close(other, wanted, rtol=4 * limits.eps, atol=0)


@pytest.mark.parametrize("dtype", (torch.float32, torch.float64))
def test_the_length_of_the_smallest_number(dtype):
    limits = torch.finfo(dtype)
    least = limits.tiny * limits.eps
    x = torch.tensor([[least, -least, 0.0, 0.0]], dtype=dtype)
    y = run(NORMALIZE, (x,), 1, least)
    torch.testing.assert_close(y, torch.tensor([[0.5**0.5, -(0.5**0.5), 0, 0]], dtype=dtype))


def test_the_text_names_no_address_and_is_the_same_every_time():
    for name in PROGRAMS:
        for layout in ("rows", "columns"):
            kind = Kind(RowFunction(name), "float32", "float32", layout)
            assert source(kind) == source(kind)
