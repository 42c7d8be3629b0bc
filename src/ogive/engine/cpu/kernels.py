"""The CPU engine: programs as fused kernels, compiled for the processor at hand.

One pass over memory whatever the formula, and no temporary tensors. A gradient of a broadcast
parameter is added up in the same pass, in float64, by each thread for itself and then in order, so
it is the same every time for a given number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
from torch import Tensor

from ogive.engine.call import Call, Result, compute_dtype
from ogive.engine.cpu import compiler, output_pool, threads
from ogive.engine.cpu.launch import SHARE, Kernel, Launch, TooManySums, workers
from ogive.engine.cpu.loops import CODES, Operand, kernel
from ogive.engine.cpu.precision import arithmetic
from ogive.expr import Program

DTYPES: dict[torch.dtype | str, str] = {
    torch.float32: "float32",
    torch.float64: "float64",
    torch.bfloat16: "bfloat16",
    torch.float16: "float16",
    **{name: name for name in CODES},
}
PLAIN = (Tensor, torch.nn.Parameter)
#: So many launches are kept; each is for tensors of certain shapes and strides.
MOST_LAUNCHES = 4096
_launches: dict[object, Launch] = {}
# looking up a name costs time in every call
empty_like = output_pool.empty_like


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
                or t.dtype not in DTYPES
                or t.layout is not torch.strided
                or t.is_nested
                or t.is_neg()
                or not (t.data_ptr() or not t.numel())
            ):
                return False
    except RuntimeError:  # a tensor without memory, as inside torch.func.vmap
        return False
    return True


@lru_cache(maxsize=8192)
def compiled(
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


def mapped(program: Program, dtypes: Sequence[torch.dtype]) -> Callable[..., Tensor]:
    """The program as a function of contiguous tensors of these dtypes and one shape, to a new one
    like the first."""
    roles = (*("in" for _ in dtypes), "out")
    access = ("each",) * len(roles)
    _, flat, start = compiled(program, (*dtypes, dtypes[0]), roles, access, "flat")

    def run(*tensors: Tensor) -> Tensor:
        x = tensors[0]
        count, places = x.numel(), [t.data_ptr() for t in tensors]
        if 0 in places:
            raise RuntimeError("a tensor has no memory")
        y = empty_like(x)
        parallel = workers(count, threads.available()) if count > SHARE else 0
        start(flat, parallel, *places, y.data_ptr(), count)
        return y

    return run


def launch(call: Call, tensors: Sequence[Tensor]) -> Launch:
    """What starts the call on tensors of these shapes, strides and dtypes."""
    return Launch(compiled, call, tensors, inplace=False)


def run(call: Call, tensors: Sequence[Tensor], inplace: bool = False) -> tuple[Tensor, ...]:
    """The results, laid out as the first input of full shape is; or, in place, over tensors[0]."""
    key = (call, inplace, *[(t.dtype, t.shape, t.stride()) for t in tensors])
    launch = _launches.get(key)
    if launch is None:
        try:
            launch = Launch(compiled, call, tensors, inplace)
        except TooManySums:
            return _sum_afterwards(call, tensors)
        if len(_launches) >= MOST_LAUNCHES:  # shapes that change in every step
            _launches.clear()
        _launches[key] = launch
    return launch(tensors)


def _sum_afterwards(call: Call, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Sums that a kernel cannot make, made by torch from outputs of full shape."""
    dtype = compute_dtype(tensors)
    wide = tuple(r if r.shape is None else Result(dtype) for r in call.results)
    outputs = run(Call(call.program, wide, call.packed, call.halves), tensors)
    return tuple(r.reduced(o) for r, o in zip(call.results, outputs, strict=True))
