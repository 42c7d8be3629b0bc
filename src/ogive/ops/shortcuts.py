"""Which short way a call can take: the engine's for its formula, or what runs it as it is.

A way belongs to a function and to all that a call is given apart from tensors. It takes the call's
tensors and gives the result, or None where the long way has to be taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from ogive.catalogue import Spec
from ogive.engine.choice import own
from ogive.engine.cpu import kernels
from ogive.engine.shortcuts import Shortcut, Way, native_first, nowhere
from ogive.ops import fused, gates, rowwise
from ogive.ops.apply import apply, transformed
from ogive.ops.arguments import Value
from ogive.ops.kinds import RUN, bound, planned, recorded
from ogive.ops.maps import MAPS
from ogive.ops.native import NATIVE
from ogive.ops.plan import Plan

Values = Mapping[str, Value]


def shortcut(
    spec: Spec, tensors: Sequence[Tensor], data: int, values: Values, options: Mapping[str, Any]
) -> Way:
    """The short way of calls like this one: ``data`` of its tensors are data, the others values."""
    if own.get() == "eager":
        return nowhere
    learned = [name for name, v in values.items() if isinstance(v, Tensor)]
    # coefficients come in one tensor, and nobody has to give parameters in their order
    if [id(values[name]) for name in learned] != [id(t) for t in tensors[data:]]:
        return nowhere
    numbers = {name: v for name, v in values.items() if name not in learned}
    if spec.kind == "rowwise":
        return nowhere if learned else _rowwise(spec.name, numbers, options["dim"])
    packing = dict(options)
    save = packing.pop("save", "input")
    if spec.kind == "gated":
        return _several(spec, data, numbers, learned, packing) if save == "input" else nowhere
    if any(packing.values()):  # written over the input, or training
        run = RUN[spec.kind]
        return nowhere if learned else _checked(lambda x: run(spec, [x], numbers, **options))
    if learned and save != "input":
        return nowhere
    several = _several(spec, data, numbers, learned)
    return several if learned else _one(spec, numbers, save, several)


def _one(spec: Spec, numbers: Values, save: str, strided: Way) -> Way:
    """A function of one tensor; of any size, as long as it is one stretch of memory."""
    program = bound(spec.program, numbers)

    def prepare(x: Tensor) -> Way:
        flat = kernels.mapped(program, (x.dtype,))
        return lambda x: flat(x) if x.is_contiguous() else strided(x)

    way = Shortcut(prepare, _recorded(spec, numbers, save), any_size=True).way
    native = NATIVE.get(spec.name)
    if native is None or own.get() == "cpu":
        return way
    return native_first(native, [float(numbers[p.name]) for p in spec.parameters], way)


def _recorded(spec: Spec, numbers: Values, save: str) -> Callable[[Tensor], Tensor | None]:
    """The call of one tensor that autograd records."""
    plain = recorded(spec.program, numbers)
    if save == "input":
        return plain

    # imported here because it brings the judge along
    from ogive.ops import saved

    @cache
    def found(dtype: torch.dtype) -> saved.Saved | None:
        return saved.saved(spec, numbers, save, dtype)

    def record(x: Tensor) -> Tensor | None:
        if not x.is_floating_point() or transformed():
            return plain(x)
        way = found(x.dtype)
        return plain(x) if way is None else saved.apply(way, x)

    return record


def _several(
    spec: Spec,
    data: int,
    numbers: Values,
    learned: Sequence[str],
    packing: Mapping[str, Any] | None = None,
) -> Way:
    """A function of tensors of certain shapes and strides."""

    def plan(*tensors: Tensor) -> Plan | None:
        x, *others = tensors[:data]
        if x.dtype not in kernels.DTYPES or any(not _alike(x, t) for t in others):
            return None
        halves = gates.halves(spec.name, x, **packing) if packing and not others else None
        values = {**numbers, **dict(zip(learned, tensors[data:], strict=True))}
        return planned(spec.program, tensors[:data], values, halves)[0]

    def prepare(*tensors: Tensor) -> Way | None:
        found = plan(*tensors)
        return None if found is None else kernels.launch(found, tensors).first

    def record(*tensors: Tensor) -> Tensor | None:
        found = plan(*tensors)
        return None if found is None else apply(found, *tensors)

    return Shortcut(prepare, record).way


def _alike(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype


def _rowwise(name: str, numbers: Values, dim: Any) -> Way:
    if type(dim) is not int:
        return nowhere
    rows = MAPS[name](**numbers) if name in MAPS else None
    if rows is not None:
        start, record, rows = fused.starting, fused.recorded, fused.owned(rows)
        return Shortcut(lambda x: start(rows, x, dim), lambda x: record(rows, x, dim)).way
    return _checked(partial(rowwise.IMPLEMENTATIONS[name], dim=dim, **numbers))


def _checked(run: Callable[[Tensor], Tensor]) -> Way:
    """The call as it is, of tensors that need no further look."""

    def way(x: Any) -> Tensor | None:
        if type(x) not in kernels.PLAIN or x.dtype not in kernels.DTYPES:
            return None
        return run(x)

    return way
