"""torch.func and torch.compile: every entry under every transformation gives what eager gives."""

from collections.abc import Callable, Iterator

import pytest
import torch
from samples import is_random, sample, smooth_parameters
from torch import Tensor
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vmap

import ogive
from ogive.catalogue import entries

DETERMINISTIC = [name for name in ogive.names() if not is_random(entries()[name])]
POINTWISE = [name for name in DETERMINISTIC if entries()[name].kind != "rowwise"]
RANDOM = [name for name in ogive.names() if is_random(entries()[name])]
#: How many entries are traced into one compiled function: the compiler's fixed cost is paid once.
TOGETHER = 20
GROUPS = [ogive.names()[i : i + TOGETHER] for i in range(0, len(ogive.names()), TOGETHER)]
#: torch's vectorised loops and their scalar ends differ by a unit or two.
CLOSE = {"rtol": 1e-13, "atol": 1e-15}
#: torch's own forward-mode rules are compiled by a deprecated function when they are first needed.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")


def assert_same(got: Tensor, wanted: Tensor) -> None:
    torch.testing.assert_close(got, wanted, equal_nan=True, **CLOSE)


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_vmap_equals_a_loop(name: str) -> None:
    function, x = ogive.get(name), torch.randn(3, 4, 8, dtype=torch.float64)
    mapped = vmap(lambda row: function(row), in_dims=1, out_dims=1)(x)
    assert_same(mapped, torch.stack([function(x[:, i]) for i in range(4)], dim=1))


@pytest.mark.parametrize("name", [n for n in POINTWISE if smooth_parameters(entries()[n])])
def test_vmap_over_parameters_equals_a_loop(name: str) -> None:
    found = sample(name)
    stacks = [torch.stack([p, p * 0.9]) for p in found.parameters.values()]
    dims = (None,) * len(found.data) + (0,) * len(stacks)
    mapped = vmap(found.function, in_dims=dims)(*found.data, *stacks)
    looped = [found.function(*found.data, *(s[i] for s in stacks)) for i in (0, 1)]
    assert_same(mapped, torch.stack(looped))


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_forward_mode_equals_backward_mode(name: str) -> None:
    found = sample(name)
    x, rest = found.data[0], found.inputs[1:]
    y, tangent = jvp(lambda z: found.function(z, *rest), (x,), (torch.cos(x),))
    assert_same(y, found.function(*found.inputs))
    weight = torch.linspace(0.5, 1.5, y.numel(), dtype=torch.float64).reshape(y.shape)
    gradient = grad(lambda z: (found.function(z, *rest) * weight).sum())(x)
    torch.testing.assert_close((gradient * torch.cos(x)).sum(), (tangent * weight).sum())


@pytest.mark.parametrize("name", POINTWISE)
def test_jacobians_are_diagonals_of_the_derivative(name: str) -> None:
    found = sample(name)
    values = dict(zip(found.parameters, found.inputs[len(found.data) :], strict=True))
    derivative = ogive.get(name).derivative()
    diagonal = torch.diag(derivative(*found.data, **values))
    for transform in (jacrev, jacfwd):
        assert_same(transform(found.function)(*found.inputs), diagonal)


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize(("randomness", "alike"), [("same", True), ("different", False)])
def test_vmap_draws_noise_as_it_is_told(name: str, randomness: str, alike: bool) -> None:
    function = ogive.get(name)
    options = {"training": True} if function.kind == "stochastic" else {}
    # wide enough for the hard ones, which are noisy only where they saturate
    x = torch.linspace(-6, 6, 64, dtype=torch.float64).expand(3, 64)
    y = vmap(lambda row: function(row, **options), randomness=randomness)(x)
    assert torch.equal(y[0], y[1]) == alike


@pytest.mark.parametrize("name", RANDOM)
def test_vmap_refuses_noise_it_was_not_told_about(name: str) -> None:
    options = {"training": True} if ogive.get(name).kind == "stochastic" else {}
    with pytest.raises(RuntimeError, match="randomness"):
        vmap(lambda row: ogive.get(name)(row, **options))(torch.randn(3, 4))


