"""Kernels of rows: in Triton's interpreter against the CPU engine's, and compiled without a GPU."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import torch

import ogive
from ogive.engine import CompiledKernel
from ogive.engine.call import RowCall, RowFunction
from ogive.engine.cpu.rowwise.programs import Kind
from ogive.engine.selection import KERNELS
from ogive.engine.triton import building, row_kernels
from ogive.engine.triton.row_kernels import LONGEST_BESIDE, RowTile
from ogive.engine.triton.row_text import IN_TILES
from ogive.engine.triton.rows_ahead import ROW_FUNCTIONS, compiled_row_kernel, compiled_rows
from ogive.errors import EngineError

NAMES = list(ROW_FUNCTIONS)
#: Those that draw nothing; see test_triton_noise.py for the one that does.
CERTAIN = [name for name in NAMES if name != "gumbel_softmax"]
DTYPES = [torch.float32, torch.bfloat16, torch.float16, torch.float64]
#: Rows in one tile, along the last dimension and another; in several pieces, of few rows and many.
SHAPES = {"rows": ((5, 100), -1), "columns": ((3, 40, 7), 1), "pieces": ((2, 1100), -1)}
SHAPES |= {"many long rows": ((4, 1100), -1), "long columns": ((1, 600, 3), 1)}
SHAPES |= {"one": ((4, 1), -1), "a row": ((33,), 0)}
THRESHOLDS = ("sparsemax", "entmax15")
TARGETS = [("cuda", 80), ("cuda", 90), ("cuda", 100)]
AMD = [("hip", "gfx942"), ("hip", "gfx950")]


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


@pytest.mark.parametrize("name", CERTAIN)
def test_the_interpreter_gives_what_the_processors_kernels_give(name, small_tiles) -> None:
    """In each shape, in a dtype by turns, so that four functions together have all of both."""
    for turn, (shape, dim) in enumerate(SHAPES.values(), CERTAIN.index(name)):
        dtype = DTYPES[turn % len(DTYPES)]
        x = torch.randn(shape, generator=torch.Generator().manual_seed(2)).mul(4).to(dtype)
        y, slope, engines = run(name, "triton", x, dim)
        wanted, wanted_slope, _ = run(name, "cpu", x, dim)
        what = f"{shape} {dtype}"
        assert engines == {"triton"} or (name, x.shape[dim]) == ("scalable_softmax", 1), what
        assert ulps(y, wanted) <= (3 if dtype in (torch.float32, torch.float64) else 1), what
        # in float64 what is compared with is off itself, see the next test
        most = 6 if dtype is torch.float64 else 4
        assert off_of_largest(slope, wanted_slope) <= most, what
        assert y.shape == wanted.shape and y.is_contiguous() == wanted.is_contiguous()


#: What a softmax normalises, and its logarithmic slope.
NORMALISED = {
    "softmax": (np.exp, lambda x: 1),
    "sigsoftmax": (lambda x: np.exp(x) / (1 + np.exp(-x)), lambda x: 1 + 1 / (1 + np.exp(x))),
}


@pytest.mark.parametrize("engine", ["cpu", "triton"])
@pytest.mark.parametrize("name", NORMALISED)
def test_float64_gradients_are_those_of_extended_precision(name, engine, small_tiles) -> None:
    """Each engine's within 4 eps of the largest; sums in another order go to another side."""
    form, rate = NORMALISED[name]
    x = torch.randn((1, 600, 3), generator=torch.Generator().manual_seed(2)).mul(4).double()
    y, slope, _ = run(name, engine, x, 1)
    given = torch.randn(y.shape, generator=torch.Generator().manual_seed(1)).double()
    wide, g = (t.numpy().astype(np.longdouble) for t in (x, given))
    share = form(wide) / form(wide).sum(1, keepdims=True)
    exact = share * rate(wide) * (g - (g * share).sum(1, keepdims=True))
    off = np.abs(slope.numpy() - exact).max() / np.abs(exact).max()
    assert off <= 4 * torch.finfo(torch.float64).eps


