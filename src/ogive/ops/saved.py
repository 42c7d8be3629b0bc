"""Calls that keep less than their input for backward.

The result of a mode is bitwise that of an ordinary call. Exact modes may be differentiated again,
in the gradient; lean ones give one backward.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function

from ogive.catalogue import Spec
from ogive.certify.saving.mode import Mode, NotLegal
from ogive.certify.saving.overview import SavingModes, mode_table, only_input
from ogive.certify.saving.saving import MODES, saving
from ogive.engine import Output
from ogive.engine.call import dense, laid
from ogive.errors import OgiveError, ParameterError, briefly
from ogive.ops import operator, record
from ogive.ops.arguments import Argument
from ogive.ops.native import NATIVE
from ogive.ops.parameters import binds
from ogive.ops.plan import Plan
from ogive.printers.machine import FORMATS
from ogive.torch_private import direct_apply

#: What ``save`` can be.
CHOICES = ("input", "exact", "lean", *MODES)
#: Why backward of other kinds of entries needs the input.
REASONS = {
    "gated": "the gradients of value and gate need both",
    "stochastic": "its slope depends on the noise",
    "rowwise": "its derivative is a matrix",
}


#: Of so many bytes ``exact`` keeps the input as it is: to pack its bits takes as long as two such
#: calls, and saves next to nothing.
UNPACKED_UP_TO = 2**15


class Saved(NamedTuple):
    """A mode with its plans for a dtype; ``above`` so many bytes of input it serves."""

    entry: str
    mode: Mode
    exact: bool
    above: int
    forward: Plan
    backward: Plan


def chosen(
    spec: Spec, values: Mapping[str, Argument], save: str, dtype: torch.dtype
) -> Mode | None:
    """The mode of a call with these values; None for the input.

    Raises:
        ParameterError: for a mode that the formula, or a parameter that is a tensor, rules out.
    """
    reason = _reason(spec, values) or _dtype_reason(dtype)
    try:
        if not reason:
            return saving(spec, tuple(values.items())).choose(save, _name(dtype))
        if save in ("input", "exact", "lean"):
            return None
    except NotLegal as raised:
        reason = str(raised)
    raise ParameterError(
        f"{spec.name} cannot save its {save}: {reason}; save='exact' and save='lean' choose among "
        f"what it can"
    )


def _reason(spec: Spec, values: Mapping[str, Argument]) -> str:
    """Why backward needs the input; empty if it depends on the formula."""
    if spec.kind != "elementwise":
        return REASONS[spec.kind]
    if any(isinstance(v, Tensor) for v in values.values()):
        return "the gradient of a parameter that is a tensor needs the input"
    if not binds(spec.program, values):
        return "a number of more than six digits does not become part of a kernel"
    return ""


def _dtype_reason(dtype: torch.dtype) -> str:
    known = isinstance(dtype, torch.dtype) and _name(dtype) in FORMATS
    return "" if known else f"no error is known for {briefly(dtype).removeprefix('torch.')}"


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def saved(
    spec: Spec, values: Mapping[str, Argument], save: str, dtype: torch.dtype, engine: str | None
) -> Saved | None:
    """How a call with these values saves; see ``chosen``."""
    mode = chosen(spec, values, save, dtype)
    if mode is None:
        return None
    # where torch keeps the result, the input may be overwritten; its bit stays right then
    row = NATIVE.get(spec.name)
    above = UNPACKED_UP_TO if save == "exact" and not (row and row.keeps_result) else -1
    return _planned(spec, tuple(values.items()), mode, dtype, engine, above)


@lru_cache(maxsize=4096)
def _planned(
    spec: Spec,
    values: tuple[tuple[str, float], ...],
    mode: Mode,
    dtype: torch.dtype,
    engine: str | None,
    above: int,
) -> Saved:
    made, packed = (Output(dtype),), (Output(torch.uint8, bits=mode.bits),) * bool(mode.bits)
    given = 1 + mode.result + len(packed)
    bits = (*(0,) * (1 + mode.result), mode.bits) if packed else ()
    return Saved(
        spec.name,
        mode,
        saving(spec, values).exact(mode.name, _name(dtype)),
        above,
        Plan(mode.forward, (*made, *packed), (False,), engine=engine),
        Plan(mode.backward, made, (False,) * given, bits=bits, engine=engine),
    )


def ways(spec: Spec, values: Mapping[str, Argument]) -> SavingModes:
    """The table of what backward may keep."""
    reason = _reason(spec, values)
    return only_input(reason) if reason else mode_table(saving(spec, tuple(values.items())))


def apply_saved(saved: Saved, x: Tensor, inplace: bool = False) -> Tensor:
    """The function of a tensor, recorded by autograd in this way."""
    if inplace and not operator.writes_over(x):
        return x.copy_(apply_saved(saved, x.clone()))
    result: Tensor = _record(saved, x if dense(x) else x.clone(), inplace)[0]
    return result


class _Saved(Function):
    """The second result is empty. By way of it, or of the first if that is kept, gradients of the
    gradient reach x: they are 0 where a mode is exact."""

    @staticmethod
    def forward(ctx: Any, saved: Saved, x: Tensor, inplace: bool) -> tuple[Tensor, Tensor]:
        y, *packed = operator.run_plan(saved.forward.over if inplace else saved.forward, [x])
        if inplace:
            ctx.mark_dirty(y)
        ctx.saved, ctx.strides, ctx.spent = saved, x.stride(), False
        ctx.shape = x.shape
        # hooks that pack what is saved, as checkpoints do, lose torch's own count of changes
        ctx.version = y._version + inplace
        ctx.set_materialize_grads(False)
        link = y.new_empty(0)
        links = [link] * (saved.exact and not saved.mode.result)
        ctx.save_for_backward(*[y] * saved.mode.result, *packed, *links)
        return y, link

    @staticmethod
    def backward(
        ctx: Any, gradient: Tensor | None, of_link: Tensor | None
    ) -> tuple[None, Tensor | None, None]:
        saved: Saved = ctx.saved
        if gradient is None:
            return None, None if of_link is None else of_link.new_zeros(ctx.shape), None
        if not saved.exact:
            _once(ctx)
        kept = _kept(ctx)
        given = [gradient, *(t.detach() for t in kept[: saved.mode.result])]
        # bits go along with the input as it lay, whatever hooks have made of the result
        alike = [laid(t, ctx.strides) for t in given]
        packed = kept[saved.mode.result :][: bool(saved.mode.bits)]
        made = record.apply_plan(saved.backward, *alike, *(t.detach() for t in packed))
        if torch.is_grad_enabled():
            made = _linked(made, kept[0] if saved.mode.result else kept[-1])
        return None, made, None


_record = direct_apply(_Saved)


class _Linked(Function):
    """A gradient that depends on x, by way of the link, with the derivative 0."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, link: Tensor) -> Tensor:
        ctx.save_for_backward(link)
        return gradient.view_as(gradient)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        (link,) = ctx.saved_tensors
        return gradient, torch.zeros_like(link)