def test_hessian_of_a_network() -> None:
    model = torch.nn.Sequential(
        torch.nn.Linear(3, 4), ogive.nn.Swish(), torch.nn.Linear(4, 1)
    ).double()
    x = torch.randn(3, dtype=torch.float64)
    found = hessian(lambda z: model(z).squeeze())(x)
    h = 1e-4
    steps = torch.eye(3, dtype=torch.float64) * h
    slope = grad(lambda z: model(z).squeeze())
    wanted = torch.stack([(slope(x + s) - slope(x - s)) / (2 * h) for s in steps])
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-8)


def test_per_sample_gradients_of_learned_parameters() -> None:
    model = ogive.nn.PReLU(2).double()
    weights = dict(model.named_parameters())
    x = torch.randn(5, 2, dtype=torch.float64)

    def loss(parameters: dict[str, Tensor], row: Tensor) -> Tensor:
        return functional_call(model, parameters, (row[None],)).sum()

    mapped = vmap(grad(loss), in_dims=(None, 0))(weights, x)["weight"]
    torch.testing.assert_close(mapped, torch.where(x < 0, x, 0.0))


# compilation


@pytest.fixture(autouse=True)
def fresh_compiler() -> Iterator[None]:
    yield
    torch._dynamo.reset()


def together(names: list[str], training: bool) -> Callable[[Tensor], list[Tensor]]:
    """One function that calls all of them on its input."""
    functions = [ogive.get(n) for n in names]
    options = [{"training": training} if f.kind == "stochastic" else {} for f in functions]

    def run(x: Tensor) -> list[Tensor]:
        return [f(x, **o) for f, o in zip(functions, options, strict=True)]

    return run


def assert_compiled_equals_eager(
    run: Callable[[Tensor], list[Tensor]], compiled: Callable[[Tensor], list[Tensor]], x: Tensor
) -> None:
    """Values and gradients; a fixed weight for each output tells them apart in the sum."""
    results = []
    for function, engine in ((compiled, "auto"), (run, "eager")):
        leaf = x.clone().requires_grad_()
        torch.manual_seed(0)
        with ogive.engine(engine):
            outputs = function(leaf)
            total = sum(torch.nan_to_num(y).cos().sum() * (i + 1) for i, y in enumerate(outputs))
            results.append([*outputs, *torch.autograd.grad(total, leaf)])
    for got, wanted in zip(*results, strict=True):
        torch.testing.assert_close(got, wanted, rtol=2e-6, atol=1e-6, equal_nan=True)


@pytest.mark.parametrize("names", GROUPS, ids=lambda g: g[0])
def test_compiled_without_breaks_equals_eager(names: list[str]) -> None:
    run = together([n for n in names if n in DETERMINISTIC], training=False)
    compiled = torch.compile(run, fullgraph=True, backend="aot_eager")
    assert_compiled_equals_eager(run, compiled, torch.randn(4, 8) * 2)


def test_compiled_noise_equals_eager_noise() -> None:
    run = together(RANDOM, training=True)
    compiled = torch.compile(run, fullgraph=True, backend="aot_eager")
    assert_compiled_equals_eager(run, compiled, torch.randn(4, 8) * 2)


@pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated")  # used by inductor
def test_inductor_fuses_a_handful() -> None:
    run = together(["mish", "gelu", "softplus", "swiglu", "softmax"], training=False)
    compiled = torch.compile(run, fullgraph=True)
    assert_compiled_equals_eager(run, compiled, torch.randn(4, 8) * 2)


def test_one_dynamic_graph_serves_every_size() -> None:
    run = together(["mish", "prelu", "swiglu"], training=False)
    compiled = torch.compile(run, fullgraph=True, dynamic=True, backend="aot_eager")
    with torch._dynamo.config.patch(error_on_recompile=True):
        for size in (4, 6, 10):
            assert_compiled_equals_eager(run, compiled, torch.randn(3, size))


def test_parameters_that_are_tensors_compile() -> None:
    run = torch.compile(ogive.get("elu"), fullgraph=True, backend="aot_eager")
    x, alpha = torch.randn(4, 3), torch.rand(3, requires_grad=True)
    run(x, alpha=alpha).sum().backward()
    torch.testing.assert_close(alpha.grad, torch.expm1(x.clamp(max=0)).sum(0))
