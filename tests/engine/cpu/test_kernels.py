"""Kernels on tensors of every shape, stride and dtype give what torch operators give."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import ogive
from ogive.engine.coalescing import layout
from ogive.engine.cpu.loops import kernel
from ogive.engine.cpu.operands import Operand
from ogive.printers.llvm import Arithmetic
from ogive.printers.machine import FLOAT32

DTYPES = [torch.float32, torch.float64, torch.bfloat16, torch.float16]


def both(compute):
    """What kernels give and what torch operators give; the former must have been kernels."""
    with ogive.engine("cpu"), ogive.served() as calls:
        fast = compute()
    assert calls
    assert {c.engine for c in calls} == {"cpu"}, calls
    with ogive.engine("eager"):
        return fast, compute()


def agree(fast, slow):
    for a, b in zip(fast, slow, strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        # exact arithmetic but for one division or square root, and the order of a sum
        tolerance = 4 * torch.finfo(a.dtype).eps
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)


def value_and_gradients(function, *tensors, **arguments):
    leaves = [t.detach().clone().requires_grad_() for t in tensors]
    y = function(*leaves, **arguments)
    return [y, *torch.autograd.grad(y, leaves, torch.ones_like(y) * 0.5)]


LAYOUTS = {
    "contiguous": lambda x: x,
    "transposed": lambda x: x.transpose(0, -1),
    "channels last": lambda x: x.contiguous(memory_format=torch.channels_last),
    "every second": lambda x: x[..., ::2],
    "offset": lambda x: x[1:, :, 1:],
    "expanded": lambda x: x[:, :1].expand(-1, 3, -1, -1),
    "empty": lambda x: x[:0],
    "one": lambda x: x[0, 0, 0, 0],
    "no batch": lambda x: x[0],
}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", LAYOUTS)
def test_strides_make_no_difference(name, dtype):
    x = torch.randn(5, 3, 7, 6, generator=torch.Generator().manual_seed(0)).to(dtype)
    if name == "empty":
        assert ogive.get("squareplus")(x[:0]).shape == (0, 3, 7, 6)
        return
    view = LAYOUTS[name](x)
    fast, slow = both(lambda: [ogive.get("squareplus")(view)])
    agree(fast, slow)
    dense = ogive.get("squareplus")(view.contiguous())
    assert torch.equal(fast[0], dense)  # to the last bit


def test_a_dense_result_keeps_the_memory_format():
    x = torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    assert ogive.get("squareplus")(x).stride() == x.stride()


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.data(),
)
def test_a_broadcast_parameter_has_its_gradient_summed(shape, data):
    ones = data.draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape)))
    order = data.draw(st.permutations(range(len(shape))))
    generator = torch.Generator().manual_seed(1)
    x = torch.randn([shape[i] for i in order], dtype=torch.float64, generator=generator)
    x = x.permute([order.index(i) for i in range(len(shape))])
    weight = torch.rand([1 if o else s for s, o in zip(shape, ones, strict=True)])
    cut = data.draw(st.integers(0, len(shape)))
    if all(s == 1 for s in weight.shape[:cut]):
        weight = weight.reshape(weight.shape[cut:])
    agree(*both(lambda: value_and_gradients(ogive.get("prelu"), x, weight=weight.double())[:1]))
    fast, slow = both(
        lambda: [
            g
            for w in [weight.double().requires_grad_()]
            for g in torch.autograd.grad(ogive.get("prelu")(x, weight=w).sum(), w)
        ]
    )
    agree(fast, slow)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("shape", [(), (1,), (3, 1, 1)])
def test_parameters_for_each_channel(shape, channels_last, dtype):
    x = torch.randn(4, 3, 9, 9).to(dtype)
    if channels_last:
        x = x.contiguous(memory_format=torch.channels_last)
    weight = torch.rand(shape).to(dtype)

    def compute():
        w, leaf = weight.clone().requires_grad_(), x.clone().requires_grad_()
        y = ogive.get("prelu")(leaf, weight=w)
        return [y, *torch.autograd.grad(y, (leaf, w), torch.ones_like(y))]

    agree(*both(compute))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(
    ("dim", "gate", "interleave"),
    list(itertools.product([0, 1, -1], ["first", "second"], [False, True])),
)
def test_a_packed_gate_is_read_and_its_gradient_written_in_place(dim, gate, interleave, dtype):
    packed = torch.randn(4, 6, 34).to(dtype)
    agree(
        *both(
            lambda: value_and_gradients(
                ogive.get("bilinear"), packed, dim=dim, gate=gate, interleave=interleave
            )
        )
    )


def test_a_packed_gate_has_second_derivatives():
    packed = torch.randn(3, 8, dtype=torch.float64, requires_grad=True)
    function = ogive.get("bilinear")
    assert torch.autograd.gradcheck(function, packed)
    assert torch.autograd.gradgradcheck(function, packed)
    torch.func.vmap(function)(packed)
    torch.func.jvp(function, (packed.detach(),), (torch.ones(3, 8, dtype=torch.float64),))


@pytest.mark.parametrize("name", ["entry", "rare", "near", "far", "body", "t", "define"])
def test_a_parameter_may_be_called_as_something_in_the_kernel_is(name):
    function = ogive.define(f"named_{name}", f"sin({name} * x) * softplus(x)", **{name: 1.5})
    x = torch.linspace(-90, 90, 50, dtype=torch.float32)
    fast, slow = both(lambda: [function(x, **{name: torch.ones(1)})])
    torch.testing.assert_close(fast, slow, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("size", [1, 15, 16, 17, 63, 1000, 100_003])
def test_neither_size_nor_threads_change_a_value(size, threads):
    x = torch.randn(100_003, generator=torch.Generator().manual_seed(2))
    whole = ogive.get("squareplus")(x)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert torch.equal(ogive.get("squareplus")(x[:size]), whole[:size])
        assert torch.equal(ogive.get("squareplus")(x[-size:]), whole[-size:])
    finally:
        torch.set_num_threads(before)


def test_a_sum_is_the_same_every_time():
    x, weight = torch.randn(64, 8, 100), torch.rand(8, 1, requires_grad=True)
    sums = [
        torch.autograd.grad(ogive.get("prelu")(x, weight=weight).sum(), weight)[0] for _ in range(5)
    ]
    assert all(torch.equal(s, sums[0]) for s in sums)


def test_a_gradient_of_many_parameters_is_summed_by_torch():
    x, weight = torch.randn(2, 70_000), torch.rand(70_000)
    agree(*both(lambda: value_and_gradients(ogive.get("prelu"), x, weight=weight)[:1]))
    fast, slow = both(
        lambda: list(
            torch.autograd.grad(
                ogive.get("prelu")(x, weight=(w := weight.clone().requires_grad_())).sum(), w
            )
        )
    )
    agree(fast, slow)


@given(st.permutations(range(4)), st.lists(st.integers(1, 4), min_size=4, max_size=4))
def test_a_dense_tensor_is_one_stretch_in_any_order_of_dimensions(order, shape):
    x = torch.empty(shape).permute(order)
    loops = layout(x.shape, [x.stride(), x.stride()], 0)
    assert len(loops.sizes) == 1
    assert loops.access == ("each", "each")


def test_a_result_is_written_in_place():
    x = torch.randn(4, 50)
    wanted = ogive.get("mish")(x)
    version = x._version
    with ogive.served() as calls:
        y = ogive.get("mish")(x, inplace=True)
    assert y is x
    assert torch.equal(x, wanted)
    assert x._version > version
    assert [c.engine for c in calls] == ["cpu"]


def test_what_was_saved_and_overwritten_is_noticed():
    x = torch.randn(5, requires_grad=True)
    y = x * 1
    z = torch.exp(y)
    with torch.no_grad():
        ogive.get("mish")(z, inplace=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


def test_in_place_on_shared_memory_raises_as_torch_does():
    x = torch.randn(3, 1).expand(3, 4)
    with pytest.raises(RuntimeError, match="single memory location"):
        torch.relu_(x)
    with pytest.raises(RuntimeError, match="single memory location"):
        ogive.get("mish")(x, inplace=True)


def test_in_place_on_a_leaf_raises_as_torch_does():
    x = torch.randn(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable"):
        ogive.get("mish")(x, inplace=True)


def test_in_place_with_a_gradient_to_record():
    x = torch.randn(6, dtype=torch.float64, requires_grad=True)
    (wanted,) = torch.autograd.grad(ogive.get("mish")(x).sum(), x)
    y = ogive.get("mish")(x * 1, inplace=True)
    assert torch.equal(torch.autograd.grad(y.sum(), x)[0], wanted)


def stored(name, *dtypes, backward=False):
    """The text of a kernel for operands of these dtypes, the last one being written."""
    preset = {p.name: p.default for p in ogive.get(name).parameters}
    program = ogive.get(name).spec.program.bind(preset)
    program = program.vjp((0,)) if backward else program
    operands = [Operand(dtype) for dtype in dtypes[:-1]]
    return kernel(program, (*operands, Operand(dtypes[-1], "out")), Arithmetic(FLOAT32))


@pytest.mark.parametrize("name", ["relu", "relu6", "hardtanh", "absolute", "hardshrink"])
def test_a_bfloat16_that_is_chosen_is_not_rounded(name):
    rounding, half = "splat (i32 32767)", "bfloat16"
    assert rounding not in stored(name, half, half)
    assert rounding not in stored(name, half, half, half, backward=True)
    assert rounding in stored("leaky_relu", half, half)
    assert rounding in stored(name, "float32", half, half, backward=True)


@pytest.mark.parametrize("name", ["relu", "silu", "gelu", "square", "sine"])
def test_a_nan_stays_one_in_bfloat16(name):
    nan = torch.tensor([0x7F81, 0x7FFF, -127, -1], dtype=torch.int16).view(torch.bfloat16)
    x = torch.ones_like(nan).requires_grad_()
    with ogive.engine("cpu"):
        assert ogive.get(name)(nan).isnan().all()
        (gradient,) = torch.autograd.grad(ogive.get(name)(x), x, nan)
        assert gradient.isnan().all()


def test_a_nan_in_the_lower_half_of_a_float32_stays_one_in_bfloat16():
    nan = torch.tensor([0x7F800001, 0x7FFFFFFF], dtype=torch.int32).view(torch.float32)
    x = torch.zeros(2, dtype=torch.bfloat16)
    with ogive.engine("cpu"):
        assert ogive.get("threshold")(x, threshold=1.0, value=nan).isnan().all()
