"""What is no name, no formula and no parameter is told at once: in one sentence, of ogive's own."""

import time

import pytest
import torch

import ogive
from ogive.errors import OgiveError
from ogive.expr import functions, symbol

HUGE = "a" * 10**6
THINGS = (None, 3, 1.5, b"relu", ["relu"], HUGE, ":" * 10**5, f"torch:{HUGE}", f"{HUGE}:relu", "")


def refused(call, *args, **kwargs):
    """The error of a call, which comes within a second."""
    begun = time.process_time()
    with pytest.raises(OgiveError) as caught:
        call(*args, **kwargs)
    assert time.process_time() - begun < 1
    assert 10 < len(str(caught.value)) <= 500
    return str(caught.value)


@pytest.mark.parametrize("thing", THINGS, ids=lambda t: repr(t)[:12])
def test_what_is_no_name(thing):
    refused(ogive.get, thing)
    refused(ogive.define, thing, "x")
    if thing is not None:
        refused(ogive.names, kind=thing)
        refused(ogive.names, family=thing)
    refused(ogive.get("elu").source, thing)
    if not isinstance(thing, str):
        refused(ogive.search, thing)


@pytest.mark.parametrize(
    "name", ("save", "self", "x", "inplace", "normal", "exp", "pi", "if", "_a")
)
def test_a_parameter_that_no_call_could_give(name):
    refused(ogive.define, "wrong", "x", **{name: 1.0})


@pytest.mark.parametrize(
    "default", (None, "1", True, 1j, 10**400, float("nan"), (1.0, 2.0), torch.ones(3)), ids=repr
)
def test_a_default_that_is_no_number(default):
    refused(ogive.define, "wrong", "x * a", a=default)


def test_a_number_in_a_tensor_is_one():
    assert (
        ogive.define("scaled", "x * a", replace=True, a=torch.tensor(2.0))(3.0 * torch.ones(1)) == 6
    )


@pytest.mark.parametrize(
    "formula",
    (
        None,
        3,
        "x" * 3000,
        "+".join(["x"] * 900),
        "y" * 500,
        "f" * 500 + "(x)",
        "x + " + "é" * 300,
        lambda x: x > 0,
        lambda x: None,
        lambda x: x if x > 0 else 0,
        lambda x: x + symbol("q"),
        lambda: 1,
    ),
    ids=lambda f: str(f)[:12],
)
def test_what_is_no_formula(formula):
    refused(ogive.define, "wrong", formula)


def test_a_function_may_build_no_larger_formula_than_text_may():
    def long(x):
        return sum(functions.sin(k * x) for k in range(1, 300))

    assert "operations" in refused(ogive.define, "wrong", long)


def test_what_doubles_with_every_step_is_written_with_dots():
    def doubling(x):
        for _ in range(60):
            x = functions.exp(x) * functions.sin(x)
        return x

    bounded = ogive.define("doubling", doubling, replace=True)
    assert "..." in bounded.formula and len(bounded.formula) < 10**5
    assert r"\ldots" in bounded.latex and len(bounded.latex) < 10**6
    assert len(repr(bounded.derivative())) < 10**5
    assert len(bounded.source("torch")) < 10**5


@pytest.mark.parametrize(
    "order", (-1, "a", None, 1.5, 101, 10**6, 10**400), ids=lambda o: str(o)[:8]
)
def test_an_order_that_no_derivative_has(order):
    refused(ogive.get("elu").derivative, order)


def test_a_derivative_of_high_order_is_bounded():
    assert len(repr(ogive.get("mish").derivative(12))) < 10**5
    assert "operations" in refused(ogive.get("rational_a").derivative, 100)
