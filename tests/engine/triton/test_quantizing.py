"""The kernels that quantise an activation's result, in Triton's interpreter and compiled."""

import math

import pytest
import torch

import ogive
from ogive.engine.quantization import EIGHT_BITS, SCALINGS, Quantization
from ogive.engine.triton.quantizing import compiled_quantizer
from ogive.errors import EngineError, EngineWarning

#: One of each kind of formula: piecewise, exponential, erf, periodic, gated.
NAMES = ["identity", "relu", "elu", "silu", "gelu", "mish", "sine", "swiglu", "geglu"]


@pytest.fixture(autouse=True)
def interpreter(monkeypatch):
    monkeypatch.setenv("TRITON_INTERPRET", "1")


def data(dtype, n=128):
    x = torch.randn(4, n, generator=torch.Generator().manual_seed(0)) * 3
    x[0, :6] = torch.tensor([0.0, -0.0, math.nan, math.inf, -math.inf, 1e-30])
    x[2] *= 1e4
    x[3] *= 1e-6
    return x.to(dtype)


def same(pair, wanted):
    return all(
        a.dtype is b.dtype and torch.equal(a.float().nan_to_num(9e9), b.float().nan_to_num(9e9))
        for a, b in zip(pair, wanted, strict=True)
    )


def at_once(name, x, dtype, scale, **arguments):
    with ogive.engine("triton"), ogive.served() as calls:
        pair = ogive.quantized(name, dtype, scale)(x, **arguments)
    assert [(c.program, c.engine) for c in calls] == [(f"{name}_quantized", "triton")]
    return pair


def composed(name, x, dtype, scale, **arguments):
    with ogive.engine("triton"):
        y = ogive.get(name)(x if x.dtype is torch.float64 else x.float(), **arguments)
    return Quantization(dtype, scale).quantize(y.float())


@pytest.mark.parametrize("scale", SCALINGS)
@pytest.mark.parametrize("dtype", EIGHT_BITS, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_one_kernel_gives_the_bits_of_the_composition(name, dtype, scale) -> None:
    for given in (torch.float32, torch.bfloat16, torch.float16, torch.float64):
        x = data(given)
        assert same(at_once(name, x, dtype, scale), composed(name, x, dtype, scale)), given


@pytest.mark.parametrize("dtype", EIGHT_BITS, ids=str)
def test_every_number_of_16_bits_is_rounded_as_torch_rounds_it(dtype) -> None:
    """In rows whose largest number is that of the dtype, so that the scale is 1."""
    x = torch.arange(2**16, dtype=torch.int32).to(torch.uint16).view(torch.bfloat16)
    largest = torch.finfo(dtype).max
    x = x[(x.abs() <= largest) | x.isnan()].float()
    rows = torch.nn.functional.pad(x, (0, -len(x) % 63)).view(-1, 63)
    rows = torch.nn.functional.pad(rows, (1, 0), value=largest)
    for scale in SCALINGS:
        pair = at_once("identity", rows, dtype, scale)
        if scale == "row":
            assert (pair.scales == 1).all()
            assert torch.equal(
                pair.values.float().nan_to_num(9e9), rows.to(dtype).float().nan_to_num(9e9)
            )
        assert same(pair, composed("identity", rows, dtype, scale))


def test_rows_that_no_tile_holds_and_layouts() -> None:
    x = data(torch.bfloat16, 20_000)
    for name in ("silu", "swiglu"):
        found = at_once(name, x, torch.float8_e4m3fn, "row")
        assert same(found, composed(name, x, torch.float8_e4m3fn, "row"))
    x = torch.randn(6, 64)
    for layout in (
        {"gate": "first"},
        {"interleave": True},
        {"dim": 0},
        {"dim": 0, "gate": "first"},
    ):
        for scale in SCALINGS:
            found = at_once("swiglu", x, torch.float8_e5m2, scale, **layout)
            assert same(found, composed("swiglu", x, torch.float8_e5m2, scale, **layout))


def test_backward_takes_the_engine_too() -> None:
    x = torch.randn(4, 64, requires_grad=True)
    with ogive.engine("triton"), ogive.served() as calls:
        pair = ogive.quantized("gelu")(x)
        (found,) = torch.autograd.grad(pair.carrier, x, torch.ones(4, 64))
    assert [c.engine for c in calls] == ["triton", "triton"]
    (wanted,) = torch.autograd.grad(ogive.get("gelu")(x).sum(), x)
    torch.testing.assert_close(found, wanted)


def test_a_learned_parameter_takes_the_composition() -> None:
    x, weight = torch.randn(4, 8), torch.tensor([0.3])
    with ogive.engine("triton"):
        pair = ogive.quantized("prelu")(x, weight=weight)
    wanted = Quantization(torch.float8_e4m3fn, "row").quantize(ogive.get("prelu")(x, weight=weight))
    assert same(pair, wanted)


def test_where_triton_cannot_compile_the_composition_serves(monkeypatch) -> None:
    from ogive.engine.selection import state
    from ogive.engine.triton import building, quantizing
    from ogive.ops import quantized

    def failing(*arguments: object) -> None:
        raise EngineError("no C compiler")

    monkeypatch.setattr(building, "compile_for", failing)
    monkeypatch.setattr(quantizing, "_STARTED", set())
    monkeypatch.setattr(quantized, "choose", lambda *arguments: ("triton", "fused kernel"))
    x = data(torch.float32)
    try:
        with pytest.warns(EngineWarning, match="no C compiler"):
            pair = ogive.quantized("silu")(x)
        wanted = ogive.get("silu")(x)
    finally:
        state.change(broken={})
    assert same(pair, Quantization(torch.float8_e4m3fn, "row").quantize(wanted))


@pytest.mark.parametrize("target", [80, 90, 100])
@pytest.mark.parametrize("scale", SCALINGS)
@pytest.mark.parametrize("name", ["silu", "swiglu"])
def test_compiled_kernels_stay_in_registers_and_read_128_bits(name, scale, target) -> None:
    kernel = compiled_quantizer(
        ogive.get(name).spec.program, torch.bfloat16, scale, ("cuda", target)
    )
    assert kernel.n_spills == 0
    assert kernel.n_regs <= 128
    assert "ld.global.v4.b32" in kernel.ptx
