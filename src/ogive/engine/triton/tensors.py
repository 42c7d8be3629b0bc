"""The tensors that a kernel reads and writes, as its text sees them."""

from __future__ import annotations

from dataclasses import dataclass

from ogive.engine import bit_packing, philox

#: Bits of a code, by dtype; see bit_packing.py.
CODED = {f"code{bits}": bits for bits in bit_packing.BITS}
#: Noise is written like a tensor whose elements count; see philox.py.
NOISE = frozenset(philox.PER_TURN)
#: How the first of two operands goes that lie in turns in one tensor, and the second.
TURNS, OTHER = ("even", "odd"), "other"
#: The functions of a program: of its numbers, and of what becomes codes. They are apart, so that a
#: number is the same with codes beside it and without.
NUMBER_PART, CODED_PART = "program", "codes"
#: Bytes of an element.
BYTES = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2}


@dataclass(frozen=True)
class Accessed:
    """A tensor that a kernel reads or writes.

    Attributes:
        role: ``in``, ``out``, or ``sum``: added up by each program for itself.
        along: how it goes along a row: ``each`` element beside the last, ``one`` for all of them,
            a ``step`` apart, or the ``even`` or the ``odd`` ones of a tensor of which the next
            operand has the ``other`` ones.
        rows: whether it moves from row to row.
    """

    dtype: str
    role: str = "in"
    along: str = "each"
    rows: bool = True
