"""A kernel made ready for tensors of certain shapes and strides: only their memory is missing.

Sums, as the gradients of parameters are, take two stages, whose order never changes: each program
of the grid adds up what it has, and what they have is added up in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from ogive.engine.call import Call, NoMemory, broadcast, in_storage
from ogive.engine.coalescing import Layout, layout
from ogive.engine.triton import building, compilation, tiles
from ogive.engine.triton.precision import triton_arithmetic
from ogive.engine.triton.tensors import CODED, OTHER, TURNS, Accessed
from ogive.expr import Program
from ogive.printers.machine import FLOAT64

#: Programs of a grid that add up rows: a few for each processor of a large GPU.
SUMMING = 1024


class NotSummed(Exception):
    """A kernel cannot add up in places that lie so."""


class OperandPlace(NamedTuple):
    """Where an operand lies: in which tensor, how many elements after its beginning, and by how
    many it moves along each dimension of the full shape."""

    owner: int
    offset: int
    dtype: str
    role: str
    strides: tuple[int, ...]


class Launched:
    """Starts a kernel on tensors like those it was made for, and gives the results.

    Raises:
        NotSummed: when made, where sums are to be left to torch.
    """

    def __init__(self, call: Call, tensors: Sequence[Tensor]) -> None:
        numbers = call.numbers(tensors)
        shape = broadcast(call.unpack(numbers))
        places: list[OperandPlace] = []
        for k, t in enumerate(tensors):
            if call.bits and call.bits[k]:
                places.append(_bits(k, call.bits[k], "in", numbers[-1]))
            elif call.seeds and call.seeds[k]:
                places.append(_noise(k, call.seeds[k], shape))
            else:
                places += _places(call, k, t, call.packed[k], shape, "in")
        self._results: list[NewResult] = []
        for k, result in enumerate(call.results, len(tensors)):
            over = call.inplace and k == len(tensors)
            example = tensors[0] if over else call.empty(result, tensors, "meta")
            summed = not result.bits and result.shape not in (None, shape)
            self._results.append(Sum(example) if summed else NewResult(example, over))
            if result.bits:
                places.append(_bits(k, result.bits, "out", tensors[0]))
            else:
                role = "sum" if summed else "out"
                places += _places(call, k, example, result.packed, shape, role)
        self._owners = [p.owner for p in places]
        self._work: GridWork | None = None
        if shape.numel():
            sums = [r for r in self._results if isinstance(r, Sum)]
            for most in compilation.VECTORS_TRIED:
                self._work = _work(call, shape, places, sums, tensors[0].is_cpu, most)
                held: list[Tensor | torch.dtype] = [*tensors, *(r.dtype for r in self._results)]
                given = [held[owner] for owner in self._owners]
                if not self._work.compile(given, tensors[0].device):
                    break

    def run(self, *tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
        """The results."""
        x = tensors[0]
        if not all(map(in_storage, tensors)):
            raise NoMemory
        made = [result.make(x) for result in self._results]
        if self._work is not None:
            held = [*(t if t.device == x.device else _moved(t, x) for t in tensors), *made]
            self._work.start([held[owner] for owner in self._owners], x.device)
        done = [r.finish(y) for r, y in zip(self._results, made, strict=True)]
        return tuple(done) if len(done) > 1 else done[0]


def pointwise_launch(program: Program, tensors: Sequence[Tensor]) -> Callable[..., Tensor]:
    """The program as a function of contiguous tensors like these, of one shape, whatever that is,
    to a new one like the first."""
    x = tensors[0]
    names = [str(t.dtype).removeprefix("torch.") for t in (*tensors, x)]
    operands = tuple(Accessed(n, "out" if k == len(tensors) else "in") for k, n in enumerate(names))
    arithmetic = triton_arithmetic(program, operands)
    kernels: dict[str, object] = {}

    def kernel(ends: str) -> object:
        """By which of its blocks have a mask."""
        text = compilation.flat_text(program, operands, *arithmetic, ends)
        return kernels.setdefault(ends, compilation.built(text, x.is_cpu))

    def run(*given: Tensor) -> Tensor:
        if not all(map(in_storage, given)):
            raise NoMemory
        y, count = torch.empty_like(given[0]), given[0].numel()
        if count:
            block = compilation.block_size(operands, count, x.is_cpu, vectors)
            ends, grid = compilation.masking(count, block), (-(-count // block),)
            found = kernels.get(ends) or kernel(ends)
            building.start(found, grid, (*given, y, count), {"BLOCK": block}, x.device)
        return y

    for most in compilation.VECTORS_TRIED:
        vectors = compilation.vectors_of(program, *arithmetic, most)
        block = compilation.block_size(operands, x.numel(), x.is_cpu, vectors)
        made = kernel(compilation.masking(x.numel(), block))
        given = (*tensors, x, x.numel())
        if not building.compile_for(made, given, {"BLOCK": block}, x.device):
            break
    return run


class GridWork(NamedTuple):
    """A kernel, and all that it is started with but places."""

    kernel: object
    grid: tuple[int, ...]
    numbers: tuple[int, ...]
    constants: dict[str, int]

    def compile(self, places: Sequence[Tensor | torch.dtype], device: torch.device) -> bool:
        """Makes it ready for places like these, or of these dtypes; whether it is crowded."""
        given = (*places, *self.numbers)
        return building.compile_for(self.kernel, given, self.constants, device)

    def start(self, places: Sequence[Tensor], device: torch.device) -> None:
        given = (*places, *self.numbers)
        building.start(self.kernel, self.grid, given, self.constants, device)


class NewResult:
    """A result that is new, or written over the first tensor."""

    def __init__(self, example: Tensor, over: bool = False) -> None:
        self._size, self._stride, self.dtype = example.size(), example.stride(), example.dtype
        self._over = over

    def make(self, x: Tensor) -> Tensor:
        """The tensor that the kernel writes."""
        return x if self._over else x.new_empty_strided(self._size, self._stride, dtype=self.dtype)

    def finish(self, made: Tensor) -> Tensor:
        """The result, of what the kernel wrote."""
        return made


class Sum(NewResult):
    """A result that programs add up, each in a place of its own.

    Attributes:
        dtype: in which they do so.
        partial: the shape of what they write, of which the dimensions ``added`` are added up.
        kept: the sizes of the others, and their steps in the result.
    """

    partial: tuple[int, ...] = (0,)
    added: tuple[int, ...] = (0,)
    kept: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())

    def __init__(self, example: Tensor) -> None:
        super().__init__(example)
        self._summed_to = example.dtype

    def make(self, x: Tensor) -> Tensor:
        return x.new_empty(self.partial, dtype=self.dtype)

    def finish(self, made: Tensor) -> Tensor:
        result = made.new_zeros(self._size, dtype=self._summed_to)
        result.as_strided(*self.kept).copy_(made.sum(self.added, dtype=torch.float64))
        return result


def _work(
    call: Call,
    shape: torch.Size,
    places: Sequence[OperandPlace],
    sums: Sequence[Sum],
    interpreted: bool,
    most: int,
) -> GridWork:
    """One stretch of memory where it is one, else rows; ``most`` vectors for a thread."""
    strides = [p.strides for p in places]
    leader = max(range(len(places)), key=lambda k: sum(map(bool, strides[k])))
    loops = layout(shape, strides, leader)
    along = _along(places, loops)
    operands = tuple(
        Accessed(p.dtype, p.role, a, any(s[:-1]))
        for p, a, s in zip(places, along, loops.steps, strict=True)
    )
    added = [(o, s) for o, s in zip(operands, loops.steps, strict=True) if o.role == "sum"]
    if any(o.along == "step" or (o.along == "each" and o.rows) for o, _ in added):
        raise NotSummed
    format, forms = triton_arithmetic(call.program, operands)
    for total in sums:
        total.dtype = torch.float64 if format is FLOAT64 else torch.float32
    vectors = compilation.vectors_of(call.program, format, forms, most)
    block = compilation.block_size(operands, shape.numel(), interpreted, vectors)
    straight = len(loops.sizes) == 1 and all(o.along != "step" for o in operands)
    # a second half begins later; of elements in turns one half does
    straight = straight and not any(
        p.offset and o.along in ("each", "one") for p, o in zip(places, operands, strict=True)
    )
    if straight and all(o.along == "one" for o, _ in added):
        blocks = -(-shape.numel() // block)
        for total in sums:
            total.partial = (blocks,)
        ends = compilation.masking(shape.numel(), block)
        text = compilation.flat_text(call.program, operands, format, forms, ends)
        kernel = compilation.built(text, interpreted)
        return GridWork(kernel, (blocks,), (shape.numel(),), {"BLOCK": block})
    if any(o.dtype in CODED for o in operands):
        raise ValueError("packed bits go along with tensors that are dense and lie alike")
    dims = max(len(loops.sizes) - 1, 1)
    text = compilation.tiles_text(call.program, operands, format, forms, dims)
    kernel = compilation.built(text, interpreted)
    return _tiles(kernel, operands, loops, [p.offset for p in places], sums, block)


def _along(places: Sequence[OperandPlace], loops: Layout) -> list[str]:
    """How the operands go along a row."""
    found = ["step" if a == "stride" else a for a in loops.access]
    if len(loops.sizes) > 1:
        return found
    for k, (value, gate) in enumerate(pairwise(places)):
        steps = loops.steps[k], loops.steps[k + 1]
        in_turns = {value.offset, gate.offset} == {0, 1} and steps == ((2,), (2,))
        if value.owner == gate.owner and in_turns:
            found[k : k + 2] = TURNS[value.offset], OTHER
    return found


def _tiles(
    kernel: object,
    operands: Sequence[Accessed],
    loops: Layout,
    offsets: Sequence[int],
    sums: Sequence[Sum],
    block: int,
) -> GridWork:
    outer, columns = loops.sizes[:-1] or (1,), loops.sizes[-1]
    rows, steps = math.prod(outer), [(*(s[:-1] or (0,)), s[-1]) for s in loops.steps]
    wide = min(_power_above(columns), tiles.WIDEST, block)
    high = min(max(block // wide, 1), _power_above(rows))
    across = -(-columns // wide)
    added = [(o, s) for o, s in zip(operands, steps, strict=True) if o.role == "sum"]
    below = any(o.along == "each" for o, _ in added)
    # a power of two, of which there are few: each is compiled for itself
    each = rows * across // (high * SUMMING) if below else 1
    turns = 1 << max(each.bit_length() - 1, 0)
    down = -(-rows // (high * turns))
    for total, (o, s) in zip(sums, added, strict=True):
        if o.along == "each":
            total.partial, total.kept = (down, columns), ((columns,), (1,))
        else:
            dims = [d for d in range(len(outer)) if s[d]]
            total.partial = (*outer, across)
            total.added = tuple([d for d in range(len(outer) + 1) if d not in dims])
            total.kept = tuple([outer[d] for d in dims]), tuple([s[d] for d in dims])
    numbers = (*offsets, rows, columns, *outer[1:], *(n for s in steps for n in s))
    return GridWork(kernel, (down * across,), numbers, {"R": high, "C": wide, "TURNS": turns})


def _power_above(n: int) -> int:
    return 1 << (n - 1).bit_length()


def _moved(number: Tensor, x: Tensor) -> Tensor:
    """One number of the CPU's on a device, where nothing waits for it."""
    return x.new_full((), number.item(), dtype=number.dtype)


def _places(
    call: Call, owner: int, tensor: Tensor, packed: bool, shape: torch.Size, role: str
) -> list[OperandPlace]:
    """The place of a tensor, or those of value and gate in it."""
    views = call.layout.split(tensor) if packed and call.layout else (tensor,)
    return [
        OperandPlace(
            owner,
            int(view.storage_offset() - tensor.storage_offset()),
            str(tensor.dtype).removeprefix("torch."),
            role,
            view.stride() if view.shape == shape else view.expand(shape).stride(),
        )
        for view in views
    ]


def _noise(owner: int, kind: str, shape: torch.Size) -> OperandPlace:
    """The place of noise, whose elements count in the order of their indices."""
    steps = (math.prod(shape[d + 1 :]) for d in range(len(shape)))
    return OperandPlace(owner, 0, kind, "in", tuple(steps))


def _bits(owner: int, bits: int, role: str, like: Tensor) -> OperandPlace:
    """The place of packed bits, which go along with the elements of a dense tensor."""
    return OperandPlace(owner, 0, f"code{bits}", role, like.stride())
