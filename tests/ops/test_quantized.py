"""Activations whose results are quantised: against exact rounding, and against a composition."""

import math
from bisect import bisect_left
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

import ogive
from ogive.engine.quantization import widened
from ogive.errors import InputError, OgiveError, ParameterError, UnknownName
from ogive.ops.quantized import KINDS_QUANTIZED, QuantizedTensor

E4M3, E5M2 = torch.float8_e4m3fn, torch.float8_e5m2
#: bits of the fraction, bias of the exponent, largest number
FORMATS = {E4M3: (3, 7, 448), E5M2: (2, 15, 57344)}
NAMES = [n for kind in KINDS_QUANTIZED for n in ogive.names(kind)]
by_dtype = pytest.mark.parametrize("dtype", FORMATS, ids=str)
by_scale = pytest.mark.parametrize("scale", ["row", "mx"])
identity = ogive.get("identity")


def numbers(dtype: torch.dtype) -> list[Fraction]:
    """The finite numbers from 0 on, by their codes."""
    fraction, bias, largest = FORMATS[dtype]
    found, code = [], 0
    while not found or found[-1] < largest:
        exponent, rest = divmod(code, 2**fraction)
        steps = rest + (2**fraction if exponent else 0)
        found.append(Fraction(steps) * Fraction(2) ** (max(exponent, 1) - bias - fraction))
        code += 1
    return found


def nearest_code(exact: Fraction, known: list[Fraction]) -> int:
    """The code of the nearest number, that of an even one at a tie."""
    size = abs(exact)
    above = min(bisect_left(known, size), len(known) - 1)
    near = (max(above - 1, 0), above)
    return min(near, key=lambda code: (abs(known[code] - size), code % 2))


def codes(values: torch.Tensor) -> list[int]:
    """What is stored, without signs."""
    return (values.view(torch.uint8) & 127).flatten().tolist()


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two tensors are the same, NaN where the other is, and to the last bit elsewhere."""
    lost = a.float().isnan()
    alike = torch.equal(lost, b.float().isnan()) and a.shape == b.shape and a.dtype is b.dtype
    return alike and torch.equal(
        a.float()[~lost].view(torch.int32), b.float()[~lost].view(torch.int32)
    )


def awkward(dtype: torch.dtype) -> torch.Tensor:
    """Every number of the dtype, the middles between two, and their neighbours, in float32."""
    known = numbers(dtype)
    middles = [(a + b) / 2 for a, b in pairwise(known)]
    exact = torch.tensor([float(n) for n in (*known, *middles)])
    up, down = (torch.nextafter(exact, torch.tensor(end)) for end in (math.inf, -math.inf))
    x = torch.cat([exact, up, down])
    x = x[x <= FORMATS[dtype][2]]
    return torch.cat([x, -x])


@by_dtype
@by_scale
def test_numbers_are_rounded_once_to_the_nearest_ties_to_even(dtype, scale) -> None:
    """With the largest number in each row, or block, the scale is 1."""
    x, known = awkward(dtype), numbers(dtype)
    x = torch.nn.functional.pad(x, (0, -len(x) % 31)).view(-1, 31)
    x = torch.nn.functional.pad(x, (1, 0), value=float(FORMATS[dtype][2]))
    values, scales = ogive.quantized("identity", dtype, scale)(x)
    assert (scales.float() == 1).all()
    wanted = [nearest_code(Fraction(v), known) for v in x.flatten().tolist()]
    assert codes(values) == wanted
    assert torch.equal(values.float().signbit(), x.signbit())


def wide_numbers(rows: int) -> torch.Tensor:
    """Rows of 64 numbers of very different sizes, down to subnormal ones."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(rows, 64, generator=generator)
    return x * torch.logspace(-44, 36, rows).unsqueeze(1) * torch.randn(1, 64, generator=generator)


@by_dtype
def test_the_scale_of_a_row_is_its_largest_size_over_that_of_the_dtype(dtype) -> None:
    x, known = wide_numbers(40), numbers(dtype)
    values, scales = ogive.quantized("identity", dtype)(x)
    assert scales.shape == (40, 1)
    assert scales.dtype is torch.float32
    largest = np.float32(FORMATS[dtype][2])
    for row, coded, scale in zip(x, values, scales[:, 0].tolist(), strict=True):
        assert scale == max(np.float32(row.abs().max()) / largest, np.float32(2.0**-126))
        for number, code in zip(row.tolist(), codes(coded), strict=True):
            exact = abs(Fraction(number) / Fraction(scale))
            best = known[nearest_code(exact, known)]
            # the inverse of the scale, and the product with it, are rounded to float32
            assert abs(known[code] - exact) <= abs(best - exact) + exact * Fraction(2) ** -22


