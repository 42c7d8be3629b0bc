"""On a device without kernels a function that torch has is torch's operator, and no more."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

import ogive
from dispatched import Dispatched
from ogive.ops.native import SAME_FUNCTION

DTYPES = (torch.float32, torch.bfloat16)
SAVES = ("input", "exact", "lean")
#: What torch has as one operator, or as a few, besides the table's.
OTHERS: dict[str, Callable[[Tensor], Tensor]] = {
    "glu": F.glu,
    "softmax": lambda x: F.softmax(x, -1),
    "softmin": lambda x: F.softmin(x, -1),
    "log_softmax": lambda x: F.log_softmax(x, -1),
    "prelu": lambda x: F.prelu(x, torch.full((1,), 0.25, device=x.device, dtype=x.dtype)),
}


def operators(compute: Callable[[Tensor], Tensor], dtype: torch.dtype) -> list[str]:
    """What runs forward and backward."""
    x = torch.empty(4, 6, device="meta", dtype=dtype, requires_grad=True)
    with Dispatched() as seen:
        y = compute(x)
        y.backward(torch.empty_like(y))
    return seen.operators


def ours(name: str, save: str) -> Callable[[Tensor], Tensor]:
    function = ogive.get(name)
    if name == "prelu":
        return lambda x: function(x, torch.full((1,), 0.25, device=x.device, dtype=x.dtype))
    return function if save == "input" else lambda x: function(x, save=save)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SAME_FUNCTION)
def test_a_function_of_numbers_is_one_operator(name: str, dtype: torch.dtype) -> None:
    function = ogive.get(name)
    numbers = [parameter.default for parameter in function.spec.parameters]
    wanted = operators(lambda x: SAME_FUNCTION[name](x, *numbers), dtype)
    for save in SAVES if function.kind == "elementwise" else ("input",):
        assert operators(ours(name, save), dtype) == wanted


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OTHERS)
def test_others_take_as_many_as_torch(name: str, dtype: torch.dtype) -> None:
    assert operators(ours(name, "input"), dtype) == operators(OTHERS[name], dtype)


WRITTEN = {
    "glu": torch.sigmoid,
    "reglu": torch.relu,
    "geglu": F.gelu,
    "geglu_tanh": partial(F.gelu, approximate="tanh"),
    "swiglu": F.silu,
    "seglu": F.selu,
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_gated_unit_is_what_one_writes_with_torchs_operators(name: str) -> None:
    function, opened = ogive.get(name), WRITTEN[name]

    def written(x: torch.Tensor) -> torch.Tensor:
        gate, value = x.chunk(2, -1)
        return value * opened(gate)

    for dtype in (torch.float32, torch.bfloat16):
        mine = operators(partial(function, gate="first"), dtype)
        assert len(mine) <= len(operators(written, dtype)), mine
        mine = operators(lambda x: function(x, x), dtype)
        assert len(mine) <= len(operators(lambda x: x * opened(x), dtype)), mine


def test_the_eager_engine_takes_the_formula_anywhere() -> None:
    with ogive.engine("eager"):
        assert "aten.gelu.default" not in operators(ogive.get("gelu"), torch.float32)


def test_modes_by_name_are_had_anywhere() -> None:
    kept = []
    x = torch.empty(64, device="meta", requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        ogive.get("leaky_relu")(x, save="mask")
    assert {t.dtype for t in kept if t.numel()} == {torch.uint8}


@pytest.mark.parametrize("name", ["elu", "celu", "leaky_relu", "hardshrink", "softplus"])
def test_a_number_of_many_digits_does_not_go_to_the_device(name: str) -> None:
    number = 1.123456789  # an argument of a kernel, not part of it
    function, (parameter, *_) = ogive.get(name), ogive.get(name).spec.parameters
    mine = operators(lambda x: function(x, **{parameter.name: number}), torch.float32)
    assert mine == operators(lambda x: SAME_FUNCTION[name](x, number), torch.float32)


def test_a_formula_with_such_a_number_is_computed_there() -> None:
    x = torch.empty(4, device="meta", requires_grad=True)
    y = ogive.get("snake")(x, alpha=1.123456789)
    y.backward(torch.empty_like(y))
    assert y.is_meta and x.grad is not None and x.grad.is_meta


def test_on_a_device_type_of_somebody_elses() -> None:
    """PrivateUse1: torch's dispatcher itself says what reaches the device."""
    path = Path(__file__).parents[1] / "counted_device.py"
    run = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    told = json.loads(run.stdout.splitlines()[-1])
    assert "aten.tanh_backward.grad_input" in told["tanh"]  # the device does count
    assert told["functions"] == {}
    assert told["models"] == {}
