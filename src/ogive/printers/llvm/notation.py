"""Types, numbers and names as LLVM writes them."""

from __future__ import annotations

import re
import struct
from functools import lru_cache

from ogive.printers.machine import FLOAT32, FLOAT64, Format, round32

#: LLVM's name of a floating-point format, and of its numbers in the names of intrinsics.
ELEMENTS = {FLOAT32: "float", FLOAT64: "double"}
FORMAT_OF = {element: format for format, element in ELEMENTS.items()}
_SUFFIXES = {"float": "f32", "double": "f64", "half": "f16"}


class Type(str):
    """One number (or pointer, or nothing), or a vector of so many; it is its own text."""

    __slots__ = ("element", "floating", "lanes")
    element: str
    lanes: int
    floating: bool

    def __new__(cls, element: str, lanes: int = 0) -> Type:
        made = super().__new__(cls, f"<{lanes} x {element}>" if lanes else element)
        made.element, made.lanes, made.floating = element, lanes, element in _SUFFIXES
        return made

    def of(self, element: str) -> Type:
        return Type(element, self.lanes)

    @property
    def bits(self) -> int:
        return int(_SUFFIXES.get(self.element, self.element)[1:])

    @property
    def suffix(self) -> str:
        """What intrinsics of this type have at the end of their names."""
        element = _SUFFIXES.get(self.element, self.element)
        return f"v{self.lanes}{element}" if self.lanes else element

    def number(self, value: float) -> str:
        """The number as an operand of this type, in all lanes."""
        one = literal(value, self.element) if self.floating else _whole(int(value), self.element)
        return f"splat ({self.element} {one})" if self.lanes else one


VOID, POINTER, I32, I64 = map(Type, ("void", "ptr", "i32", "i64"))
#: A vector has this size, which LLVM cuts to what the processor has.
VECTOR_BITS = 512


@lru_cache(maxsize=64)
def vector(format: Format, lanes: int = 0) -> Type:
    """So many numbers of a format, by default as many as a vector has."""
    element = ELEMENTS[format]
    return Type(element, lanes or VECTOR_BITS // Type(element).bits)


def literal(value: float, element: str) -> str:
    """A number as LLVM reads it: decimal where that is exact and short, else its bits."""
    if element == "float":
        value = round32(value)
    value = float(value)
    exact = value - value == 0 and (value * 2**20) % 1 == 0 and abs(value) < 1e6
    return repr(value) if exact else f"0x{bit_pattern(value, FLOAT64):016X}"


def _whole(value: int, element: str) -> str:
    return str(bool(value)).lower() if element == "i1" else str(value)


def bit_pattern(value: float, format: Format) -> int:
    float_, int_ = ("<f", "<I") if format is FLOAT32 else ("<d", "<Q")
    found: int = struct.unpack(int_, struct.pack(float_, value))[0]
    return found


def quoted(name: str) -> str:
    """A name after its % or @."""
    if re.fullmatch(r"[A-Za-z0-9_.]+", name):
        return name
    return '"' + "".join(f"\\{b:02X}" for b in name.encode()) + '"'
