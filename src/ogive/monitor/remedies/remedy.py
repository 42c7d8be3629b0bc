"""What a remedy is: described in words, carried out, and taken back bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from ogive.errors import OgiveError
from ogive.monitor.snapshots import StateCopy


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
class Reversible:
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


def parts_of(remedy: Remedy | None) -> list[Remedy]:
    """The remedies that one consists of."""
    if isinstance(remedy, Together):
        return [part for each in remedy.remedies for part in parts_of(each)]
    return [] if remedy is None else [remedy]


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
