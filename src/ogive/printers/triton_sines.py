"""Sines of numbers that are far from 0, as device functions of Triton's language.

libdevice's own keep a table and an array in a thread's local memory, which spoils a kernel whether
it meets such a number or not. Here the bits of 2 / pi are constants, chosen among by conditions.
"""

from __future__ import annotations

import math

from ogive.printers.coefficients import COEFFICIENTS

#: Sines, by how many quarter turns they are ahead of the sine.
SINES = {"sin": 0, "cos": 1}
#: Bits of 2 / pi, behind the point.
_TWO_OVER_PI = (
    "A2F9836E4E441529FC2757D1F534DDC0DB6295993C439041FE5163ABDEBBC561B7246E3A"
    "424DD2E006492EEA09D1921CFE1DEB1CB129A73EE88235F52EBB4484E99C7026B45F7E41"
    "3991D639835339F49C845F8BBDF9283B1FF897FFDE05980FEF2F118B5A0A6D1F6D367ECF"
    "27CB09B74F463F669E5FEA2D7527BAC7EBE5F17B3D0739F78A5292EA6BFB5FB11F8D5D08"
    "56033046"
)
#: The same as words of 32 bits, with one before the point.
_WORDS = (0, *(int(_TWO_OVER_PI[k : k + 8], 16) for k in range(0, len(_TWO_OVER_PI), 8)))


def _horner(format: str, name: str) -> str:
    """The polynomial of a square."""
    *rest, text = (f"tl.full((), {c!r}, tl.{format})" for c in COEFFICIENTS[format][name])
    for coefficient in reversed(rest):
        text = f"tl.fma({text}, square, {coefficient})"
    return text


def _window(words: int, places: int) -> str:
    """Statements: so many words from a place on, which is below a power of two, as w0, w1 ..."""
    names = [f"tl.full((), {word}, tl.uint64)" for word in _WORDS[: words + places - 1]]
    lines = []
    step = places // 2
    while step:  # where a bit of the place is set, all words move by it
        found = [f"moved{step}_{k}" for k in range(words + step - 1)]
        for k, name in enumerate(found):
            lines.append(
                f"    {name} = tl.where((place & {step}) != 0, {names[k + step]}, {names[k]})"
            )
        names, step = found, step // 2
    return "\n".join([*lines, *(f"    w{k} = {name}" for k, name in enumerate(names))])


#: Statements: the words of a window moved by the bits that are left.
_LEFT = "\n".join(
    f"    v{k} = ((w{k} << 32 | w{k + 1}) << left) >> 32 & 0xFFFFFFFF" for k in range(6)
)


def _product(words: int) -> str:
    """Statements: the product of a number of two words, m1 and m0, and of one of several, v0 first;
    without what is carried out of it, as words l0, l1 ..., all but the last."""
    last = words - 1
    lines = [f"    carried = m0 * v{last} >> 32"]
    for k in range(last - 1, -1, -1):
        lines += [
            f"    low = m0 * v{k} + carried",
            f"    high = m1 * v{k + 1} + (low & 0xFFFFFFFF)",
            f"    l{k} = high & 0xFFFFFFFF",
            "    carried = (low >> 32) + (high >> 32)",
        ]
    return "\n".join(lines)


def _turned(format: str) -> str:
    """Statements: the sine of r and whole quarter turns, which is returned."""
    half, one = (f"tl.full((), {n}, tl.{format})" for n in (-0.5, 1.0))
    return f"""
    square = r * r
    sine = tl.fma(r * square, {_horner(format, "sin")}, r)
    cosine = tl.fma(square, tl.fma(square, {_horner(format, "cos")}, {half}), {one})
    turns = near.to(tl.int32)
    signed = tl.where(a < 0.0, -turns, turns) + TURN
    sine = tl.where(a < 0.0, sine * -1.0, sine)
    y = tl.where((signed & 1) == 1, cosine, sine)
    y = tl.where((signed & 2) == 2, y * -1.0, y)
    return tl.where(tl.abs(a) < float("inf"), y, float("nan"))
""".strip("\n")


#: Function -> its text.
FAR_SINES: dict[str, str] = {
    "_any": """
@triton.jit
def _any(condition):
    several = condition.to(tl.int32) + tl.full((1,), 0, tl.int32)
    return tl.reduce(several, None, SUM) > 0
""",
    # M. Payne, R. Hanek 1983: of 2 / pi only those bits are taken that count modulo four quarters
    "_far_sine_32": f"""
@triton.jit
def _far_sine_32(a, TURN: tl.constexpr):
    bits = tl.abs(a).to(tl.int32, bitcast=True)
    whole = ((bits & 0x7FFFFF) | 0x800000).to(tl.uint64)
    start = (bits >> 23) - 120
    place = start >> 5
    left = (start & 31).to(tl.uint64)
{_window(4, 8)}
    high = ((w0 << 32 | w1) << left) >> 32 & 0xFFFFFFFF
    middle = ((w1 << 32 | w2) << left) >> 32 & 0xFFFFFFFF
    low = ((w2 << 32 | w3) << left) >> 32 & 0xFFFFFFFF
    quarters = (whole * high << 32) + whole * middle + (whole * low >> 32)
    near = (quarters + (1 << 61)) >> 62
    rest = (quarters - (near << 62)).to(tl.int64, bitcast=True)
    r = rest.to(tl.float32) * {math.pi / 2 * 2.0**-62!r}
{_turned("float32")}
""",
    # 192 bits of it, as a double may be as near as 2**-61 to a quarter
    "_far_sine_64": f"""
@triton.jit
def _far_sine_64(a, TURN: tl.constexpr):
    bits = tl.abs(a).to(tl.int64, bitcast=True)
    whole = ((bits & 0xFFFFFFFFFFFFF) | 0x10000000000000).to(tl.uint64)
    m0 = whole & 0xFFFFFFFF
    m1 = whole >> 32
    start = (bits >> 52) - 1045
    place = start >> 5
    left = (start & 31).to(tl.uint64)
{_window(7, 32)}
{_LEFT}
{_product(6)}
    quarters = l0 << 32 | l1
    near = (quarters + (1 << 61)) >> 62
    rest = (quarters - (near << 62)).to(tl.int64, bitcast=True)
    behind = (l2 << 32 | l3).to(tl.float64) * {2.0**-64!r}
    r = (rest.to(tl.float64) + behind) * {math.pi / 2 * 2.0**-62!r}
{_turned("float64")}
""",
    **{
        f"_unless_far_{bits}": f"""
@triton.jit
def _unless_far_{bits}(a, near, TURN: tl.constexpr):
    far = tl.abs(a) > {beyond}
    y = near
    if _any(far):
        y = tl.where(far, _far_sine_{bits}(a, TURN), near)
    return y
"""
        for bits, beyond in ((32, 65536.0), (64, 67108864.0))
    },
}
