"""``ogive.Monitor``: what happens at a model's activations while it trains."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from torch import nn

from ogive.monitor.finding import HealthFinding
from ogive.monitor.health import HealthReport
from ogive.monitor.history import History
from ogive.monitor.thresholds import USUAL, Thresholds


class MonitorWarning(UserWarning):
    """Something is not watched; training goes on."""


class Monitor:
    """Watches a model's activations while it trains.

    Args:
        model: any module.
        optimizer: that of the training; its ``step`` ends a step, and remedies care for its state.
        every: one step in so many is measured, from the first on.
        window: measured steps that findings look back on.
        thresholds: from where on something is a finding.
        loggers: objects with ``write``, ``log`` or ``add_scalar``, or short names.

    Attributes:
        history: see ``History``.
        step: the number of steps that have ended.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        optimizer: Any = None,
        every: int = 10,
        window: int = 10,
        thresholds: Thresholds = USUAL,
        loggers: Iterable[Any] = (),
    ) -> None:
        self.model, self.optimizer = model, optimizer
        self.every, self.window, self.thresholds = every, window, thresholds
        self.history = History()
        self.step = 0

    def attach(self) -> Self:
        """Begins to watch; what is attached already stays so."""
        raise NotImplementedError

    def detach(self) -> None:
        """Ends watching: nothing of it is left in the model."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self.attach()

    def __exit__(self, *error: object) -> None:
        self.detach()

    def report(self) -> HealthReport:
        """What was measured in the last window, and what follows from it."""
        raise NotImplementedError

    @property
    def findings(self) -> tuple[HealthFinding, ...]:
        """What is wrong, the most serious first."""
        return self.report().findings
