"""Remedies that change parameters, and what an optimizer keeps of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ogive.errors import OgiveError
from ogive.monitor.remedies.remedy import Reversible
from ogive.nn.initialise import init_
from ogive.nn.initialise.signal_step import LEAVES, fan_in


@dataclass
class ReviveUnits(Reversible):
    """Draws the incoming weights of dead units anew, as He et al. (2015, arXiv:1502.01852), and
    forgets what the optimizer knew of them (so does ReDo: Sokar et al. 2023, arXiv:2302.12902)."""

    weights: tuple[str, ...]
    units: tuple[int, ...]
    gain: float = math.sqrt(2)

    def describe(self) -> str:
        """What it does."""
        return (
            f"draw the incoming weights of {len(self.units)} dead units in "
            f"{', '.join(self.weights)} anew, set their biases to 0, and forget the optimizer's "
            f"state of them"
        )

    def _touched(self, model: nn.Module) -> list[Tensor]:
        return [model.get_parameter(name) for name in self.weights]

    def _change(self, model: nn.Module, optimizer: Any) -> None:
        for name in self.weights:
            parameter = model.get_parameter(name)
            index = torch.tensor(self.units, device=parameter.device)
            index = index[index < parameter.shape[0]]
            if parameter.dim() > 1:
                fan = parameter[0].numel()
                drawn = torch.randn_like(parameter[index]) * (self.gain / math.sqrt(fan))
                parameter[index] = drawn
            else:
                one = "weight" in name.rpartition(".")[2]  # of a normalisation
                parameter[index] = 1.0 if one else 0.0
            _forget(optimizer, parameter, index)


def _forget(optimizer: Any, parameter: Tensor, index: Tensor | None = None) -> None:
    """Sets to 0 what an optimizer keeps of a parameter, its count of steps too, or of some of its
    rows."""
    state = optimizer.state.get(parameter) if optimizer is not None else None
    for name, value in (state or {}).items():
        if not isinstance(value, Tensor):
            continue
        if index is None and (name == "step" or value.shape == parameter.shape):
            value.zero_()
        elif index is not None and value.shape == parameter.shape:
            value[index] = 0


@dataclass
class RescaleLayer(Reversible):
    """Multiplies the parameters behind an activation by a number, and the optimizer's momentum
    with them."""

    weights: tuple[str, ...]
    factor: float

    def describe(self) -> str:
        """What it does."""
        return f"multiply {', '.join(self.weights)} by {self.factor:.4g}"

    def _touched(self, model: nn.Module) -> list[Tensor]:
        return [model.get_parameter(name) for name in self.weights]

    def _change(self, model: nn.Module, optimizer: Any) -> None:
        for parameter in self._touched(model):
            parameter.mul_(self.factor)
            _forget(optimizer, parameter)


@dataclass
class Reinitialise(Reversible):
    """Draws the weights of linear and convolution layers anew, with ``ogive.init_``; other modules
    begin anew where their numbers are no longer finite."""

    generator: torch.Generator | None = None

    def describe(self) -> str:
        """What it does."""
        return "draw the weights of the layers anew with ogive.init_(model), to fit the activations"

    def _touched(self, model: nn.Module) -> list[Tensor]:
        return [*model.parameters(), *model.buffers()]

    def _change(self, model: nn.Module, optimizer: Any) -> None:
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        _begin_anew(model)
        try:
            init_(model, generator=self.generator)
        except OgiveError:  # it cannot be traced without an example
            _draw_layers(model, self.generator)
        for name, parameter in model.named_parameters():
            if not torch.equal(before[name], parameter):
                _forget(optimizer, parameter)


def _begin_anew(model: nn.Module) -> None:
    """Modules with numbers that are not finite are as they were when they were made."""
    for name, module in model.named_modules():
        held = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
        if all(t.isfinite().all() for t in held if t.is_floating_point()):
            continue
        if not callable(reset := getattr(module, "reset_parameters", None)):
            raise OgiveError(
                f"{name or type(module).__name__} holds numbers that are not finite, and has no "
                f"reset_parameters(): load an earlier state of the model"
            )
        reset()


def _draw_layers(model: nn.Module, generator: torch.Generator | None) -> None:
    """Each layer by itself, as He et al. have it for relu."""
    for module in model.modules():
        if isinstance(module, LEAVES["layer"]) and module._parameters.get("weight") is not None:
            weight: Any = module.weight
            weight.normal_(0.0, math.sqrt(2 / fan_in(module)), generator=generator)
            if (bias := module._parameters.get("bias")) is not None:
                bias.zero_()


@dataclass
class SetSlope(Reversible):
    """Sets a learned parameter of an activation back to where it begins."""

    parameter: str
    value: float

    def describe(self) -> str:
        """What it does."""
        return f"set {self.parameter} back to {self.value:.4g}"

    def _touched(self, model: nn.Module) -> list[Tensor]:
        return [model.get_parameter(self.parameter)]

    def _change(self, model: nn.Module, optimizer: Any) -> None:
        parameter = model.get_parameter(self.parameter)
        parameter.fill_(self.value)
        _forget(optimizer, parameter)
