"""Plans as an operator of torch's: registered, with fake kernels, and seen by dispatch modes."""

import pytest
import torch
from torch.library import opcheck
from torch.utils._python_dispatch import TorchDispatchMode

import ogive
from ogive.engine import Output
from ogive.engine.packed_layout import PackedLayout
from ogive.ops import operator
from ogive.ops.plan import Plan


def plan_of(name, packed=(False,), **numbers):
    program = ogive.get(name).spec.program.bind(numbers)
    halves = PackedLayout(-1, "second", False) if any(packed) else None
    return Plan(program, (Output(torch.float32),), packed, halves)


@pytest.mark.parametrize(
    ("plan", "tensors"),
    [
        (plan_of("mish"), [torch.randn(3, 4)]),
        (plan_of("swiglu", (True,)), [torch.randn(3, 8)]),
        (plan_of("prelu", (False, False)), [torch.randn(2, 3, 4), torch.rand(3, 1)]),
        (plan_of("mish").backward([torch.randn(3)], (0,), (0,)), [torch.ones(3), torch.randn(3)]),
    ],
    ids=["elementwise", "packed", "parameter", "backward"],
)
def test_the_operator_passes_torchs_checks(plan, tensors):
    opcheck(torch.ops.ogive.call.default, (operator.name_of(plan), tensors))


def test_a_dispatch_mode_sees_one_operator():
    class Log(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            seen.append(str(function))
            return function(*args, **(kwargs or {}))

    seen: list[str] = []
    x = torch.randn(3)
    with Log():
        ogive.get("mish")(x)
    assert seen[0] == "ogive.call.default"
