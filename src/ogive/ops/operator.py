"""Plans as one operator of torch, ``ogive::call``, for those who watch torch's dispatcher.

It takes the name of a plan, since operators take tensors, numbers and text. Ordinary calls go
without it, which saves 4 us; under tracing the plan's torch operators are recorded in its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ogive.engine import Call, RowCall, compute, traced
from ogive.engine.call import dense
from ogive.engine.eager import composed
from ogive.engine.selection import Served, state
from ogive.torch_private import modes

_CALLS: dict[str, Call] = {}
#: It lives as long as the process.
_LIBRARY: Any = torch.library.Library("ogive", "DEF")  # type: ignore[no-untyped-call]
_LIBRARY.define("call(str plan, Tensor[] tensors) -> Tensor[]")


def name_of(call: Call) -> str:
    """The call's name: that of its program, and a hash of everything else."""
    told = (call.program.inputs, call.program.outputs, call.results, call.packed)
    text = repr((*told, call.layout, call.bits, call.inplace, call.engine))
    name = f"{call.program.name}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    _CALLS[name] = call
    return name


def writes_over(x: Tensor) -> bool:
    """Whether a kernel may write over x: it lies in one stretch, and no mode of the dispatcher is
    to see what happens."""
    return dense(x) and not modes()


def run_plan(plan: Any, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The plan's results; through torch's dispatcher, if a mode of it is active."""
    tensors = plan.alike(tensors)
    result = plan.dispatch(*tensors)
    if result is not None:
        return result if type(result) is tuple else (result,)
    if not modes() or traced():
        return compute(plan, tensors)
    if isinstance(plan, RowCall):
        if state.log is not None:
            state.log.append(Served(plan.label, "eager", "torch's dispatcher is being watched"))
        return (composed(plan, *tensors),)
    outputs: list[Tensor] = torch.ops.ogive.call(name_of(plan), list(tensors))
    return tuple(outputs)


def _call(plan: str, tensors: list[Tensor]) -> list[Tensor]:
    return list(compute(_CALLS[plan], _CALLS[plan].alike(tensors)))


def _fake(plan: str, tensors: list[Tensor]) -> list[Tensor]:
    """Outputs without content, of the right shapes."""
    known = _CALLS[plan]
    return [known.empty(result, tensors, tensors[0].device) for result in known.results]


_LIBRARY.impl("call", _call, "CPU")
torch.library.register_fake("ogive::call", _fake, lib=_LIBRARY)
