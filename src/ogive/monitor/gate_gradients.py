"""The part of a gated unit's gradients that belongs to its gate.

A unit is h(value) f(gate). The loss's gradient with respect to f(gate) is that of the unit's result
times h(value) / h(1), as f is the unit at value = 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from ogive.catalogue import Spec
from ogive.engine.packed_layout import PackedLayout
from ogive.ops import ActivationFunction
from ogive.ops.gates import packed_layout

#: From a gradient to the part of it that is told.
GradientPart = Callable[[Tensor], Tensor]


def divided(
    spec: Spec, inputs: tuple[Tensor, ...], options: Mapping[str, Any]
) -> tuple[Tensor, Tensor, PackedLayout | None]:
    """Value and gate of a unit, and how one tensor of both divides."""
    if len(inputs) > 1:
        return inputs[0], inputs[1], None
    usual = {"dim": -1, "gate": "second", "interleave": False, **spec.layout}
    asked = usual | {name: value for name, value in options.items() if name in usual}
    layout = packed_layout(spec.name, inputs[0], **asked)
    value, gate = layout.split(inputs[0])
    return value, gate, layout


def at_gate(layout: PackedLayout | None) -> GradientPart | None:
    """The part of a packed tensor's gradient that is the gate's."""
    return None if layout is None else lambda g: layout.split(g)[1]


def behind_gate(spec: Spec, value: Tensor) -> GradientPart:
    """From the gradient of a unit's result to that of its opened gate."""
    return lambda g: g * _others(spec, value.detach())


def gate_parts(
    spec: Spec, inputs: tuple[Tensor, ...], options: Mapping[str, Any]
) -> tuple[GradientPart | None, GradientPart | None]:
    """What of the gradients at the last input, and at the result, is told of a function; all of
    them where it is no gated unit."""
    if spec.kind != "gated":
        return None, None
    value, _, layout = divided(spec, inputs, options)
    return at_gate(layout), behind_gate(spec, value)


def _others(spec: Spec, value: Tensor) -> Tensor:
    """h(value) / h(1)."""
    unit = _unit(spec)
    one = torch.ones_like(value)
    found: Tensor = unit(value, one) / unit(one.new_ones(1), one.new_ones(1))
    return found


@lru_cache(maxsize=64)
def _unit(spec: Spec) -> ActivationFunction:
    return ActivationFunction(spec)
