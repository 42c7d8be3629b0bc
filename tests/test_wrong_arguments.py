"""A wrong argument of a public function is answered in one of ogive's own sentences, at once."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pandas
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import ogive
from ogive import study
from ogive.errors import LONGEST_MESSAGE, FormulaError, OgiveError

X = torch.linspace(-2, 2, 12).reshape(3, 4)
ROWS = torch.linspace(0, 1, 24).reshape(12, 2)
TABLE = pandas.DataFrame({"x": range(12), "y": [0, 1] * 6})
GELU, ELU, SWIGLU, SOFTMAX = map(ogive.get, ("gelu", "elu", "swiglu", "softmax"))


class Unshowable:
    """What raises when it is to be shown."""

    def __repr__(self) -> str:
        raise ValueError("no")


HARD = [
    *(None, True, 0, -1, 1.5, math.nan, math.inf, 1j, 10**400, "", "gelu", "a" * 10_000, b"x"),
    *([], [1.0], (), {}, {"a": 1}, {1, 2}, range(3), object(), print, ogive),
    *(torch.ones(2), torch.tensor(1), torch.tensor(1j), nn.Linear, nn.Linear(2, 2), GELU),
    *(torch.ones(2, 2), np.ones((2, 2)), np.array(["a", "b"]), np.float32(2.5), Fraction(1, 3)),
    *(10**5000, Unshowable(), torch.eye(2).to_sparse(), torch.ones(2, 2, device="meta")),
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
    "swap(old)": lambda w: ogive.swap(model(), w, "gelu"),
    "swap(where=)": lambda w: ogive.swap(model(), "relu", "gelu", where=w),
    "swap(rescale=)": lambda w: ogive.swap(model(), "relu", "gelu", rescale=w),
    "init_(model)": lambda w: ogive.init_(w, X),
    "init_(generator=)": lambda w: ogive.init_(w, generator=w),
    "engine": lambda w: ogive.engine(w).__exit__(),
    "gain(param)": lambda w: ogive.gain("leaky_relu", w if not isinstance(w, float) else "no"),
    "gain(unknown=)": lambda w: ogive.gain("elu", beta=w),
    "propagate(sigma_w)": lambda w: ogive.propagate("tanh", 0, w),
    "quantized": ogive.quantized,
    "quantized(dtype)": lambda w: ogive.quantized("gelu", w),
    "quantized(scale=)": lambda w: ogive.quantized("gelu", scale=w),
    "a quantised call": ogive.quantized("gelu"),
    "dequantize(dtype)": ogive.quantized("relu")(X).dequantize,
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
    "certificate(normal=)": lambda w: ogive.get("relu").certificate(normal=w),
    "certificate(unknown=)": lambda w: GELU.certificate(unknown=w),
    "plot": lambda w: GELU.plot(w if w is not None else 0),
    "k_wta(k)": lambda w: ogive.get("k_wta")(X, k=w),
    "gumbel_softmax(hard=)": lambda w: ogive.get("gumbel_softmax")(X, hard=w),
    "a module of channels": ogive.nn.PReLU(4),
    "nn.PReLU(device=)": lambda w: ogive.nn.PReLU(device=w),
    "nn.PReLU(dtype=)": lambda w: ogive.nn.PReLU(dtype=w),
    "nn.GatedMLP(bias=)": lambda w: ogive.nn.GatedMLP(8, 8, bias=w),
    "nn.ELU": ogive.nn.ELU,
    "nn.ELU(learnable=)": lambda w: ogive.nn.ELU(learnable=w),
    "nn.GELU(approximate=)": lambda w: ogive.nn.GELU(approximate=w),
    "nn.PReLU": lambda w: ogive.nn.PReLU(w if not isinstance(w, int) or w < 10 else -1),
    "nn.Softmax": ogive.nn.Softmax,
    "nn.SwiGLU": ogive.nn.SwiGLU,
    "nn.GatedMLP": lambda w: ogive.nn.GatedMLP(w if not isinstance(w, int) or w < 10 else -1, 8),
    "nn.GatedMLP(act)": lambda w: ogive.nn.GatedMLP(8, 8, w),
    "study.look_schedule": study.look_schedule,
    "study.detectable(deviation)": lambda w: study.detectable(w, 20),
    "study.detectable(looks=)": lambda w: study.detectable(0.1, 20, looks=w),
    "study.seeds_needed(mean)": lambda w: study.seeds_needed(w, 0.0, 0.1),
    "study.seeds_needed(spent=)": lambda w: study.seeds_needed(0.1, 0.0, 0.1, spent=w),
    "study.t_interval": study.t_interval,
    "study.t_interval(level)": lambda w: study.t_interval([1.0, 2.0], w),
    "study.pooled_deviation": study.pooled_deviation,
    "study.ranks(scores)": lambda w: study.ranks({"relu": w, "gelu": [1.0, 2.0]}),
    "study.compare(metric=)": lambda w: study.compare({"relu": [0.1], "elu": [0.2]}, metric=w),
    "study.compare(looks=)": lambda w: study.compare({"relu": [0.1], "elu": [0.2]}, looks=w),
    "study.array_task(y)": lambda w: study.array_task(X, w),
    "study.array_task(name=)": lambda w: study.array_task(ROWS, ROWS[:, 0], name=w),
    "study.array_task(target_type=)": lambda w: study.array_task(X, X[:, 0], target_type=w),
    "study.table_task(data)": lambda w: study.table_task(w, "y"),
    "study.table_task(drop=)": lambda w: study.table_task(TABLE, "y", drop=w),
    "study.table_task(target)": lambda w: study.table_task(TABLE, w),
}


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=40, derandomize=True)
@given(wrong=ANYTHING)
def test_it_is_answered_in_a_sentence(call: str, wrong: object) -> None:
    try:
        CALLS[call](wrong)
    except OgiveError as error:
        assert 0 < len(str(error)) <= LONGEST_MESSAGE
        assert "\n" not in str(error) or isinstance(error, FormulaError)


@pytest.mark.parametrize("call", CALLS)
def test_what_people_mix_up_is_answered_in_a_sentence(call: str) -> None:
    for wrong in HARD:
        test_it_is_answered_in_a_sentence.hypothesis.inner_test(call, wrong)


@pytest.mark.parametrize("option", ["kind", "family"])
def test_an_unknown_value_of_a_filter_is_no_empty_result(option: str) -> None:
    with pytest.raises(OgiveError, match=option):
        ogive.names(**{option: "elementwize"})
