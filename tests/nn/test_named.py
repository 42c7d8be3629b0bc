"""Whatever may be given wherever an activation is named: what it means, and how it is refused."""

import functools
import pickle
import sys

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

import ogive
from ogive.errors import OgiveError
from ogive.nn.named import ONLY_CODE, find_activation, find_activations
from ogive.nn.written import split_names

X = torch.linspace(-3, 3, 24).reshape(3, 8)

#: Text -> kind, entry, and a function with the same values.
TEXTS = {
    "relu": ("elementwise", "relu", torch.relu),
    " LeakyReLU ": ("elementwise", "leaky_relu", F.leaky_relu),
    "keras:leaky_relu": ("elementwise", "leaky_relu", lambda x: F.leaky_relu(x, 0.2)),
    "keras:leaky_relu(0.1)": ("elementwise", "leaky_relu", lambda x: F.leaky_relu(x, 0.1)),
    "leaky_relu(0.2)": ("elementwise", "leaky_relu", lambda x: F.leaky_relu(x, 0.2)),
    "leaky_relu(-1/4)": ("elementwise", "leaky_relu", lambda x: F.leaky_relu(x, -0.25)),
    "swish(beta=1.5)": ("elementwise", "swish", lambda x: x * torch.sigmoid(1.5 * x)),
    "softplus(beta=2, threshold=20)": (
        "elementwise",
        "softplus",
        lambda x: F.softplus(x, 2, 20),
    ),
    "hardtanh(max_val=inf)": ("elementwise", "hardtanh", lambda x: x.clamp(min=-1)),
    "prelu(0.1)": ("elementwise", "prelu", lambda x: F.leaky_relu(x, 0.1)),
    "gelu(approximate='tanh')": (
        "elementwise",
        "gelu_tanh",
        functools.partial(F.gelu, approximate="tanh"),
    ),
    "mish(x)": ("elementwise", "mish", F.mish),
    "swiglu(gate='first')": ("gated", "swiglu", lambda x: F.silu(x[:, :4]) * x[:, 4:]),
    "maxout(4)": ("rowwise", "maxout", lambda x: x.reshape(3, 2, 4).amax(-1)),
    "x*tanh(x)": ("elementwise", "x*tanh(x)", lambda x: x * torch.tanh(x)),
    "where(x > 0, x,  0)": ("elementwise", "where(x > 0, x, 0)", torch.relu),
    "sigmoid(2*x)": ("elementwise", "sigmoid(2*x)", lambda x: torch.sigmoid(2 * x)),
    "x": ("elementwise", "x", lambda x: x),
    "torch.nn:GELU": ("elementwise", "gelu", F.gelu),
    "torch.nn.functional:mish": ("elementwise", "mish", F.mish),
    "torch:sinc": (ONLY_CODE, "torch:sinc", torch.sinc),
}


@pytest.mark.parametrize("text", TEXTS)
def test_text(text):
    kind, name, same = TEXTS[text]
    found = find_activation(text)
    assert (found.kind, found.name, found.label) == (kind, name, " ".join(text.split()))
    assert torch.allclose(found.module().eval()(X), same(X), atol=1e-6)
    again = pickle.loads(pickle.dumps(found))
    assert (again.label, again.kind) == (found.label, found.kind)
    if kind != ONLY_CODE:
        assert found.known().formula


class Squared(nn.Module):
    def forward(self, x):
        return x.square()


class Needy(nn.Module):
    def __init__(self, power):
        super().__init__()
        self.power = power

    def forward(self, x):
        return x.abs() ** self.power


def makes_squared():
    return Squared()


def makes_class():
    return nn.GELU


def makes_function():
    return torch.tanh


def bump(x):
    return x * torch.exp(-x * x)


