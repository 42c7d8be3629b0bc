"""What runs the program of a place: made ready once for tensors that lie alike.

A kernel reads a tensor once, and adds up in float64 what it has; where no engine has kernels,
torch's operators do the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor

from ogive.engine import Call, Output, compute
from ogive.engine.selection import KERNELS, choose, state
from ogive.errors import EngineError
from ogive.expr import Program

#: From the tensors of a program to its outputs, each summed, as the rows of one tensor.
Summing = Callable[..., Tensor]
#: Kinds of tensors that programs are made ready for: shapes may change in every step.
_MOST_PREPARED = 1024
_PREPARED: dict[Any, Summing] = {}


def likeness(*tensors: Tensor) -> tuple[Any, ...]:
    """What tensors must have in common to be served by what was made ready for others of them."""
    like = [(t.shape, t.stride(), t.dtype, t.device, t.is_neg()) for t in tensors]
    return (state.engine, *like)


def summing(program: Program, shape: tuple[int, ...], tensors: tuple[Tensor, ...]) -> Summing:
    """What sums the outputs of a program to a shape, for tensors that lie as these."""
    key = (program, shape, likeness(*tensors))
    if key not in _PREPARED:
        if len(_PREPARED) >= _MOST_PREPARED:
            _PREPARED.clear()
        _PREPARED[key] = _prepared(program, shape, tensors)
    return _PREPARED[key]


def _prepared(program: Program, shape: tuple[int, ...], tensors: tuple[Tensor, ...]) -> Summing:
    results = (Output(sum_dtype(tensors[0]), shape),) * len(program.outputs)
    call = Call(program, results, (False,) * len(tensors), stacked=True)
    engine, _ = choose(tensors, None)
    if engine in KERNELS:
        try:
            return cast(Summing, KERNELS[engine].prepare(call, tensors).run)
        except EngineError:
            pass
    return lambda *given: compute(call, given)[0]


def sum_dtype(x: Tensor) -> torch.dtype:
    """In which numbers of a tensor are added up."""
    return torch.float32 if x.device.type == "mps" else torch.float64
