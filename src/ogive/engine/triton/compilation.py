"""The text of kernels for programs, and how their work is divided into blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from ogive.engine.triton import building, flat, tiles
from ogive.engine.triton.tensors import BYTES, CODED, CODED_PART, NUMBER_PART, Accessed
from ogive.expr import Program
from ogive.printers.machine import FLOAT64, Format
from ogive.printers.triton import TritonPrinter

#: Bytes of a tensor that a program of the grid takes with one access of 128 bits for each thread.
BYTES_OF_VECTORS = 2048
#: How many such accesses a thread takes: fewer where its kernel turns out to be crowded.
VECTORS_TRIED = (2, 1)
#: The interpreter takes as long for a small block as for a large one.
INTERPRETED = 2**16


class Text(NamedTuple):
    """A module of a kernel.

    Attributes:
        name: the kernel's in it.
        label: what it is listed as.
    """

    text: str
    name: str
    label: str


def block_size(
    operands: Sequence[Accessed], count: int, interpreted: bool, vectors: int = VECTORS_TRIED[0]
) -> int:
    """The elements of a program of the grid; ``vectors`` of each tensor for a thread."""
    if interpreted:
        return min(max(1 << (count - 1).bit_length(), 16), INTERPRETED)
    smallest = min(BYTES.get(o.dtype, 4) for o in operands)
    return vectors * BYTES_OF_VECTORS // smallest


def vectors_of(program: Program, format: Format, forms: str, most: int) -> int:
    """How many vectors of each tensor a thread takes: as many as it may, or one where polynomials
    would need more registers for two than a thread has beside others."""
    return 1 if TritonPrinter(format, forms).has_polynomials(program) else most


def masking(count: int, block: int) -> str:
    """Which blocks of so many elements need a mask."""
    if count % block == 0:
        return flat.WHOLE
    return flat.MASKED if count % 16 == 0 or count < block else flat.LAST


@lru_cache(maxsize=2048)
def flat_text(
    program: Program, operands: tuple[Accessed, ...], format: Format, forms: str, ends: str
) -> Text:
    kernel = flat.flat_kernel(operands, format is FLOAT64, ends)
    return _module(program, operands, format, forms, kernel, "flat")


@lru_cache(maxsize=2048)
def tiles_text(
    program: Program, operands: tuple[Accessed, ...], format: Format, forms: str, dims: int
) -> Text:
    kernel = tiles.tiles_kernel(operands, format is FLOAT64, dims)
    return _module(program, operands, format, forms, kernel, "tiles")


def _module(
    program: Program,
    operands: tuple[Accessed, ...],
    format: Format,
    forms: str,
    kernel: str,
    name: str,
) -> Text:
    written = operands[len(program.inputs) :]
    functions: dict[str, None] = {}
    for function, coded in ((NUMBER_PART, False), (CODED_PART, True)):
        pairs = zip(program.outputs, written, strict=True)
        outputs = tuple([x for x, o in pairs if (o.dtype in CODED) is coded])
        if outputs:
            part = replace(program, outputs=outputs)
            text = TritonPrinter(format, forms).functions(part, function)
            functions |= dict.fromkeys(text.strip().split("\n\n\n"))
    return Text("\n\n\n".join([*functions, kernel]) + "\n", name, program.name)


def built(text: Text, interpreted: bool) -> Any:
    """The kernel, compiled when it is first started, or interpreted."""
    return building.built_kernel(text.text, text.name, text.label, interpreted)
