"""Running the rowwise kernels on tensors: how the work divides into tasks."""

from __future__ import annotations

import ctypes
import math
from fractions import Fraction
from functools import lru_cache

import torch
from torch import Tensor

from ogive.engine.call import NoMemory, RowCall, in_storage, nbytes, storage
from ogive.engine.cpu import compiler, output_pool, threads
from ogive.engine.cpu.operands import SIZE
from ogive.engine.cpu.rowwise.loops import VECTORS, source
from ogive.engine.cpu.rowwise.programs import Kind
from ogive.printers.llvm.notation import bit_pattern
from ogive.printers.machine import FLOAT64, Format, round32

#: The part of the rows in a chunk of columns has about so many elements: what one walk has read or
#: written is still in the cache for the next.
CACHED = 131072
#: So many elements of neighbouring short rows are walked through together.
_NEAR = 2048


@lru_cache(maxsize=256)
def _compiled(kind: Kind) -> int:
    """The kernel's address."""
    label = " ".join(dict.fromkeys((kind.function.name, kind.dtype, kind.result)))
    return compiler.load(source(kind), label).address("region")


class RowLaunch:
    """A kernel for tensors of one shape, which have elements: what is known before their memory
    is."""

    def __init__(self, call: RowCall, dtype: str, result: str, shape: torch.Size) -> None:
        dim = call.dim
        n, columns = shape[dim], math.prod(shape[dim + 1 :])
        kind = Kind(call.function, dtype, result, "rows" if columns == 1 else "columns")
        self._region, self._start = _compiled(kind), threads.pool()
        lanes, operands = kind.type.lanes, kind.program.operands
        if kind.layout == "rows":
            groups, columns = 1, shape.numel() // n
            width = max(1, min(lanes, columns, _NEAR // n))
            steps = (0, 0, n * width, n)
        else:
            groups = shape.numel() // (n * columns)
            width = min(columns, lanes * max(1, min(VECTORS, CACHED // (n * lanes))))
            steps = (0, n * columns, width, columns)
        self._count, self._tasks = shape.numel(), groups * -(-columns // width)
        self._bytes = SIZE[kind.stored(operands[0])] * self._count
        self._dtype = call.made
        # counted in elements of each operand's own size; the single operand has one for each row
        each = (0, columns, width, 0)
        every = [
            tuple([SIZE[kind.stored(o)] * s for s in (each if o == kind.program.single else steps)])
            for o in operands
        ]
        self._shape = (*shape[:dim], *shape[dim + 1 :]) if kind.program.reduces else None
        #: exponentials are kept in the output, or in so many float32 numbers of each thread's own
        self._scratch = 0
        if kind.scratch:
            pace, count = (n, width) if kind.layout == "rows" else (width, n)
            pace = -(-pace // lanes) * lanes
            self._scratch = count * pace
            every[-1] = (4 * count * pace, 0, 0, 4 * pace)
        sizes = (groups, n, columns, width)
        numbers = [*_bits(call.factor, kind.format), *sizes, *(v for s in every for v in s)]
        self._layout = (ctypes.c_int64 * len(numbers))(*numbers)
        self._address = ctypes.addressof(self._layout)

    def run(self, x: Tensor, gradient: Tensor | None = None) -> Tensor:
        if nbytes(storage(x)) != self._bytes and not in_storage(x):
            raise NoMemory
        x = x.contiguous()
        if self._shape is not None:
            output = x.new_empty(self._shape, dtype=self._dtype)
        elif x.dtype is self._dtype:
            output = output_pool.empty_like(x)
        else:
            output = torch.empty_like(x, dtype=self._dtype)
        parallel = 0
        if self._count > threads.SHARE:
            parallel = min(self._tasks, threads.workers(self._count))
        source, target = x.data_ptr(), output.data_ptr()
        kept = target
        if self._scratch:
            scratch = x.new_empty(max(parallel, 1) * self._scratch, dtype=torch.float32)
            kept = scratch.data_ptr()
        if gradient is None:
            self._start(self._region, parallel, self._address, source, target, kept)
        else:
            if not in_storage(gradient):
                raise NoMemory
            gradient = gradient.contiguous()
            slope = gradient.data_ptr()
            self._start(self._region, parallel, self._address, source, slope, target, kept)
        return output


def _bits(factor: float | Fraction, format: Format) -> tuple[int, int]:
    """The factor in two numbers of the format, as bits: rounded, and what rounding took."""
    high = float(factor) if format is FLOAT64 else round32(float(factor))
    low = float(Fraction(factor) - Fraction(high))
    first, second = bit_pattern(high, format), bit_pattern(low, format)
    return (first, second) if format is FLOAT64 else (first | second << 32, 0)
