"""torch's operators that stand in for kernels: the same to the last bit, wherever they do."""

import math

import pytest
import torch

import ogive
from ogive.ops.native import NATIVE, NATIVE_UP_TO, native

BITS = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16)
LINE = torch.cat(
    [
        BITS.view(torch.float16).float(),
        BITS.view(torch.bfloat16).float(),
        3 * torch.randn(100_000, generator=torch.Generator().manual_seed(0)),
    ]
)
INPUTS = {
    torch.float32: LINE,
    torch.float64: LINE.double(),
    torch.bfloat16: BITS.view(torch.bfloat16),
    torch.float16: BITS.view(torch.float16),
}


@pytest.mark.parametrize("dtype", INPUTS, ids=str)
@pytest.mark.parametrize("name", NATIVE)
def test_the_values_are_the_same(name, dtype):
    function, x = ogive.get(name), INPUTS[dtype]
    parameters = {p.name: p.default for p in function.parameters}
    with ogive.engine("cpu"):
        wanted = function(x)
    got = NATIVE[name].forward(x, *parameters.values())
    assert torch.equal(got.nan_to_num(7.0), wanted.nan_to_num(7.0))
    assert torch.equal(got.isnan(), wanted.isnan())


@pytest.mark.parametrize("name", NATIVE)
def test_the_parameters_are_in_torchs_order(name):
    function, x = ogive.get(name), LINE[:1000]
    parameters = {p.name: p.default + 0.25 for p in function.parameters}
    with ogive.engine("cpu"):
        assert torch.equal(
            NATIVE[name].forward(x, *parameters.values()).nan_to_num(7.0),
            function(x, **parameters).nan_to_num(7.0),
        )


@pytest.mark.parametrize("name", [name for name, row in NATIVE.items() if row.defaults])
def test_a_number_that_torch_takes_by_itself_is_not_given(name):
    """It costs as much as a quarter of the operator."""
    row = NATIVE[name]
    alone, given = row.forward(LINE), row.forward(LINE, *row.defaults)
    assert torch.equal(alone.nan_to_num(7.0), given.nan_to_num(7.0))
    assert native(name, row.defaults, torch.float32).numbers == ()
    changed = tuple(n + 0.25 for n in row.defaults)
    assert native(name, changed, torch.float32).numbers == changed


WITH_GRADIENT = [name for name, row in NATIVE.items() if row.gradient]
#: Where kernels and torch differ: infinities, kinks, zeros of both signs, the smallest numbers.
POINTS = (0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 3.0, 6.0, 20.0, -20.0, 1e-40, math.inf, -math.inf)


def slopes(function, x, g):
    leaf = x.clone().requires_grad_()
    return torch.autograd.grad(function(leaf), leaf, g)[0]


@pytest.mark.parametrize("dtype", NATIVE_UP_TO, ids=str)
@pytest.mark.parametrize("name", WITH_GRADIENT)
def test_a_gradient_is_one_value_at_every_size(name, dtype):
    """Whether torch's operator recorded the call or a kernel did, and whatever the gradient."""
    function = ogive.get(name)
    given = [(x, g) for x in POINTS for g in (1.0, -2.0, math.inf, math.nan)]
    x, g = (torch.tensor(part).to(dtype) for part in zip(*given, strict=True))
    times = NATIVE_UP_TO[dtype] // x.nbytes + 1
    small = slopes(function, x, g)
    large = slopes(function, x.repeat(times), g.repeat(times))
    assert large.nbytes > NATIVE_UP_TO[dtype]
    assert torch.equal(large.nan_to_num(7.0), small.repeat(times).nan_to_num(7.0))
    assert torch.equal(
        large.signbit() & ~large.isnan(), (small.signbit() & ~small.isnan()).repeat(times)
    )


@pytest.mark.parametrize("name", WITH_GRADIENT)
def test_a_small_recorded_call_is_torchs_own(name):
    leaf = LINE[:100].clone().requires_grad_()
    assert ogive.get(name)(leaf).grad_fn.name().endswith("Backward0")
    with ogive.engine("cpu"):
        assert "Recorded" in ogive.get(name)(leaf).grad_fn.name()


def test_a_parameter_that_torch_rounds_is_left_to_the_kernel():
    hardshrink = ogive.get("hardshrink")
    x = torch.tensor([0.30078125], dtype=torch.bfloat16)  # torch compares with 0.30078125, too
    assert hardshrink(x, lambd=0.3).item() == 0.30078125
    softshrink, x = ogive.get("softshrink"), torch.tensor([0.5, 0.30000004])
    assert torch.equal(softshrink(x, lambd=0.3), softshrink(x.repeat(200_000), lambd=0.3)[:2])


def test_relu_that_keeps_its_result_is_torchs_own_too():
    leaf = LINE[:100].clone().requires_grad_()
    assert ogive.get("relu")(leaf, save="output").grad_fn.name() == "ReluBackward0"
