"""The CPU engine: programs as fused kernels, compiled for the processor at hand.

One pass over memory whatever the formula, and no temporary tensors. A gradient of a broadcast
parameter is added up in the same pass, in float64, by each thread for itself and then in order, so
it is the same every time for a given number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from ogive.engine import compiler, pages, threads
from ogive.engine.layout import Layout, alike, layout
from ogive.engine.loops import Operand, kernel
from ogive.engine.precision import arithmetic
from ogive.engine.results import Result, broadcast, compute_dtype
from ogive.expr import Program

DTYPES = {
    torch.float32: "float32",
    torch.float64: "float64",
    torch.bfloat16: "bfloat16",
    torch.float16: "float16",
}
PLAIN = (Tensor, torch.nn.Parameter)
#: The fewest elements worth waking another thread for.
SHARE = 8192
#: Each thread has its own copy of all sums; more of them are left to torch.
MOST_SUMS = 65536


def check() -> None:
    """Raises an EngineError where kernels cannot be compiled."""
    compiler.available()


def serves(inputs: Sequence[Tensor]) -> bool:
    """Whether the engine can run on these tensors: it needs their memory."""
    for t in inputs:
        if (
            not t.is_cpu
            or type(t) not in PLAIN
            or t.dtype not in DTYPES
            or t.layout is not torch.strided
            or t.is_neg()
            or torch._C._functorch.is_functorch_wrapped_tensor(t)
            or torch._C._functorch.is_legacy_batchedtensor(t)  # by is_grads_batched
        ):
            return False
    return True


class Kernel:
    """A program compiled for operands of certain dtypes, walked through in certain ways."""

    def __init__(self, program: Program, operands: tuple[Operand, ...]) -> None:
        self.operands = operands
        source = kernel(program, operands, arithmetic(program, operands))
        label = f"{program.name} {' '.join(dict.fromkeys(o.dtype for o in operands))}"
        library = compiler.load(source, label)
        self.launch = threads.pool()
        self.flat = library.address("flat")
        self.rows = library.address("rows")


@lru_cache(maxsize=8192)
def compiled(
    program: Program,
    dtypes: tuple[torch.dtype, ...],
    roles: tuple[str, ...],
    access: tuple[str, ...],
) -> Kernel:
    """The kernel, compiled once in the life of the process."""
    rows = zip(dtypes, roles, access, strict=True)
    return Kernel(program, tuple(Operand(DTYPES[d], r, a) for d, r, a in rows))


def mapping(program: Program, dtype: torch.dtype) -> Kernel:
    """The kernel of a program from dense tensors to another, all of one dtype."""
    count = len(program.inputs)
    return compiled(program, (dtype,) * (count + 1), *_plain_roles(count, 1))


def mapped(kernel: Kernel, x: Tensor, others: Sequence[Tensor], count: int) -> Tensor:
    """The result of a kernel of ``mapping`` on contiguous tensors of so many elements each."""
    y = torch.empty_like(x)
    parallel = 0
    if count > SHARE:
        pages.huge(y)
        parallel = workers(count, threads.available())
    if others:
        places = [t.data_ptr() for t in others]
        kernel.launch(kernel.flat, parallel, count, x.data_ptr(), *places, y.data_ptr())
    else:
        kernel.launch(kernel.flat, parallel, count, x.data_ptr(), y.data_ptr())
    return y


def run(
    program: Program, inputs: Sequence[Tensor], results: Sequence[Result | Tensor]
) -> list[Tensor]:
    """The program's outputs, new ones laid out as the first input of full shape is."""
    if _plain(inputs, results):
        return _run_plain(program, inputs, results)  # type: ignore[arg-type]
    shape = broadcast(inputs)
    like = next((t for t in inputs if t.shape == shape), None)
    # asked once: another thread may change torch's number between the places and the launch
    parallel = workers(shape.numel(), threads.available())
    places = [r if isinstance(r, Tensor) else _place(r, shape, like, parallel) for r in results]
    if not _launch(program, shape, inputs, places, parallel):
        return _sum_afterwards(program, inputs, results)
    return [p if isinstance(p, Tensor) else p.total() for p in places]


def _plain(inputs: Sequence[Tensor], results: Sequence[Result | Tensor]) -> bool:
    """Whether everything is contiguous and of one shape, as it nearly always is."""
    shape = inputs[0].shape
    for t in inputs:
        if t.shape != shape or not t.is_contiguous():
            return False
    return all(isinstance(r, Result) and r.shape is None for r in results)


def _run_plain(
    program: Program, inputs: Sequence[Tensor], results: Sequence[Result]
) -> list[Tensor]:
    first = inputs[0]
    outputs = [torch.empty_like(first, dtype=r.dtype, requires_grad=False) for r in results]
    everything = (*inputs, *outputs)
    dtypes = tuple([t.dtype for t in everything])
    made = compiled(program, dtypes, *_plain_roles(len(inputs), len(outputs)))
    if count := first.numel():
        for output in outputs:
            pages.huge(output)
        _flat(made, everything, count, workers(count, threads.available()))
    return outputs


