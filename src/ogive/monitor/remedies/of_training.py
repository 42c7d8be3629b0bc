"""Remedies that change the rate, the activation, or what a model is fed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from ogive.errors import OgiveError
from ogive.monitor.remedies.of_weights import Reinitialise
from ogive.monitor.remedies.remedy import Reversible
from ogive.nn.places import places
from ogive.nn.swap import swap


@dataclass
class LowerLearningRate(Reversible):
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
