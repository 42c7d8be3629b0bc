"""Machine arithmetic: the operations of a processor that approximations are written in.

Compiled languages have no exp or erfc of their own that is fast, vectorised and stated to be
accurate; ``approximations`` gives them these primitives as straight-line arithmetic in float32 or
float64. The nodes here are built as they stand, never simplified: in rounded arithmetic
``(x + c) - c`` is not x.

A language that uses approximations spells, besides the language's own arithmetic (add, sub, mul,
div, neg, abs, min, max, lt, le, eq, where, sqrt), the operations in OPERATIONS.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from ogive.expr import Node
from ogive.expr.operators import Operators

#: Operation -> what it computes; operands and result have one format, but for the last two.
#: Outside the ranges named here a result may be anything, but nothing traps; arithmetic with a NaN
#: gives NaN, and so does ldexp of one, whatever n is.
OPERATIONS: dict[str, str] = {
    "fma": "a * b + c, rounded once",
    "round": "the nearest whole number, ties to even, for |a| < 2**22 (float32), 2**51 (float64)",
    "ldexp": "a * 2**n for a normal a and a whole n from -300 to 300 (float32), -2200 to 2200 "
    "(float64): overflows to infinity, underflows gradually, rounded once",
    "exp2": "2**a for a whole a where that is a normal number, 0 one below the last such a",
    "exponent": "floor(log2(a)) as a float, for a positive normal a; one below the least of these "
    "for a smaller a, one above the largest for infinity",
    "alternate": "a, or -a for an odd b; b is whole and as small as round's argument",
    "copysign": "the size of a with the sign of b",
    "over": "a / b for a b from 2**-100 to 2**100, to two units of the last place; on GPUs only",
    "entry": "one of the eight numbers b to i, which the last three bits of a name, for a whole a "
    "from 2**23 to 2**24; float32 only",
    "rarely": "b where the condition a holds, else c; b is only evaluated if some element needs it",
    "libm": "the C library's function, element by element: slow, float64 only; the node's value "
    "is its name",
    "widen": "float32 as float64",
    "narrow": "float64 rounded to float32",
}


@dataclass(frozen=True)
class Format:
    """A binary floating-point format; every number is below 2**largest_exponent."""

    name: str
    bits: int
    digits: int
    largest_exponent: int

    @property
    def epsilon(self) -> float:
        return 2.0 ** (1 - self.digits)

    @property
    def smallest_normal(self) -> float:
        return 2.0 ** (2 - self.largest_exponent)

    @property
    def smallest(self) -> float:
        return self.smallest_normal * self.epsilon

    @property
    def largest(self) -> float:
        return (2.0 - self.epsilon) * 2.0 ** (self.largest_exponent - 1)


FLOAT64 = Format("float64", 64, 53, 1024)
FLOAT32 = Format("float32", 32, 24, 128)
BFLOAT16 = Format("bfloat16", 16, 8, 128)
FLOAT16 = Format("float16", 16, 11, 16)
FORMATS = {format.name: format for format in (FLOAT64, FLOAT32, BFLOAT16, FLOAT16)}
#: By format the relative and the absolute size of the last place.
FLOATS = {name: (format.epsilon, format.smallest) for name, format in FORMATS.items()}


def round32(value: float) -> float:
    """The float32 nearest to a number."""
    if math.isinf(value) or abs(value) >= 3.4028235677973366e38:
        return math.copysign(math.inf, value)
    rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return rounded


@dataclass(frozen=True)
class Value(Operators):
    """A node whose operators build exactly the operations they name."""

    node: Node

    @classmethod
    def _of(cls, name: str, *args: Value | float) -> Value:
        return op(name, *args)


def op(name: str, *args: Value | float, value: str | None = None) -> Value:
    """The operation on the arguments; numbers become constants."""
    nodes = tuple(a.node if isinstance(a, Value) else Node("const", (), float(a)) for a in args)
    return Value(Node(name, nodes, value))


def fma(a: Value | float, b: Value | float, c: Value | float) -> Value:
    return op("fma", a, b, c)


def where(condition: Value, a: Value | float, b: Value | float) -> Value:
    return op("where", condition, a, b)


def horner(x: Value, coefficients: Sequence[Value | float]) -> Value:
    """The polynomial of these coefficients, lowest first, in fused multiply-adds."""
    *rest, second, highest = coefficients
    result = fma(highest, x, second)
    for coefficient in reversed(rest):
        result = fma(result, x, coefficient)
    return result
