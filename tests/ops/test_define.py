"""An activation of one's own has every capability of a built-in one."""

import copy
import pickle
import subprocess
import sys

import pytest
import torch

import ogive
from ogive.catalogue._registry import _ENTRIES, _index
from ogive.errors import FormulaError, OgiveError
from ogive.expr.functions import exp, tanh


@pytest.fixture
def bump() -> ogive.Activation:
    return ogive.define("bump", "x * exp(-x**2 / (2*s**2))", s=1.0)


X = torch.linspace(-3, 3, 13, dtype=torch.float64)


def test_it_computes_its_formula(bump: ogive.Activation) -> None:
    torch.testing.assert_close(bump(X, s=2.0), X * torch.exp(-(X**2) / 8))
    assert ogive.get("bump") == bump
    assert bump.spec.evidence == "user"


def test_it_differentiates(bump: ogive.Activation) -> None:
    x, s = X.clone().requires_grad_(), torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a, b: bump(a, s=b), (x, s))
    assert torch.autograd.gradgradcheck(lambda a, b: bump(a, s=b), (x, s))


def test_a_derivative_that_is_a_parameter_has_the_shape_of_the_input() -> None:
    line = ogive.define("straight", "a * x", a=1.0)
    a = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    slopes = line.derivative()(X, a=a)
    assert torch.equal(slopes, torch.full_like(X, 3.0))
    assert torch.autograd.grad(slopes.sum(), a)[0] == len(X)


def test_its_module_learns(bump: ogive.Activation) -> None:
    layer = bump.module(learnable=["s"]).double()
    target = bump(X, s=2.0)
    optimiser = torch.optim.Adam(layer.parameters(), 0.1)
    for _ in range(150):
        optimiser.zero_grad()
        (layer(X) - target).square().mean().backward()
        optimiser.step()
    assert layer.s.item() == pytest.approx(2.0, abs=0.01)


def test_its_class_is_in_nn(bump: ogive.Activation) -> None:
    assert repr(ogive.nn.Bump(s=3.0)) == "Bump(s=3.0)"


def test_it_is_vectorised_and_compiled(bump: ogive.Activation) -> None:
    rows = X[:12].reshape(3, 4)
    torch.testing.assert_close(torch.func.vmap(bump)(rows), bump(rows))
    compiled = torch.compile(bump, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(rows), bump(rows))
    torch._dynamo.reset()


def test_it_can_be_pickled(bump: ogive.Activation) -> None:
    assert pickle.loads(pickle.dumps(bump)) == bump
    layer = pickle.loads(pickle.dumps(bump.module(s=2.0)))
    assert torch.equal(layer(X), bump(X, s=2.0))
    assert torch.equal(copy.deepcopy(layer)(X), bump(X, s=2.0))


def test_what_was_pickled_does_not_need_the_definition(bump: ogive.Activation) -> None:
    stored, wanted = pickle.dumps(bump), bump(X)
    del _ENTRIES["bump"]
    _index.cache_clear()
    # as in a fresh process: the name is unknown, so the formula itself travels
    with pytest.raises(OgiveError, match="no activation 'bump'"):
        ogive.get("bump")
    assert torch.equal(pickle.loads(stored)(X), wanted)


def test_a_formula_can_be_a_function_of_symbols() -> None:
    mine = ogive.define("mine", lambda x, a: x * tanh(exp(a * x)), a=1.0)
    torch.testing.assert_close(mine(X, a=0.5), X * torch.tanh(torch.exp(0.5 * X)))


def test_textbook_forms_become_stable() -> None:
    mine = ogive.define("mine", "log(1 + exp(x))")
    assert mine(torch.tensor(800.0)).item() == 800.0
    assert mine(torch.tensor(-80.0)).item() == pytest.approx(1.8048513878454153e-35, rel=1e-6)


def test_a_name_is_taken_once(bump: ogive.Activation) -> None:
    with pytest.raises(OgiveError, match="replace=True"):
        ogive.define("bump", "x")
    again = ogive.define("bump", "2*x", replace=True)
    assert torch.equal(ogive.get("bump")(X), 2 * X)
    assert again != bump
    torch.testing.assert_close(bump(X, s=1.0), X * torch.exp(-(X**2) / 2))


def test_a_built_in_name_is_never_replaced() -> None:
    with pytest.raises(OgiveError, match="choose another name"):
        ogive.define("mish", "x", replace=True)


def test_nor_before_anything_has_asked_for_the_catalogue() -> None:
    """torch's own operator would have gone on serving leaky_relu, by its name."""
    code = "import ogive; ogive.define('leaky_relu', 'x * x + 1', replace=True)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "choose another name" in done.stderr


@pytest.mark.parametrize("name", ["SiLU", "LeakyReLU"])
def test_nor_is_the_name_of_its_class(name: str) -> None:
    with pytest.raises(OgiveError, match="choose another name"):
        ogive.define(name, "x")
    assert getattr(ogive.nn, name)().function.family != "user"


@pytest.mark.parametrize("name", ["x", "exp", "pi", "two words", "1st", "_hidden", "class", ""])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(OgiveError, match="cannot be the name"):
        ogive.define(name, "x")


@pytest.mark.parametrize("name", ["x", "exp", "inplace", "_s", "lambda"])
def test_parameters_that_cannot_be(name: str) -> None:
    with pytest.raises(OgiveError, match="cannot be the name"):
        ogive.define("mine", "x", **{name: 1.0})


@pytest.mark.parametrize("formula", ["x +", "y * x", "__import__('os')", "x.real", ""])
def test_text_that_is_no_formula_leaves_no_entry(formula: str) -> None:
    with pytest.raises(FormulaError):
        ogive.define("mine", formula)
    assert "mine" not in ogive.names()


@pytest.mark.parametrize(
    "name", ["learnable", "channel_dim", "dtype", "forward", "half", "training"]
)
def test_a_parameter_may_not_hide_what_every_module_has(name: str) -> None:
    mine = ogive.define("mine", f"{name} * x", **{name: 2.0})
    assert torch.equal(mine(X), 2 * X)
    with pytest.raises(OgiveError, match=f"its parameter '{name}' has the name of"):
        mine.module()
