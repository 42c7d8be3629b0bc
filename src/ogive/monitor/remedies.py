"""What may help against a finding: described in words, carried out, and taken back bit for bit."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from torch import nn


@runtime_checkable
class Remedy(Protocol):
    """Something that can be done against a finding.

    ``automatic`` says whether it can be carried out; what needs the model's code to change is
    advice, which ``apply`` refuses.
    """

    automatic: bool

    def describe(self) -> str:
        """What it does, in one sentence."""
        ...

    def apply(self, model: nn.Module, optimizer: Any = None) -> None:
        """Carries it out."""
        ...

    def undo(self) -> None:
        """Takes it back: parameters and optimizer state are what they were, bit for bit."""
        ...
