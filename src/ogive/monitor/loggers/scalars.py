"""What a tracker is told at a step: numbers, each under one name."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ogive.monitor.finding import SEVERITIES
from ogive.monitor.loggers.health_logger import HealthLogger, Snapshot

#: Charts stand together in TensorBoard and W&B by what is before the first slash.
HEALTH = "ogive"
#: What never changes makes no curve.
NO_CURVES = ("entry", "units", "samples")


def scalars(snapshot: Snapshot) -> dict[str, float]:
    """The numbers of a snapshot as ``ogive.<statistic>/<place>``, and how many findings there are.

    Example:
        >>> places = {"fc.act": {"entry": "relu", "units": 8, "dead": 0.25, "chi": None}}
        >>> scalars({"step": 10, "places": places, "findings": [{"severity": "error"}]})
        {'ogive.dead/fc.act': 0.25, 'ogive.findings/note': 0, \
'ogive.findings/warning': 0, 'ogive.findings/error': 1}
    """
    counts = Counter(finding["severity"] for finding in snapshot["findings"])
    found = {f"{HEALTH}.findings/{severity}": counts[severity] for severity in SEVERITIES}
    return _curves(HEALTH, snapshot["places"]) | found


def evaluation_scalars(places: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of an evaluation, as ``ogive.evaluation.<statistic>/<place>``.

    >>> evaluation_scalars({"fc.act": {"entry": "relu", "units": 8, "dead": 0.25}})
    {'ogive.evaluation.dead/fc.act': 0.25}
    """
    return _curves(f"{HEALTH}.evaluation", places)


def _curves(prefix: str, places: Mapping[str, Any]) -> dict[str, float]:
    return {
        f"{prefix}.{name}/{place}": float(value)  # what JSON has no number for is text
        for place, row in places.items()
        for name, value in row.items()
        if name not in NO_CURVES and value is not None
    }


class NumberLogger(HealthLogger):
    """What takes numbers by name, and nothing else of a report."""

    @abstractmethod
    def log(self, numbers: dict[str, float], step: int) -> None:
        """Take the numbers of a step."""

    def write(self, snapshot: Snapshot) -> None:
        self.log(scalars(snapshot), snapshot["step"])

    def write_evaluation(self, step: int, places: Mapping[str, Any]) -> None:
        self.log(evaluation_scalars(places), step)


def sentence(finding: Mapping[str, Any]) -> str:
    """A finding in one line of text.

    >>> sentence({"kind": "dead", "place": "fc.act", "severity": "error", "cause": "data",
    ...           "since": 4, "evidence": {"dead": 0.25, "threshold": 0.1}})
    'error: dead at fc.act since step 4, cause: data; dead 0.25, threshold 0.1'
    """
    head = f"{finding['severity']}: {finding['kind']} at {finding['place']}"
    return f"{head} since step {finding['since']}, cause: {finding['cause']}; {numbers_of(finding)}"


def numbers_of(finding: Mapping[str, Any]) -> str:
    """The numbers that led to a finding, by name."""
    pairs = finding["evidence"].items()
    return ", ".join(f"{name} {float(value):.4g}" for name, value in pairs)
