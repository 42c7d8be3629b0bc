"""Loggers by a short name, ``kind:where``: what the name makes, and what is wrong with a name."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ogive.errors import OgiveError, briefly, nearest, require
from ogive.monitor.loggers.files import CsvFile, JsonLines
from ogive.monitor.loggers.health_logger import HealthLogger
from ogive.monitor.loggers.scalars import HEALTH, NumberLogger
from ogive.monitor.loggers.trackers import RunLogger, ScalarWriter, from_object

#: MLflow's names have none of these; a module's second use and a function's caller do.
_MLFLOW_NAMES = str.maketrans({"#": ":", "@": " ", "<": "", ">": ""})
#: So many metrics MLflow takes at once.
_MLFLOW_BATCH = 1000
#: Without it MLflow refuses to write files, which is what is asked for here.
_MLFLOW_FILES = "MLFLOW_ALLOW_FILE_STORE"


def _tensorboard(folder: str) -> ScalarWriter:
    """TensorBoard's files in a folder."""
    require("tensorboard", "tensorboard")
    writer = require("torch.utils.tensorboard", "tensorboard").SummaryWriter(folder)
    return ScalarWriter(writer, writer.close)


def _wandb(folder: str) -> RunLogger:
    """An offline run of Weights & Biases in a folder, which ``wandb sync`` sends later."""
    os.makedirs(folder, exist_ok=True)  # where there is none, W&B writes into the system's own
    run = require("wandb", "wandb").init(
        project=HEALTH, dir=folder, mode="offline", reinit="create_new"
    )
    return RunLogger(run, run.finish)


class MlflowRun(NumberLogger):
    """A run in MLflow's files in a folder, as ``mlflow ui --backend-store-uri`` shows them."""

    def __init__(self, folder: str) -> None:
        mlflow = require("mlflow", "mlflow")
        self._metric = require("mlflow.entities", "mlflow").Metric
        with _files_allowed():
            self._client = mlflow.MlflowClient(tracking_uri=Path(folder).resolve().as_uri())
            experiment = self._client.get_experiment_by_name(HEALTH)
            number = (
                experiment.experiment_id if experiment else self._client.create_experiment(HEALTH)
            )
            self._run = self._client.create_run(number).info.run_id

    def log(self, numbers: dict[str, float], step: int) -> None:
        now = int(time.time() * 1000)
        metrics = [
            self._metric(name.translate(_MLFLOW_NAMES), value, now, step)
            for name, value in numbers.items()
        ]
        for start in range(0, len(metrics), _MLFLOW_BATCH):
            self._client.log_batch(self._run, metrics[start : start + _MLFLOW_BATCH])

    def close(self) -> None:
        self._client.set_terminated(self._run)


@contextmanager
def _files_allowed() -> Iterator[None]:
    """MLflow's own switch is set while its store is made, and then as it was."""
    before = os.environ.get(_MLFLOW_FILES)
    os.environ[_MLFLOW_FILES] = "true"
    try:
        yield
    finally:
        del os.environ[_MLFLOW_FILES]
        if before is not None:
            os.environ[_MLFLOW_FILES] = before


#: Kind -> what makes it of the place that is named after the colon.
KINDS_OF_LOGGER: dict[str, Callable[[str], HealthLogger]] = {
    "tensorboard": _tensorboard,
    "csv": CsvFile,
    "jsonl": JsonLines,
    "wandb": _wandb,
    "mlflow": MlflowRun,
}


def open_logger(given: object) -> HealthLogger:
    """What writes to a logger: an object of the user's, or one made by a short name.

    Raises:
        OgiveError: for a kind that there is not, a name without a place, a place that cannot be
            written, or an object that cannot log.
        MissingExtra: where the package that a name stands for is not installed.
    """
    if not isinstance(given, str):
        return from_object(given)
    kind, colon, where = given.partition(":")
    if kind not in KINDS_OF_LOGGER or not where.strip():
        known = ", ".join(f"{name}:{_WHERE.get(name, 'DIR')}" for name in KINDS_OF_LOGGER)
        close = colon and kind not in KINDS_OF_LOGGER
        raise OgiveError(
            f"no logger {briefly(given)}{nearest(kind, KINDS_OF_LOGGER) if close else ''} "
            f"(a name is one of {known})"
        )
    try:
        return KINDS_OF_LOGGER[kind](where)
    except OgiveError:
        raise
    except Exception as error:  # whatever a package of others may raise
        reason = str(error).strip().partition("\n")[0]
        raise OgiveError(
            f"cannot open the logger {briefly(given)}: {reason} ({type(error).__name__})"
        ) from error


_WHERE = {"csv": "FILE", "jsonl": "FILE"}
