"""Machine arithmetic: the operations of a processor that approximations are written in.

Compiled languages have no exp or erfc of their own that is fast, vectorised and stated to be
accurate; approximations.py gives them these primitives as straight-line arithmetic in float32 or
float64. The nodes here are built as they stand, never simplified: in rounded arithmetic
``(x + c) - c`` is not x.

A language that uses approximations spells, besides the language's own arithmetic (add, sub, mul,
div, neg, abs, min, max, lt, le, eq, where, sqrt), the operations in OPERATIONS.
"""

from __future__ import annotations

from dataclasses import dataclass

from ogive.expr import Node

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
    """A binary floating-point format."""

    name: str
    digits: int
    largest_exponent: int

    @property
    def smallest_normal(self) -> float:
        return 2.0 ** (2 - self.largest_exponent)


FLOAT32 = Format("float32", 24, 128)
FLOAT64 = Format("float64", 53, 1024)


@dataclass(frozen=True)
class Value:
    """A node with Python's operators, each of which builds exactly the operation it names."""

    node: Node

    def __add__(self, other: Value | float) -> Value:
        return op("add", self, other)

    def __radd__(self, other: float) -> Value:
        return op("add", other, self)

    def __sub__(self, other: Value | float) -> Value:
        return op("sub", self, other)

    def __rsub__(self, other: float) -> Value:
        return op("sub", other, self)

    def __mul__(self, other: Value | float) -> Value:
        return op("mul", self, other)

    def __rmul__(self, other: float) -> Value:
        return op("mul", other, self)

    def __truediv__(self, other: Value | float) -> Value:
        return op("div", self, other)

    def __rtruediv__(self, other: float) -> Value:
        return op("div", other, self)

    def __neg__(self) -> Value:
        return op("neg", self)

    def __abs__(self) -> Value:
        return op("abs", self)

    def __lt__(self, other: Value | float) -> Value:
        return op("lt", self, other)

    def __le__(self, other: Value | float) -> Value:
        return op("le", self, other)

    def __gt__(self, other: Value | float) -> Value:
        return op("lt", other, self)

    def __ge__(self, other: Value | float) -> Value:
        return op("le", other, self)


def op(name: str, *args: Value | float, value: str | None = None) -> Value:
    """The operation on the arguments; numbers become constants."""
    nodes = tuple(a.node if isinstance(a, Value) else Node("const", (), float(a)) for a in args)
    return Value(Node(name, nodes, value))


def fma(a: Value | float, b: Value | float, c: Value | float) -> Value:
    return op("fma", a, b, c)


def where(condition: Value, a: Value | float, b: Value | float) -> Value:
    return op("where", condition, a, b)


def polynomial(x: Value, coefficients: tuple[float, ...]) -> Value:
    """Horner's scheme, lowest coefficient first, in fused multiply-adds."""
    *rest, second, highest = coefficients
    result = fma(highest, x, second)
    for coefficient in reversed(rest):
        result = fma(result, x, coefficient)
    return result
