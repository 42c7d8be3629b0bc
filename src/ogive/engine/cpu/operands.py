"""The tensors that a kernel reads and writes: how they lie in memory, and how they are rounded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ogive.engine import bit_packing
from ogive.expr import Node, Program
from ogive.expr.node import constant_value
from ogive.printers.llvm import Register, Type
from ogive.printers.llvm.conversions import ROUNDED, STORED, TRUNCATED, in_memory

#: Bytes of an element.
SIZE = {dtype: Type(element).bits // 8 for dtype, element in STORED.items()}
#: Bits of a code, by dtype; see bit_packing.py.
CODES = {f"code{bits}": bits for bits in bit_packing.BITS}


@dataclass(frozen=True)
class Operand:
    """A tensor that a kernel reads or writes.

    Attributes:
        role: ``in``, ``out``, or ``sum``: added up in float64, in a place of each thread's own.
        access: ``each`` element beside the last, ``one`` for all of them, or ``stride``.
    """

    dtype: str
    role: str = "in"
    access: str = "each"

    @property
    def size(self) -> int:
        """Bytes of what is moved at once in memory: an element, or a byte of codes."""
        return 8 if self.role == "sum" else SIZE.get(self.dtype, 1)

    def vector(self, lanes: int) -> Type:
        """So many elements in memory."""
        return Type("double", lanes) if self.role == "sum" else in_memory(self.dtype, lanes)

    def offset(self, elements: Register) -> Register:
        """How many bytes so many elements take, if they lie side by side."""
        bits = CODES.get(self.dtype)
        return (elements * bits) >> 3 if bits else elements * self.size


def rounding(program: Program, operands: Sequence[Operand]) -> dict[int, str]:
    """How the results of a program on bfloat16 alone are rounded. A NaN is an input's then, or one
    that arithmetic made, and both have their mark in the upper half."""
    first = len(program.inputs)
    if any(o.dtype not in ("bfloat16", *CODES) for o in operands[:first]):
        return {}
    outputs = enumerate(program.guarded, first)
    return {k: TRUNCATED if _copied(output) else ROUNDED for k, output in outputs}


def _copied(node: Node) -> bool:
    """Whether the value is an input's, up to its sign, or a number that bfloat16 has."""
    if node.op in ("mul", "mul0"):
        a, b = node.args
        return (_copied(a) and _unit(b)) or (_copied(b) and _unit(a))
    if node.op == "const":
        size = abs(float(node.value or 0.0))
        return (256 * math.frexp(size)[0]).is_integer() and not 0 < size < 2.0**-126
    choices = _choices(node)
    return node.op in ("symbol", "sign") or (bool(choices) and all(map(_copied, choices)))


def _unit(node: Node) -> bool:
    """Whether the value is 1, 0 or -1, or NaN."""
    choices = _choices(node)
    return (
        node.op == "sign"
        or constant_value(node) in (-1.0, 0.0, 1.0)
        or (bool(choices) and all(map(_unit, choices)))
    )


def _choices(node: Node) -> tuple[Node, ...]:
    """What the value is one of, up to its sign."""
    chosen = {"where": node.args[1:], "copysign": node.args[:1]}
    same = node.args if node.op in ("neg", "abs", "min", "max") else ()
    return chosen.get(node.op, same)
