"""What is worked out once for tensors of some shapes serves every tensor of those shapes."""

import gc
import weakref
from dataclasses import replace

import pytest
import torch

import ogive
from ogive.engine import Call, Output, compute
from ogive.engine.cpu.threads import limited_to
from ogive.engine.packed_layout import PackedLayout
from ogive.ops import operator
from ogive.ops.plan import Plan

SWIGLU = ogive.get("swiglu").spec.program
MISH = ogive.get("mish").spec.program
PRELU = ogive.get("prelu").spec.program


def call(program, *dtypes, packed=None, layout=None):
    packed = packed or (False,) * len(program.inputs)
    return Plan(program, tuple(map(Output, dtypes)), packed, layout)


def prepared(plan):
    """How many launches a plan has."""
    return len(plan.dispatch._table)


def test_the_second_call_finds_the_launch_of_the_first():
    wanted = call(MISH, torch.float32)
    for _ in range(3):
        x = torch.randn(3, 5)
        torch.testing.assert_close(operator.run_plan(wanted, [x])[0], torch.nn.functional.mish(x))
    assert prepared(wanted) == 1


def test_other_shapes_strides_and_dtypes_are_other_launches():
    x, wanted = torch.randn(6, 4), call(MISH, torch.float32)
    operator.run_plan(wanted, [x])
    operator.run_plan(wanted, [x.t()])
    operator.run_plan(wanted, [x[:, ::2]])
    operator.run_plan(wanted, [x.double()])
    operator.run_plan(wanted, [x.t().contiguous()])  # contiguous like the first
    assert prepared(wanted) == 4


def test_a_launch_serves_any_number_of_threads():
    backward = Plan(
        PRELU.vjp((0, 1)), (Output(torch.float32), Output(torch.float32, (1,))), (False,) * 3
    )
    g, x, a = torch.ones(50_000), torch.linspace(-1, 1, 50_000), torch.tensor([0.25])
    before, found = torch.get_num_threads(), []
    for threads in (1, 3, 2):
        torch.set_num_threads(threads)
        found.append(operator.run_plan(backward, [g, x, a]))
    torch.set_num_threads(before)
    assert prepared(backward) == 1
    for slope, total in found:
        assert torch.equal(slope, found[0][0])
        torch.testing.assert_close(total, x.clamp(max=0).sum().reshape(1))


def test_a_default_device_elsewhere_makes_no_difference():
    x = torch.randn(4, 6, requires_grad=True)
    w = torch.tensor([0.25], requires_grad=True)
    with torch.device("meta"):
        y = ogive.get("swiglu")(x.t()) + ogive.get("prelu")(x.t()[:, :2], weight=w)
        gradients = torch.autograd.grad(y, (x, w), torch.ones(6, 2, device="cpu"))
    assert {t.device.type for t in (y, *gradients)} == {"cpu"}


def test_where_a_tensor_begins_makes_no_difference():
    wanted = call(SWIGLU, torch.float32, packed=(True,), layout=PackedLayout(-1, "second", False))
    long = torch.randn(7, 8)
    for start in range(4):
        x = long[start : start + 4]
        value, gate = x.chunk(2, -1)
        (got,) = operator.run_plan(wanted, [x])
        torch.testing.assert_close(got, value * torch.nn.functional.silu(gate))
    assert prepared(wanted) == 1


def test_a_launch_keeps_no_tensor():
    x = torch.randn(1000)
    (y,) = operator.run_plan(call(MISH, torch.float32), [x])
    gone = [weakref.ref(t) for t in (x, y)]
    del x, y
    gc.collect()
    assert [r() for r in gone] == [None, None]


def test_a_sum_begins_at_zero_every_time():
    backward = PRELU.vjp((0, 1))
    wanted = Plan(
        backward,
        (Output(torch.float32), Output(torch.float32, (1,))),
        (False,) * 3,
    )
    g, x, a = torch.ones(50), torch.linspace(-1, 1, 50), torch.tensor([0.25])
    first = operator.run_plan(wanted, [g, x, a])
    again = operator.run_plan(wanted, [g, x, a])
    assert torch.equal(first[1], again[1])
    torch.testing.assert_close(first[1], x.clamp(max=0).sum().reshape(1))


@pytest.mark.parametrize("engine", ["cpu", "eager"])
@pytest.mark.parametrize("shape", [(3, 1), (1, 20_000)], ids=["rows", "columns"])
def test_stacked_sums_are_the_rows_of_one_tensor(engine, shape):
    program, a = PRELU.vjp((0, 1)), torch.tensor([0.25])
    g, x = torch.randn(2, 3, 20_000, generator=torch.Generator().manual_seed(0)).unbind()
    sums = Call(program, (Output(torch.float64, shape),) * 2, (False,) * 3, stacked=True)
    with ogive.engine(engine), limited_to(3):
        (found,) = compute(sums, (g, x, a))
        apart = compute(replace(sums, stacked=False), (g, x, a))
    assert found.shape == (2, *shape)
    torch.testing.assert_close(found, torch.stack(apart))
