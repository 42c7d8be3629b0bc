"""A kernel made ready for tensors of certain shapes and strides: only their memory is missing.

What follows from shapes and strides is worked out once: the loops, what the
results are like, and the numbers the kernel is started with, except for addresses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ogive.engine.call import Call, NoMemory, broadcast, extent, in_storage, nbytes, storage
from ogive.engine.coalescing import Layout, layout
from ogive.engine.cpu import output_pool, threads
from ogive.engine.cpu.operands import CODES, Operand

#: Each thread has its own copy of all sums; more of them are left to torch.
MOST_SUMS = 65536


class Kernel(NamedTuple):
    """A compiled program: its operands, the address of its region, and what starts it."""

    operands: tuple[Operand, ...]
    region: int
    start: threads.Pool


class TooManySums(Exception):
    """A kernel cannot add up in as many places, or in places that lie so."""


class Launch:
    """Starts a kernel on tensors like those it was made for, and gives the results.

    Raises:
        TooManySums: when made, where sums are to be left to torch.
    """

    def __init__(
        self,
        compile_: Callable[..., Kernel],
        call: Call,
        tensors: Sequence[Tensor],
    ) -> None:
        numbers = call.numbers(tensors)
        shape = broadcast(call.unpack(numbers))
        self._count = shape.numel()
        given: list[_Place] = []
        for k, tensor in enumerate(tensors):
            if call.bits and call.bits[k]:
                given.append(_bits(k, call.bits[k], "in", numbers[-1]))
            else:
                given += _places(call, k, tensor, call.packed[k], shape)
        self._outputs: list[_Output] = []
        made: list[_Place] = []
        for k, result in enumerate(call.results):
            over = call.inplace and not k
            example = tensors[0] if over else call.empty(result, tensors, "meta")
            summed = call.stacked or result.shape not in (None, shape)
            if over:
                output: _Output = _Given()
            elif result.bits or not summed:
                output = _Fresh(example, tensors)
            else:
                output = _Sums(example)
            self._outputs.append(output)
            if result.bits:
                made.append(_bits(k, result.bits, "out", tensors[0]))
            else:
                made += _places(call, k, example, result.packed, shape, output.role)
        if call.stacked:
            self._outputs, made = _stacked(example, made)
        #: the bytes that each tensor spans, nearly always all of its storage
        self._spans = [extent(t) * t.itemsize for t in tensors]
        self._sources = [(p.owner, p.offset) for p in given]
        self._targets = [(p.owner, p.offset) for p in made]
        self._summed = [(k, o) for k, o in enumerate(self._outputs) if isinstance(o, _Sums)]
        self._region = 0
        if self._count:
            self._choose_loops(compile_, call, [*given, *made], shape)
        #: the only output, where it is simply written
        simple = self._region and len(made) == 1 and not self._summed
        self._alone = self._outputs[0] if simple else None

    def __call__(self, *tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
        # asked once: another thread may change torch's number before the kernel starts
        parallel = threads.workers(self._count) if self._count > threads.SHARE else 0
        whole = [*map(nbytes, map(storage, tensors))] == self._spans
        if not whole and not all(map(in_storage, tensors)):
            raise NoMemory
        places = [tensors[owner].data_ptr() + offset for owner, offset in self._sources]
        if self._alone is not None:
            made = self._alone.make(tensors, parallel)
            self._start(self._region, parallel, *places, made.data_ptr(), *self._numbers)
            return made
        results = [output.make(tensors, parallel) for output in self._outputs]
        if self._region:
            begins = [result.data_ptr() for result in results]
            places += [begins[owner] + offset for owner, offset in self._targets]
            self._start(self._region, parallel, *places, *self._numbers)
        for k, sums in self._summed:
            results[k] = sums.finish(results[k])
        return tuple(results) if len(results) > 1 else results[0]

    def _choose_loops(
        self,
        compile_: Callable[..., Kernel],
        call: Call,
        places: Sequence[_Place],
        shape: torch.Size,
    ) -> None:
        """One stretch of memory where it is one, else rows."""
        strides = [p.strides for p in places]
        leader = max(range(len(places)), key=lambda k: sum(map(bool, strides[k])))
        loops = layout(shape, strides, leader)
        sums = [a for p, a in zip(places, loops.access, strict=True) if p.role == "sum"]
        if "stride" in sums:
            raise TooManySums
        dtypes, roles = tuple([p.dtype for p in places]), tuple([p.role for p in places])
        flat = len(loops.sizes) == 1 and "stride" not in loops.access and "each" not in sums
        region = "flat" if flat else "rows"
        kernel = compile_(call.program, dtypes, roles, loops.access, region)
        self._start, self._region = kernel.start, kernel.region
        if flat:
            self._numbers = (shape.numel(), *[p.slot for p in places if p.role == "sum"])
        else:
            if any(p.dtype in CODES for p in places):
                raise ValueError("packed bits go along with tensors that are dense and lie alike")
            self._numbers = _rows(kernel.operands, loops, places)


def _rows(operands: Sequence[Operand], loops: Layout, places: Sequence[_Place]) -> tuple[int, ...]:
    """What the region ``rows`` is told after the places."""
    *rows, columns = loops.sizes
    numbers = [math.prod(rows), columns, len(rows), *rows]
    for operand, place, steps in zip(operands, places, loops.steps, strict=True):
        numbers += [place.slot, *(operand.size * s for s in (steps[-1], *steps[:-1]))]
    return tuple(numbers)


class _Place(NamedTuple):
    """Where an operand lies: in which tensor, how many bytes from its beginning, by how many
    elements it moves along each dimension of the full shape; threads' own sums are a slot apart."""

    owner: int
    offset: int
    dtype: torch.dtype | str
    role: str
    strides: tuple[int, ...]
    slot: int


