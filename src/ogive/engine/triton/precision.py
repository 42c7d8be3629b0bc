"""Which arithmetic a kernel uses."""

from __future__ import annotations

from collections.abc import Sequence

from ogive.engine.triton.tensors import Accessed
from ogive.expr import Program
from ogive.printers.machine import FLOAT32, FLOAT64, Format
from ogive.printers.triton import PRECISE, QUICK, SHORT


def triton_arithmetic(program: Program, operands: Sequence[Accessed]) -> tuple[Format, str]:
    """The format in which the program is computed, and the forms of its functions."""
    if any(o.dtype == "float64" for o in operands):
        return FLOAT64, PRECISE
    if program.needs_float64:
        return FLOAT64, SHORT
    written = [o.dtype for o in operands if o.role == "out"]
    return FLOAT32, QUICK if "float32" not in written and written else PRECISE
