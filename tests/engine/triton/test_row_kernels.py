"""Kernels of rows: in Triton's interpreter against the CPU engine's, and compiled without a GPU."""

import math

import pytest
import torch

import ogive
from ogive.engine.triton import row_kernels
from ogive.engine.triton.rows_ahead import ROW_FUNCTIONS, compiled_rows
from ogive.errors import EngineError

NAMES = list(ROW_FUNCTIONS)
DTYPES = [torch.float32, torch.bfloat16, torch.float16, torch.float64]
#: Rows in one tile, along the last dimension and another, and in several pieces.
SHAPES = {"rows": ((5, 100), -1), "columns": ((3, 40, 7), 1), "pieces": ((2, 1500), -1)}
SHAPES |= {"long columns": ((1, 600, 3), 1), "one": ((4, 1), -1), "a row": ((33,), 0)}
TARGETS = [80, 90, 100]


@pytest.fixture(autouse=True)
def interpreter(monkeypatch):
    monkeypatch.setenv("TRITON_INTERPRET", "1")


@pytest.fixture
def small_tiles(monkeypatch):
    """So that rows of a few hundred numbers lie in several pieces."""
    monkeypatch.setattr(row_kernels, "LARGEST_TILE", 2048)


def run(name, engine, x, dim, **arguments):
    """Result, gradient, and who served."""
    torch.manual_seed(0)
    x = x.detach().requires_grad_()
    with ogive.engine(engine), ogive.served() as calls:
        y = ogive.get(name)(x, dim=dim, **arguments)
        gradient = torch.randn(y.shape, generator=torch.Generator().manual_seed(1)).to(y.dtype)
        (slope,) = torch.autograd.grad(y, x, gradient)
    return y.detach(), slope, {call.engine for call in calls}


def ulps(found, wanted):
    """The largest distance in units of the last place; NaN must be in the same places."""
    assert torch.equal(found.isnan(), wanted.isnan())
    info, differ = torch.finfo(wanted.dtype), (found != wanted) & ~wanted.isnan()
    size = wanted.double().abs().clamp(min=info.smallest_normal)
    unit = torch.exp2(torch.floor(torch.log2(size))) * info.eps
    off = (found.double() - wanted.double()).abs() / unit
    return off[differ].max().item() if differ.any() else 0.0


def off_of_largest(found, wanted):
    """The largest distance in eps of the largest of each gradient."""
    assert torch.equal(found.isnan(), wanted.isnan())
    off = (found.double() - wanted.double()).abs().nan_to_num().max()
    most = wanted.double().abs().nan_to_num().max()
    return (off / most.clamp(min=1e-300)).item() / torch.finfo(wanted.dtype).eps


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_the_interpreter_gives_what_the_processors_kernels_give(name, dtype, small_tiles) -> None:
    for what, (shape, dim) in SHAPES.items():
        x = torch.randn(shape, generator=torch.Generator().manual_seed(2)).mul(4).to(dtype)
        y, slope, engines = run(name, "triton", x, dim)
        wanted, wanted_slope, _ = run(name, "cpu", x, dim)
        assert engines == {"triton"}, what
        assert ulps(y, wanted) <= (3 if dtype in (torch.float32, torch.float64) else 1), what
        assert off_of_largest(slope, wanted_slope) <= 4, what
        assert y.shape == wanted.shape and y.is_contiguous() == wanted.is_contiguous()


@pytest.mark.parametrize("n", [6, 900])
@pytest.mark.parametrize("name", NAMES)
def test_special_rows(name, n, small_tiles) -> None:
    x = torch.randn(10, n, generator=torch.Generator().manual_seed(3)) * 3
    x[0], x[1], x[2], x[3] = -math.inf, math.inf, math.nan, 0.0
    x[4, 1], x[5, 1:], x[6, 3] = math.inf, -math.inf, math.nan
    x[7] *= 1e30
    x[8, 2], x[8, 3], x[9] = -math.inf, math.inf, 1e-45
    y, slope, _ = run(name, "triton", x, -1)
    wanted, wanted_slope, _ = run(name, "cpu", x, -1)
    assert ulps(y, wanted) <= 3
    for found, expected in zip(slope, wanted_slope, strict=True):
        assert off_of_largest(found, expected) <= 4


@pytest.mark.parametrize("tau", [0.1, 1.0, 0.371234567])
def test_a_temperature_is_a_number_of_the_kernel(tau) -> None:
    x = torch.randn(3, 50)
    found, wanted = (run("gumbel_softmax", e, x, -1, tau=tau)[:2] for e in ("triton", "cpu"))
    assert ulps(found[0], wanted[0]) <= 3
    assert off_of_largest(found[1], wanted[1]) <= 4


def test_16_bits_to_32_strides_and_a_scale_below_eps() -> None:
    x = torch.randn(4, 30).bfloat16()
    with ogive.engine("triton"):
        y = ogive.get("softmax")(x, dtype=torch.float32)
        turned = ogive.get("softmax")(x.t(), dim=0)
        short = ogive.get("l2_normalize")(x.float() * 1e-3, eps=10.0)
    assert y.dtype is torch.float32
    assert ulps(y, ogive.get("softmax")(x, dtype=torch.float32)) <= 3
    assert torch.equal(turned, ogive.get("softmax")(x.t(), dim=0))
    assert ulps(short, x.float() * 1e-3 / 10.0) <= 2


def test_a_result_does_not_depend_on_the_other_rows(small_tiles) -> None:
    x = torch.randn(20, 900)
    for name in ("softmax", "logsumexp"):
        with ogive.engine("triton"):
            whole = ogive.get(name)(x)
            assert torch.equal(ogive.get(name)(x[7:8])[0], whole[7])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_compiled_rows_stay_in_registers_and_move_128_bits(name, order, dtype) -> None:
    target = TARGETS[(NAMES.index(name) + order) % len(TARGETS)]
    kernel = ogive.engine.compiled(name, getattr(torch, dtype), order, ("cuda", target))
    assert kernel.n_spills == 0
    assert "v4.b32" in kernel.ptx
    assert kernel.ptx.count("v4.b32") >= 2 * (1 + order) - ("logsumexp" in name)


@pytest.mark.parametrize("target", TARGETS)
def test_the_pieces_of_long_rows_do_too(target) -> None:
    kernels = compiled_rows("softmax", "bfloat16", 0, ("cuda", target), 262_144)
    assert len(kernels) == 3
    for kernel in kernels:
        assert kernel.n_spills == 0
        assert "v4.b32" in kernel.ptx


def test_what_has_no_kernel_is_told() -> None:
    for name, order in (("maxout", 0), ("softmax", 2)):
        with pytest.raises(EngineError, match="torch's operators"):
            ogive.engine.compiled(name, torch.float32, order)