def _places(
    call: Call, owner: int, tensor: Tensor, packed: bool, shape: torch.Size, role: str = "in"
) -> list[_Place]:
    """The place of a tensor, or those of value and gate in it."""
    slot = 8 * tensor.numel() if role == "sum" else 0
    if slot > 8 * MOST_SUMS:
        raise TooManySums
    views = call.layout.split(tensor) if packed and call.layout else (tensor,)
    return [
        _Place(
            owner,
            int(view.storage_offset() - tensor.storage_offset()) * tensor.element_size(),
            tensor.dtype,
            role,
            view.stride() if view.shape == shape else view.expand(shape).stride(),
            slot,
        )
        for view in views
    ]


def _bits(owner: int, bits: int, role: str, like: Tensor) -> _Place:
    """The place of packed bits, which go along with the elements of a dense tensor."""
    return _Place(owner, 0, f"code{bits}", role, like.stride(), 0)


def _stacked(example: Tensor, made: Sequence[_Place]) -> tuple[list[_Output], list[_Place]]:
    """One result whose rows are the sums at these places, each like the example."""
    slot, rows = made[0].slot, len(made)
    whole = _Sums(example.new_empty((rows, *example.shape)))
    return [whole], [
        p._replace(owner=0, offset=k * slot, slot=rows * slot) for k, p in enumerate(made)
    ]


class _Fresh:
    """A result that is made anew."""

    role = "out"

    def __init__(self, example: Tensor, tensors: Sequence[Tensor]) -> None:
        self._shape = (example.size(), example.stride())
        self._dtype = example.dtype
        self._large = example.nbytes >= output_pool.SMALLEST_POOLED
        #: torch makes what is like another tensor in less time
        alike = [k for k, t in enumerate(tensors) if _alike(example, t)]
        self._like = alike[0] if alike else None

    def make(self, tensors: Sequence[Tensor], parallel: int) -> Tensor:
        if self._large:
            return output_pool.empty(tensors[0], *self._shape, self._dtype)
        if self._like is not None:
            return torch.empty_like(tensors[self._like])
        return tensors[0].new_empty_strided(*self._shape, dtype=self._dtype)


def _alike(example: Tensor, tensor: Tensor) -> bool:
    """Whether torch.empty_like of the tensor is like the example."""
    same = example.dtype == tensor.dtype and example.shape == tensor.shape
    return same and example.stride() == torch.empty_like(tensor, device="meta").stride()


class _Given:
    """A result that is written over the first tensor given."""

    role = "out"

    def make(self, tensors: Sequence[Tensor], parallel: int) -> Tensor:
        return tensors[0]


class _Sums:
    """A result that each thread adds up in a place of its own."""

    role = "sum"

    def __init__(self, example: Tensor) -> None:
        self._dtype = example.dtype
        self._shape = example.shape

    def make(self, tensors: Sequence[Tensor], parallel: int) -> Tensor:
        parts = (parallel, *self._shape) if parallel > 1 else self._shape
        # asked of a tensor, which is in the CPU's memory: torch's default device may be another
        return tensors[0].new_zeros(parts, dtype=torch.float64)

    def finish(self, made: Tensor) -> Tensor:
        whole = made if made.dim() == len(self._shape) else made.sum(0)
        return whole.to(self._dtype)


_Output = _Fresh | _Given | _Sums
