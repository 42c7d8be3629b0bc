"""Typed values, written as Python writes arithmetic: each operation is an instruction.

A number beside a value has its type, and a number beside a vector is in all lanes. Nothing is
simplified and nothing reordered: in rounded arithmetic ``(x + c) - c`` is not x.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ogive.printers.llvm.notation import I32, I64, POINTER, VOID, Type

if TYPE_CHECKING:
    from ogive.printers.llvm.builder import Function


def _operator(name: str) -> Callable[[Register, Register | float], Register]:
    def apply(a: Register, b: Register | float) -> Register:
        return a.operation(f"f{name}" if a.type.floating else name, b)

    return apply


class Register:
    """A value in a function: what an instruction gives, an input, or a number."""

    __slots__ = ("function", "text", "type", "value")

    def __init__(
        self, function: Function, type: Type, text: str, value: float | None = None
    ) -> None:
        self.function = function
        self.type = type
        self.text = text
        #: of a number
        self.value = value

    @property
    def typed(self) -> str:
        return f"{self.type} {self.text}"

    def number(self, value: Register | float) -> Register:
        """A number of this type; a value is one already."""
        if isinstance(value, Register):
            return value
        return self.function.number(self.type, value)

    def operation(self, name: str, *others: Register | float) -> Register:
        texts = [self.text, *(self.number(other).text for other in others)]
        return self.function.value(self.type, f"{name} {self.type} {', '.join(texts)}")

    def intrinsic(self, name: str, *others: Register | float) -> Register:
        """An intrinsic of LLVM's on values of one type, which it also gives."""
        full = f"llvm.{name}.{self.type.suffix}"
        return self.function.foreign(full, self.type, self, *map(self.number, others))

    def compare(self, how: str, other: Register | float) -> Register:
        """A truth value for each element."""
        name = "fcmp" if self.type.floating else "icmp"
        texts = f"{self.text}, {self.number(other).text}"
        return self.function.value(self.type.of("i1"), f"{name} {how} {self.type} {texts}")

    def select(self, a: Register, b: Register | float) -> Register:
        """a where this is true, else b."""
        return self.function.value(a.type, f"select {self.typed}, {a.typed}, {a.number(b).typed}")

    def to(self, element: str, how: str = "bitcast") -> Register:
        """Each element converted, unless it is one of these."""
        return self if element == self.type.element else self.cast(self.type.of(element), how)

    def cast(self, type: Type, how: str = "bitcast") -> Register:
        return self.function.value(type, f"{how} {self.typed} to {type}")

    def __neg__(self) -> Register:
        return self.operation("fneg")

    __add__ = _operator("add")
    __sub__ = _operator("sub")
    __mul__ = _operator("mul")
    __truediv__ = _operator("div")
    __floordiv__ = _operator("udiv")
    __mod__ = _operator("urem")
    __and__ = _operator("and")
    __or__ = _operator("or")
    __xor__ = _operator("xor")
    __lshift__ = _operator("shl")
    __rshift__ = _operator("lshr")

    # vectors

    def poison(self) -> Register:
        """A vector of this type, of which nothing is known yet."""
        return Register(self.function, self.type, "poison")

    def element(self, index: Register | int) -> Register:
        place = index.typed if isinstance(index, Register) else f"i64 {index}"
        one = Type(self.type.element)
        return self.function.value(one, f"extractelement {self.typed}, {place}")

    def insert(self, index: int, value: Register) -> Register:
        texts = f"{self.typed}, {value.typed}, i64 {index}"
        return self.function.value(self.type, f"insertelement {texts}")

    def shuffle(self, lanes: Sequence[int]) -> Register:
        type = Type(self.type.element, len(lanes))
        mask = ", ".join(f"i32 {i}" for i in lanes)
        texts = f"{self.typed}, {self.type} poison, <{len(lanes)} x i32> <{mask}>"
        return self.function.value(type, f"shufflevector {texts}")

    def splat(self, lanes: int) -> Register:
        first = Register(self.function, Type(self.type.element, lanes), "poison").insert(0, self)
        return first.shuffle([0] * lanes)

    def first(self, lanes: int) -> Register:
        """The mask of so many lanes, the first ones."""
        type = Type(self.type.element, lanes)
        listed = ", ".join(f"{self.type} {i}" for i in range(lanes))
        return self.splat(lanes).compare("sgt", Register(self.function, type, f"<{listed}>"))

    # pointers

    def at(self, index: Register | int, element: str = "i8") -> Register:
        """The place so many elements further on."""
        place = index.typed if isinstance(index, Register) else f"{I64} {index}"
        return self.function.value(POINTER, f"getelementptr {element}, {self.typed}, {place}")

    def load(self, type: Type, align: int, note: str = "") -> Register:
        return self.function.value(type, f"load {type}, {self.typed}, align {align}{note}")

    def store(self, value: Register, align: int) -> None:
        self.function.write(f"store {value.typed}, {self.typed}, align {align}")

    def fill(self, source: Register, size: Register) -> None:
        """Copies so many bytes here."""
        f = self.function
        f.foreign("llvm.memcpy.p0.p0.i64", VOID, self, source, size, f.number(Type("i1"), 0))

    def masked_load(self, type: Type, mask: Register) -> Register:
        """What lies there; 0 in the lanes outside the mask, which are not read."""
        one, zero = self.function.number(I32, 1), self.function.number(type, 0)
        name = f"llvm.masked.load.{type.suffix}.p0"
        return self.function.foreign(name, type, self, one, mask, zero)

    def masked_store(self, value: Register, mask: Register) -> None:
        name, one = f"llvm.masked.store.{value.type.suffix}.p0", self.function.number(I32, 1)
        self.function.foreign(name, VOID, value, self, one, mask)

    def slot(self, index: Register | int, type: Type = I64) -> Register:
        """One of the numbers or pointers of 64 bits that lie there."""
        return self.at(index, "i64").load(type, 8)