_linked = direct_apply(_Linked)


def _once(ctx: Any) -> None:
    """Raises an OgiveError where a lean mode is asked for more than one backward."""
    what = "the gradient of a gradient" if torch.is_grad_enabled() else "a second backward"
    if ctx.spent or torch.is_grad_enabled():
        raise OgiveError(
            f"{ctx.saved.entry} saved its {ctx.saved.mode.name} for one backward and cannot give "
            f"{what}; call it, or accelerate the model, with save='exact'"
        )
    ctx.spent = True


def _kept(ctx: Any) -> tuple[Tensor, ...]:
    overwritten = OgiveError(
        f"the result of {ctx.saved.entry} was kept for backward (save={ctx.saved.mode.name!r}) "
        f"and has been overwritten since, itself or as a hook on saved tensors gives it back; "
        f"leave it as it is, or use save='input'"
    )
    try:
        kept: tuple[Tensor, ...] = ctx.saved_tensors
    except RuntimeError as error:
        if "inplace" not in str(error):
            raise
        raise overwritten from error
    if ctx.saved.mode.result and kept[0]._version > ctx.version:
        raise overwritten
    if ctx.saved.mode.bits and kept[ctx.saved.mode.result].dtype is not torch.uint8:
        raise OgiveError(
            f"{ctx.saved.entry} kept packed bits for backward (save={ctx.saved.mode.name!r}), and "
            f"a hook on saved tensors has changed their dtype; let it keep the dtype of what is no "
            f"floating-point tensor, or use save='input'"
        )
    return kept
