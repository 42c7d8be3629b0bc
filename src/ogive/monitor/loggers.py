"""Where a monitor's statistics go besides its history: objects, and loggers by short names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol


class HealthLogger(Protocol):
    """Is told of every step that was measured."""

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """The statistics of a step, by ``place/statistic``."""
        ...

    def close(self) -> None:
        """Called when the monitor is detached."""
        ...


def opened_loggers(loggers: Iterable[Any]) -> list[HealthLogger]:
    """Loggers for objects and short names."""
    return list(loggers)
