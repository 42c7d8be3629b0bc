"""How an entry of each kind is run on tensors, once its arguments are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import torch
from torch import Tensor

from ogive.catalogue import Spec
from ogive.engine import Result, overwrite, traced
from ogive.engine.call import compute_dtype
from ogive.engine.choice import own
from ogive.engine.packed_layout import Halves
from ogive.errors import InputError, ParameterError, nearest
from ogive.expr import Program
from ogive.ops import gates, noise, operator, rowwise
from ogive.ops.apply import apply, record, transformed
from ogive.ops.apply import overwrite as apply_over
from ogive.ops.arguments import Value
from ogive.ops.plan import Plan

#: Arguments of a call that are no parameters of the formula, by kind of entry, with defaults.
OPTIONS: dict[str, dict[str, Any]] = {
    "elementwise": {"inplace": False, "save": "input"},
    "stochastic": {"inplace": False, "training": False, "generator": None},
    "gated": {"dim": -1, "gate": "second", "interleave": False, "save": "input"},
    "rowwise": {"dim": -1},
}
#: So many sets of numbers become part of a program, each a kernel of its own. A number that changes
#: in every step of a training must not compile one in every step.
MOST_BOUND = 16
Numbers = tuple[tuple[str, float], ...]
_sets_of_numbers: dict[Program, set[Numbers]] = {}


def check_save(save: Any) -> None:
    """Raises a ParameterError unless backward can keep that."""
    if save == "input":  # nobody waits for the modes who does not ask for them
        return
    from ogive.ops.saved import CHOICES

    if save not in CHOICES:
        near = nearest(save, CHOICES) if isinstance(save, str) else ""
        raise ParameterError(
            f"save must be one of {', '.join(map(repr, CHOICES))}, not {save!r}{near}"
        )


def binds(program: Program, values: Mapping[str, Value]) -> bool:
    """Whether the numbers among the values become part of the program; else they are passed in."""
    return not values or _binds(program, _numbers(values))


def _binds(program: Program, numbers: Numbers) -> bool:
    known = _sets_of_numbers.setdefault(program, set())
    if numbers in known:
        return True
    if len(known) >= MOST_BOUND and not traced():
        return False
    known.add(numbers)
    return True


def _as_tensors(values: Mapping[str, Value], x: Tensor) -> Mapping[str, Value]:
    """The values, the numbers among them as tensors."""
    dtype = compute_dtype([x])
    return {
        n: v if isinstance(v, Tensor) else torch.tensor(v, dtype=dtype, device=x.device)
        for n, v in values.items()
    }


def planned(
    program: Program, data: Sequence[Tensor], values: Mapping[str, Value], halves: Halves | None
) -> tuple[Plan, list[Tensor]]:
    """The plan of a call, and the tensors it takes: numbers become part of it."""
    x, packed = data[0], (halves is not None,) * len(data)
    if not values:
        return _plan(program, (), x.dtype, packed, halves, own.get()), list(data)
    if not binds(program, values):
        values = _as_tensors(values, x)
    tensors = [v for v in values.values() if isinstance(v, Tensor)]
    packed += (False,) * len(tensors)
    return _plan(program, _numbers(values), x.dtype, packed, halves, own.get()), [*data, *tensors]


@lru_cache(maxsize=4096)
def _plan(
    program: Program,
    numbers: Numbers,
    dtype: torch.dtype,
    packed: tuple[bool, ...],
    halves: Halves | None,
    engine: str | None,
) -> Plan:
    return Plan(_bound(program, numbers), (Result(dtype),), packed, halves, engine=engine)


@lru_cache(maxsize=4096)
def _bound(program: Program, numbers: Numbers) -> Program:
    return program.bind(dict(numbers)) if numbers else program


def bound(program: Program, values: Mapping[str, Value]) -> Program:
    """The program with the numbers among the values as part of it."""
    return _bound(program, _numbers(values))


def recorded(program: Program, values: Mapping[str, Value]) -> Callable[[Tensor], Tensor | None]:
    """The program as a call on one tensor that autograd records; it gives None for other dtypes."""
    numbers, engine = _numbers(values), own.get()

    @cache
    def plan(dtype: torch.dtype) -> Plan | None:
        if not dtype.is_floating_point:
            return None
        return _plan(program, numbers, dtype, (False,), None, engine)

    def call(x: Tensor) -> Tensor | None:
        found = plan(x.dtype)
        return None if found is None else record(found, x)

    return call


def _numbers(values: Mapping[str, Value]) -> Numbers:
    return tuple((n, v) for n, v in values.items() if not isinstance(v, Tensor))


def _apply(
    program: Program,
    data: Sequence[Tensor],
    values: Mapping[str, Value],
    halves: Halves | None = None,
) -> Tensor:
    """The program on the data."""
    plan, tensors = planned(program, data, values, halves)
    return apply(plan, *tensors)


def _elementwise(
    spec: Spec,
    inputs: list[Tensor],
    values: Mapping[str, Value],
    inplace: bool,
    save: str = "input",
) -> Tensor:
    (x,) = inputs
    if save != "input" and x.requires_grad and torch.is_grad_enabled() and not transformed():
        # imported here because it brings the judge along
        from ogive.ops import saved

        found = saved.saved(spec, values, save, x.dtype)
        if found is not None:
            return saved.apply(found, x, inplace)
    return _perhaps_inplace(spec.program, inputs, values, inplace)


def _stochastic(
    spec: Spec,
    inputs: list[Tensor],
    values: Mapping[str, Value],
    inplace: bool,
    training: bool,
    generator: torch.Generator | None,
) -> Tensor:
    if not training:
        return _elementwise(spec, inputs, values, inplace)
    drawn = noise.draw(spec.noise, inputs[0], generator)
    return _perhaps_inplace(spec.training_program, [inputs[0], *drawn], values, inplace)


def _perhaps_inplace(
    program: Program, data: list[Tensor], values: Mapping[str, Value], inplace: bool
) -> Tensor:
    """The result, written over x if asked; what backward needs is kept from a copy then."""
    if not inplace:
        return _apply(program, data, values)
    x = data[0]
    plan, tensors = planned(program, data, values, None)
    if transformed() or not operator.writes_over(x):  # copy_ refuses where elements share memory
        return x.copy_(apply(plan, x.clone(), *tensors[1:]))
    if torch.is_grad_enabled() and any(t.requires_grad for t in tensors):
        return apply_over(plan, *tensors)
    overwrite(plan, tensors)
    return x


def _gated(
    spec: Spec,
    inputs: list[Tensor],
    values: Mapping[str, Value],
    dim: int,
    gate: str,
    interleave: bool,
    save: str,
) -> Tensor:
    if save != "input":
        from ogive.ops import saved

        saved.chosen(spec, values, save, inputs[0].dtype)
    if len(inputs) == 1:
        halves = gates.halves(spec.name, inputs[0], dim, gate, interleave)
        return _apply(spec.program, inputs, values, halves)
    if inputs[0].shape != inputs[1].shape or inputs[0].dtype != inputs[1].dtype:
        described = " and ".join(f"{tuple(t.shape)} {t.dtype}" for t in inputs)
        raise InputError(f"{spec.name}: value and gate must be alike, not {described}")
    return _apply(spec.program, inputs, values)


def _rowwise(spec: Spec, inputs: list[Tensor], values: Mapping[str, Value], dim: int) -> Tensor:
    return rowwise.IMPLEMENTATIONS[spec.name](inputs[0], dim, **values)


RUN: dict[str, Callable[..., Tensor]] = {
    "elementwise": _elementwise,
    "stochastic": _stochastic,
    "gated": _gated,
    "rowwise": _rowwise,
}
