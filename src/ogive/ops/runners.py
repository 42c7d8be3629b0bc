"""How an entry of each kind is run on tensors, once its arguments are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from ogive.catalogue import Spec
from ogive.engine.call import check_memory
from ogive.engine.packed_layout import PackedLayout
from ogive.engine.selection import note, traced, within, without_kernels
from ogive.expr import Program
from ogive.ops import gates, noise, operator, rowwise
from ogive.ops.arguments import Argument
from ogive.ops.native import COMPILED_SLOWLY, GATED_BY, SAME_FUNCTION, is_prelu, prelu
from ogive.ops.parameters import planned
from ogive.ops.plan import Plan
from ogive.ops.record import apply_plan, overwrite, transformed

Values = Mapping[str, Argument]


def recorded(x: Tensor) -> bool:
    """Whether autograd records a call of x, and no transform does; an export has no backward."""
    if not x.requires_grad or not torch.is_grad_enabled():
        return False
    return not transformed() and not torch.compiler.is_exporting()


def _elementwise(
    spec: Spec,
    data: list[Tensor],
    values: Values,
    engine: str | None,
    inplace: bool,
    save: str = "input",
) -> Tensor:
    if save in ("exact", "lean") and without_kernels(data[0], engine):
        save = "input"  # packing bits would take more operators than the function
    if save != "input" and recorded(data[0]):
        # imported here because it brings the judge along
        from ogive.ops import saved

        found = saved.saved(spec, values, save, data[0].dtype, engine)
        # the bits of a mode are for kernels to write; a compiler's code for them is slow
        if found is not None and (
            operator.stays_one(found.forward, data)
            if traced()
            else inplace or data[0].nbytes > found.above
        ):
            return saved.apply_saved(found, data[0], inplace)
    return _perhaps_inplace(spec.program, data, values, engine, inplace, spec.name)


def _stochastic(
    spec: Spec,
    data: list[Tensor],
    values: Values,
    engine: str | None,
    inplace: bool,
    training: bool,
    generator: torch.Generator | None,
) -> Tensor:
    if not training:
        return _elementwise(spec, data, values, engine, inplace)
    x, program = data[0], spec.training_program
    if noise.in_kernel(x, values, engine):
        drawn, kinds = noise.seeds(spec.noise, x, generator)
        return _perhaps_inplace(program, [x, *drawn], values, engine, inplace, seeds=("", *kinds))
    drawn = noise.draw(spec.noise, x, generator)
    return _perhaps_inplace(program, [x, *drawn], values, engine, inplace)


def _perhaps_inplace(
    program: Program,
    data: list[Tensor],
    values: Values,
    engine: str | None,
    inplace: bool,
    entry: str = "",
    seeds: tuple[str, ...] = (),
) -> Tensor:
    """The result, written over x if asked; what backward needs is kept from a copy then."""
    if (own := _devices_own(entry, data[0], values, engine)) is not None:
        return _by_torch(own, entry, data[0], values, inplace)
    plan, (x, *others) = planned(program, data, values, engine, entry=entry, seeds=seeds)
    if x.is_nested and plan.native is not None:  # a formula has no shape to work on
        return plan.native.forward(x, *plan.native.numbers)
    if (own := _compilers_own(plan, entry, data, values)) is not None:
        return _by_torch(own, entry, x, values, inplace)
    if not inplace:
        return apply_plan(plan, x, *others)
    if transformed() or not operator.writes_over(x):  # copy_ refuses where elements share memory
        return x.copy_(apply_plan(plan, x.clone(), *others))
    if torch.is_grad_enabled() and any(t.requires_grad for t in (x, *others)):
        return overwrite(plan, x, *others)
    operator.run_plan(plan.over, (x, *others))
    # as torch's operators do: who has saved x for backward is told that it has changed
    torch.autograd.graph.increment_version(x)
    return x


def _by_torch(
    own: Callable[..., Tensor], entry: str, x: Tensor, values: Values, inplace: bool
) -> Tensor:
    note(entry, "torch's own operator")
    y = own(x, *values.values())
    return x.copy_(y) if inplace else y


def _of_numbers(entry: str, values: Values) -> Callable[..., Tensor] | None:
    """torch's operator for an entry, which takes numbers for parameters."""
    if any(isinstance(v, Tensor) for v in values.values()):
        return None
    return SAME_FUNCTION.get(entry)


def _devices_own(
    entry: str, x: Tensor, values: Values, engine: str | None
) -> Callable[..., Tensor] | None:
    """torch's operator on a device without kernels, if there is one."""
    if not without_kernels(x, engine):
        return None
    if entry == "prelu" and is_prelu(x, values["weight"]):
        return prelu
    return _of_numbers(entry, values)


def _compilers_own(
    plan: Plan, entry: str, data: Sequence[Tensor], values: Values
) -> Callable[..., Tensor] | None:
    """torch's operator for a graph of torch.compile's, if there is one and no kernel is faster."""
    own = _of_numbers(entry, values) if operator.compiling() and traced() else None
    if own is None:
        return None
    better = recorded(data[0]) or entry in COMPILED_SLOWLY
    return None if better and operator.stays_one(plan, data) else own


def _gated(
    spec: Spec,
    data: list[Tensor],
    values: Values,
    engine: str | None,
    dim: int,
    gate: str,
    interleave: bool,
    save: str,
) -> Tensor:
    if save != "input":
        from ogive.ops import saved

        saved.chosen(spec, values, save, data[0].dtype)
    layout = gates.division(spec.name, data, dim, gate, interleave)
    if spec.name in GATED_BY and without_kernels(data[0], engine):
        note(spec.name, "torch's own operators")
        return _gated_by_torch(spec.name, data, layout)
    plan, tensors = planned(spec.program, data, values, engine, layout)
    return apply_plan(plan, *tensors)


def _gated_by_torch(name: str, data: Sequence[Tensor], layout: PackedLayout | None) -> Tensor:
    """A gated unit as one writes it, on a device without kernels."""
    if layout is None:
        value, opened = data
    elif layout.interleave:
        value, opened = layout.split(data[0])
    elif name == "glu" and layout.gate == "second":
        return torch.nn.functional.glu(data[0], layout.dim)
    else:  # in one operator, whose gradient is one as well
        halves = data[0].chunk(2, layout.dim)
        value, opened = halves if layout.gate == "second" else halves[::-1]
    return value * GATED_BY[name](opened)


def _rowwise(
    spec: Spec,
    data: Sequence[Tensor],
    values: Values,
    engine: str | None,
    dim: int,
    dtype: torch.dtype | None,
) -> Tensor:
    check_memory(data)
    x = data[0] if dtype is None else data[0].to(dtype)
    return within(engine, rowwise.IMPLEMENTATIONS[spec.name])(x, dim, **values)


RUNNERS: dict[str, Callable[..., Tensor]] = {
    "elementwise": _elementwise,
    "stochastic": _stochastic,
    "gated": _gated,
    "rowwise": _rowwise,
}
