"""Records of fused blocks, in which value and gate are one operator.

While a block is watched, an object stands in the place of its unit that tells the observer and then
calls the unit. A block's own step of autograd computes the unit again in backward, where the
gradient of its result is met.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ogive.catalogue import Spec
from ogive.monitor import watch_operators as operators
from ogive.monitor.gate_gradients import divided, gate_parts
from ogive.monitor.observer import GATE, Observer
from ogive.monitor.records import WatchRecord
from ogive.monitor.tallies import Tally
from ogive.nn.accelerated import GIVEN_FORWARD
from ogive.nn.gated_mlp import GatedMLP
from ogive.ops import ActivationFunction
from ogive.torch_private import in_backward


class ToldUnit:
    """Stands in the place of a block's unit."""

    def __init__(self, record: FusedRecord, unit: ActivationFunction) -> None:
        self.record, self.unit, self.engine = record, unit, unit.engine

    def __call__(self, *inputs: Tensor, **options: Any) -> Any:
        """The unit, told."""
        return self.record.opened(self.unit, inputs, options)


class FusedRecord(WatchRecord):
    """A fused block: the code of a caller, and the gate inside."""

    def __init__(
        self, observer: Observer, module: nn.Module, name: str, gate: Spec, place: str
    ) -> None:
        super().__init__(observer, module, name)
        self.gate, self.gate_place = gate, place
        self.unit: Any = _unit_of(module)
        self.options: dict[str, Any] = {}
        self.tallies: dict[int, Tally] = {}
        self.turn = -1

    def name(self, use: int) -> str:
        assert self.observer is not None
        return self.observer.numbered(self.gate_place, use)

    def installed(self) -> None:
        self.unit = _unit_of(self.module)
        _put_unit(self.module, ToldUnit(self, self.unit))

    def removed(self) -> None:
        _put_unit(self.module, self.unit)

    @property
    def computed(self) -> tuple[Spec, dict[str, Any]]:
        """The entry of the unit, and the options of its calls."""
        return self.unit.spec, self.options

    def opened(self, unit: ActivationFunction, inputs: Any, options: Any) -> Any:
        """The unit of value and gate, observed."""
        observer = self.observer
        if observer is None:
            return unit(*inputs, **options)
        if torch.compiler.is_compiling():
            return self._opened_in_programs(observer, unit, inputs, options)
        if in_backward():
            result = unit(*inputs, **options)
            tally = self.tallies.get(inputs[-1].data_ptr())
            observer.hook(tally, result, True, gate_parts(unit.spec, inputs, options)[1])
            return result
        if not observer.inside or observer.busy:
            return unit(*inputs, **options)
        use, self.uses = self.uses, self.uses + 1
        observer.busy = True
        try:
            at, behind = gate_parts(unit.spec, inputs, options)
            tally = observer.safely(self._gate, use, inputs, options)
            observer.hook(tally, inputs[-1], False, at)
            result = unit(*inputs, **options)
            observer.hook(tally, result, True, behind)
        finally:
            observer.busy = False
        if tally is not None:
            self._remember(observer, inputs[-1], tally)
        return result

    def _remember(self, observer: Observer, gate: Tensor, tally: Tally) -> None:
        """For the backward of this step, which computes the unit again of the same memory."""
        if self.turn != observer.turn:
            self.turn = observer.turn
            self.tallies.clear()
        self.tallies[gate.data_ptr()] = tally

    def _opened_in_programs(self, observer: Observer, unit: Any, inputs: Any, options: Any) -> Any:
        if not observer.inside or observer.busy:
            return unit(*inputs, **options)
        use, self.uses = self.uses, self.uses + 1
        value, gate, _ = divided(unit.spec, inputs, options)
        operators.told_before(gate.detach(), self, GATE, use)
        call, self.options = GATE if len(inputs) > 1 else "", options
        given = (*inputs[:-1], operators.told_back(inputs[-1], self, call, use))
        result = unit(*given, **options)
        return operators.told_after(result, self, GATE, use, value)

    def _gate(self, use: int, inputs: Any, options: Any) -> Tally | None:
        gate = divided(self.unit.spec, inputs, options)[1]
        return self.observed(use, gate.detach(), inputs[-1].grad_fn)

    def observed(self, use: int, z: Tensor, grad_fn: Any = None, call: str = "") -> Tally | None:
        observer = self.observer
        if observer is None:
            return None
        return observer.elementwise(self.name(use), self.gate, z, self, None, grad_fn)


def _unit_of(module: Any) -> Any:
    return module.unit if isinstance(module, GatedMLP) else vars(module)[GIVEN_FORWARD].unit


def _put_unit(module: Any, unit: Any) -> None:
    if isinstance(module, GatedMLP):
        module.unit = unit
    else:
        held = vars(module)
        held[GIVEN_FORWARD] = replace(held[GIVEN_FORWARD], unit=unit)
