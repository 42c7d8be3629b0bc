"""Trackers of experiments: each object that people log with, by the method it has."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ogive.errors import OgiveError, briefly
from ogive.monitor.loggers.health_logger import HealthLogger, Snapshot
from ogive.monitor.loggers.scalars import HEALTH, NumberLogger, sentence

_LEVELS = {"note": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class ScalarWriter(NumberLogger):
    """An object with ``add_scalar(tag, value, step)``, as TensorBoard's writer.

    If it has ``add_text``, too, it gets each finding when it is new.
    """

    def __init__(self, writer: Any, close: Callable[[], object] = lambda: None) -> None:
        self.writer, self._close = writer, close
        self._news = News()

    def write(self, snapshot: Snapshot) -> None:
        if hasattr(self.writer, "add_text"):
            for finding in self._news.of(snapshot):
                self.writer.add_text(f"{HEALTH}/findings", sentence(finding), snapshot["step"])
        super().write(snapshot)

    def log(self, numbers: dict[str, float], step: int) -> None:
        for name, value in numbers.items():
            self.writer.add_scalar(name, value, step)
        if hasattr(self.writer, "flush"):
            self.writer.flush()

    def close(self) -> None:
        self._close()


class RunLogger(NumberLogger):
    """A run of Weights & Biases: the steps are an axis of their own.

    A run's own step counts the calls of ``log``; numbers given for an earlier one would be dropped.
    """

    AXIS = f"{HEALTH}.step"

    def __init__(self, run: Any, close: Callable[[], object] = lambda: None) -> None:
        self.run, self._close = run, close
        self._defined = False

    def log(self, numbers: dict[str, float], step: int) -> None:
        if not self._defined:
            self.run.define_metric(self.AXIS, hidden=True)
            self.run.define_metric(f"{HEALTH}.*", step_metric=self.AXIS)
            self._defined = True
        self.run.log({**numbers, self.AXIS: step})

    def close(self) -> None:
        self._close()


class MetricsLogger(NumberLogger):
    """An object with ``log_metrics(metrics, step=)``, as Lightning's loggers."""

    def __init__(self, logger: Any) -> None:
        self.logger = logger

    def log(self, numbers: dict[str, float], step: int) -> None:
        self.logger.log_metrics(numbers, step=step)


class DictLogger(NumberLogger):
    """An object with ``log``: it gets the numbers as a dict, and the step as it takes it.

    That is ``log(numbers, step=...)`` as of an ``Accelerator``, ``log(numbers, step)``, or the step
    among the numbers where there is room for one argument only.
    """

    def __init__(self, logger: Any) -> None:
        self.logger = logger
        self._call = _calling(logger.log)

    def log(self, numbers: dict[str, float], step: int) -> None:
        self._call(numbers, step)


def _calling(log: Callable[..., object]) -> Callable[[dict[str, float], int], object]:
    """How ``log`` is called, by its signature."""
    try:
        parameters = inspect.signature(log).parameters.values()
    except (TypeError, ValueError):  # of code that is not Python
        return lambda numbers, step: log(numbers, step=step)
    kinds = [p.kind for p in parameters]
    if "step" in {p.name for p in parameters} or inspect.Parameter.VAR_KEYWORD in kinds:
        return lambda numbers, step: log(numbers, step=step)
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    room = sum(kind in positional for kind in kinds)
    if room >= 2 or inspect.Parameter.VAR_POSITIONAL in kinds:
        return lambda numbers, step: log(numbers, step)
    return lambda numbers, step: log({**numbers, "step": step})


class LineLogger(HealthLogger):
    """A ``logging.Logger``: it gets each finding when it is new, at the level of its severity."""

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger
        self._news = News()

    def write(self, snapshot: Snapshot) -> None:
        for finding in self._news.of(snapshot):
            level = _LEVELS[finding["severity"]]
            self.logger.log(level, "step %d: %s", snapshot["step"], sentence(finding))


class News:
    """Tells which findings were not there before, or were less severe."""

    def __init__(self) -> None:
        self._told: set[tuple[str, ...]] = set()

    def of(self, snapshot: Snapshot) -> Iterator[Mapping[str, Any]]:
        for finding in snapshot["findings"]:
            key = (finding["kind"], finding["place"], finding["severity"])
            if key not in self._told:
                self._told.add(key)
                yield finding


def from_object(logger: Any) -> HealthLogger:
    """What writes to an object of the user's.

    Raises:
        OgiveError: if it has none of the methods.
    """
    if isinstance(logger, type):
        raise OgiveError(
            f"a logger is an object, not the class {logger.__name__}; "
            f"make one of it: {logger.__name__}(...)"
        )
    if isinstance(logger, HealthLogger):
        return logger
    if isinstance(logger, logging.Logger):
        return LineLogger(logger)
    for method, kind in _BY_METHOD.items():
        if callable(getattr(logger, method, None)):
            return kind(logger)
    raise OgiveError(
        f"a logger is a name such as 'csv:health.csv' or an object with log or add_scalar, "
        f"not {briefly(logger)}"
    )


#: Asked in this order: a run of W&B has ``log``, too.
_BY_METHOD: dict[str, Callable[[Any], HealthLogger]] = {
    "add_scalar": ScalarWriter,
    "define_metric": RunLogger,
    "log_metrics": MetricsLogger,
    "log": DictLogger,
}
