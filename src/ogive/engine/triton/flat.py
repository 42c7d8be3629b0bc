"""Kernels over one stretch of memory: what most calls are.

A program of the grid takes a block of elements, counted in 64 bits from its beginning and in 32
inside it. Where the elements are no multiple of 16 a mask would take every access apart, so only
the last block has one.
"""

from __future__ import annotations

from collections.abc import Sequence

from ogive.engine.triton.stored import loaded_number, stored_number
from ogive.engine.triton.tensors import (
    CODED,
    CODED_PART,
    NOISE,
    NUMBER_PART,
    OTHER,
    TURNS,
    Accessed,
)

#: Blocks with a mask, without one, and without one but for the last.
MASKED, WHOLE, LAST = "masked", "whole", "last"


def flat_kernel(operands: Sequence[Accessed], wide: bool, ends: str) -> str:
    """The kernel ``flat`` for the functions of a program.

    Args:
        wide: whether it computes in float64.
        ends: which blocks have a mask.
    """
    places = ", ".join(f"p{k}" for k in range(len(operands)))
    lines = [
        "@triton.jit",
        f"def flat({places}, count, BLOCK: tl.constexpr):",
        "    block = tl.program_id(0)",
        "    first = block.to(tl.int64) * BLOCK",
        "    lane = tl.arange(0, BLOCK)",
    ]
    masked, whole = (_block(operands, wide, m) for m in (True, False))
    if ends == LAST:
        lines += ["    if first + BLOCK <= count:", *_indented(whole)]
        lines += ["    else:", *_indented(masked)]
    else:
        lines += masked if ends == MASKED else whole
    return "\n".join(lines)


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _block(operands: Sequence[Accessed], wide: bool, masked: bool) -> list[str]:
    """The statements for one block."""
    lines = ["    inside = lane < count - first" if masked else "    inside = lane >= 0"]
    for k, o in enumerate(operands):
        if o.role == "in":
            lines += _read(k, o, wide, masked)
    given = ", ".join(f"a{k}" for k, o in enumerate(operands) if o.role == "in")
    made = [(k, o) for k, o in enumerate(operands) if o.role != "in"]
    for function, coded in ((NUMBER_PART, False), (CODED_PART, True)):
        if results := [f"r{k}" for k, o in made if (o.dtype in CODED) is coded]:
            lines.append(f"    {', '.join(results)} = {function}({given})")
    for k, o in made:
        lines += _written(k, o, wide, masked)
    return lines


def _read(k: int, o: Accessed, wide: bool, masked: bool) -> list[str]:
    """The statements that read an operand, or two in turns: at once, as vectors."""
    if o.along == OTHER:
        return []
    if o.along not in TURNS:
        return [f"    a{k} = {_number(k, o, wide, masked)}"]
    place, mask = _both(k, masked)
    names = ", ".join(f"b{n}" for n in _even_first(k, o))
    return [
        f"    {names} = tl.split(tl.reshape(tl.load({place}{mask}), (BLOCK, 2)))",
        *(f"    a{n} = {loaded_number(o.dtype, f'b{n}', wide)}" for n in (k, k + 1)),
    ]


def _even_first(k: int, o: Accessed) -> tuple[int, int]:
    """The operands of the even and of the odd elements, of two in turns."""
    return (k, k + 1) if o.along == TURNS[0] else (k + 1, k)


def _both(k: int, masked: bool) -> tuple[str, str]:
    """Where two operands in turns lie, and the mask of both."""
    lanes = "tl.arange(0, 2 * BLOCK)"
    mask = f", mask={lanes} < 2 * (count - first)" if masked else ""
    return f"p{k} + 2 * first + {lanes}", mask


def _number(k: int, o: Accessed, wide: bool, masked: bool) -> str:
    if o.dtype in NOISE:
        return loaded_number(o.dtype, f"_{o.dtype}_block(p{k}, first, BLOCK)", wide)
    if bits := CODED.get(o.dtype):
        place, mask = _bytes(k, bits, masked)
        return f"_decoded(tl.load({place}{mask}), {bits}, BLOCK * {bits} // 8)"
    if o.along == "one":
        return loaded_number(o.dtype, f"tl.load(p{k})", wide)
    mask = ", mask=inside" if masked else ""
    return loaded_number(o.dtype, f"tl.load(p{k} + first + lane{mask})", wide)


def _written(k: int, o: Accessed, wide: bool, masked: bool) -> list[str]:
    if o.along == OTHER:
        return []
    if o.along in TURNS:
        place, mask = _both(k, masked)
        results = ", ".join(_stored(n, o, wide) for n in _even_first(k, o))
        both = f"tl.reshape(tl.join({results}), (2 * BLOCK,))"
        return [f"    tl.store({place}, {both}{mask})"]
    if o.role == "sum":
        spread = f"tl.broadcast_to(r{k}, (BLOCK,))"
        kept = f"tl.where(inside, {spread}, 0.0)" if masked else spread
        return [f"    tl.store(p{k} + block, tl.reduce({kept}, 0, SUM))"]
    if bits := CODED.get(o.dtype):
        place, mask = _bytes(k, bits, masked)
        code = f"_coded(tl.broadcast_to(r{k}, (BLOCK,)), inside, {bits}, BLOCK * {bits} // 8)"
        return [f"    tl.store({place}, {code}{mask})"]
    mask = ", mask=inside" if masked else ""
    return [f"    tl.store(p{k} + first + lane, {stored_number(o.dtype, f'r{k}', wide)}{mask})"]


def _stored(k: int, o: Accessed, wide: bool) -> str:
    return f"tl.broadcast_to({stored_number(o.dtype, f'r{k}', wide)}, (BLOCK,))"


def _bytes(k: int, bits: int, masked: bool) -> tuple[str, str]:
    """Where the bytes of a block's codes lie, and their mask."""
    byte, each = f"tl.arange(0, BLOCK * {bits} // 8)", 8 // bits
    mask = f", mask={byte} * {each} < count - first" if masked else ""
    return f"p{k} + first // {each} + {byte}", mask