@pytest.mark.parametrize("name", CERTAIN)
def test_special_rows(name, small_tiles) -> None:
    """-inf, inf, NaN, zeros, ties, rows masked but for one element, large and tiny numbers."""
    n = (6, 900)[(NAMES.index(name) + (name in THRESHOLDS)) % 2]
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


@pytest.mark.parametrize("name", ["softmax", "log_softmax_backward_of_x", "squash_backward"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_row_is_the_same_taken_by_one_program_and_by_several(
    name, dtype, small_tiles, monkeypatch
) -> None:
    call = RowCall(name, RowFunction(name), 1, *2 * (getattr(torch, dtype),))
    given = torch.randn(2, 2, 1300, dtype=torch.float64).to(call.dtype).mul(5).unbind()
    given = given[: 1 + name.endswith(("backward", "of_x"))]
    found = []
    for enough in (1, 100):
        monkeypatch.setattr(row_kernels, "enough_rows", lambda _, e=enough: e)
        found.append(row_kernels.RowsLaunched(call, given[0]).run(*given))
    assert torch.equal(*found)


@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_threshold_is_found_in_rows_made_to_be_slow(name) -> None:
    """In each step of a falling row few elements fall below the threshold; a constant row and one
    whose elements lie next to it, among large and small numbers."""
    n, tiny = 256, 2.0**-20
    falling = 1 - torch.exp2(-torch.arange(n) / 16.0)
    near = torch.zeros(n)
    near[1:] = -1 + tiny * torch.arange(1, n)
    x = torch.stack([falling, -falling, torch.full((n,), 3.5), near, near * 2 + 1e6, near * 1e-3])
    for dtype in (torch.float32, torch.float64):
        y, slope, _ = run(name, "triton", x.to(dtype), -1)
        wanted, wanted_slope, _ = run(name, "eager", x.to(dtype).double(), -1)
        eps = torch.finfo(dtype).eps
        torch.testing.assert_close(y.double(), wanted, rtol=4 * eps, atol=eps)
        torch.testing.assert_close(slope.double(), wanted_slope, rtol=0, atol=16 * eps)


@pytest.mark.parametrize("tau", [0.1, 1.0, 0.371234567])
def test_a_temperature_is_a_number_of_the_kernel(tau) -> None:
    x, g = torch.randn(2, 3, 50).unbind()
    for name, given in (("softmax", (x,)), ("softmax_backward", (x.softmax(1), g))):
        function = RowFunction(name, tempered=True)
        call = RowCall(name, function, 1, *2 * (torch.float32,), 1 / Fraction(tau))
        found, wanted = (KERNELS[e].prepare(call, given).run(*given) for e in ("triton", "cpu"))
        assert off_of_largest(found, wanted) <= 4
        assert len(given) == 2 or ulps(found, wanted) <= 3


def test_rows_of_more_pieces_than_kernels_take_are_torchs(small_tiles) -> None:
    """As many as one program can join; the grid's second dimension has room for more."""
    longest = row_kernels.most_pieces() * 256
    with ogive.engine("triton"), ogive.served() as calls:
        for n in (longest, longest + 1):
            x = torch.linspace(-3, 3, n)
            torch.testing.assert_close(ogive.get("logsumexp")(x), x.logsumexp(0))
    assert [(c.engine, "elements" in c.reason) for c in calls] == [
        ("triton", False),
        ("eager", True),
    ]


@pytest.mark.parametrize("bytes_of_a_tile", [2048, 32768, 2**30])
def test_a_row_has_no_more_pieces_than_a_grid(bytes_of_a_tile, monkeypatch) -> None:
    monkeypatch.setattr(row_kernels, "LARGEST_TILE", bytes_of_a_tile)
    assert row_kernels.most_pieces() <= building.MOST_PROGRAMS[1]


@pytest.mark.parametrize("shape", [(5, 100), (2, 9000), (3, 600, 4)], ids=str)
def test_where_triton_cannot_compile_rows_are_refused_beforehand(shape, monkeypatch) -> None:
    """As other calls are, so that torch's operators serve; here there is no such device."""
    monkeypatch.setattr(row_kernels, "enough_rows", lambda device: 4)
    call = RowCall("softmax", RowFunction("softmax"), 1, *2 * (torch.float32,))
    with pytest.raises(EngineError, match="triton cannot compile kernels for meta"):
        row_kernels.prepare_rows(call, [torch.empty(shape, device="meta")])


@pytest.mark.parametrize(("name", "order"), [("softmax", 0), ("log_softmax", 1), ("squash", 1)])
def test_the_longest_rows_stay_in_registers(name, order) -> None:
    dtype, columns = ("float64", 2048) if order else ("bfloat16", 8192)
    many = bool(order)
    made = compiled_rows(name, dtype, order, TARGETS[1], row_kernels.most_pieces() * columns, many)
    for kernel in made if isinstance(made, list) else [made]:
        assert kernel.n_spills == 0


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


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_compiled_rows_stay_in_registers_and_move_128_bits(name, order) -> None:
    turn = NAMES.index(name) + order
    dtype = getattr(torch, ("float32", "bfloat16")[turn // 3 % 2])
    kernel = ogive.engine.compiled(name, dtype, order, TARGETS[turn % 3])
    assert kernel.n_spills == 0
    assert wide(kernel) >= 2 * (1 + order) - (name in ("logsumexp", "logmeanexp"))


LONG = [("softmax", 0, False, 2), ("softmax", 1, False, 2), ("logsumexp", 0, False, 2)]
LONG += [("softmax", 0, True, 1), ("sparsemax", 0, False, 1), ("entmax15", 1, False, 2)]


@pytest.mark.parametrize(("name", "order", "many", "count"), LONG)
def test_long_rows_take_two_passes_in_128_bits(name, order, many, count) -> None:
    """They are read twice and written once: by a program each, or by one for each piece."""
    target = TARGETS[LONG.index((name, order, many, count)) % 3]
    made = compiled_rows(name, "bfloat16", order, target, 262_144, many)
    kernels = made if isinstance(made, list) else [made]
    assert len(kernels) == count
    assert all(kernel.n_spills == 0 for kernel in kernels)
    assert all(wide(kernel) for kernel in kernels if "p_x" in body(kernel))
    reads = sum(body(kernel).count(f"tl.load(p_{'y' if order else 'x'} +") for kernel in kernels)
    assert reads == {"logsumexp": 1, "sparsemax": 3}.get(name, 2)


def body(kernel: CompiledKernel) -> str:
    return kernel.source.partition("def walked(")[2].partition(":\n")[2]


def wide(kernel: CompiledKernel) -> int:
    """The accesses of 128 bits."""
    return kernel.ptx.count("load_dwordx4" if kernel.target[0] == "hip" else "v4.b32")


def test_a_tile_has_as_many_threads_as_a_block_may_have() -> None:
    longest = {"rows": 2**20, "columns": LONGEST_BESIDE}
    for dtype, layout, n in product(("float64", "bfloat16"), longest, range(21)):
        kind = Kind(RowFunction("softmax"), dtype, dtype, layout)
        assert 128 <= RowTile.of(min(2**n, longest[layout]), kind).threads <= 1024


def test_the_largest_tile_compiles_for_gpus_of_amd() -> None:
    """Sixteen neighbours of 512 float64 numbers take 1,024 threads: 16 warps there, not 32."""
    kind = Kind(RowFunction("softmax"), "float64", "float64", "columns")
    tile = RowTile.of(LONGEST_BESIDE, kind)
    assert tile.threads == 1024
    kernel = compiled_row_kernel(kind, IN_TILES, 0, tile, 1, AMD[0])
    assert kernel.n_spills == 0


@pytest.mark.parametrize("target", AMD, ids=str)
def test_gpus_of_amd(target) -> None:
    for name, order in (("sparsemax", 0), ("softmax", 1)):
        kernel = ogive.engine.compiled(name, torch.bfloat16, order, target)
        assert kernel.n_spills == 0 and wide(kernel)


def test_what_has_no_kernel_is_told() -> None:
    for name, order in (("maxout", 0), ("softmax", 2)):
        with pytest.raises(EngineError, match="torch's operators"):
            ogive.engine.compiled(name, torch.float32, order)
