"""How an entry of each kind is run on tensors, once its arguments are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from ogive.catalogue import Spec
from ogive.errors import InputError
from ogive.expr import Program
from ogive.ops import gates, noise, rowwise
from ogive.ops.apply import apply
from ogive.ops.arguments import Value

#: Arguments of a call that are no parameters of the formula, by kind of entry, with defaults.
OPTIONS: dict[str, dict[str, Any]] = {
    "elementwise": {"inplace": False},
    "stochastic": {"inplace": False, "training": False, "generator": None},
    "gated": {"dim": -1, "gate": "second", "interleave": False},
    "rowwise": {"dim": -1},
}


@lru_cache(maxsize=4096)
def _bound(program: Program, numbers: tuple[tuple[str, float], ...]) -> Program:
    return program.bind(dict(numbers)) if numbers else program


def _apply(program: Program, data: list[Tensor], values: Mapping[str, Value]) -> Tensor:
    """The program on the data: numbers become part of it, tensors are passed in."""
    numbers = tuple((n, v) for n, v in values.items() if not isinstance(v, Tensor))
    tensors = [v for v in values.values() if isinstance(v, Tensor)]
    return apply(_bound(program, numbers), *data, *tensors)


def _elementwise(
    spec: Spec, inputs: list[Tensor], values: Mapping[str, Value], inplace: bool
) -> Tensor:
    return _perhaps_inplace(lambda x: _apply(spec.program, [x], values), inputs[0], inplace)


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
    return _perhaps_inplace(
        lambda x: _apply(spec.training_program, [x, *drawn], values), inputs[0], inplace
    )


def _perhaps_inplace(compute: Callable[[Tensor], Tensor], x: Tensor, inplace: bool) -> Tensor:
    """The result, written over x if asked; what backward needs is kept from a copy then."""
    if not inplace:
        return compute(x)
    return x.copy_(compute(x.clone() if torch.is_grad_enabled() else x))


def _gated(
    spec: Spec,
    inputs: list[Tensor],
    values: Mapping[str, Value],
    dim: int,
    gate: str,
    interleave: bool,
) -> Tensor:
    if len(inputs) == 1:
        return _apply(
            spec.program, list(gates.split(spec.name, inputs[0], dim, gate, interleave)), values
        )
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
