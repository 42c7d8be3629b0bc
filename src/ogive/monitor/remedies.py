"""What may help against a finding: described in words, carried out, and taken back bit for bit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from ogive.errors import OgiveError
from ogive.monitor.snapshots import StateCopy
from ogive.nn.initialise import init_
from ogive.nn.initialise.signal_step import LEAVES, fan_in
from ogive.nn.places import places
from ogive.nn.swap import swap


@runtime_checkable
class Remedy(Protocol):
    """Something that can be done against a finding.

    ``automatic`` says whether it can be carried out; what needs the model's code to change is
    advice, which ``apply`` refuses.
    """

    @property
    def automatic(self) -> bool:
        """Whether it can be carried out."""
        ...

    def describe(self) -> str:
        """What it does, in one sentence."""
        ...

    def apply(self, model: nn.Module, optimizer: Any = None) -> None:
        """Carries it out."""
        ...

    def undo(self) -> None:
        """Takes it back: parameters and optimizer state are what they were, bit for bit."""
        ...


@dataclass
class _Reversible:
    """A remedy that changes numbers, and keeps what they were."""

    _before: StateCopy | None = field(default=None, init=False, repr=False)
    automatic = True

    def apply(self, model: nn.Module, optimizer: Any = None) -> None:
        """Carries it out."""
        if self._before is not None:
            raise OgiveError("this remedy has been applied already; undo() it before")
        self._before = StateCopy(self._touched(model), optimizer)
        try:
            with torch.no_grad():
                self._change(model, optimizer)
        except BaseException:
            self.undo()
            raise

    def undo(self) -> None:
        """Takes it back: parameters and optimizer state are what they were, bit for bit."""
        if self._before is not None:
            self._before.restore()
            self._before = None

    def _touched(self, model: nn.Module) -> list[Tensor]:
        return []

    def _change(self, model: nn.Module, optimizer: Any) -> None:
        raise NotImplementedError


@dataclass
class ReviveUnits(_Reversible):
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
    """Sets to 0 what an optimizer keeps of a parameter, or of some of its rows."""
    state = optimizer.state.get(parameter) if optimizer is not None else None
    for value in (state or {}).values():
        if isinstance(value, Tensor) and value.shape == parameter.shape:
            if index is None:
                value.zero_()
            else:
                value[index] = 0


@dataclass
class RescaleLayer(_Reversible):
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
class Reinitialise(_Reversible):
    """Draws the weights of linear and convolution layers anew, with ``ogive.init_``."""

    generator: torch.Generator | None = None

    def describe(self) -> str:
        """What it does."""
        return "draw the weights of the layers anew with ogive.init_(model), which fits them to it"

    def _touched(self, model: nn.Module) -> list[Tensor]:
        return [*model.parameters(), *model.buffers()]

    def _change(self, model: nn.Module, optimizer: Any) -> None:
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        try:
            init_(model, generator=self.generator)
        except OgiveError:  # it cannot be traced without an example
            _draw_layers(model, self.generator)
        for name, parameter in model.named_parameters():
            if not torch.equal(before[name], parameter):
                _forget(optimizer, parameter)


def _draw_layers(model: nn.Module, generator: torch.Generator | None) -> None:
    """Each layer by itself, as He et al. have it for relu."""
    for module in model.modules():
        if isinstance(module, LEAVES["layer"]) and module._parameters.get("weight") is not None:
            weight: Any = module.weight
            weight.normal_(0.0, math.sqrt(2 / fan_in(module)), generator=generator)
            if (bias := module._parameters.get("bias")) is not None:
                bias.zero_()


@dataclass
class SetSlope(_Reversible):
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


@dataclass
class LowerLearningRate(_Reversible):
    """Multiplies the learning rate of every group of parameters."""

    factor: float = 0.1

    def describe(self) -> str:
        """What it does."""
        return f"multiply the learning rate by {self.factor:g}"

    def _change(self, model: nn.Module, optimizer: Any) -> None:
        if optimizer is None:
            raise OgiveError(
                "a learning rate belongs to an optimizer: pass it, as in "
                "ogive.Monitor(model, optimizer=optimizer)"
            )
        for group in optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].mul_(self.factor)
            else:
                group["lr"] *= self.factor


@dataclass
class SwapActivation:
    """Exchanges an activation for another one with the same second moment (``ogive.swap``)."""

    old: str
    new: str
    reinitialise: bool = False
    automatic = True
    _undone: list[Any] = field(default_factory=list, init=False, repr=False)

    def describe(self) -> str:
        """What it does."""
        more = ", and draw the weights anew for it" if self.reinitialise else ""
        return f"exchange {self.old} for {self.new}, scaled to the same second moment{more}"

    def apply(self, model: nn.Module, optimizer: Any = None) -> None:
        """Carries it out."""
        if self._undone:
            raise OgiveError("this remedy has been applied already; undo() it before")
        before = [(p, p.thing) for p in places(model) if p.parent is not None]
        report = swap(model, self.old, self.new, rescale=not self.reinitialise)
        if not report.rows:
            raise OgiveError(
                f"no module of the model computes {self.old}: its code calls it as a function; "
                f"exchange it there"
            )
        changed = {row.name for row in report.rows}
        self._undone = [_PutBack(place, old) for place, old in before if place.name in changed]
        if self.reinitialise:
            anew = Reinitialise()
            anew.apply(model, optimizer)
            self._undone.append(anew)

    def undo(self) -> None:
        """Takes it back: the old modules are where they were."""
        for step in reversed(self._undone):
            step.undo()
        self._undone = []


@dataclass
class _PutBack:
    place: Any
    old: Any

    def undo(self) -> None:
        if isinstance(self.old, nn.Module):
            self.place.put(self.old)
        else:
            self.place.parent._modules.pop(self.place.key, None)
            self.place.put(self.old)


@dataclass
class NormaliseInput:
    """Has the model's first argument centred and scaled before every forward."""

    mean: float
    std: float
    automatic = True
    _handle: Any = field(default=None, init=False, repr=False)

    def describe(self) -> str:
        """What it does."""
        return f"normalise the input: (x - {self.mean:.4g}) / {self.std:.4g}, best in the data"

    def apply(self, model: nn.Module, optimizer: Any = None) -> None:
        """Carries it out."""
        if self._handle is not None:
            raise OgiveError("this remedy has been applied already; undo() it before")
        self._handle = model.register_forward_pre_hook(_Normalised(self.mean, self.std))

    def undo(self) -> None:
        """Takes it back."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None


@dataclass
class _Normalised:
    mean: float
    std: float

    def __call__(self, module: nn.Module, args: Any) -> Any:
        if args and isinstance(args[0], Tensor) and args[0].is_floating_point():
            return ((args[0] - self.mean) / self.std, *args[1:])
        return None


@dataclass
class Together:
    """Several remedies, one after the other."""

    remedies: Sequence[Remedy]

    @property
    def automatic(self) -> bool:
        """Whether all of them can be carried out."""
        return all(remedy.automatic for remedy in self.remedies)

    def describe(self) -> str:
        """What they do."""
        return "; ".join(remedy.describe() for remedy in self.remedies)

    def apply(self, model: nn.Module, optimizer: Any = None) -> None:
        """Carries them out."""
        for k, remedy in enumerate(self.remedies):
            try:
                remedy.apply(model, optimizer)
            except BaseException:
                for done in reversed(self.remedies[:k]):
                    done.undo()
                raise

    def undo(self) -> None:
        """Takes them back."""
        for remedy in reversed(self.remedies):
            remedy.undo()


@dataclass
class Advice:
    """What only a change of the model's code can do."""

    text: str
    automatic = False

    def describe(self) -> str:
        """What to do."""
        return self.text

    def apply(self, model: nn.Module, optimizer: Any = None) -> None:
        """Refuses: the code has to change."""
        raise OgiveError(f"this needs a change of the model's code: {self.text}")

    def undo(self) -> None:
        """There is nothing to take back."""
