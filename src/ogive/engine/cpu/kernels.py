"""What the CPU engine offers: whether it serves tensors, and a call made ready for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import torch
from torch import Tensor

from ogive.engine.call import (
    PLAIN,
    Call,
    KernelRunner,
    NoMemory,
    RowCall,
    TooLong,
    compute_dtype,
    in_storage,
    nbytes,
    storage,
    summed_afterwards,
)
from ogive.engine.cpu import compiler, output_pool, threads
from ogive.engine.cpu.launch import Kernel, Launch, TooManySums
from ogive.engine.cpu.loops import kernel
from ogive.engine.cpu.operands import CODES, Operand
from ogive.engine.cpu.precision import arithmetic
from ogive.engine.cpu.rowwise.row_launch import RowLaunch
from ogive.expr import Program

DTYPES: dict[torch.dtype | str, str] = {
    torch.float32: "float32",
    torch.float64: "float64",
    torch.bfloat16: "bfloat16",
    torch.float16: "float16",
    **{name: name for name in CODES},
}
DEVICES = ("cpu",)
#: The operations of a program that is compiled: 1,000 with 180 exponentials take 20 s, and the time
#: grows faster than they do.
LONGEST_PROGRAM = 1500
#: Bytes hold packed bits.
READABLE = {d for d in DTYPES if isinstance(d, torch.dtype)} | {torch.uint8}


def check() -> None:
    """Raises an EngineError where kernels cannot be compiled."""
    compiler.available()


def serves(inputs: Sequence[Tensor]) -> bool:
    """Whether the engine can run on these tensors: it needs their memory."""
    try:
        for t in inputs:
            if (
                not t.is_cpu
                or type(t) not in PLAIN
                or t.dtype not in READABLE
                or t.layout is not torch.strided
                or t.is_nested
                or t.is_neg()
                or not ((t.data_ptr() and in_storage(t)) or not t.numel())
            ):
                return False
    except RuntimeError:  # a tensor without memory, as inside torch.func.vmap
        return False
    return True


def prepare(call: Call | RowCall, tensors: Sequence[Tensor]) -> KernelRunner:
    """What runs the call on tensors like these, which the engine serves.

    Results are laid out as the first input of full shape is.
    """
    if isinstance(call, RowCall):
        dtypes = DTYPES[call.dtype], DTYPES[call.result]
        return KernelRunner(RowLaunch(call, *dtypes, tensors[0].shape).run)
    if call.program.size > LONGEST_PROGRAM:
        raise TooLong(f"kernels have up to {LONGEST_PROGRAM} operations, not {call.program.size}")
    if call.pointwise and _contiguous(tensors) and call.results[0].dtype is tensors[0].dtype:
        return KernelRunner(
            pointwise(call.program, tuple([t.dtype for t in tensors])), contiguous=True
        )
    try:
        return KernelRunner(Launch(compiled_kernel, call, tensors))
    except TooManySums:
        start = partial(Launch, compiled_kernel, tensors=tensors)
        return KernelRunner(summed_afterwards(call, compute_dtype(tensors), start))


def _contiguous(tensors: Sequence[Tensor]) -> bool:
    shape = tensors[0].shape
    return all(t.is_contiguous() and t.shape == shape for t in tensors)


@lru_cache(maxsize=2048)
def compiled_kernel(
    program: Program,
    dtypes: tuple[torch.dtype | str, ...],
    roles: tuple[str, ...],
    access: tuple[str, ...],
    region: str,
) -> Kernel:
    """The program for operands of certain dtypes, walked through in certain ways, compiled once in
    the life of the process; see loops.py for the region."""
    rows = zip(dtypes, roles, access, strict=True)
    operands = tuple(Operand(DTYPES[d], r, a) for d, r, a in rows)
    with torch.device("cpu"):  # whichever is the default: the arithmetic is tried out here
        source = kernel(program, operands, arithmetic(program, operands), region)
    label = f"{program.name} {' '.join(dict.fromkeys(o.dtype for o in operands))}"
    library = compiler.load(source, label)
    return Kernel(operands, library.address(region), threads.pool())


def pointwise(program: Program, dtypes: tuple[torch.dtype, ...]) -> Callable[..., Tensor]:
    """The program as a function of contiguous tensors of these dtypes and one shape, to a new one
    like the first."""
    roles = (*("in" for _ in dtypes), "out")
    access = ("each",) * len(roles)
    _, region, start = compiled_kernel(program, (*dtypes, dtypes[0]), roles, access, "flat")
    # looked up once: a name costs time in every call
    data_ptr, empty_like, large = Tensor.data_ptr, torch.empty_like, output_pool.SMALLEST_POOLED
    size, sizes = dtypes[0].itemsize, [dtype.itemsize for dtype in dtypes]

    def run(*tensors: Tensor) -> Tensor:
        x = tensors[0]
        count = x.numel()
        spans = [count * size for size in sizes]
        if [*map(nbytes, map(storage, tensors))] != spans and not all(map(in_storage, tensors)):
            raise NoMemory
        y = empty_like(x) if spans[0] < large else output_pool.empty_like(x)
        parallel = threads.workers(count) if count > threads.SHARE else 0
        # without a frame of Python's for each tensor
        start(region, parallel, *map(data_ptr, tensors), y.data_ptr(), count)
        return y

    def run_one(x: Tensor) -> Tensor:
        count = x.numel()
        whole = count * size
        if nbytes(storage(x)) != whole and not in_storage(x):
            raise NoMemory
        y = empty_like(x) if whole < large else output_pool.empty_like(x)
        parallel = threads.workers(count) if count > threads.SHARE else 0
        start(region, parallel, x.data_ptr(), y.data_ptr(), count)
        return y

    return run_one if len(dtypes) == 1 else run