@by_dtype
def test_the_scale_of_a_block_is_the_least_power_of_two_that_holds_it(dtype) -> None:
    x, known = wide_numbers(40), numbers(dtype)
    values, scales = ogive.quantized("identity", dtype, "mx")(x)
    assert scales.shape == (40, 2)
    assert scales.dtype is torch.float8_e8m0fnu
    blocks = x.view(-1, 32)
    for row, coded, scale in zip(
        blocks, values.view(-1, 32), scales.float().flatten().tolist(), strict=True
    ):
        power = Fraction(scale)
        most = Fraction(row.abs().max().item())
        assert most <= power * FORMATS[dtype][2]
        assert scale == 2.0**-127 or most > power / 2 * FORMATS[dtype][2]
        wanted = [nearest_code(Fraction(number) / power, known) for number in row.tolist()]
        assert codes(coded) == wanted


@by_dtype
@by_scale
def test_what_is_not_finite_stays_so_and_touches_nobody(dtype, scale) -> None:
    x = torch.ones(6, 32)
    x[0] = 0
    x[1, 3], x[2, 3], x[2, 4] = math.nan, math.inf, -math.inf
    x[3], x[4], x[5, 0] = math.nan, -math.inf, -0.0
    values, scales = ogive.quantized("identity", dtype, scale)(x)
    wide = values.float()
    infinite = x.isinf()
    if dtype is E4M3:
        assert wide[infinite].isnan().all()  # it has no infinity
    else:
        assert torch.equal(wide[infinite], x[infinite])
    assert wide[x.isnan()].isnan().all()
    assert (scales.float()[[0, 3, 4]] == 1).all()
    assert (values[0].view(torch.uint8) == 0).all()
    assert wide[5, 0].signbit()
    pair = QuantizedTensor(values, scales, torch.zeros(x.shape))
    finite = x.isfinite()
    torch.testing.assert_close(pair.dequantize()[finite], x[finite], rtol=0.07, atol=0)


