"""The eager engine: programs as torch operators. It is complete, and it is what compilers trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
from torch import Tensor

from ogive.engine import bit_packing
from ogive.engine.call import Call, RowCall, broadcast, compute_dtype
from ogive.expr import PRIMITIVES, Program
from ogive.printers import python_function
from ogive.printers.torch import TorchPrinter
from ogive.torch_private import tracer_active

_Function = Callable[..., tuple[Tensor, ...]]
#: 16-bit numbers are computed in float32.
WIDE = {torch.float16: torch.float32, torch.bfloat16: torch.float32}


@lru_cache(maxsize=4096)
def compiled_formula(program: Program) -> _Function:
    """The program as a Python function of tensors of one dtype."""
    return python_function(program, "torch", program.name)


def run(call: Call | RowCall, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The results: new tensors, or the first one written over tensors[0]."""
    if isinstance(call, RowCall):
        return (composed(call, *tensors),)
    given = call.unpack(call.numbers(tensors))
    shape = broadcast(given)
    exact = call.program.needs_float64 and not tracer_active()  # runtimes lack float64 operators
    dtype = torch.float64 if exact else compute_dtype(given)
    inputs = _unpacked(call, tensors, dtype) if call.bits else [t.to(dtype) for t in given]
    outputs = iter(compiled_formula(call.program)(*inputs))
    over = [next(outputs)] if call.inplace else []
    made = []
    for result in call.results[len(over) :]:
        if result.packed:
            assert call.layout is not None
            halves = [_full(next(outputs), shape).to(result.dtype) for _ in range(2)]
            made.append(call.layout.join(*halves))
        elif result.bits:
            made.append(bit_packing.pack(next(outputs).expand_as(tensors[0]), result.bits))
        else:
            made.append(_own(result.reduced(_full(next(outputs), shape)), given))
    results = (*(tensors[0].copy_(y) for y in over), *made)  # the others may need what was there
    return (torch.stack(results),) if call.stacked else results


def composed(call: RowCall, *tensors: Tensor) -> Tensor:
    """A function of rows as torch operators, 16-bit numbers computed in float32."""
    return call.composed(*(t.to(WIDE.get(t.dtype, t.dtype)) for t in tensors)).to(call.made)


def _unpacked(call: Call, tensors: Sequence[Tensor], dtype: torch.dtype) -> list[Tensor]:
    """The inputs of a program that takes packed bits."""
    like = call.numbers(tensors)[-1]
    return [
        bit_packing.unpack(t, bits, like, dtype) if bits else t.to(dtype)
        for t, bits in zip(tensors, call.bits, strict=True)
    ]


def _full(output: Tensor, shape: torch.Size) -> Tensor:
    """The derivative of ``a * x`` is a, however small a tensor."""
    return output if output.shape == shape else output.expand(shape)


def _own(output: Tensor, inputs: Sequence[Tensor]) -> Tensor:
    """The output as a tensor of its own, which autograd asks for: identity hands its input back."""
    expanded = not output.is_contiguous() and 0 in output.stride()
    return output.clone() if expanded or any(output is t for t in inputs) else output


def _settle_vector_library() -> None:
    """Calls each vector function once on one thread, when the engine is imported.

    torch 2.13's CPU build initialises its vector mathematics in the first call of each function. If
    that call runs on two threads, one of them may compute its share before the accuracy is set:
    torch.exp of 4,000 float64 numbers was 3e-9 off in half the result in about one process of four
    (2 cores). A call on a few numbers runs on one thread and settles it.
    """
    for dtype in (torch.float32, torch.float64):
        few = torch.full((4,), 0.5, dtype=dtype)
        for name in TorchPrinter.spell:
            if PRIMITIVES[name].arity == 1:
                getattr(torch, name)(few)


_settle_vector_library()