@lru_cache
def _plain_roles(inputs: int, outputs: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return ("in",) * inputs + ("out",) * outputs, ("each",) * (inputs + outputs)


def _sum_afterwards(
    program: Program, inputs: Sequence[Tensor], results: Sequence[Result | Tensor]
) -> list[Tensor]:
    """Sums that a kernel cannot make, made by torch from outputs of full shape."""
    summed = [isinstance(r, Result) and r.shape is not None for r in results]
    wide = [Result(compute_dtype(inputs)) if s else r for r, s in zip(results, summed, strict=True)]
    return [
        r.reduced(o) if isinstance(r, Result) else o
        for r, o in zip(results, run(program, inputs, wide), strict=True)
    ]


class _Sums:
    """The places where threads add up an output."""

    def __init__(self, result: Result, parallel: int) -> None:
        assert result.shape is not None
        self.dtype = result.dtype
        self.shape = torch.Size(result.shape)
        self.parts = torch.zeros((max(parallel, 1), *result.shape), dtype=torch.float64)
        #: how far apart the threads' copies are, in bytes
        self.slot = 8 * self.shape.numel()

    def data_ptr(self) -> int:
        return self.parts.data_ptr()

    def expanded(self, shape: torch.Size) -> tuple[int, ...]:
        return self.parts[0].expand(shape).stride()

    def total(self) -> Tensor:
        return self.parts.sum(0).to(self.dtype)


Place = Tensor | _Sums


def _place(result: Result, shape: torch.Size, like: Tensor | None, parallel: int) -> Place:
    if result.shape is not None and result.shape != shape:
        return _Sums(result, parallel)
    if like is None:
        return torch.empty(shape, dtype=result.dtype)
    fresh = torch.empty_like(like, dtype=result.dtype, requires_grad=False)
    pages.huge(fresh)
    return fresh


def workers(count: int, available: int) -> int:
    """How many threads run a kernel over so many elements; 0 is no other, see threads.Pool."""
    if count <= SHARE:
        return 0
    return 1 if count < 2 * SHARE else min(count // SHARE, available)


def _launch(
    program: Program,
    shape: torch.Size,
    inputs: Sequence[Tensor],
    places: Sequence[Place],
    parallel: int,
) -> bool:
    """Runs the kernel on so many threads; False if it cannot add up in the places given."""
    count = shape.numel()
    if not count:
        return True
    everything = (*inputs, *places)
    full = [t for t in everything if isinstance(t, Tensor) and t.shape == shape]
    rest = [t for t in everything if isinstance(t, _Sums) or t.shape != shape]
    if any(isinstance(t, _Sums) and t.shape.numel() > MOST_SUMS for t in rest):
        return False
    dtypes = tuple([t.dtype for t in everything])
    roles = ("in",) * len(inputs) + tuple([_role(p) for p in places])
    if alike(full) and all(t.shape.numel() == 1 for t in rest):
        access = tuple(["each" if t.shape == shape else "one" for t in everything])
        _flat(compiled(program, dtypes, roles, access), everything, count, parallel)
        return True
    strides = [_strides(t, shape) for t in everything]
    leader = max(range(len(everything)), key=lambda k: sum(map(bool, strides[k])))
    loops = layout(shape, strides, leader)
    if any(r == "sum" and a == "stride" for r, a in zip(roles, loops.access, strict=True)):
        return False
    _rows(compiled(program, dtypes, roles, loops.access), everything, loops, count, parallel)
    return True


def _role(place: Place) -> str:
    return "sum" if isinstance(place, _Sums) else "out"


def _strides(place: Place, shape: torch.Size) -> tuple[int, ...]:
    if isinstance(place, _Sums):
        return place.expanded(shape)
    return place.stride() if place.shape == shape else place.expand(shape).stride()


def _slot(place: Place) -> int:
    return place.slot if isinstance(place, _Sums) else 0


def _flat(made: Kernel, everything: Sequence[Place], count: int, parallel: int) -> None:
    """Tensors of full shape that lie alike, and single numbers."""
    places = [t.data_ptr() for t in everything]
    slots = [t.slot for t in everything if isinstance(t, _Sums)]
    made.launch(made.flat, parallel, count, *places, *slots)


def _rows(
    made: Kernel, everything: Sequence[Place], loops: Layout, count: int, parallel: int
) -> None:
    """Tensors of any strides."""
    rows, columns = loops.sizes[:-1], loops.sizes[-1]
    arguments = [count // columns, columns, len(rows), *rows]
    for place, steps, operand in zip(everything, loops.steps, made.operands, strict=True):
        size = operand.size
        arguments += (place.data_ptr(), _slot(place), size * steps[-1])
        arguments += [size * s for s in steps[:-1]]
    made.launch(made.rows, parallel, *arguments)