THINGS = (
    (ogive.get("keras:leaky_relu"), "elementwise", "leaky_relu(negative_slope=0.2)", "leaky_relu"),
    (ogive.nn.GELU, "elementwise", "GELU", "gelu"),
    (nn.GELU, "elementwise", "GELU", "gelu"),
    (nn.LeakyReLU(0.2), "elementwise", "LeakyReLU(negative_slope=0.2)", "leaky_relu"),
    (nn.PReLU(8), "elementwise", "PReLU(num_parameters=8)", "prelu"),
    (nn.GLU, "gated", "GLU", "glu"),
    (nn.RReLU, "stochastic", "RReLU", "rrelu"),
    (Squared, ONLY_CODE, "Squared", None),
    (Squared(), ONLY_CODE, "Squared()", None),
    (nn.Sequential(nn.ReLU(), nn.Tanh()), ONLY_CODE, "Sequential", None),
    (functools.partial(Needy, 3), ONLY_CODE, "Needy", None),
    (functools.partial(F.leaky_relu, negative_slope=0.2), "elementwise", None, "leaky_relu"),
    (makes_squared, ONLY_CODE, "makes_squared", None),
    (makes_class, "elementwise", "makes_class", "gelu"),
    (makes_function, "elementwise", "makes_function", "tanh"),
    (bump, ONLY_CODE, "bump", None),
    (torch.tanh, "elementwise", "tanh", "tanh"),
)


@pytest.mark.parametrize("number", range(len(THINGS)))
def test_objects(number):
    thing, kind, label, entry = THINGS[number]
    found = find_activation(thing)
    assert found.kind == kind
    assert label in (None, found.label)
    assert (found.function and found.function.name) == entry
    one, other = found.module(), found.module()
    assert isinstance(one, nn.Module)
    assert one is not other
    assert not {*map(id, one.parameters())} & {*map(id, other.parameters())}
    assert find_activation(found) is found
    assert torch.equal(pickle.loads(pickle.dumps(found)).module().eval()(X), one.eval()(X))


def test_a_prototype_is_copied_as_it_is():
    prototype = nn.PReLU(init=0.7)
    module = find_activation(prototype).module()
    prototype.weight.data.fill_(0.1)
    assert module.weight.item() == pytest.approx(0.7)


def test_values_reach_what_is_proved():
    found = find_activation("leaky_relu(0.2)")
    assert found.known().certificate().smoothness.lipschitz.value == 1
    assert found.known().certificate().identity.parameters == {"negative_slope": 0.2}


def test_code_says_that_it_has_no_formula():
    with pytest.raises(OgiveError, match="Squared is code of which only values are known"):
        find_activation(Squared).known()


LISTS = (
    (
        "leaky_relu(0.2),softplus(beta=2, threshold=20),where(x>0,x,0)",
        ["leaky_relu(0.2)", "softplus(beta=2, threshold=20)", "where(x>0,x,0)"],
    ),
    ("relu, gelu,,relu,", ["relu", "gelu"]),
    ("swiglu(gate='first'),relu", ["swiglu(gate='first')", "relu"]),
    (["relu,gelu", nn.GELU, nn.GELU], ["relu", "gelu", "GELU"]),
    ([Squared, lambda: Squared(), lambda: Squared()], ["Squared", "lambda", "lambda (2)"]),
    ({"mine": Squared, "yours": "relu"}, ["mine", "yours"]),
    (nn.GELU, ["GELU"]),
    ((nn.GELU(),), ["GELU(approximate='none')"]),
)


@pytest.mark.parametrize("number", range(len(LISTS)))
def test_lists(number):
    many, labels = LISTS[number]
    assert [found.label for found in find_activations(many)] == labels


@pytest.mark.parametrize("text", ["(relu", "relu)", "f([1)]", "gelu('tanh)", ")("])
def test_brackets_that_do_not_match(text):
    with pytest.raises(OgiveError, match=r"bracket|ends before"):
        split_names(text)


