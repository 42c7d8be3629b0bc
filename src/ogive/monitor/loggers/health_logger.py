"""What is told of every measured step, whole; the base of all loggers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, TypeAlias

#: What ``HealthReport.to_dict`` gives: the step, the statistics of every place, the findings.
Snapshot: TypeAlias = Mapping[str, Any]


class HealthLogger(ABC):
    """Gets the whole report of every measured step, as plain data.

    Subclass it for a logger that needs more than numbers; anything with ``log`` or ``add_scalar``
    is a logger as it is.
    """

    @abstractmethod
    def write(self, snapshot: Snapshot) -> None:
        """Take a report, as ``HealthReport.to_dict`` gives it."""

    def write_evaluation(self, step: int, places: Mapping[str, Any]) -> None:  # noqa: B027 - see above
        """Take the statistics of an evaluation that has ended, after so many steps: for loggers of
        single numbers, as the next report has them too."""

    def close(self) -> None:  # noqa: B027 - most have nothing open
        """The monitor is detached."""