def composition(
    y: torch.Tensor, dtype: torch.dtype, scale: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same written down plainly, in other steps."""
    rows = y.double() if scale == "row" else y.double().unflatten(-1, (-1, 32))
    most = torch.where(rows.isfinite(), rows.abs(), 0).amax(-1, keepdim=True)
    if scale == "row":
        scales = (most / FORMATS[dtype][2]).float().clamp(min=2.0**-126)
    else:
        share, exponent = torch.frexp(most / FORMATS[dtype][2])
        exponent = exponent - (share == 0.5).int()  # a power of two needs no larger one
        scales = torch.ldexp(torch.ones_like(most), exponent.clamp(min=-127)).float()
    scales = torch.where(most == 0, 1.0, scales)
    wide = rows.float() * (1 / scales)
    if dtype is E4M3:
        wide = torch.where(wide.isinf(), torch.nan, wide)
    stored = scales if scale == "row" else scales.squeeze(-1).to(torch.float8_e8m0fnu)
    return wide.to(dtype).view(y.shape), stored


def data(dtype: torch.dtype) -> torch.Tensor:
    """Ordinary numbers, special ones, and large and small ones."""
    x = torch.randn(4, 128, generator=torch.Generator().manual_seed(0)) * 3
    x[0, :6] = torch.tensor([0.0, -0.0, math.nan, math.inf, -math.inf, 1e-30])
    x[2] *= 1e4
    x[3] *= 1e-6
    return x.to(dtype)


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_gives_what_the_composition_gives(name) -> None:
    function = ogive.get(name)
    for dtype, stored, scale in product((torch.float32, torch.bfloat16), FORMATS, ("row", "mx")):
        x = data(dtype)
        values, scales = ogive.quantized(name, stored, scale)(x)
        wanted = composition(function(x.float()), stored, scale)
        assert same(values, wanted[0]), (dtype, stored, scale)
        assert same(scales, wanted[1]), (dtype, stored, scale)


def test_float64_is_rounded_to_float32_first() -> None:
    x = data(torch.float64)
    values, scales = ogive.quantized("gelu")(x)
    wanted = composition(ogive.get("gelu")(x).float(), E4M3, "row")
    assert same(values, wanted[0]) and same(scales, wanted[1])


@pytest.mark.parametrize("name", NAMES)
def test_backward_is_exactly_the_activations(name) -> None:
    x = data(torch.bfloat16)[1:].requires_grad_()
    pair = ogive.quantized(name)(x)
    gradient = torch.randn(pair.values.shape, generator=torch.Generator().manual_seed(1)).bfloat16()
    (found,) = torch.autograd.grad(pair.carrier, x, gradient, retain_graph=True)
    (wanted,) = torch.autograd.grad(ogive.get(name)(x), x, gradient)
    assert same(found, wanted)
    (found,) = torch.autograd.grad(pair.dequantize(), x, gradient)
    assert same(found, wanted)


@pytest.mark.parametrize("gate", ["first", "second"])
@pytest.mark.parametrize("interleave", [False, True])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_gated_units_in_every_layout(gate, interleave, dim) -> None:
    x = torch.randn(6, 8, requires_grad=True)
    layout = {"dim": dim, "gate": gate, "interleave": interleave}
    pair = ogive.quantized("swiglu")(x, **layout)
    y = ogive.get("swiglu")(x, **layout)
    values, scales = composition(y.detach(), E4M3, "row")
    assert same(pair.values, values) and same(pair.scales, scales)
    gradient = torch.randn(y.shape)
    (found,) = torch.autograd.grad(pair.carrier, x, gradient)
    (wanted,) = torch.autograd.grad(y, x, gradient)
    assert torch.equal(found, wanted)


def test_value_and_gate_in_two_tensors_and_parameters_by_position() -> None:
    value, gate = torch.randn(2, 3, 32, requires_grad=True).unbind(0)
    pair = ogive.quantized("swiglu", scale="mx")(value, gate)
    values, scales = composition(ogive.get("swiglu")(value, gate).detach(), E4M3, "mx")
    assert same(pair.values, values) and same(pair.scales, scales)
    slope = ogive.quantized("leaky_relu")(value, 0.2)
    wanted = composition(ogive.get("leaky_relu")(value.detach(), 0.2), E4M3, "row")
    assert same(slope.values, wanted[0])


def test_learned_parameters_get_gradients_and_the_gradient_one_too() -> None:
    x = torch.randn(4, 16, requires_grad=True)
    weight = torch.tensor([0.3], requires_grad=True)
    found = torch.autograd.grad(
        ogive.quantized("prelu")(x, weight=weight).dequantize().sum(), (x, weight)
    )
    wanted = torch.autograd.grad(ogive.get("prelu")(x, weight=weight).sum(), (x, weight))
    for a, b in zip(found, wanted, strict=True):
        assert torch.equal(a, b)
    for run in (lambda x: ogive.quantized("gelu")(x).dequantize(), ogive.get("gelu")):
        (slope,) = torch.autograd.grad(run(x).sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(slope.sum(), x)
        torch.testing.assert_close(second, ogive.get("gelu").derivative(2)(x.detach()))


def test_a_users_own_function_and_one_with_an_engine() -> None:
    bump = ogive.define("bump", "x * exp(-x**2 / 2)")
    x = torch.randn(3, 8)
    wanted = composition(bump(x), E4M3, "row")
    for given in (bump, "bump"):
        assert same(ogive.quantized(given)(x).values, wanted[0])


@pytest.mark.parametrize("shape", [(), (5,), (0,), (3, 0), (0, 5), (2, 3, 4)], ids=str)
def test_shapes(shape) -> None:
    values, scales = ogive.quantized("silu")(torch.ones(shape))
    assert values.shape == shape
    assert scales.shape == ((*shape[:-1], 1) if shape else ())
    if shape and shape[-1] == 0:
        values, scales = ogive.quantized("silu", scale="mx")(torch.ones(shape))
        assert scales.shape == shape and scales.dtype is torch.float8_e8m0fnu


def test_rows_lie_along_the_last_dimension_whatever_the_strides() -> None:
    x = torch.randn(32, 6).t()
    values, scales = ogive.quantized("silu")(x)
    again = ogive.quantized("silu")(x.contiguous())
    assert same(values, again.values) and same(scales, again.scales)


def test_only_the_input_is_kept_and_nothing_without_gradients() -> None:
    kept: list[int] = []
    x = torch.randn(8, 32).bfloat16().requires_grad_()
    with saved_tensors_hooks(lambda t: kept.append(t.nbytes) or t, lambda t: t):
        pair = ogive.quantized("silu")(x)
    assert kept == [x.nbytes]
    assert pair.carrier.untyped_storage().nbytes() == x.itemsize
    assert not pair.values.requires_grad and not pair.scales.requires_grad
    with torch.no_grad():
        assert not ogive.quantized("silu")(x).dequantize().requires_grad


def test_a_products_own_gradient_reaches_the_input_by_the_carrier() -> None:
    """As a linear layer of 8-bit numbers uses it."""

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, carrier, values, scales, weight):
            ctx.save_for_backward(weight)
            return (values.float() * scales) @ weight

        @staticmethod
        def backward(ctx, gradient):
            (weight,) = ctx.saved_tensors
            return gradient @ weight.t(), None, None, None

    x, weight = torch.randn(4, 8, requires_grad=True), torch.randn(8, 3)
    pair = ogive.quantized("silu")(x)
    (found,) = torch.autograd.grad(Product.apply(pair.carrier, *pair, weight).sum(), x)
    (wanted,) = torch.autograd.grad((ogive.get("silu")(x) @ weight).sum(), x)
    torch.testing.assert_close(found, wanted)


def test_in_a_graph_of_torchs_and_in_its_transforms() -> None:
    x = torch.randn(3, 64, requires_grad=True)
    function = ogive.quantized("silu")

    def loss(x):
        return function(x).dequantize().sum()

    (wanted,) = torch.autograd.grad(loss(x), x)
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    (found,) = torch.autograd.grad(compiled(x), x)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(torch.func.grad(loss)(x.detach()), wanted)
    mapped = torch.func.vmap(lambda row: function(row).dequantize())(x.detach())
    torch.testing.assert_close(mapped, function(x.detach()).dequantize())


@pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated")  # used by inductor
def test_blocks_are_compiled_by_the_default_compiler() -> None:
    """Which has no code for the dtype of their scales."""
    x = torch.randn(4, 64, requires_grad=True)
    function = ogive.quantized("silu", scale="mx")
    pair = torch.compile(function, fullgraph=True)(x)
    wanted = function(x)
    assert all(same(a, b) for a, b in zip(pair, wanted, strict=True))
    restored = torch.compile(lambda x: function(x).dequantize(), fullgraph=True)(x)
    torch.testing.assert_close(restored, wanted.dequantize())


def test_powers_of_two_of_every_exponent() -> None:
    codes = torch.arange(256, dtype=torch.uint8).view(torch.float8_e8m0fnu)
    assert same(widened(torch.ones(256, 1).to(E4M3), codes.unsqueeze(1)), codes.float()[:, None])


WRONG = {
    "rowwise": (lambda: ogive.quantized("softmax"), OgiveError, "elementwise or gated"),
    "stochastic": (lambda: ogive.quantized("rrelu"), OgiveError, "elementwise or gated"),
    "name": (lambda: ogive.quantized("siluu"), UnknownName, "silu"),
    "no name": (lambda: ogive.quantized(3), UnknownName, "by name"),
    "dtype": (lambda: ogive.quantized("silu", torch.int8), ParameterError, "float8_e4m3fn"),
    "scale": (lambda: ogive.quantized("silu", scale="tensor"), ParameterError, "'row' or 'mx'"),
    "scale of no name": (lambda: ogive.quantized("silu", scale=[1]), ParameterError, "'mx'"),
    "block": (
        lambda: ogive.quantized("silu", scale="mx")(torch.ones(3, 5)),
        InputError,
        "multiple of 32",
    ),
    "gated block": (
        lambda: ogive.quantized("swiglu", scale="mx")(torch.ones(3, 32)),
        InputError,
        "multiple of 32, not 16",
    ),
    "one number": (lambda: ogive.quantized("silu", scale="mx")(torch.tensor(1.0)), InputError, "1"),
    "nothing": (lambda: ogive.quantized("silu")(), InputError, "none was given"),
    "array": (lambda: ogive.quantized("silu")(np.ones(3)), InputError, "as_tensor"),
    "integers": (lambda: ogive.quantized("silu")(torch.ones(3).int()), InputError, "float"),
    "in place": (
        lambda: ogive.quantized("silu")(torch.ones(3), inplace=True),
        ParameterError,
        "leave them out",
    ),
    "save": (
        lambda: ogive.quantized("gelu")(torch.ones(3), save="lean"),
        ParameterError,
        "leave them out",
    ),
    "argument": (lambda: ogive.quantized("silu")(torch.ones(3), beta=2), ParameterError, "beta"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_arguments_are_told(what) -> None:
    call, error, told = WRONG[what]
    with pytest.raises(error) as raised:
        call()
    assert told in str(raised.value)


def test_it_says_what_it_is() -> None:
    text = repr(ogive.quantized("gelu", E5M2, "mx"))
    assert text == "ogive.quantized('gelu', dtype=torch.float8_e5m2, scale='mx')"
