"""Functions of rows on tensors: how rows divide among the programs of a grid.

How a row is divided depends on its length alone, and so do the places of its numbers in sums: a
result is the same in whatever company a row is.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from ogive.engine.call import KernelRunner, NoMemory, RowCall, TooLong, in_storage
from ogive.engine.cpu.rowwise.programs import Kind
from ogive.engine.philox import ROW_STEP
from ogive.engine.triton import building
from ogive.engine.triton.row_text import (
    BY_PIECE,
    IN_TILES,
    LOOPED,
    operands,
    pieces_found,
    repeats,
    row_text,
    stages,
    walk_groups,
)
from ogive.engine.triton.tensors import BYTES
from ogive.printers.machine import FLOAT64

_Place = TypeVar("_Place", Tensor, torch.dtype)
#: Bytes of a tile of short rows, and of the longest row in one, of 128 threads and of 512; and of a
#: thread. Pieces of longer rows are half as large, since a loop needs more registers.
_TILE, LARGEST_TILE = 8192, 32768
_HELD = 64
#: Where a dimension follows that of the rows, neighbours are rows: so many of them in a tile at
#: least, and so long ones at most.
BESIDE, LONGEST_BESIDE = 16, 512
#: Numbers of a tile in the interpreter, which takes a while for each program of a grid.
_MOST = 2**17


class RowShape(NamedTuple):
    """Rows of n elements, ``inner`` apart."""

    rows: int
    n: int
    inner: int

    @classmethod
    def of(cls, shape: Sequence[int], dim: int) -> RowShape:
        n, inner = shape[dim], math.prod(shape[dim + 1 :])
        return cls(math.prod(shape) // n, n, inner)


class RowTile(NamedTuple):
    """A tile of so many rows by so many columns, and the threads that hold it."""

    rows: int
    columns: int
    threads: int

    @classmethod
    def of(cls, n: int, kind: Kind) -> RowTile:
        """The tile for rows of n elements."""
        size = max(BYTES[kind.dtype], BYTES[kind.result])
        least = 1 if kind.layout == "rows" else BESIDE
        columns = max(1 << (n - 1).bit_length(), ROW_STEP if kind.function.noise else 1)
        if columns * size > LARGEST_TILE:
            columns = LARGEST_TILE // 2 // size
        rows = max(_TILE // size // columns, least) if columns >= n else 1
        return cls(rows, columns, rows * columns * size // _HELD)


def prepare_rows(call: RowCall, tensors: Sequence[Tensor]) -> KernelRunner:
    """What runs a function of rows on tensors like these, which have elements.

    Raises:
        TooLong: for rows of more pieces than kernels take.
        EngineError: where triton cannot compile for the device.
    """
    shape = RowShape.of(tensors[0].shape, call.dim)
    if shape.inner > 1 and shape.n > LONGEST_BESIDE:
        return KernelRunner(_turned(call, tensors))
    return KernelRunner(RowsLaunched(call, tensors[0]).run)


def _turned(call: RowCall, tensors: Sequence[Tensor]) -> Callable[..., Tensor]:
    """The same of long rows along another dimension than the last, which are brought there."""
    dim, last = call.dim, tensors[0].dim() - 1
    launched = RowsLaunched(replace(call, dim=last), tensors[0].movedim(dim, last))

    def run(*tensors: Tensor) -> Tensor:
        rank = tensors[0].dim()
        made = launched.run(*(t.movedim(dim, -1) if t.dim() == rank else t for t in tensors))
        return made.movedim(-1, dim).contiguous() if made.dim() == rank else made

    return run


def most_pieces() -> int:
    """How many pieces a row may have: a program for each fits into the grid, and what all have
    found, in float64, into the registers of one, as a piece does."""
    return min(building.MOST_PROGRAMS[1], LARGEST_TILE // 2 // BYTES["float64"])


class RowsLaunched:
    """Starts the kernels of a function of rows, and gives its result.

    Raises:
        TooLong: for rows of more pieces than kernels take.
        EngineError: where triton cannot compile for the device.
    """

    def __init__(self, call: RowCall, x: Tensor) -> None:
        self._shape = RowShape.of(x.shape, call.dim)
        layout = "rows" if self._shape.inner == 1 else "columns"
        dtype, result = (str(d).removeprefix("torch.") for d in (call.dtype, call.result))
        self._kind = kind = Kind(call.function, dtype, result, layout)
        self._tile = tile = RowTile.of(self._shape.n, kind)
        self._pieces = -(-self._shape.n // tile.columns)
        if self._pieces > most_pieces():
            raise TooLong(
                f"kernels have rows of up to {most_pieces() * tile.columns} elements, "
                f"not {self._shape.n}"
            )
        self._form = form = row_form(kind, self._pieces, self._shape.rows, x.device)
        self._rows = tile.rows if form == IN_TILES else 1
        if x.is_cpu and form == IN_TILES:
            self._rows = min(1 << (self._shape.rows - 1).bit_length(), _MOST // tile.columns)
        order = range(stages(kind) if form == BY_PIECE else 1)
        self._kernels = [
            building.built_kernel(row_text(kind, form, k), "walked", call.label, x.is_cpu)
            for k in order
        ]
        self._made = call.made
        self._result = torch.Size((*x.shape[: call.dim], *x.shape[call.dim + 1 :]))
        rows, n, inner = self._shape
        self._numbers = (rows, n, *factor_bits(call.factor, kind.format is FLOAT64), inner)
        dtypes = {o: getattr(torch, kind.stored(o)) for o in operands(kind)}
        for arguments, kernel, _ in self._starts(dtypes, lambda _, dtype: dtype):
            given = (*arguments, *self._numbers)
            building.compile_for(kernel, given, self._constants, x.device, tile.threads)

    def run(self, *tensors: Tensor) -> Tensor:
        """The result, of x and perhaps a seed; or the gradient of x."""
        if not all(map(in_storage, tensors)):
            raise NoMemory
        whole = [t.contiguous() for t in tensors]
        x = whole[0]
        shape = self._result if self._kind.program.reduces else x.shape
        y = x.new_empty(shape, dtype=self._made)
        places = dict(zip(operands(self._kind), (*whole, y), strict=True))
        for arguments, kernel, pieces in self._starts(places, partial(_new, x)):
            grid = (-(-self._shape.rows // self._rows), pieces)
            given = (*arguments, *self._numbers)
            building.start(kernel, grid, given, self._constants, x.device, self._tile.threads)
        return y

    @property
    def _constants(self) -> dict[str, int]:
        return {
            "R": self._rows,
            "C": self._tile.columns,
            "S": 1 << (self._pieces - 1).bit_length(),
        }

    def _starts(
        self, places: dict[str, _Place], make: Callable[[tuple[int, int], torch.dtype], _Place]
    ) -> Iterator[tuple[list[_Place], Any, int]]:
        """What each kernel is given, and by how many programs a row is shared.

        Args:
            places: the operands, or their dtypes.
            make: gives the place of what pieces find.
        """
        if self._form != BY_PIECE:
            yield list(places.values()), self._kernels[0], 1
            return
        found: dict[str, _Place] = {}
        last = len(walk_groups(self._kind))
        for stage, kernel in enumerate(self._kernels):
            for name in pieces_found(self._kind, stage + 1):
                if name not in found:
                    dtype = getattr(torch, self._kind.format.name if name[0] == "m" else "float64")
                    found[name] = make((self._shape.rows, self._pieces), dtype)
            arguments = list(places.values()) + list(found.values())
            yield arguments, kernel, self._pieces if stage < last else 1


def _new(x: Tensor, size: tuple[int, int], dtype: torch.dtype) -> Tensor:
    return x.new_empty(size, dtype=dtype)


def row_form(kind: Kind, pieces: int, rows: int, device: torch.device) -> str:
    """How rows of so many pieces lie in the programs of a grid."""
    if pieces == 1:
        return IN_TILES
    return LOOPED if repeats(kind) or rows >= enough_rows(device) else BY_PIECE


@lru_cache(maxsize=64)
def enough_rows(device: torch.device) -> int:
    """How many rows keep a device busy, each with a program of its own, which finds its row in the
    cache when it comes back to it: two for each of its processors."""
    if device.type == "cpu":
        return 4
    properties = torch.get_device_module(device).get_device_properties(device)
    return 2 * int(getattr(properties, "multi_processor_count", 128))


def factor_bits(factor: float | Fraction, wide: bool) -> tuple[int, int]:
    """The bits of a factor as two numbers of the format: rounded, and what rounding took."""
    code, integer = ("<d", "<q") if wide else ("<f", "<i")
    (high,) = struct.unpack(code, struct.pack(code, float(factor)))
    low = float(Fraction(factor) - Fraction(high))
    first, second = (struct.unpack(integer, struct.pack(code, v))[0] for v in (high, low))
    return first, second
