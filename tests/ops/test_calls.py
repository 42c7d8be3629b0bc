"""What a call accepts, what it refuses and how it says so, and what comes back."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import ogive
from ogive.errors import InputError, OgiveError, ParameterError, UnknownName

ELEMENTWISE = ogive.names("elementwise")
DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]

# refusals


@pytest.mark.parametrize(
    ("name", "inputs", "arguments", "error", "words"),
    [
        ("elu", (), {}, InputError, "needs an input"),
        ("elu", ([1.0, 2.0],), {}, InputError, "not list; convert it with torch.tensor"),
        ("elu", (1.5,), {}, InputError, "not float"),
        ("elu", (torch.arange(3),), {}, InputError, r"not torch.int64; convert with .float\(\)"),
        ("elu", (torch.ones(2, dtype=torch.bool),), {}, InputError, "not torch.bool"),
        ("elu", (torch.ones(2, dtype=torch.complex64),), {}, InputError, "real and imaginary"),
        ("elu", (torch.ones(2),), {"alhpa": 1.0}, ParameterError, "did you mean 'alpha'"),
        ("relu", (torch.ones(2),), {"alpha": 1.0}, ParameterError, "it has none"),
        ("celu", (torch.ones(2),), {"alpha": 0.0}, ParameterError, "alpha must be"),
        ("elu", (torch.ones(2),), {"alpha": "1"}, ParameterError, "a number or a tensor, not str"),
        ("elu", (torch.ones(2),), {"alpha": True}, ParameterError, "not bool"),
        ("elu", (torch.ones(2),), {"alpha": float("nan")}, ParameterError, "not nan"),
        ("elu", (torch.ones(2), 1.0), {"alpha": 2.0}, ParameterError, "alpha given twice"),
        ("elu", (torch.ones(2), 1.0, False, 3), {}, InputError, "takes 2 argument"),
        ("gelu", (torch.ones(2),), {"approximate": "sin"}, ParameterError, "'none', 'tanh'"),
        ("swiglu", (torch.ones(3),), {}, InputError, "must be even, not 3"),
        ("swiglu", (torch.tensor(1.0),), {}, InputError, "has no dim -1"),
        ("swiglu", (torch.ones(2, 4),), {"dim": 2}, InputError, "has no dim 2"),
        ("swiglu", (torch.ones(4),), {"gate": "third"}, ParameterError, "'first' or 'second'"),
        ("swiglu", (torch.ones(4), torch.ones(3)), {}, InputError, "must be alike"),
        ("swiglu", (torch.ones(4), torch.ones(4).double()), {}, InputError, "must be alike"),
        ("softmax", (torch.ones(4),), {"dim": 1}, InputError, "has the dims -1 to 0"),
        ("rational_a", (torch.ones(4),), {"a": (1.0,)}, ParameterError, "coefficients, 1 given"),
        ("rational_a", (torch.ones(4),), {"a": 1.0}, ParameterError, "coefficients"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(name, inputs, arguments, error, words) -> None:
    with pytest.raises(error, match=words):
        ogive.get(name)(*inputs, **arguments)


def test_errors_are_of_one_family_and_of_python_s() -> None:
    with pytest.raises(OgiveError):
        ogive.get("elu")([1.0])
    with pytest.raises(TypeError):
        ogive.get("elu")([1.0])
    with pytest.raises(ValueError, match="did you mean 'mish'"):
        ogive.get("mihs")
    with pytest.raises(UnknownName, match="by name"):
        ogive.get(3)  # type: ignore[arg-type]


# positional arguments


def test_positional_arguments_are_those_of_torch() -> None:
    x = torch.linspace(-2, 2, 9)
    f = torch.nn.functional
    assert torch.equal(ogive.get("leaky_relu")(x, 0.2), f.leaky_relu(x, 0.2))
    assert torch.equal(ogive.get("hardtanh")(x, -0.5, 0.5), f.hardtanh(x, -0.5, 0.5))
    assert torch.equal(ogive.get("threshold")(x, 0.1, 7.0), f.threshold(x, 0.1, 7.0))
    assert torch.equal(ogive.get("softmax")(x.view(3, 3), 0), f.softmax(x.view(3, 3), 0))
    assert torch.equal(ogive.get("bilinear")(x[:8], -1), x[:4] * x[4:8])


def test_the_last_positional_argument_is_inplace() -> None:
    x = torch.linspace(-2, 2, 9)
    assert ogive.get("leaky_relu")(x, 0.2, True) is x
    assert x[0] == torch.tensor(-2.0) * torch.tensor(0.2)


# NumPy


@pytest.mark.parametrize("name", ogive.names())
def test_arrays_give_what_tensors_give(name: str) -> None:
    array = np.random.default_rng(0).normal(size=(3, 8)) * 2
    torch.manual_seed(0)
    wanted = ogive.get(name)(torch.from_numpy(array))
    torch.manual_seed(0)
    got = ogive.get(name)(array)
    assert type(got) is np.ndarray
    assert got.dtype == np.float64
    np.testing.assert_array_equal(got, wanted.numpy())


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_arrays_keep_their_dtype(dtype: str) -> None:
    array = np.linspace(-3, 3, 11).astype(dtype)
    assert ogive.get("mish")(array).dtype == array.dtype


def test_arrays_of_any_layout_are_taken_and_left_alone() -> None:
    mish, array = ogive.get("mish"), np.linspace(-3, 3, 12).reshape(3, 4)
    before, wanted = array.copy(), mish(array)
    frozen = array.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(mish(frozen), wanted)
    np.testing.assert_array_equal(mish(array[::-1, ::2]), wanted[::-1, ::2])
    np.testing.assert_array_equal(mish(array.T), wanted.T)
    np.testing.assert_array_equal(array, before)


def test_arrays_as_parameters_and_halves() -> None:
    x, alpha = np.linspace(-2, 2, 8).reshape(2, 4), np.array([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(
        ogive.get("elu")(x, alpha=alpha)[0, 2:], np.expm1(x[0, 2:]) * [3, 4]
    )
    np.testing.assert_array_equal(ogive.get("bilinear")(x[0], x[1]), x[0] * x[1])


def test_an_array_without_dimensions() -> None:
    got = ogive.get("relu")(np.array(-1.5))
    assert isinstance(got, np.ndarray)
    assert got.shape == ()
    assert got == 0.0


@pytest.mark.parametrize("dtype", ["int64", "bool", "complex128", "float128"])
def test_other_arrays_are_refused(dtype: str) -> None:
    with pytest.raises(InputError, match=r"convert with \.astype"):
        ogive.get("relu")(np.ones(2, dtype=dtype))


# shapes and strides


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("shape", [(0,), (), (2, 0, 3)])
def test_empty_and_dimensionless_tensors_keep_their_shape(name: str, shape: tuple) -> None:
    x = torch.full(shape, 0.3, requires_grad=True)
    y = ogive.get(name)(x)
    assert y.shape == x.shape
    assert y.dtype == x.dtype
    if y.requires_grad:
        (gradient,) = torch.autograd.grad(y.sum(), x)
        assert gradient.shape == x.shape


@st.composite
def layouts(draw) -> tuple[torch.Tensor, tuple]:
    """A tensor with strides of every sort."""
    shape = draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))
    x = torch.randn(shape, generator=torch.Generator().manual_seed(draw(st.integers(0, 99))))
    x = x.permute(draw(st.permutations(range(x.dim()))))
    x = x[tuple(slice(draw(st.integers(0, 2)), None, draw(st.integers(1, 3))) for _ in shape)]
    return x.expand(2, *x.shape) if draw(st.booleans()) else x


@settings(max_examples=150, deadline=None)
@given(layouts(), st.sampled_from(ELEMENTWISE), st.sampled_from(DTYPES))
def test_strides_do_not_matter(x: torch.Tensor, name: str, dtype: torch.dtype) -> None:
    x = x.to(dtype) if dtype != torch.float32 else x
    function = ogive.get(name)
    y, wanted = function(x), function(x.contiguous())
    assert y.shape == x.shape
    assert y.dtype == dtype
    # one unit: torch's vectorised loops and their scalar ends round differently
    few = {torch.float64: 1e-14, torch.float32: 1e-5}.get(dtype, 1e-2)
    torch.testing.assert_close(y, wanted, rtol=few, atol=1e-6, equal_nan=True)


@pytest.mark.parametrize("kind", ["elementwise", "gated", "stochastic", "rowwise"])
def test_every_entry_keeps_every_dtype(kind: str) -> None:
    for name in ogive.names(kind):
        for dtype in DTYPES:
            x = torch.linspace(-3, 3, 24).reshape(3, 8).to(dtype).requires_grad_()
            y = ogive.get(name)(x)
            assert y.dtype == dtype, name
            if y.requires_grad:
                (gradient,) = torch.autograd.grad(y.sum(), x)
                assert gradient.dtype == dtype, name


def test_a_conjugate_or_negative_view_is_no_obstacle() -> None:
    z = torch.complex(torch.tensor([1.0, -2.0]), torch.tensor([3.0, -4.0]))
    assert torch.equal(ogive.get("relu")(z.conj().imag), torch.tensor([0.0, 4.0]))


def test_names_positions_and_noise_do_not_meet() -> None:
    """A tensor of ones in every parameter's place equals the number one."""
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)
    for name in ELEMENTWISE:
        function = ogive.get(name)
        plain = {p.name: p.default for p in function.parameters if not isinstance(p.default, tuple)}
        tensors = {n: torch.tensor(v, dtype=torch.float64) for n, v in plain.items()}
        torch.testing.assert_close(
            function(x, **tensors), function(x), equal_nan=True, rtol=1e-12, atol=1e-12, msg=name
        )
