"""Running softmax's kernels on tensors: how the work divides into tasks."""

from __future__ import annotations

import ctypes
import math
import struct
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import torch
from torch import Tensor

from ogive.engine import choice, compiler, cpu, launch, pages, threads
from ogive.engine.loops import SIZE
from ogive.engine.softmax.loops import LANES, VECTORS, source
from ogive.engine.softmax.steps import Kernel, Kind
from ogive.errors import EngineError
from ogive.printers.machine import FLOAT64, Format

#: The part of the rows in a chunk of columns has about so many elements: what one walk has read or
#: written is still in the cache for the next.
CACHED = 32768
#: So many elements of neighbouring short rows are walked through together.
NEAR = 2048


@lru_cache(maxsize=256)
def compiled(kind: Kind) -> int:
    """The kernel's address."""
    return compiler.load(source(kind), f"{kind.kernel.name} {kind.dtype}").address("region")


class _Plan:
    """A kernel for tensors of one shape: what is known before their memory is."""

    def __init__(
        self,
        kernel: Kernel,
        dtype: torch.dtype,
        shape: torch.Size,
        dim: int,
        factor: float | Fraction,
        available: int,
    ) -> None:
        n, columns = shape[dim], math.prod(shape[dim + 1 :])
        kind = Kind(kernel, cpu.DTYPES[dtype], "rows" if columns == 1 else "columns")
        self.region, self._launch = compiled(kind), threads.pool()
        size, lanes = SIZE[kind.dtype], LANES[kind.format]
        if kind.layout == "rows":
            groups, columns = 1, shape.numel() // n
            width = max(1, min(lanes, columns, NEAR // n))
            steps = (0, 0, size * n * width, size * n)
        else:
            groups = shape.numel() // (n * columns)
            width = min(columns, lanes * max(1, min(VECTORS, CACHED // (n * lanes))))
            steps = (0, size * n * columns, size * width, size * columns)
        tasks = groups * -(-columns // width)
        self._parallel = min(tasks, launch.workers(shape.numel(), available))
        operands = kind.program.operands
        every = [steps] * len(operands)
        #: whether exponentials are kept, and in how many float32 numbers, if not in the output
        self.keeps, self.scratch = "e" in operands, 0
        if self.keeps and kind.narrow:
            pace, count = (n, width) if kind.layout == "rows" else (width, n)
            pace = -(-pace // lanes) * lanes
            self.scratch = max(self._parallel, 1) * count * pace
            every[-1] = (4 * count * pace, 0, 0, 4 * pace)
        sizes = (groups, n, columns, width)
        numbers = [*_bits(factor, kind.format), *sizes, *(v for s in every for v in s)]
        self._layout = (ctypes.c_int64 * len(numbers))(*numbers)
        self.layout = ctypes.addressof(self._layout)

    def run(self, places: list[int]) -> None:
        """The kernel on operands at these places."""
        self._launch(self.region, self._parallel, self.layout, *places)


_plan = lru_cache(maxsize=1024)(_Plan)


def attempt(
    label: str, kernel: Kernel, inputs: Sequence[Tensor], dim: int, factor: float | Fraction = 1
) -> Tensor | None:
    """What `run` gives, or None if torch's operators must serve; either is listed by the label."""
    engine, reason = choice.choose(inputs)
    output = None
    if engine == "cpu" and torch._C._len_torch_dispatch_stack():
        engine, reason = "eager", "torch's dispatcher is being watched"
    if engine == "cpu":
        try:
            output = run(kernel, inputs, dim, factor)
        except EngineError as error:
            engine, reason = "eager", choice.give_up(error)
    if choice.state.log is not None:
        choice.state.log.append(choice.Served(label, engine, reason))
    return output


def run(kernel: Kernel, inputs: Sequence[Tensor], dim: int, factor: float | Fraction = 1) -> Tensor:
    """The kernel along ``dim`` of tensors of one shape, which have elements.

    The factor is that of a tempered kernel.
    """
    given = [t.contiguous() for t in inputs]
    output = torch.empty_like(given[0], requires_grad=False)
    pages.huge(output)
    plan = _plan(kernel, output.dtype, output.shape, dim, factor, threads.available())
    places = [t.data_ptr() for t in (*given, output)]
    if plan.scratch:
        scratch = torch.empty(plan.scratch, dtype=torch.float32)
        places.append(scratch.data_ptr())
    elif plan.keeps:
        places.append(places[-1])
    plan.run(places)
    return output


def _bits(factor: float | Fraction, format: Format) -> tuple[int, int]:
    """The factor in two numbers of the format, as bits: rounded, and what rounding took."""
    high = _rounded(float(factor), format)
    pair = (high, _rounded(float(Fraction(factor) - Fraction(high)), format))
    bits = struct.pack("<dd", *pair) if format is FLOAT64 else struct.pack("<ff8x", *pair)
    first, second = struct.unpack("<qq", bits)
    return first, second


def _rounded(value: float, format: Format) -> float:
    if format is FLOAT64:
        return value
    rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return rounded
