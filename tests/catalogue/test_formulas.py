"""Entries as functions in formulas: every one with its parameters, and what is refused."""

import math

import numpy as np
import pytest
import torch

import ogive
from ogive.catalogue import entries, user_spec
from ogive.errors import FormulaError, OgiveError
from ogive.expr import evaluate
from ogive.expr.parse import MAX_DEPTH
from ogive.nn.named import find_activation

POINTS = (-2.5, -0.75, 0.0, 0.3, 1.9)
SPECS = [spec for spec in entries().values() if spec.family != "user"]
IN_FORMULAS = [spec.name for spec in SPECS if spec.kind in ("elementwise", "gated")]
NOT_IN_FORMULAS = [spec.name for spec in SPECS if spec.kind in ("rowwise", "stochastic")]


def values(text, **parameters):
    expression = user_spec("f", text, parameters).expression
    return [evaluate(expression, x=x, **parameters) for x in POINTS]


def of_entry(name, at, **parameters):
    """The entry's own formula at numbers, with its defaults."""
    spec = entries()[name]
    given = {s: v for p in spec.parameters for s, v in zip(p.symbols, p.defaults, strict=True)}
    inputs = [dict(zip(spec.data, at(x), strict=True)) for x in POINTS]
    return [evaluate(spec.expression, **given | parameters | each) for each in inputs]


def same(found, expected):
    return np.allclose(found, expected, rtol=1e-12, atol=1e-300, equal_nan=True)


@pytest.mark.parametrize("name", IN_FORMULAS)
def test_every_entry_is_a_function(name):
    gated = entries()[name].kind == "gated"
    text, at = ("2*x - 1, x/4", lambda x: (2 * x - 1, x / 4)) if gated else None, None
    if gated:
        text, at = "2*x - 1, x/4", lambda x: (2 * x - 1, x / 4)
    else:
        text, at = "2*x - 1", lambda x: (2 * x - 1,)
    assert same(values(f"{name}({text})"), of_entry(name, at))


@pytest.mark.parametrize(
    ("name", "parameter"),
    [(n, p.name) for n in IN_FORMULAS for p in entries()[n].parameters if len(p.symbols) == 1],
)
def test_every_parameter_is_given_by_name_and_by_place(name, parameter):
    spec = entries()[name]
    listed = [p.name for p in spec.parameters]
    value = spec.parameter(parameter).defaults[0]
    other = value + 1 if math.isfinite(value) else 3.0
    data = ", ".join(["x"] * len(spec.data))
    expected = of_entry(name, lambda x: (x,) * len(spec.data), **{parameter: other})
    assert same(values(f"{name}({data}, {parameter}={other})"), expected)
    before = spec.parameters[: listed.index(parameter)]
    if all(len(p.symbols) == 1 for p in before):
        placed = [repr(p.defaults[0]) for p in before]
        assert same(values(f"{name}({', '.join([data, *placed, repr(other)])})"), expected)


@pytest.mark.parametrize("name", NOT_IN_FORMULAS)
def test_what_is_no_function_of_a_number_says_so(name):
    with pytest.raises(FormulaError, match=r"(works on rows|draws noise).*\n"):
        user_spec("f", f"1 + {name}(2*x)", {})


WRITTEN = {
    "gelu(2*x)": lambda x: torch.nn.functional.gelu(2 * x),
    "mish(x)*sigmoid(x)": lambda x: torch.nn.functional.mish(x) * x.sigmoid(),
    "leaky_relu(x - 1, 0.2)": lambda x: torch.nn.functional.leaky_relu(x - 1, 0.2),
    "leaky_relu(-x, negative_slope=1/4)": lambda x: torch.nn.functional.leaky_relu(-x, 0.25),
    "swish(x, beta=2)": lambda x: x * torch.sigmoid(2 * x),
    "LeakyReLU(x) + hardswish(x)": lambda x: (
        torch.nn.functional.leaky_relu(x) + torch.nn.functional.hardswish(x)
    ),
    "gelu(x + 1, approximate='tanh')": lambda x: torch.nn.functional.gelu(
        x + 1, approximate="tanh"
    ),
    "softplus(x, 2) - softplus(x)": lambda x: (
        torch.nn.functional.softplus(x, 2) - torch.nn.functional.softplus(x)
    ),
    "swiglu(x, tanh(x))": lambda x: x * torch.nn.functional.silu(x.tanh()),
    "elu(elu(x), alpha=0.5)": lambda x: torch.nn.functional.elu(torch.nn.functional.elu(x), 0.5),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_wherever_an_activation_is_written(text):
    x = torch.linspace(-3, 3, 25)
    found = find_activation(text)
    assert torch.allclose(found.module()(x), WRITTEN[text](x), atol=1e-5)
    assert found.known().certificate() is not None


def test_parameters_of_the_formula_may_be_values():
    found = user_spec("f", "elu(x, alpha=a) + elu(x, a)", {"a": 0.5})
    x = -1.0
    assert evaluate(found.expression, x=x, a=0.25) == pytest.approx(0.5 * math.expm1(x))


def test_what_a_user_has_defined_is_a_function_as_well():
    ogive.define("bump_of_formulas", "x * exp(-c * x**2)", c=1.0, replace=True)
    text = "bump_of_formulas(2*x, c=0.5) + 1"
    expected = [2 * x * math.exp(-0.5 * (2 * x) ** 2) + 1 for x in POINTS]
    assert same(values(text), expected)


REFUSED = {
    "gleu(x) * 2": "unknown function 'gleu'; did you mean",
    "1 + gelu": r"gelu is a function; write gelu\(\.\.\.\)",
    "mish(x, 2)": "mish is given 2 values; it takes x",
    "2*mish()": "mish is given 0 values; it takes x",
    "2*swiglu(x)": "swiglu is given 1 values; it takes value, gate",
    "2*elu(x, beta=1)": "elu has no parameter 'beta'",
    "2*elu(x, 1, alpha=1)": "elu: alpha is given twice",
    "2*elu(x, alpha=1, alpha=2)": "alpha is given twice",
    "2*elu(x, alpha='a')": "alpha is a number, not 'a'",
    "2*softplus(x, -1)": "beta must be a number > 0, not -1.0",
    "2*mish('a')": "mish: x is a number, not 'a'",
    "2*mish((x, x))": "mish: x is a number, not",
    "2*elu(x, alpha=(1, 2))": "alpha takes 1 values, 2 given",
    "2*elu(x, **x)": r"elu has no parameter",
    "2*gelu(x, approximate='tan')": "approximate is 'none', 'tanh', not 'tan'",
    "2*elu(x, alpha=x.real)": "attribute access",
    "2*elu(*x)": "Starred",
    "gelu(__import__('os'))": "unknown function '__import__'",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refuses_with_reason_and_position(text):
    with pytest.raises(OgiveError, match=REFUSED[text]) as caught:
        user_spec("f", text, {})
    assert "position" in str(caught.value)


def test_size_stays_bounded():
    nested = "mish(" * (MAX_DEPTH - 1) + "x" + ")" * (MAX_DEPTH - 1)
    assert len(user_spec("f", nested, {}).doc) < 50_000
    with pytest.raises(FormulaError, match="distinct operations"):
        user_spec("f", " + ".join(f"rational_a({n}*x)" for n in range(40)), {})