@pytest.fixture
def code(tmp_path, monkeypatch):
    """A file of activations in the current directory, which Python does not look in by itself."""
    (tmp_path / "my_acts.py").write_text(
        "import torch\nfrom torch import nn\n"
        "class Cube(nn.Module):\n    def forward(self, x): return x ** 3\n"
        "def bump(x): return x * torch.exp(-x * x)\n"
        "def make(): return Cube()\n"
        "def fails(x): return 1 / 0\n"
        "def number(): return 3\n"
        "class Needy(nn.Module):\n    def __init__(self, k): super().__init__()\n"
    )
    (tmp_path / "broken_acts.py").write_text("1 / 0\n")
    (tmp_path / "needs_acts.py").write_text("import no_such_module_at_all\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p not in ("", ".")])
    yield
    for name in ("my_acts", "broken_acts", "needs_acts"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("code")
@pytest.mark.parametrize(
    ("text", "same"),
    [("my_acts:Cube", "x ** 3"), ("my_acts:make", "x ** 3"), ("my_acts:bump", "x * exp(-x * x)")],
)
def test_code_in_the_current_directory(text, same):
    found = find_activation(text)
    assert found.label == text
    assert torch.allclose(found.module()(X), find_activation(same).module()(X))


#: Text -> what the error says.
WRONG = {
    "": "is empty",
    "rleu": "did you mean 'relu'",
    "leeky_relu(0.2)": "no activation 'leeky_relu'; did you mean 'leaky_relu'",
    "leaky_relu(slope=1)": "no parameter 'slope'; its parameters are negative_slope",
    "leaky_relu(0.1, 0.2)": "takes negative_slope, but is given the values 0.1, 0.2",
    "tanh(0.5)": "tanh has no parameters",
    "elu(1, alpha=2)": "alpha is given twice",
    "elu(alpha=x)": "'x' is no value; write numbers, as elu",
    "elu(alpha=__import__('os'))": "is no value",
    "elu(**{})": "no parameter",
    "swish(beta=)": "cannot be read",
    "softplus(beta=0)": "beta must be a number > 0",
    "gelu(approximate='foo')": "must be one of 'none', 'tanh'",
    "glu(dim=1)": "no parameter 'dim'",
    "0.5": "has no x",
    "x*tan(x)": "unknown function 'tan'",
    "__import__('os').getcwd()": "not allowed in a formula",
    "x" * 2001: "2000 allowed",
    "nomod:f": "no module 'nomod', neither in the current directory nor installed",
    "my_act:bump": "did you mean 'my_acts'",
    "my_acts.py:bump": "leave out .py, as in my_acts:function",
    "my_acts:bmp": "'my_acts:bmp': there is no 'bmp'; did you mean 'bump'",
    "my_acts:fails": "ZeroDivisionError",
    "my_acts:number": "my_acts:number returned int, which is no activation",
    "my_acts:Needy": r"needs arguments, \(k\)",
    "my_acts:torch": "is no activation but module",
    "broken_acts:f": "importing 'broken_acts' raised ZeroDivisionError",
    "needs_acts:f": "needs 'no_such_module_at_all'",
    "torch:rleu": "torch has no activation 'rleu'; did you mean 'torch:relu'",
    "kears:gelu": "did you mean 'keras'",
    "a:b:c": "neither a qualified name",
    "math:sin": "cannot be called with a tensor",
}


@pytest.mark.usefixtures("code")
@pytest.mark.parametrize("text", WRONG)
def test_wrong_text(text):
    with pytest.raises(OgiveError, match=WRONG[text]) as caught:
        find_activation(text)
    assert len(str(caught.value)) <= 500


class Uncopied(nn.Module):
    def __deepcopy__(self, memo):
        raise RuntimeError("no")


WRONG_THINGS = (
    (3, "3 is no activation but int"),
    (None, "NoneType"),
    (object, "a class of other objects"),
    (Needy, r"the class Needy needs arguments, \(power\)"),
    (lambda: 3, "returned int"),
    (lambda x: 3, "gave int for a tensor"),
    (lambda a, b: a, "cannot be called with a tensor"),
    (Uncopied(), "cannot be copied"),
    ([], "no activation is named"),
    (",", "no activation is named"),
)


@pytest.mark.parametrize("number", range(len(WRONG_THINGS)))
def test_wrong_objects(number):
    thing, said = WRONG_THINGS[number]
    with pytest.raises(OgiveError, match=said):
        find_activations([thing] if not isinstance(thing, list | str) else thing)
