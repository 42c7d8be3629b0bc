"""Plans as one operator of torch, ``ogive::call``, for those who watch torch's dispatcher.

It takes the name of a plan, since operators take tensors, numbers and text. Ordinary calls go
without it, which saves 4 us; a trace records the plan's torch operators in its place, unless it is
torch.compile's and a kernel is faster than what that makes of them.

``ogive::again`` is the same for results that backward computes a second time, in the place of
keeping them: it takes the gradient too, so that a compiler that shares what is computed twice, and
keeps what does not depend on a gradient, leaves it where it is.
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
from ogive.engine.selection import KERNELS, note, state, wanted
from ogive.expr.text import operation_lines
from ogive.torch_private import being_compiled, is_view, modes

_CALLS: dict[str, Call] = {}
#: From so many elements on an operator of its own pays for its start.
LEAST_COMPILED = 2**14
#: Primitives that take about as long as an addition.
_PLAIN_STEPS = {
    *("pi", "add", "sub", "neg", "mul", "mul0", "div", "sqrt"),
    *("abs", "sign", "min", "max", "lt", "le", "eq", "where", "rarely"),
}
#: It lives as long as the process.
_LIBRARY: Any = torch.library.Library("ogive", "DEF")  # type: ignore[no-untyped-call]
_LIBRARY.define("call(str plan, Tensor[] tensors) -> Tensor[]")
_LIBRARY.define("again(str plan, Tensor[] tensors, Tensor gradient) -> Tensor[]")


def name_of(call: Call) -> str:
    """The call's name: that of its program, and a hash of everything else."""
    told = (call.program.inputs, operation_lines(*call.program.outputs), call.results, call.packed)
    text = repr((*told, call.layout, call.bits, call.seeds, call.inplace, call.engine))
    name = f"{call.program.name}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    _CALLS[name] = call
    return name


def writes_over(x: Tensor) -> bool:
    """Whether a kernel may write over x: it lies in one stretch, no mode of the dispatcher is to
    see what happens, and torch neither records what becomes of a view nor forbids it."""
    if torch.is_grad_enabled() and is_view(x):
        return False
    frozen = x.is_inference() and not torch.is_inference_mode_enabled()
    return dense(x) and not frozen and not modes()


def run_plan(plan: Any, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The plan's results; through torch's dispatcher, if a mode of it is active."""
    tensors = plan.alike(tensors)
    result = plan.dispatch(*tensors)
    if result is not None:
        return result if type(result) is tuple else (result,)
    if not modes() or (traced() and not stays_one(plan, tensors)):
        return compute(plan, tensors)
    if isinstance(plan, RowCall):
        note(plan.label, "torch's dispatcher is being watched")
        return (composed(plan, *tensors),)
    outputs: list[Tensor] = torch.ops.ogive.call(name_of(plan), list(tensors))
    return tuple(outputs)


def run_again(plan: Any, tensors: Sequence[Tensor], gradient: Tensor) -> tuple[Tensor, ...]:
    """The plan's results once more, in a backward that has come to this gradient of them."""
    if modes() and traced() and _is_kept_whole(plan, tensors):
        return tuple(torch.ops.ogive.again(name_of(plan), list(tensors), gradient))
    return run_plan(plan, tensors)


def compiling() -> bool:
    """Whether torch.compile traces, and not an exporter: its graph never leaves this process."""
    if torch.compiler.is_exporting():
        return False
    return torch.compiler.is_compiling() or being_compiled() is not None


def stays_one(plan: Call | RowCall, tensors: Sequence[Tensor]) -> bool:
    """Whether a graph of torch.compile's shows the plan as one operator, which a kernel serves.

    On a Xeon with AVX-512, one thread and 524,288 float32 numbers, the kernels of functions with an
    exponential or the like take 0.1 to 0.75 of the time of what inductor writes, forward and
    backward; others are better fused with their neighbours.
    """
    if isinstance(plan, RowCall) or not _is_kept_whole(plan, tensors):
        return False
    if _packs(plan):
        return True
    # on a GPU inductor's own kernels are at the memory's limit, but it saves no packed bits
    fused = any(s.op not in _PLAIN_STEPS for s in plan.program.steps())
    return fused and all(t.is_cpu for t in tensors)


def _is_kept_whole(plan: Call | RowCall, tensors: Sequence[Tensor]) -> bool:
    """Whether a graph of torch.compile's may show the plan as one operator: there is a kernel for
    it, and so much to compute that its start does not matter."""
    if not compiling() or isinstance(plan, RowCall) or wanted(plan.engine) == "eager":
        return False
    size = max(t.numel() for t in tensors)  # a size that is a symbol is not asked, which binds it
    if isinstance(size, int) and size < LEAST_COMPILED:
        return False
    if any(t.layout is not torch.strided for t in tensors):
        return False
    devices = {t.device.type for t in tensors}
    return any(
        devices <= set(row.DEVICES) and name not in state.broken for name, row in KERNELS.items()
    )


def _packs(plan: Call) -> bool:
    """Whether it takes or gives packed bits."""
    return bool(plan.bits) or any(result.bits for result in plan.results)


def _call(plan: str, tensors: list[Tensor]) -> list[Tensor]:
    return list(run_plan(_CALLS[plan], tensors) if not modes() else _computed(plan, tensors))


def _computed(plan: str, tensors: list[Tensor]) -> tuple[Tensor, ...]:
    return compute(_CALLS[plan], _CALLS[plan].alike(tensors))


def _again(plan: str, tensors: list[Tensor], gradient: Tensor) -> list[Tensor]:
    return _call(plan, tensors)


def _fake(plan: str, tensors: list[Tensor]) -> list[Tensor]:
    """Outputs without content, of the right shapes."""
    known = _CALLS[plan]
    return [known.empty(result, tensors, tensors[0].device) for result in known.results]


def _fake_again(plan: str, tensors: list[Tensor], gradient: Tensor) -> list[Tensor]:
    return _fake(plan, tensors)


for _device in ("CPU", "CUDA", "XPU"):
    _LIBRARY.impl("call", _call, _device)
    _LIBRARY.impl("again", _again, _device)
torch.library.register_fake("ogive::call", _fake, lib=_LIBRARY)
torch.library.register_fake("ogive::again", _fake_again, lib=_LIBRARY)
