"""One recogniser: what it knows, what it reads from an object; and an alias is all it needs."""

import copy
import functools
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from others import CLASSES, FUNCTIONS, TIMM, TORCH, made
from torch import nn

import ogive
from ogive.catalogue import add, user_spec
from ogive.errors import OgiveError
from ogive.nn.accelerate import AS_FAST, OUTPUT_KEPT
from ogive.nn.recognise import Recognised, recognise, torch_functions
from ogive.nn.rules import LIBRARIES
from ogive.ops import ActivationFunction

ROWS = [(module, title) for module, titles in CLASSES.items() for title in titles]
FUNCTION_ROWS = [(module, name) for module, names in FUNCTIONS.items() for name in names]
X = torch.linspace(-7.03, 7.01, 200, dtype=torch.float64).reshape(2, 5, 20)
#: Modules with parameters and options that are not their defaults, and what is read from them.
VALUES = {
    nn.ELU(0.7, inplace=True): {"alpha": 0.7, "inplace": True},
    nn.GELU("tanh"): {"approximate": "tanh"},
    nn.Hardtanh(-0.5, 0.75): {"min_val": -0.5, "max_val": 0.75, "inplace": False},
    nn.LeakyReLU(0.2): {"negative_slope": 0.2, "inplace": False},
    nn.Softplus(2.0, 3.0): {"beta": 2.0, "threshold": 3.0},
    nn.Threshold(0.1, -0.3): {"threshold": 0.1, "value": -0.3, "inplace": False},
    nn.RReLU(0.1, 0.2): {"lower": 0.1, "upper": 0.2, "inplace": False},
    nn.Softmax(1): {"dim": 1},
    nn.Softmax2d(): {"dim": -3},
    nn.GLU(0): {"dim": 0},
    made("transformers.activations", "ClippedGELUActivation"): {"low": -0.5, "high": 1.0},
}


# what is known


