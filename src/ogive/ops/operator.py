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

from ogive.engine import traced
from ogive.engine.cpu.coalescing import dense
from ogive.ops.plan import Plan
from ogive.torch_private import modes

_PLANS: dict[str, Plan] = {}
#: It lives as long as the process.
_LIBRARY: Any = torch.library.Library("ogive", "DEF")  # type: ignore[no-untyped-call]
_LIBRARY.define("call(str plan, Tensor[] tensors) -> Tensor[]")


def name_of(plan: Plan) -> str:
    """The plan's name: that of its program, and a hash of everything else."""
    told = (plan.program.inputs, plan.program.outputs, plan.results, plan.packed)
    text = repr((*told, plan.halves, plan.codes, plan.engine))
    name = f"{plan.program.name}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    _PLANS[name] = plan
    return name


def writes_over(x: Tensor) -> bool:
    """Whether a kernel may write over x: it lies in one stretch, and no mode of the dispatcher is
    to see what happens."""
    return dense(x) and not modes()


def run(plan: Plan, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The plan on the tensors; through the dispatcher, if a mode of it is active."""
    result = plan.short(*tensors)
    if result is not None:
        return (result,)
    if modes() and not traced():
        outputs: list[Tensor] = torch.ops.ogive.call(name_of(plan), list(tensors))
        return tuple(outputs)
    return plan.run(tensors)


def _call(plan: str, tensors: list[Tensor]) -> list[Tensor]:
    return list(_PLANS[plan].run(tensors))


def _fake(plan: str, tensors: list[Tensor]) -> list[Tensor]:
    """Outputs without content, of the right shapes."""
    known = _PLANS[plan]
    return [known.empty(result, tensors, tensors[0].device) for result in known.results]


_LIBRARY.impl("call", _call, "CPU")
torch.library.register_fake("ogive::call", _fake, lib=_LIBRARY)
