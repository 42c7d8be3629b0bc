"""Numbers between memory and arithmetic: how each dtype is read, and how it is rounded.

bfloat16 is read and rounded by integers in the interpreter, which cuts off what does not fit; on a
GPU one instruction does the same, to the last bit. Codes of 1, 2, 4 or 8 bits lie side by side in
bytes, the lowest first.
"""

from __future__ import annotations

#: By integers, and by the instruction of a GPU.
_BFLOAT16 = {
    True: """
@triton.jit
def _number_bfloat16(x):
    bits = x.to(tl.uint16, bitcast=True).to(tl.uint32) << 16
    return bits.to(tl.float32, bitcast=True)


@triton.jit
def _rounded_bfloat16(x):
    bits = x.to(tl.uint32, bitcast=True)
    upper = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    upper = tl.where(x == x, upper, 0x7FC0)
    return upper.to(tl.uint16).to(tl.bfloat16, bitcast=True)
""",
    False: """
@triton.jit
def _number_bfloat16(x):
    return x.to(tl.float32)


@triton.jit
def _rounded_bfloat16(x):
    return x.to(tl.bfloat16, fp_downcast_rounding="rtne")
""",
}
_CODES = """
@triton.jit
def _coded(x, inside, BITS: tl.constexpr, BYTES: tl.constexpr):
    top = 2**BITS - 1
    low = tl.where(x < top, x, top)
    code = (tl.where(low > 0, low, 0) + 0.5).to(tl.int32)
    several = tl.reshape(tl.where(inside, code, 0), (BYTES, 8 // BITS))
    places = tl.arange(0, 8 // BITS) * BITS
    return tl.reduce(several << places[None, :], 1, SUM).to(tl.uint8)


@triton.jit
def _decoded(x, BITS: tl.constexpr, BYTES: tl.constexpr):
    places = tl.arange(0, 8 // BITS) * BITS
    codes = (x.to(tl.int32)[:, None] >> places[None, :]) & (2**BITS - 1)
    return tl.reshape(codes, (BYTES * 8 // BITS,)).to(tl.float32)
"""


def functions(interpreted: bool) -> dict[str, str]:
    """What texts may call, by one of the names."""
    return {
        "_number_bfloat16": _BFLOAT16[interpreted].strip(),
        "_rounded_bfloat16": _BFLOAT16[interpreted].strip(),
        "_coded": _CODES.strip(),
        "_decoded": _CODES.strip(),
    }


def loaded_number(dtype: str, text: str, wide: bool = False) -> str:
    """What was loaded as float32, or as float64."""
    if dtype == "float64":
        return text if wide else f"{text}.to(tl.float32)"
    read = f"_number_bfloat16({text})" if dtype == "bfloat16" else text
    if dtype == "float16":
        read = f"{text}.to(tl.float32)"
    return f"{read}.to(tl.float64)" if wide else read


def stored_number(dtype: str, text: str, wide: bool = False) -> str:
    """A result in the dtype in which it is stored."""
    if dtype == "float64":
        return text
    narrow = f"{text}.to(tl.float32)" if wide else text
    if dtype == "bfloat16":
        return f"_rounded_bfloat16({narrow})"
    return f"{narrow}.to(tl.float16)" if dtype == "float16" else narrow
