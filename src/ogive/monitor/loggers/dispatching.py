"""All the loggers of a monitor as one: what they get, and what happens to one that fails."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from ogive.errors import LoggerWarning, OgiveError, briefly
from ogive.monitor.loggers.health_logger import HealthLogger, Snapshot
from ogive.monitor.loggers.short_names import open_logger


class Loggers:
    """Writes each snapshot to every logger; one that fails is named in a warning and left out.

    Args:
        given: short names (``"tensorboard:DIR"``, ``"csv:FILE"``, ``"jsonl:FILE"``,
            ``"wandb:DIR"``, ``"mlflow:DIR"``) and objects with ``log`` or ``add_scalar``. What a
            name opens is closed again by ``close``; objects stay open.
        own: more of them, that are what a logger here is.

    Raises:
        OgiveError: for what is no logger.
        MissingExtra: where the package that a name stands for is not installed.

    Example:
        >>> class Printer:
        ...     def log(self, numbers, step):
        ...         print(step, numbers["ogive.dead/act"])
        >>> loggers = Loggers([Printer()])
        >>> loggers.write({"step": 10, "places": {"act": {"dead": 0.5}}, "findings": []})
        10 0.5
    """

    def __init__(self, given: Sequence[object] = (), *own: HealthLogger) -> None:
        if isinstance(given, str) or not isinstance(given, Sequence):
            raise OgiveError(
                f"loggers= takes a list, as in loggers=['csv:health.csv'], not {briefly(given)}"
            )
        self._given = {_called(n, logger): logger for n, logger in enumerate([*given, *own])}
        self._open: dict[str, HealthLogger] = {}
        try:
            for name, logger in self._given.items():
                self._open[name] = open_logger(logger)
        except OgiveError:
            self.close()
            raise

    def __len__(self) -> int:
        return len(self._given)

    def write(self, snapshot: Snapshot) -> None:
        """Give the snapshot to every logger that still works; in the first of several processes
        only, where the statistics of all have come together. What was closed is opened again."""
        if _is_first_process():
            for name in list(self._given):
                self._attempt(name, lambda logger: logger.write(snapshot))

    def write_evaluation(self, step: int, places: Mapping[str, Any]) -> None:
        """Give the statistics of an evaluation that has ended to every logger that still works."""
        if _is_first_process():
            for name in list(self._given):
                self._attempt(name, lambda logger: logger.write_evaluation(step, places))

    def close(self) -> None:
        """Close what was opened by name."""
        for name in list(self._open):
            self._attempt(name, lambda logger: logger.close())
        self._open.clear()

    def _attempt(self, name: str, told: Callable[[HealthLogger], None]) -> None:
        try:
            if name not in self._open:
                self._open[name] = open_logger(self._given[name])
            told(self._open[name])
        except Exception as error:  # whatever somebody's logger raises
            self._open.pop(name, None)
            del self._given[name]
            reason = str(error).strip().partition("\n")[0]
            warnings.warn(
                f"the logger {name} failed ({type(error).__name__}: {reason}) and gets nothing "
                f"more; training and the other loggers go on",
                LoggerWarning,
                stacklevel=2,
            )


def _called(number: int, logger: object) -> str:
    """How a warning names a logger, told apart from a second one of its kind."""
    shown = briefly(logger) if isinstance(logger, str) else type(logger).__name__
    return f"{shown} (no. {number + 1})"


def _is_first_process() -> bool:
    group = torch.distributed
    return not (group.is_available() and group.is_initialized() and group.get_rank())
