"""What a study found: one row for each activation (and swept value), from all its runs.

Apart from how it is shown; the table, the figures, the report and the JSON all read these rows.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ogive.study.runs import Done
from ogive.study.settings import Settings, Sweep
from ogive.study.statistics import ConfidenceInterval, holm, paired_p, t_interval
from ogive.study.tasks import Task

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class ResultRow:
    """One activation at one swept value, over all seeds.

    ``difference`` is to the reference, seed by seed; ``p`` is its p-value corrected for the
    number of activations that are compared with it at the same swept value.
    """

    activation: str
    value: int | None
    score: ConfidenceInterval | None
    difference: ConfidenceInterval | None
    p: float | None
    step_ms: float
    time_ratio: float | None
    bytes_saved: float
    dead_share: float | None
    parameters: int
    not_finite: int

    @property
    def verdict(self) -> str:
        """What the runs show against the reference: better, worse or open."""
        if self.difference is None or self.p is None or self.p >= SIGNIFICANT:
            return "open"
        return "better" if self.difference.mean > 0 else "worse"


@dataclass(frozen=True)
class Study:
    """A finished study: what was asked, every run, and the summary in ``rows``."""

    name: str
    task: Task
    settings: Settings
    activations: list[str]
    seeds: int
    sweep: Sweep | None
    runs: list[Done]
    damaged: int
    folder: Path

    @property
    def reference(self) -> str:
        """What the others are compared with: relu, or else the first activation."""
        return "relu" if "relu" in self.activations else self.activations[0]

    @property
    def values(self) -> tuple[int | None, ...]:
        """The swept values; a single None without a sweep."""
        return self.sweep.values if self.sweep else (None,)

    @property
    def reused(self) -> int:
        """How many runs were known from before."""
        return sum(done.reused for done in self.runs)

    @cached_property
    def rows(self) -> list[ResultRow]:
        """The summary: activations in the order asked for, swept values ascending."""
        families = [
            _corrected([self._row(name, value) for name in self.activations])
            for value in self.values
        ]
        return [row for same_activation in zip(*families, strict=True) for row in same_activation]

    @property
    def report(self) -> Path:
        """The report that was written."""
        return self.folder / "report.html"

    def results(self, name: str, value: int | None = None) -> list[dict[str, Any]]:
        """What the runs of one activation gave, by seed."""
        chosen = [d for d in self.runs if d.run.activation == name and d.run.value == value]
        return [done.result for done in sorted(chosen, key=lambda done: done.run.seed)]

    def summary(self) -> list[dict[str, Any]]:
        """The rows as plain data."""
        return [asdict(row) | {"verdict": row.verdict} for row in self.rows]

    def _row(self, name: str, value: int | None) -> ResultRow:
        own, reference = self.results(name, value), self.results(self.reference, value)
        differences = [] if name == self.reference else _differences(own, reference)
        return ResultRow(
            activation=name,
            value=value,
            score=self._score_interval([result["score"] for result in own]),
            difference=t_interval(differences),
            p=paired_p(differences),
            step_ms=statistics.median(result["step_ms"] for result in own),
            time_ratio=_time_ratio(own, reference),
            bytes_saved=own[0]["bytes_saved"],
            dead_share=_mean([result["dead_share"] for result in own]),
            parameters=own[0]["parameters"],
            not_finite=sum(not result["finite"] for result in own),
        )

    def _score_interval(self, scores: Sequence[float | None]) -> ConfidenceInterval | None:
        interval = t_interval([score for score in scores if score is not None])
        lowest = float("-inf") if self.task.regression else 0.0
        return interval and interval.within(lowest, 1.0)


def _corrected(rows: list[ResultRow]) -> list[ResultRow]:
    corrected = holm([row.p for row in rows])
    return [replace(row, p=p) for row, p in zip(rows, corrected, strict=True)]


def _differences(own: list[dict[str, Any]], reference: list[dict[str, Any]]) -> list[float]:
    pairs = [(a["score"], b["score"]) for a, b in zip(own, reference, strict=True)]
    return [a - b for a, b in pairs if a is not None and b is not None]


def _time_ratio(own: list[dict[str, Any]], reference: list[dict[str, Any]]) -> float | None:
    """The median ratio of times; None where no seed ran both in one session of the machine."""
    ratios = [
        a["step_ms"] / b["step_ms"]
        for a, b in zip(own, reference, strict=True)
        if a["session"] == b["session"]
    ]
    return statistics.median(ratios) if ratios else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
