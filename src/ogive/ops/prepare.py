"""What serves calls with the same arguments: a table of prepared calls, or the call as it is with
its arguments sorted and checked before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from ogive.catalogue import Spec
from ogive.engine.eager import WIDE
from ogive.ops import gates
from ogive.ops.arguments import ACCEPTED, Argument, check_numbers, check_order, is_ordinary
from ogive.ops.dispatch import Dispatch, native_first
from ogive.ops.native import NATIVE, Native, native
from ogive.ops.parameters import planned
from ogive.ops.plan import Plan
from ogive.ops.row_plan import RowPlan
from ogive.ops.rows import OF_THE_CALL, ROWS, row_plan
from ogive.ops.runners import RUNNERS
from ogive.torch_private import modes

Serve = Callable[..., Tensor | None]


def nothing(*tensors: object) -> None:
    """Serves no call: the general call does."""
    return


def prepare_call(
    spec: Spec,
    tensors: Sequence[Tensor],
    data: int,
    values: Mapping[str, Argument],
    options: Mapping[str, Any],
    engine: str | None,
) -> Serve:
    """What serves calls like this one: ``data`` of its tensors are data, the others values."""
    learned = [name for name, v in values.items() if isinstance(v, Tensor)]
    serve = _prepared(spec, tensors, data, values, learned, options, engine)
    if not learned or serve is nothing:
        return serve
    parameters = [spec.parameter(name) for name in learned]

    def checked(*given: Tensor) -> Tensor | None:
        for parameter, tensor in zip(parameters, given[data:], strict=True):
            check_numbers(spec, parameter, parameter.name, tensor)
        if spec.ascending:
            check_order(spec, {**values, **dict(zip(learned, given[data:], strict=True))})
        return serve(*given)

    return checked


def _prepared(
    spec: Spec,
    tensors: Sequence[Tensor],
    data: int,
    values: Mapping[str, Argument],
    learned: Sequence[str],
    options: Mapping[str, Any],
    engine: str | None,
) -> Serve:
    # coefficients come in one tensor, and nobody has to give parameters in their order
    if [id(values[name]) for name in learned] != [id(t) for t in tensors[data:]]:
        return nothing
    numbers = {name: v for name, v in values.items() if name not in learned}
    if engine == "eager":
        return nothing if learned or data > 1 else _sorted(spec, numbers, engine, options)
    if spec.kind == "rowwise":
        return nothing if learned else _rowwise(spec, numbers, engine, options)
    packing = dict(options)
    save = packing.pop("save", "input")
    if spec.kind == "gated":
        several = partial(_several, spec, data, numbers, learned, engine, packing)
        return Dispatch(several) if save == "input" else nothing
    if any(packing.values()):  # written over the input, or training
        return nothing if learned else _sorted(spec, numbers, engine, options)
    if save != "input":
        return nothing if learned else Dispatch(partial(_saving, spec, numbers, engine, save))
    dispatch = Dispatch(partial(_several, spec, data, numbers, learned, engine, {}))
    if spec.name not in NATIVE or learned or engine is not None:
        return dispatch
    plain = tuple(float(v) for v in numbers.values())
    return native_first(partial(native, spec.name, plain), dispatch)


def _several(
    spec: Spec,
    data: int,
    numbers: Mapping[str, Argument],
    learned: Sequence[str],
    engine: str | None,
    packing: Mapping[str, Any],
    *tensors: Tensor,
) -> Plan | None:
    """The plan of a program on data and parameters."""
    x, *others = tensors[:data]
    if any(t.shape != x.shape or t.dtype != x.dtype for t in others):
        return None
    layout = gates.packed_layout(spec.name, x, **packing) if packing and not others else None
    if any(t.dim() > x.dim() for t in tensors[data:]):  # one number that has too many dimensions
        return None
    values = {**numbers, **dict(zip(learned, tensors[data:], strict=True))}
    return planned(spec.program, tensors[:data], values, engine, layout, spec.name)[0]


def _saving(
    spec: Spec, numbers: Mapping[str, Argument], engine: str | None, save: str, x: Tensor
) -> Plan:
    """The same of one tensor, which keeps something else than its input where it is recorded."""
    plan = _several(spec, 1, numbers, (), engine, {}, x)
    assert plan is not None
    own = plan.native if plan.native is not None and plan.native.keeps_result else None

    def recorded(ordinary: Callable[..., Any]) -> Callable[[Tensor], Tensor]:
        # found when it is first recorded, because it brings the judge along
        way = cache(partial(_keeping, spec, numbers, engine, save, x.dtype, own, ordinary))
        return lambda x: way()(x)

    return replace(plan, recorded=recorded)


def _keeping(
    spec: Spec,
    numbers: Mapping[str, Argument],
    engine: str | None,
    save: str,
    dtype: torch.dtype,
    own: Native | None,
    ordinary: Callable[..., Any],
) -> Callable[[Tensor], Tensor]:
    """What records a call in a saving mode, or as ever where that is no use."""
    from ogive.ops import saved

    found = saved.saved(spec, numbers, save, dtype, engine)
    if found is None:
        return ordinary
    keep, above = partial(saved.apply_saved, found), found.above
    if own is not None and found.mode.name == "output":
        # torch's own operator keeps the result as well, and is the shorter way
        return lambda x: own.forward(x, *own.numbers) if own.serves(x) else keep(x)
    return lambda x: keep(x) if x.nbytes > above else ordinary(x)


def _rowwise(
    spec: Spec, numbers: Mapping[str, Any], engine: str | None, options: Mapping[str, Any]
) -> Serve:
    dim, result = options["dim"], options["dtype"]
    kernels = spec.name in ROWS and spec.name not in OF_THE_CALL
    if not kernels or numbers.get("keepdim"):
        return _sorted(spec, numbers, engine, options)
    given = numbers.get("eps", 1.0)

    def plan(x: Tensor) -> RowPlan | None:
        # kernels read 16 bits where they write 32; another dtype is converted to before
        served = result in (None, x.dtype, WIDE.get(x.dtype))
        if not served or not x.numel() or not -x.dim() <= dim < x.dim():
            return None
        return row_plan(spec.name, dim % x.dim(), x.dtype, given, engine, result)

    return Dispatch(plan)


def _sorted(
    spec: Spec, numbers: Mapping[str, Argument], engine: str | None, options: Mapping[str, Any]
) -> Serve:
    """The call as it is, of a tensor that needs no further look."""
    run = RUNNERS[spec.kind]

    def serve(x: Any) -> Tensor | None:
        if not is_ordinary(x) or x.dtype not in ACCEPTED or modes():
            return None
        return run(spec, [x], numbers, engine, **options)

    return serve
