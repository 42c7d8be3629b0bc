"""Which arithmetic programs get, what the rehearsal of a text is worth, and what is predicted."""

import pytest
import torch

import ogive
from ogive.engine import compiled
from ogive.engine.triton import launch, rehearsal
from ogive.engine.triton.ahead import derived
from ogive.engine.triton.precision import TritonArithmetic, triton_arithmetic
from ogive.engine.triton.roofline import DATA_SHEETS, instructions, predicted
from ogive.engine.triton.tensors import Accessed
from ogive.printers.machine import FLOAT32, FLOAT64
from ogive.printers.triton import PRECISE, QUICK, SHORT, TritonPrinter


def chosen(name, dtype, order=0):
    program = derived(ogive.get(name).spec, {}, order)
    operands = [Accessed(dtype) for _ in program.inputs]
    return triton_arithmetic(
        program, [*operands, *(Accessed(dtype, "out") for _ in program.outputs)]
    )


@pytest.mark.parametrize("name", ["relu", "silu", "mish", "gelu", "elu", "swiglu", "geglu"])
def test_float32_serves_where_gpus_have_little_else(name):
    for order in (0, 1):
        assert chosen(name, "float32", order).format is FLOAT32
        assert chosen(name, "bfloat16", order) == TritonArithmetic(FLOAT32, QUICK)


def test_float64_serves_where_a_formula_cancels():
    assert chosen("snake", "float32") == TritonArithmetic(FLOAT64, SHORT)
    assert chosen("silu", "float64") == TritonArithmetic(FLOAT64, PRECISE)


def test_a_gradient_is_tried_for_what_it_is_given():
    """Near 1 the slope of rational_a is 1, of terms that cancel: with gradients of up to 8 among
    the numbers that are tried, 5 eps of it would be less than one of the largest result."""
    assert chosen("rational_a", "float32", order=1).format is FLOAT64
    program = derived(ogive.get("rational_a").spec, {}, 1)
    x = torch.linspace(0.5, 4, 20_001)
    inputs = [torch.ones_like(x) if name == "g0" else x for name in program.inputs]
    wide = TritonPrinter(FLOAT64, PRECISE).functions(program, "program")
    (exact,) = rehearsal.rehearsed(wide, inputs, torch.float64)
    (got,) = rehearsal.rehearsed(
        TritonPrinter(*chosen("rational_a", "float32", 1)).functions(program, "program"),
        inputs,
        torch.float64,
    )
    assert ((got.float() - exact).abs() <= 4 * 2.0**-23 * exact.max()).all()


@pytest.mark.usefixtures("interpreted")
@pytest.mark.parametrize("name", ["mish", "gelu", "swiglu", "snake", "softplus"])
def test_the_rehearsal_is_what_the_interpreter_computes(name):
    program = derived(ogive.get(name).spec, {}, 0)
    x = torch.cat([torch.linspace(-30, 30, 501), torch.tensor([1e30, -1e30, torch.inf])])
    inputs = [x + k for k in range(len(program.inputs))]
    operands = [*(Accessed("float32") for _ in inputs), Accessed("float32", "out")]
    arithmetic = triton_arithmetic(program, operands)
    text = TritonPrinter(*arithmetic).functions(program, "program")
    dtype = torch.float64 if arithmetic.format is FLOAT64 else torch.float32
    (rehearsed,) = rehearsal.rehearsed(text, inputs, dtype)
    got = launch.pointwise_launch(program, inputs)(*inputs)
    same = (got == rehearsed.float()) | got.isnan() & rehearsed.isnan()
    assert same.double().mean() > 0.99  # but for products and sums that lie between two numbers
    torch.testing.assert_close(got, rehearsed.float(), rtol=2e-7, atol=0, equal_nan=True)


def test_a_wrong_coefficient_is_noticed():
    program = derived(ogive.get("elu").spec, {}, 0)
    x = torch.linspace(-5, 5, 101)
    text = TritonPrinter(FLOAT32, QUICK).functions(program, "program")
    assert "0.16666666666666666" in text
    right, wrong = (
        rehearsal.rehearsed(t, [x], torch.float32)[0]
        for t in (text, text.replace("0.1666", "0.1766"))
    )
    assert not torch.allclose(right, wrong, rtol=1e-5)


def test_instructions_are_counted_by_unit():
    counts = instructions(compiled("silu"))
    assert counts["special"] >= 2  # an exponential and a reciprocal
    assert counts["fp64"] == 0
    assert counts["issue"] > counts["fp32"] + counts["integer"]
    bounds = [predicted(counts, 4, sheet) for sheet in DATA_SHEETS]
    assert {b.unit for b in bounds[:2]} == {"memory"}
    assert bounds[1].share > bounds[0].share  # an H200 has more bandwidth for the same processors


def test_the_page_of_predictions_is_marked_as_such():
    from pathlib import Path

    page = Path(__file__).parents[3].joinpath("docs", "gpu.md").read_text(encoding="utf-8")
    assert "predicted" in page
    assert "| silu | bfloat16 | forward |" in page
