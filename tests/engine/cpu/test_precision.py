"""The arithmetic that is measured to be good enough for float32 and 16-bit data."""

import pytest
import torch

import ogive
from ogive.engine.cpu import compiler
from ogive.engine.cpu.operands import Operand
from ogive.engine.cpu.precision import CANDIDATES, _outputs, _probe, arithmetic
from ogive.engine.trial import last_place, trial_inputs
from ogive.ops.arguments import check_parameters
from ogive.ops.parameters import bound
from ogive.printers.llvm import NEAR, Arithmetic
from ogive.printers.machine import FLOAT32, FLOAT64


def chosen(name, dtype="float32"):
    """The arithmetic for the entry at its defaults."""
    spec = ogive.get(name).spec
    program = bound(spec.program, check_parameters(spec, {}))
    return arithmetic(program, (Operand(dtype), Operand(dtype, "out")))


@pytest.mark.parametrize("name", ["relu", "elu", "tanh", "softsign", "tanhshrink"])
def test_float32_serves_the_whole_line(name):
    assert chosen(name) == Arithmetic(FLOAT32)


@pytest.mark.parametrize("name", ["mish", "silu", "softplus"])
def test_float32_serves_up_to_where_a_square_of_exponentials_would_overflow(name):
    assert chosen(name) == Arithmetic(FLOAT32, NEAR, "near")


def test_a_form_with_fewer_roundings_serves_where_the_usual_one_does_not():
    assert chosen("tanhexp") == Arithmetic(FLOAT32, NEAR, "close")


@pytest.mark.parametrize("name", ["smish", "phish", "serf", "laplace", "softcap"])
def test_float64_has_the_digits_that_float32_needs(name):
    assert chosen(name) == Arithmetic(FLOAT64, forms="short")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_what_cancels_at_ordinary_numbers_is_computed_in_float64(dtype):
    assert chosen("rational_a", dtype) == Arithmetic(FLOAT64)


def test_float64_is_computed_in_float64():
    assert chosen("tanhexp", "float64") == Arithmetic(FLOAT64)


def test_an_error_is_counted_in_the_spacing_of_what_is_stored():
    x = torch.tensor([1.0, 1.5, -2.0, 3e38, 1e-38, 1e-40])
    spacing = torch.nextafter(x.abs(), torch.tensor(torch.inf)) - x.abs()
    assert torch.equal(last_place(x.double(), "float32"), spacing.double())
    assert last_place(torch.zeros(1, dtype=torch.float64), "float32") == 2.0**-24


@pytest.mark.parametrize("name", ["mish", "tanhexp", "serf", "snake", "pau"])
def test_what_is_compiled_for_one_run_gives_the_bits_of_a_kernel(name):
    program = ogive.get(name).spec.program
    inputs = trial_inputs(program, "float32")
    for candidate in (*(c for c in CANDIDATES if c.differs(program)), Arithmetic(FLOAT64)):
        dtype = torch.float64 if candidate == Arithmetic(FLOAT64) else torch.float32
        once = _probe(program, candidate, str(dtype).removeprefix("torch."))
        kept = once.replace(compiler.ONCE, compiler.STRAIGHT, 1)
        assert once != kept
        hasty, careful = (_outputs(program, text, dtype, inputs) for text in (once, kept))
        assert [t.numpy().tobytes() for t in hasty] == [t.numpy().tobytes() for t in careful]


def test_data_alone_is_tried_once_at_each_number():
    (x,) = trial_inputs(ogive.get("mish").spec.program, "float16")
    assert len(x) == 2**16