@pytest.mark.parametrize(("module", "title"), ROWS)
def test_a_class_computes_the_entry_that_it_is_recognised_as(module: str, title: str) -> None:
    """And accelerate keeps its numbers: see test_accelerate_models for derivatives."""
    original = made(module, title)
    found = recognise(original)
    assert found.entry is not None
    assert found.entry.name == CLASSES[module][title]
    for name, value in found.values.items():
        assert getattr(original, {"low": "min", "high": "max"}.get(name, name)) is value
    model = nn.Sequential(copy.deepcopy(original).double().eval())
    replaced = ogive.accelerate(model).rows
    reason = found.reason or title in ("LinearActivation",) or found.entry.name in OUTPUT_KEPT
    assert bool(replaced) is not bool(reason or type(original) in AS_FAST)
    if not found.reason:
        tolerance = 1e-9 if title == "FastGELUActivation" else 1e-12
        want = copy.deepcopy(original).double()(X)
        torch.testing.assert_close(model(X), want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("library", [TORCH, *(m for names in LIBRARIES.values() for m in names)])
def test_no_other_class_of_the_library_is_recognised(library: str) -> None:
    classes = {n: v for n, v in vars(import_module(library)).items() if isinstance(v, type)}
    own = [n for n, c in classes.items() if issubclass(c, nn.Module) and c.__module__ == library]
    found = set()
    for title in own:
        try:
            module = made(library, title)
        except TypeError:  # needs arguments, as attention does
            continue
        if recognise(module).entry is not None:
            found.add(title)
    assert found - {"Softmax2d"} == set(CLASSES[library])


@pytest.mark.parametrize(("module", "name"), FUNCTION_ROWS)
def test_a_function_of_timm_is_recognised(module: str, name: str) -> None:
    found = recognise(getattr(import_module(module), name))
    assert (found.entry.name, found.reason) == (FUNCTIONS[module][name], "")
    assert found.arguments == ("inplace",)


def test_the_functions_of_torch_that_are_replaced() -> None:
    """Those of which torch.nn has a module, but for what takes its slopes or random numbers."""
    assert torch_functions() == {
        "relu", "relu6", "silu", "mish", "hardswish", "hardsigmoid", "selu", "elu", "celu", "gelu",
        "leaky_relu", "hardtanh", "threshold", "softplus", "hardshrink", "softshrink", "sigmoid",
        "tanh", "logsigmoid", "softsign", "tanhshrink", "glu", "softmax", "log_softmax", "softmin",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("function", "name", "reason"),
    [
        (torch.exp, "exponential", "torch.nn has no module for it"),
        (torch.Tensor.abs, "absolute", "torch.nn has no module for it"),
        (torch.relu_, "relu", "it writes over its input"),
        (F.prelu, "prelu", "its slopes are given in every call"),
        (F.rrelu, "rrelu", "ogive draws other random numbers than torch"),
        (functools.partial(F.silu, inplace=True), "silu", "it writes over its input"),
    ],
)
def test_what_is_known_and_stays_torchs(function, name: str, reason: str) -> None:
    found = recognise(function)
    assert (found.entry.name, found.reason) == (name, reason)


@pytest.mark.parametrize("thing", [torch.add, nn.Linear(2, 2), nn.GELU, len, 3, None, lambda x: x])
def test_what_has_nothing_to_do_with_activations(thing) -> None:
    assert recognise(thing) == Recognised()


# what is read


@pytest.mark.parametrize("module", VALUES, ids=lambda m: type(m).__name__)
def test_the_values_of_a_module(module: nn.Module) -> None:
    assert recognise(module).values == VALUES[module]


def test_the_values_of_functions_and_of_ogives_own() -> None:
    assert recognise(F.softplus).values == {"threshold": 20.0}
    assert recognise(functools.partial(F.elu, alpha=0.5)).values == {"alpha": 0.5}
    assert recognise(ogive.nn.LeakyReLU(0.3)).with_values().parameters[0].default == 0.3
    assert recognise(ogive.get("keras:leaky_relu")).entry.name == "leaky_relu"
    assert recognise(ogive.nn.GELU("tanh")).with_values().name == "gelu_tanh"
    assert recognise("timm:swish").entry.name == "silu"


def test_channels_with_values_of_their_own_are_several_functions() -> None:
    module = nn.PReLU(2)
    with torch.no_grad():
        module.weight[1] = 0.5
    found = recognise(module)
    assert found.reason == ""
    with pytest.raises(OgiveError, match="it is several functions"):
        found.with_values()


# a new one

ALIASES = ("torch:wave", "timm:wave")
WAVE = """
import torch
from torch import nn
from torch.overrides import wrap_torch_function

@wrap_torch_function(lambda input, *args, **kwargs: (input,))
def wave(input, pitch: float = 3.0, inplace: bool = False):
    return input + torch.sin(pitch * input)

class Wave(nn.Module):
    def __init__(self, pitch=3.0):
        super().__init__()
        self.pitch = pitch

    def forward(self, x):
        return x + torch.sin(self.pitch * x)
"""


@pytest.fixture
def wave(monkeypatch) -> Iterator[ActivationFunction]:
    """An entry that torch and timm are said to have, and do have while the test runs."""
    homes = [nn.modules.activation, F, import_module(TIMM)]
    before = [set(vars(home)) for home in homes]
    for home in homes:
        exec(WAVE, vars(home))  # so that the code is the library's own
    monkeypatch.setattr(nn, "Wave", nn.modules.activation.Wave, raising=False)
    add(
        replace(user_spec("ripple", "x + sin(pitch*x)", {"pitch": 2.0}), aliases=ALIASES),
        replace=False,
    )
    yield ogive.get("ripple")
    for home, names in zip(homes, before, strict=True):
        for name in vars(home).keys() - names:
            delattr(home, name)


@pytest.mark.parametrize("library", ["torch", "timm"])
def test_an_alias_is_enough_for_a_class(wave, library: str) -> None:
    home = nn if library == "torch" else sys.modules[TIMM]
    model = nn.Sequential(home.Wave(1.5).double())
    want = model(X)
    (row,) = ogive.accelerate(model).rows
    assert (row.old, row.new) == ("Wave", "Ripple")
    assert model[0].pitch == 1.5
    torch.testing.assert_close(model(X), want, rtol=1e-12, atol=1e-12)
    assert ogive.restore(model) == ("0",)
    assert ogive.gain(model[0]) == ogive.gain("ripple", pitch=1.5)
    assert ogive.propagate(model[0], 2, 1.0, width=10, networks=2).name == "ripple"
    (swapped,) = ogive.swap(model, f"{library}:wave", "gelu").rows
    assert swapped.old == "ripple"
    layers = nn.Sequential(nn.Linear(4, 4), home.Wave(1.5), nn.Linear(4, 4))
    assert [r.activation for r in ogive.init_(layers).rows] == ["ripple", ""]


@pytest.mark.parametrize("library", ["torch", "timm"])
def test_an_alias_is_enough_for_a_function(wave, library: str) -> None:
    """The function's own default counts, where it is not the entry's."""
    home = F if library == "torch" else sys.modules[TIMM]
    model = nn.Module()
    model.act = home.wave
    assert recognise(model.act).values == {"pitch": 3.0}
    assert [r.new for r in ogive.accelerate(model).rows] == ["ripple"]
    for arguments in ((), (1.5,)):
        want = home.wave(X, *arguments)
        torch.testing.assert_close(model.act(X, *arguments), want, rtol=1e-12, atol=1e-12)
    ogive.restore(model)
    assert ogive.gain(model.act) == ogive.gain("ripple", pitch=3.0)
    assert [r.old for r in ogive.swap(model, "ripple", "gelu").rows] == ["ripple"]


@pytest.mark.parametrize("example", [None, torch.randn(3, 4)], ids=["traced", "run"])
def test_an_alias_is_enough_for_a_call(wave, example) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.wave(self.layer(x), 1.5)

    model, x = Net(), torch.randn(2, 4)
    with ogive.intercept() as seen:
        got = model(x)
    assert dict(seen.taken) == {"ripple": 1}
    torch.testing.assert_close(got, model(x))
    assert [r.activation for r in ogive.init_(model, example).rows] == ["ripple"]
    (skipped,) = ogive.accelerate(model).skipped
    assert skipped.reason == "its code names wave: use ogive.intercept()"


def test_an_argument_that_the_entry_does_not_have_is_a_reason(wave) -> None:
    exec("def wave(x, pitch=2.0, phase=1.0): return x", vars(sys.modules[TIMM]))
    found = recognise(sys.modules[TIMM].wave)
    assert found.reason == "it has the arguments phase"


def test_what_was_recognised_is_forgotten_with_the_entry() -> None:
    assert recognise(getattr(F, "wave", torch.add)) == Recognised()
    assert "wave" not in torch_functions()
