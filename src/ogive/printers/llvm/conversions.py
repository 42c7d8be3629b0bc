"""Between numbers in memory and numbers in registers, for each dtype.

bfloat16 is the upper half of a float32, and is handled as whole numbers: with AVX2 there are no
instructions for it. A code of 1 to 8 bits is a whole number; several of them share a byte, the
first in its lowest bits.
"""

from __future__ import annotations

from ogive.printers.llvm.notation import Type
from ogive.printers.llvm.typed_values import Register

#: What an element is in memory; codes are moved as bytes.
STORED = {"float32": "float", "float64": "double", "bfloat16": "i16", "float16": "half"}
#: How a float32 becomes a bfloat16: its lower half is 0 already; it is no NaN by its lower half
#: alone, so that rounding cannot make it infinite; or it may be anything.
TRUNCATED, ROUNDED, CHECKED = "truncated", "rounded", "checked"


def code_bits(dtype: str) -> int:
    """Bits of a code of this dtype; 0 for numbers."""
    return int(dtype.removeprefix("code")) if dtype.startswith("code") else 0


def in_memory(dtype: str, lanes: int) -> Type:
    """So many numbers or codes as they lie in memory."""
    bits = code_bits(dtype)
    return Type("i8", lanes * bits // 8) if bits else Type(STORED[dtype], lanes)


def loaded(x: Register, dtype: str, type: Type) -> Register:
    """What was loaded, as numbers of the type."""
    if bits := code_bits(dtype):
        if bits == 1:  # a mask of the processor's, which takes no step but the load
            one, zero = (x.function.number(type, n) for n in (1.0, 0.0))
            return x.cast(Type("i1", type.lanes)).select(one, zero)
        return unpacked(x, bits, type.lanes).to(type.element, "uitofp")
    if dtype == "bfloat16":
        x = (x.to("i32", "zext") << 16).to("float")
    return x.to(type.element, "fpext")


def rounded(x: Register, dtype: str, how: str = CHECKED) -> Register:
    """Numbers as what is stored, rounded once more by way of float32 if to 16 bits.

    Args:
        how: how a bfloat16 is made.
    """
    if bits := code_bits(dtype):
        return packed(x, bits)
    if dtype == "float64":
        return x
    x = x.to("float", "fptrunc")
    return _bfloat16(x, how) if dtype == "bfloat16" else x.to(STORED[dtype], "fptrunc")


def _bfloat16(x: Register, how: str) -> Register:
    """The upper half, rounded to even; a NaN stays one."""
    bits = x.to("i32")
    upper = bits >> 16
    if how == TRUNCATED:
        return upper.to("i16", "trunc")
    odd = upper & 1
    upper = (bits + 0x7FFF + odd) >> 16
    if how == CHECKED:
        upper = x.compare("uno", x).select(bits.number(0x7FC0), upper)
    return upper.to("i16", "trunc")


def packed(x: Register, bits: int) -> Register:
    """Numbers as codes, rounded; NaN and what is too large become the largest."""
    if bits == 1:  # true for NaN as well
        return x.compare("uge", 0.5).cast(Type("i8", x.type.lanes // 8))
    top = 2.0**bits - 1
    low = x.compare("olt", top).select(x, top)
    whole = (low.compare("ogt", 0.0).select(low, 0.0) + 0.5).to("i32", "fptoui")
    codes = whole.to("i8", "trunc")
    if bits == 8:
        return codes
    several = 8 // bits
    together = codes.shuffle(range(0, x.type.lanes, several))
    for part in range(1, several):
        some = codes.shuffle(range(part, x.type.lanes, several))
        together = together | (some << part * bits)
    return together


def unpacked(x: Register, bits: int, lanes: int) -> Register:
    """Codes as bytes with one each."""
    if bits == 8:
        return x
    several = 8 // bits
    spread = x.shuffle([i // several for i in range(lanes)])
    places = ", ".join(f"i8 {bits * (i % several)}" for i in range(lanes))
    moved = spread >> Register(x.function, spread.type, f"<{places}>")
    return moved & ((1 << bits) - 1)
