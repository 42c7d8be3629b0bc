"""How an entry of each kind is run on tensors, once its arguments are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from ogive.catalogue import Spec
from ogive.engine import overwrite, traced
from ogive.engine.layout import dense
from ogive.engine.results import compute_dtype
from ogive.errors import InputError
from ogive.expr import Program
from ogive.ops import gates, noise, rowwise
from ogive.ops.apply import apply
from ogive.ops.arguments import Value
from ogive.ops.gates import Halves
from ogive.ops.plan import Output, Plan

#: Arguments of a call that are no parameters of the formula, by kind of entry, with defaults.
OPTIONS: dict[str, dict[str, Any]] = {
    "elementwise": {"inplace": False},
    "stochastic": {"inplace": False, "training": False, "generator": None},
    "gated": {"dim": -1, "gate": "second", "interleave": False},
    "rowwise": {"dim": -1},
}


#: So many sets of numbers become part of a program, each a kernel of its own. A number that changes
#: in every step of a training must not compile one in every step.
MOST_BOUND = 16
_sets_of_numbers: dict[Program, set[tuple[tuple[str, float], ...]]] = {}


def binds(program: Program, values: Mapping[str, Value]) -> bool:
    """Whether the numbers among the values become part of the program; else they are passed in."""
    numbers, known = _numbers(values), _sets_of_numbers.setdefault(program, set())
    if numbers in known:
        return True
    if len(known) >= MOST_BOUND and not traced():
        return False
    known.add(numbers)
    return True


def _settled(program: Program, values: Mapping[str, Value], x: Tensor) -> Mapping[str, Value]:
    """The values, the numbers among them as tensors if there have been too many."""
    if binds(program, values):
        return values
    dtype = compute_dtype([x])
    return {
        n: v if isinstance(v, Tensor) else torch.tensor(v, dtype=dtype, device=x.device)
        for n, v in values.items()
    }


@lru_cache(maxsize=4096)
def _plan(
    program: Program,
    numbers: tuple[tuple[str, float], ...],
    dtype: torch.dtype,
    packed: tuple[bool, ...],
    halves: Halves | None,
) -> Plan:
    return Plan(_bound(program, numbers), (Output(dtype),), packed, halves)


@lru_cache(maxsize=4096)
def _bound(program: Program, numbers: tuple[tuple[str, float], ...]) -> Program:
    return program.bind(dict(numbers)) if numbers else program


def bound(program: Program, values: Mapping[str, Value]) -> Program:
    """The program with the numbers among the values as part of it."""
    return _bound(program, _numbers(values))


def recorded(program: Program, values: Mapping[str, Value]) -> Callable[[Tensor], Tensor | None]:
    """The program as a call on one tensor that autograd records; it gives None for other dtypes."""
    numbers = _numbers(values)

    def record(x: Tensor) -> Tensor | None:
        if not x.is_floating_point():
            return None
        return apply(_plan(program, numbers, x.dtype, (False,), None), x)

    return record


def _numbers(values: Mapping[str, Value]) -> tuple[tuple[str, float], ...]:
    return tuple((n, v) for n, v in values.items() if not isinstance(v, Tensor))


def _apply(
    program: Program,
    data: list[Tensor],
    values: Mapping[str, Value],
    halves: Halves | None = None,
) -> Tensor:
    """The program on the data: numbers become part of it, tensors are passed in."""
    values = _settled(program, values, data[0])
    tensors = [v for v in values.values() if isinstance(v, Tensor)]
    packed = (halves is not None,) * len(data) + (False,) * len(tensors)
    return apply(_plan(program, _numbers(values), data[0].dtype, packed, halves), *data, *tensors)


def _elementwise(
    spec: Spec, inputs: list[Tensor], values: Mapping[str, Value], inplace: bool
) -> Tensor:
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
    x, *rest = data
    if not inplace:
        return _apply(program, data, values)
    values = _settled(program, values, x)
    tensors = [v for v in values.values() if isinstance(v, Tensor)]
    recorded = torch.is_grad_enabled() and any(t.requires_grad for t in (*data, *tensors))
    if recorded or not dense(x):  # torch refuses to write where elements share their memory
        return x.copy_(_apply(program, [x.clone(), *rest] if recorded else data, values))
    overwrite(bound(program, values), [*data, *tensors], x)
    return x


def _gated(
    spec: Spec,
    inputs: list[Tensor],
    values: Mapping[str, Value],
    dim: int,
    gate: str,
    interleave: bool,
) -> Tensor:
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
