"""What autograd gets: rounding in half precision, in-place calls, tensors as parameters."""

import copy

import pytest
import torch
from torch import Tensor, nn

import ogive
from ogive.errors import ParameterError

HALF = [torch.bfloat16, torch.float16]
SMOOTH = ["mish", "gelu", "silu", "softplus", "tanh", "elu", "swish", "logsigmoid"]


def rounded_neighbours(value: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """The numbers of the dtype below and above the value's rounding."""
    nearest = value.to(dtype)
    inf = torch.full_like(nearest, torch.inf)
    return torch.nextafter(nearest, -inf), torch.nextafter(nearest, inf)


# half precision


@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("name", SMOOTH)
def test_half_is_computed_in_float32_and_rounded_once(name: str, dtype: torch.dtype) -> None:
    x = torch.linspace(-8, 8, 997).to(dtype)
    function = ogive.get(name)
    assert torch.equal(function(x), function(x.float()).to(dtype))
    low, high = rounded_neighbours(function(x.double()), dtype)
    assert ((function(x) >= low) & (function(x) <= high)).all()


@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_in_half_are_rounded_once(name: str, dtype: torch.dtype) -> None:
    x = torch.linspace(-8, 8, 997).to(dtype).requires_grad_()
    weight = torch.linspace(0.5, 2, 997).to(dtype)
    ogive.get(name)(x).backward(weight)
    wide = x.detach().float().requires_grad_()
    ogive.get(name)(wide).backward(weight.float())
    assert torch.equal(x.grad, wide.grad.to(dtype))


def test_a_float32_parameter_of_a_bfloat16_input() -> None:
    x = torch.randn(64, 3).bfloat16().requires_grad_()
    slope = torch.full((3,), 0.25, requires_grad=True)
    y = ogive.get("prelu")(x, weight=slope)
    assert y.dtype == torch.bfloat16
    y.sum().backward()
    assert (x.grad.dtype, slope.grad.dtype) == (torch.bfloat16, torch.float32)
    # summed over 64 rows before it is rounded: a sum in bfloat16 would lose the small terms
    wanted = x.detach().double().clamp(max=0).sum(0)
    torch.testing.assert_close(slope.grad.double(), wanted, rtol=1e-6, atol=1e-5)


def test_a_bfloat16_parameter_is_summed_before_it_is_rounded() -> None:
    x = torch.full((1000,), -1.0).bfloat16()
    slope = torch.tensor(0.25, dtype=torch.bfloat16, requires_grad=True)
    ogive.get("prelu")(x, weight=slope).sum().backward()
    assert slope.grad.dtype == torch.bfloat16
    assert slope.grad == -1000.0


def test_the_result_has_the_dtype_of_the_input_not_of_a_parameter() -> None:
    alpha = torch.tensor(1.0, dtype=torch.float64)
    assert ogive.get("elu")(torch.ones(2), alpha=alpha).dtype == torch.float32


# autocast


def test_autocast_leaves_activations_the_dtype_they_get() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        hidden = nn.Linear(4, 4)(torch.randn(2, 4))
        assert ogive.get("mish")(hidden).dtype == torch.bfloat16
        assert ogive.get("mish")(hidden.float()).dtype == torch.float32


def test_a_network_trains_under_autocast() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), ogive.nn.PReLU(16), nn.Linear(16, 1))
    x = torch.randn(64, 4)
    target = x[:, :1].abs()
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    losses = []
    for _ in range(60):
        with torch.autocast("cpu", torch.bfloat16):
            loss = (model(x).float() - target).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.25 * losses[0]


# in place


@pytest.mark.parametrize("name", ["relu", "mish", "elu", "prelu", "rrelu"])
def test_inplace_gives_the_same_tensor_and_the_same_gradients(name: str) -> None:
    function, leaf = ogive.get(name), torch.randn(5, 3, dtype=torch.float64)
    results = []
    for inplace in (False, True):
        x = leaf.clone().requires_grad_()
        inner = x * 1.5
        y = function(inner, inplace=inplace)
        assert (y is inner) == inplace
        (gradient,) = torch.autograd.grad(y.square().sum(), x)
        results.append((y.detach(), gradient))
    torch.testing.assert_close(results[0], results[1], rtol=0, atol=0)


