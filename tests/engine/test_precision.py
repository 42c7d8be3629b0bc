"""The arithmetic that is measured to be good enough for float32 and 16-bit data."""

import math

import pytest

import ogive
from ogive.engine.loops import Operand
from ogive.engine.precision import arithmetic
from ogive.ops.arguments import check_parameters
from ogive.ops.kinds import bound
from ogive.printers.llvm import NEAR
from ogive.printers.machine import FLOAT32, FLOAT64


def chosen(name, dtype="float32"):
    """For the entry at its defaults: the format, and up to which size of the data."""
    spec = ogive.get(name).spec
    program = bound(spec.program, check_parameters(spec, {}))
    found = arithmetic(program, (Operand(dtype), Operand(dtype, "out")))
    return found.format, found.within


@pytest.mark.parametrize("name", ["relu", "elu", "tanh", "softsign", "tanhshrink"])
def test_float32_serves_the_whole_line(name):
    assert chosen(name) == (FLOAT32, math.inf)


@pytest.mark.parametrize("name", ["mish", "silu", "softplus"])
def test_float32_serves_up_to_where_a_square_of_exponentials_would_overflow(name):
    assert chosen(name) == (FLOAT32, NEAR)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_what_cancels_at_ordinary_numbers_is_computed_in_float64(dtype):
    assert chosen("rational_a", dtype)[0] == FLOAT64


def test_float64_is_computed_in_float64():
    assert chosen("relu", "float64") == (FLOAT64, math.inf)
