"""Stochastic entries: when noise is drawn, from where, and that gradients belong to the draw."""

import pytest
import torch

import ogive
from ogive.ops import noise

STOCHASTIC = ogive.names("stochastic")
#: wide enough for the hard ones, which are noisy only where they saturate
X = torch.linspace(-6, 6, 200, dtype=torch.float64)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_a_module_is_noisy_in_training_only(name: str) -> None:
    layer = ogive.get(name).module().double()
    assert not torch.equal(layer(X), layer(X))
    layer.eval()
    assert torch.equal(layer(X), layer(X))
    torch.testing.assert_close(layer(X), ogive.get(name)(X), rtol=0, atol=0)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_a_seed_gives_the_same_noise_again(name: str) -> None:
    function = ogive.get(name)
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(function(X, training=True))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


@pytest.mark.parametrize("name", STOCHASTIC)
def test_a_generator_is_used_and_the_global_one_left_alone(name: str) -> None:
    function = ogive.get(name)
    before = torch.get_rng_state()
    first, again, other = (
        function(X, training=True, generator=torch.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_evaluation_draws_nothing(name: str) -> None:
    before = torch.get_rng_state()
    ogive.get(name)(X)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_noise_does_not_depend_on_strides(name: str) -> None:
    square = torch.linspace(-6, 6, 64, dtype=torch.float64).reshape(8, 8)
    outputs = []
    for x in (square.T, square.T.contiguous()):
        torch.manual_seed(0)
        outputs.append(ogive.get(name)(x, training=True))
    torch.testing.assert_close(*outputs, rtol=1e-13, atol=1e-15)


def test_the_gradient_belongs_to_the_noise_of_its_forward() -> None:
    """RReLU: the gradient of a negative input is the very slope that was drawn for it."""
    x = -torch.rand(100, dtype=torch.float64) - 0.5
    x.requires_grad_()
    y = ogive.get("rrelu")(x, training=True)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    torch.testing.assert_close(gradient, (y / x).detach())
    assert gradient.min() >= 1 / 8
    assert gradient.max() <= 1 / 3
    assert gradient.unique().numel() == 100


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_noise_of_half_inputs_is_drawn_in_float32(dtype: torch.dtype) -> None:
    (drawn,) = noise.draw({"u": "uniform"}, torch.zeros(1000, dtype=dtype), None)
    assert drawn.dtype == torch.float32
    assert drawn.unique().numel() > 900


def test_the_distributions_are_what_their_names_say() -> None:
    generator = torch.Generator().manual_seed(0)
    uniform, normal = noise.draw(
        {"u": "uniform", "n": "normal"}, torch.zeros(100_000, dtype=torch.float64), generator
    )
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert uniform.mean().item() == pytest.approx(0.5, abs=0.005)
    assert normal.mean().item() == pytest.approx(0.0, abs=0.015)
    assert normal.std().item() == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_inplace_in_training(name: str) -> None:
    torch.manual_seed(0)
    wanted = ogive.get(name)(X, training=True)
    x = X.clone()
    torch.manual_seed(0)
    assert ogive.get(name)(x, training=True, inplace=True) is x
    torch.testing.assert_close(x, wanted, rtol=0, atol=0)