@pytest.mark.parametrize("engine", ["eager", "cpu"])
@pytest.mark.parametrize("name", ["mish", "gelu", "prelu"])
def test_inplace_gives_the_same_gradients_of_gradients(name: str, engine: str) -> None:
    function, leaf = ogive.get(name), torch.linspace(-3, 3, 8, dtype=torch.float64)
    found = []
    for inplace in (False, True):
        x = leaf.clone().requires_grad_()
        with ogive.engine(engine):
            y = function(x * 1.5, inplace=inplace)
            (first,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
            (second,) = torch.autograd.grad(first.square().sum(), x)
        found.append((first.detach(), second))
    torch.testing.assert_close(found[0], found[1], rtol=1e-14, atol=1e-14)


def test_inplace_without_gradients_keeps_no_copy() -> None:
    x = torch.randn(4)
    address = x.data_ptr()
    assert ogive.get("mish")(x, inplace=True) is x
    assert x.data_ptr() == address


def test_inplace_on_a_leaf_is_torch_s_error() -> None:
    x = torch.randn(4, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        ogive.get("mish")(x, inplace=True)


def test_overwriting_what_backward_needs_is_torch_s_error() -> None:
    x = torch.randn(4, requires_grad=True)
    inner = x * 2
    y = ogive.get("mish")(inner)
    inner.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_inplace_counts_as_a_new_version() -> None:
    x = torch.randn(4)
    before = x._version
    ogive.get("relu")(x, inplace=True)
    assert x._version == before + 1


# tensors as parameters


@pytest.mark.parametrize(
    "shape", [(), (1,), (3,), (4, 1), (4, 3), (1, 3)], ids=lambda s: "x".join(map(str, s)) or "0-d"
)
def test_parameters_broadcast_and_their_gradients_are_summed(shape: tuple[int, ...]) -> None:
    x = torch.randn(4, 3, dtype=torch.float64)
    alpha = (torch.rand(shape, dtype=torch.float64) + 0.5).requires_grad_()
    weight = torch.randn(4, 3, dtype=torch.float64)
    (gradient,) = torch.autograd.grad((ogive.get("celu")(x, alpha=alpha) * weight).sum(), alpha)
    assert gradient.shape == alpha.shape
    step = torch.zeros(shape, dtype=torch.float64)
    wanted = torch.empty(shape, dtype=torch.float64)
    with torch.no_grad():
        for i in range(alpha.numel()):
            step.view(-1)[i] = 1e-6
            up, down = (ogive.get("celu")(x, alpha=alpha + s * step) for s in (1, -1))
            wanted.view(-1)[i] = ((up - down) * weight).sum() / 2e-6
            step.zero_()
    torch.testing.assert_close(gradient, wanted, rtol=1e-6, atol=1e-8)


def test_vector_parameters_take_channels_behind_the_coefficients() -> None:
    rational = ogive.get("rational_a")
    names = [p.name for p in rational.parameters]
    x = torch.randn(5, 3, dtype=torch.float64)
    channels = {
        p.name: torch.tensor(p.default, dtype=torch.float64)[:, None]
        * torch.tensor([1.0, 0.9, 1.1])
        for p in rational.parameters
    }
    y = rational(x, **channels)
    for i in range(3):
        alone = rational(x[:, i], **{n: channels[n][:, i] for n in names})
        torch.testing.assert_close(y[:, i], alone)


def test_tensor_coefficients_of_the_wrong_number_are_refused() -> None:
    with pytest.raises(ParameterError, match="coefficients, 2 given"):
        ogive.get("rational_a")(torch.ones(3), a=torch.ones(2))


def test_a_result_of_parameters_alone_has_the_shape_of_the_input() -> None:
    x, slope = torch.randn(4, 3), torch.tensor(2.0)
    identity = ogive.get("identity")
    assert identity.derivative()(x).shape == (4, 3)
    affine = ogive.get("affine_hardsigmoid").derivative(variable="beta")
    assert affine(x, alpha=slope, beta=slope).shape == (4, 3)
    tangents = torch.func.jvp(lambda w: ogive.get("prelu")(x, weight=w), (slope,), (slope,))
    assert [t.shape for t in tangents] == [(4, 3), (4, 3)]


def test_only_what_needs_a_gradient_gets_one() -> None:
    x, alpha = torch.randn(3), torch.tensor(1.0, requires_grad=True)
    ogive.get("celu")(x, alpha=alpha).sum().backward()
    assert x.grad is None
    assert alpha.grad is not None
    assert not ogive.get("celu")(x, alpha=alpha.detach()).requires_grad


# graphs


def test_third_derivatives_through_autograd_equal_the_derived_function() -> None:
    x = torch.linspace(-3, 3, 11, dtype=torch.float64).requires_grad_()
    y = ogive.get("mish")(x)
    for _ in range(3):
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    torch.testing.assert_close(y, ogive.get("mish").derivative(3)(x), rtol=1e-12, atol=1e-14)


def test_a_graph_can_be_used_twice_and_is_freed() -> None:
    x = torch.randn(3, requires_grad=True)
    y = ogive.get("mish")(x).sum()
    y.backward(retain_graph=True)
    once = x.grad.clone()
    y.backward()
    torch.testing.assert_close(x.grad, 2 * once)
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_checkpointing_and_deepcopies_of_outputs() -> None:
    from torch.utils.checkpoint import checkpoint

    x = torch.randn(3, requires_grad=True)
    (wanted,) = torch.autograd.grad(ogive.get("mish")(x).sum(), x)
    y = checkpoint(ogive.get("mish"), x, use_reentrant=False)
    (got,) = torch.autograd.grad(y.sum(), x)
    assert torch.equal(got, wanted)
    assert torch.equal(copy.deepcopy(ogive.get("mish")(x).detach()), y.detach())


def test_inplace_keeps_what_a_learned_parameter_needs_from_an_input_without_gradient():
    beta = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)
    swish = ogive.get("swish")
    (expected,) = torch.autograd.grad(swish(x, beta=beta).sum(), beta)
    (got,) = torch.autograd.grad(swish(x.clone(), beta=beta, inplace=True).sum(), beta)
    assert got == expected
