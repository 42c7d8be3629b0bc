"""A wrong argument of a public function is answered in one of ogive's own sentences, at once."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import ogive
from ogive.errors import LONGEST_MESSAGE, OgiveError

X = torch.linspace(-2, 2, 12).reshape(3, 4)
GELU, ELU, SWIGLU, SOFTMAX = map(ogive.get, ("gelu", "elu", "swiglu", "softmax"))
HARD = [
    *(None, True, 0, -1, 1.5, math.nan, math.inf, 1j, 10**400, "", "gelu", "a" * 10_000, b"x"),
    *([], [1.0], (), {}, {"a": 1}, {1, 2}, range(3), object(), print, ogive),
    *(torch.ones(2), torch.tensor(1), torch.tensor(1j), nn.Linear, nn.Linear(2, 2), GELU),
]
#: Anything at all: what people mix up, and what nobody would think of.
ANYTHING = st.one_of(
    st.sampled_from(HARD),
    *(st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=5), st.booleans()),
    st.lists(st.one_of(st.integers(), st.text(max_size=3)), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def model() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))


CALLS: dict[str, Callable[[Any], object]] = {
    "get": ogive.get,
    "names(kind=)": lambda w: ogive.names(kind=w),
    "names(family=)": lambda w: ogive.names(family=w),
    "search": ogive.search,
    "define(name)": lambda w: ogive.define(w, "x", replace=True),
    "define(formula)": lambda w: ogive.define("wrong", w, replace=True),
    "define(parameter)": lambda w: ogive.define("wrong", "q * x", replace=True, q=w),
    "define(replace=)": lambda w: ogive.define("wrong", "x", replace=w),
    "accelerate": ogive.accelerate,
    "accelerate(save=)": lambda w: ogive.accelerate(model(), save=w),
    "accelerate(engine=)": lambda w: ogive.accelerate(model(), engine=w),
    "restore": ogive.restore,
    "intercept(save=)": lambda w: ogive.intercept(save=w),
    "intercept(engine=)": lambda w: ogive.intercept(engine=w),
    "swap(model)": lambda w: ogive.swap(w, "relu", "gelu"),
    "init_(model)": lambda w: ogive.init_(w, X),
    "a call": GELU,
    "a call(parameter)": lambda w: ELU(X, w),
    "a call(alpha=)": lambda w: ELU(X, alpha=w),
    "a call(inplace=)": lambda w: GELU(X.clone(), inplace=w),
    "a call(save=)": lambda w: GELU(X.clone().requires_grad_(), save=w),
    "a call(approximate=)": lambda w: GELU(X, approximate=w),
    "a call(unknown=)": lambda w: GELU(X, unknown=w),
    "a gated call(dim=)": lambda w: SWIGLU(X, dim=w),
    "a gated call(gate=)": lambda w: SWIGLU(X, gate=w),
    "a gated call(second)": lambda w: SWIGLU(X, w),
    "a rowwise call(dim=)": lambda w: SOFTMAX(X, dim=w),
    "a rowwise call(dtype=)": lambda w: SOFTMAX(X, dtype=w),
    "derivative(order)": lambda w: GELU.derivative(w if not isinstance(w, int) or w < 3 else -1),
    "derivative(variable=)": lambda w: ELU.derivative(variable=w),
    "source": GELU.source,
    "mode": GELU.mode,
    "mode(dtype)": lambda w: GELU.mode("lean", w),
    "saving(alpha=)": lambda w: ELU.saving(alpha=w if not isinstance(w, float) else "no"),
    "nn.ELU": ogive.nn.ELU,
    "nn.ELU(learnable=)": lambda w: ogive.nn.ELU(learnable=w),
    "nn.GELU(approximate=)": lambda w: ogive.nn.GELU(approximate=w),
    "nn.PReLU": lambda w: ogive.nn.PReLU(w if not isinstance(w, int) or w < 10 else -1),
    "nn.Softmax": ogive.nn.Softmax,
    "nn.SwiGLU": ogive.nn.SwiGLU,
    "nn.GatedMLP": lambda w: ogive.nn.GatedMLP(w if not isinstance(w, int) or w < 10 else -1, 8),
    "nn.GatedMLP(act)": lambda w: ogive.nn.GatedMLP(8, 8, w),
}


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=40, derandomize=True)
@given(wrong=ANYTHING)
def test_it_is_answered_in_a_sentence(call: str, wrong: object) -> None:
    try:
        CALLS[call](wrong)
    except OgiveError as error:
        assert 0 < len(str(error)) <= LONGEST_MESSAGE


@pytest.mark.parametrize("call", CALLS)
def test_what_people_mix_up_is_answered_in_a_sentence(call: str) -> None:
    for wrong in HARD:
        test_it_is_answered_in_a_sentence.hypothesis.inner_test(call, wrong)


@pytest.mark.parametrize("option", ["kind", "family"])
def test_an_unknown_value_of_a_filter_is_no_empty_result(option: str) -> None:
    with pytest.raises(OgiveError, match=option):
        ogive.names(**{option: "elementwize"})
