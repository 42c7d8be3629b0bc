"""What a study found: one row for each activation (and swept value), from all its runs.

Apart from how it is shown; the table, the figures, the report and the JSON all read these rows.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from ogive.study.data.tasks import Task
from ogive.study.running.runs import Done
from ogive.study.settings import Settings
from ogive.study.statistics.comparison import Comparison, compare
from ogive.study.statistics.paired_scores import choose_reference
from ogive.study.statistics.power import detectable, pooled_deviation
from ogive.study.sweeps import Sweep


@dataclass(frozen=True, kw_only=True)
class ResultRow(Comparison):
    """One activation at one swept value: how it compares over the seeds, and what it costs.

    ``step_ms`` is the median time of a training step, ``time_ratio`` that time over the
    reference's, ``bytes_saved`` what an element of the input costs in memory kept for backward,
    ``dead_share`` the share of dead units after training, ``parameters`` how many numbers are
    learned.
    """

    value: int | float | None
    step_ms: float
    time_ratio: float | None
    bytes_saved: float
    dead_share: float | None
    parameters: int


@dataclass(frozen=True)
class Tuned:
    """How a learning rate was chosen: the one taken, and the score of every rate on the grid."""

    lr: float
    curve: tuple[tuple[float, float | None], ...]

    @property
    def at_end(self) -> bool:
        """Whether the best rate is the lowest or the highest tried, so a better may lie beyond."""
        rates = [rate for rate, _ in self.curve]
        return len(rates) > 1 and self.lr in (min(rates), max(rates))


@dataclass(frozen=True)
class Study:
    """A finished study: what was asked, every run, and what they show in ``rows``."""

    name: str
    task: Task
    settings: Settings
    activations: list[str]
    seeds: int
    sweep: Sweep | None
    runs: list[Done]
    damaged: int
    folder: Path
    tuning: Mapping[str, Tuned] = field(default_factory=dict)
    looks: int = 1

    @property
    def reference(self) -> str:
        """What the others are compared with: relu, or else the first activation."""
        return choose_reference(self.activations)

    @property
    def values(self) -> tuple[int | float | None, ...]:
        """The swept values; a single None without a sweep."""
        return self.sweep.values if self.sweep else (None,)

    @property
    def reused(self) -> int:
        """How many runs were known from before."""
        return sum(done.reused for done in self.runs)

    @cached_property
    def rows(self) -> list[ResultRow]:
        """What was found: activations in the order asked for, swept values ascending."""
        families = [self._family(value) for value in self.values]
        return [row for same_activation in zip(*families, strict=True) for row in same_activation]

    def detectable_with(self, seeds: int) -> float | None:
        """The true difference that so many seeds find four times out of five, by the deviation
        seen in this study; None with one seed, or where all differences are equal."""
        comparisons = len(self.activations) - 1
        if not self._deviation > 0:
            return None
        return detectable(self._deviation, seeds, comparisons, self.task.overlap, self.looks)

    @cached_property
    def _deviation(self) -> float:
        """The standard deviation of a difference, over all comparisons."""
        others = [name for name in self.activations if name != self.reference]
        return pooled_deviation(
            [self._differences(name, value) for value in self.values for name in others]
        )

    @property
    def report(self) -> Path:
        """The report that was written."""
        return self.folder / "report.html"

    def at(self, value: int | float | None) -> list[ResultRow]:
        """The rows of one swept value."""
        return [row for row in self.rows if row.value == value]

    def results(self, name: str, value: int | float | None = None) -> list[dict[str, Any]]:
        """What the runs of one activation gave, by seed."""
        chosen = [d for d in self.runs if d.run.activation.label == name and d.run.value == value]
        return [done.result for done in sorted(chosen, key=lambda done: done.run.seed)]

    def tuned(self, name: str, value: int | float | None = None) -> Tuned | None:
        """How the learning rate of an activation was chosen, at a swept value."""
        swept = "" if self.sweep is None else f" at {self.sweep.name} {value}"
        return self.tuning.get(f"{name}{swept}")

    def scores(self, name: str, value: int | float | None = None) -> list[float | None]:
        """The scores of one activation by seed; None where a run diverged."""
        return [
            None if result["diverged"] else result["score"] for result in self.results(name, value)
        ]

    def _repr_html_(self) -> str:
        from ogive.study.report.html_report import notebook_page

        return notebook_page(self)

    def summary(self) -> list[dict[str, Any]]:
        """The rows as plain data."""
        return [asdict(row) for row in self.rows]

    def _differences(self, name: str, value: int | float | None) -> list[float]:
        """Seed by seed, where neither run diverged."""
        pairs = zip(self.scores(name, value), self.scores(self.reference, value), strict=True)
        return [own - other for own, other in pairs if own is not None and other is not None]

    def _family(self, value: int | float | None) -> list[ResultRow]:
        """All activations at one swept value, judged together."""
        compared = compare(
            {name: self.scores(name, value) for name in self.activations},
            self.reference,
            overlap=self.task.overlap,
            metric=self.task.metric,
            looks=self.looks,
        )
        return [self._row(comparison, value) for comparison in compared]

    def _row(self, found: Comparison, value: int | float | None) -> ResultRow:
        own = self.results(found.activation, value)
        return ResultRow(
            **{part.name: getattr(found, part.name) for part in fields(Comparison)},
            value=value,
            step_ms=statistics.median(result["step_ms"] for result in own),
            time_ratio=_time_ratio(own, self.results(self.reference, value)),
            bytes_saved=own[0]["bytes_saved"],
            dead_share=_mean([result["dead_share"] for result in own]),
            parameters=own[0]["parameters"],
        )


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
