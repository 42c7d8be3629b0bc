"""The measured numbers of a claim, with intervals that all hold at once.

Apart from the checks because of what it prevents: a claim that looks at twenty numbers, each with
an interval of its own, would find one that deviates by luck.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ogive.errors import require
from ogive.study.claims.checks import Check
from ogive.study.claims.estimates import Estimate
from ogive.study.data.datasets import find_task
from ogive.study.data.splitting import DataArray
from ogive.study.errors import StudyError
from ogive.study.statistics.flips import flip_test
from ogive.study.statistics.power import ERROR_RATE

#: A number for each seed.
_Values = Sequence[float] | DataArray | Tensor


@dataclass(frozen=True)
class _Row:
    """One measured number: what was seen, and how an estimate is made of it."""

    name: str
    where: Mapping[str, str]
    bounds: tuple[float, float]
    values: tuple[float, ...]
    after: Callable[[float], float]
    counted: bool = False


class Measurements:
    """The measured numbers of one claim, whose intervals hold all at once with 95 %.

    Means are taken over seeds, and their intervals come from sign flips, as those of a study do:
    the largest studentised mean among all numbers counts, which pairs what the seeds have in
    common. Where the conditions name a task whose splits share rows, they are widened after Nadeau
    and Bengio (2003), as a study's are. Shares of seeds have Clopper and Pearson's interval. Both
    parts share the error rate by their number.

    Example:
        >>> measured = Measurements()
        >>> measured.mean("gain", [1.0, 1.2, 0.9, 1.1, 1.0, 1.1, 0.9], at_least=0.5)
        >>> [check.outcome for check in measured.checks()]
        [True]
    """

    def __init__(self) -> None:
        self._rows: list[_Row] = []

    def mean(
        self,
        name: str,
        values: _Values,
        *,
        where: Mapping[str, str] | None = None,
        at_least: float = -math.inf,
        at_most: float = math.inf,
    ) -> None:
        """The mean of a number over seeds, such as a paired difference of scores."""
        self._add(name, where, (at_least, at_most), values, float)

    def ratio(
        self,
        name: str,
        values: _Values,
        *,
        where: Mapping[str, str] | None = None,
        at_least: float = 0.0,
        at_most: float = math.inf,
    ) -> None:
        """The geometric mean of a positive number over seeds."""
        logs = np.log(np.asarray(values, dtype=float))
        self._add(name, where, (at_least, at_most), logs, math.exp)

    def share(
        self,
        name: str,
        happened: _Values,
        *,
        where: Mapping[str, str] | None = None,
        at_least: float = 0.0,
        at_most: float = 1.0,
    ) -> None:
        """In which share of seeds something happens."""
        self._add(name, where, (at_least, at_most), happened, float, counted=True)

    def _add(
        self,
        name: str,
        where: Mapping[str, str] | None,
        bounds: tuple[float, float],
        values: _Values,
        after: Callable[[float], float],
        counted: bool = False,
    ) -> None:
        row = _Row(name, where or {}, bounds, tuple(map(float, values)), after, counted)
        if self._rows and len(self._rows[0].values) != len(row.values):
            raise StudyError(
                f"{name} has {len(row.values)} seeds and {self._rows[0].name} has "
                f"{len(self._rows[0].values)}; all numbers of a claim are of the same seeds"
            )
        self._rows.append(row)

    def checks(self) -> list[Check]:
        """A check for each number, in the order in which they came."""
        counted = [row for row in self._rows if row.counted]
        means = [row for row in self._rows if not row.counted]
        rate = ERROR_RATE / max(len(self._rows), 1)
        found = {id(row): _share(row.values, rate) for row in counted}
        if means:
            table = np.array([row.values for row in means]).T
            overlaps = [_overlap(row.where) for row in means]
            estimates = simultaneous(table, rate * len(means), overlaps)
            for row, estimate in zip(means, estimates, strict=True):
                found[id(row)] = estimate.through(row.after)
        return [Check(row.name, found[id(row)], *row.bounds, row.where) for row in self._rows]


def _overlap(where: Mapping[str, str]) -> float:
    """Test rows over training rows, if the conditions name a task whose splits share rows."""
    task = where.get("task")
    return 0.0 if task is None else find_task(task).overlap


def simultaneous(
    table: DataArray, error_rate: float = ERROR_RATE, overlaps: Sequence[float] = (0.0,)
) -> list[Estimate]:
    """The mean of each column with intervals that hold all at once; rows are seeds.

    ``overlaps`` are the test rows over the training rows of each column, where splits share rows.
    """
    seeds, means = len(table), table.mean(axis=0)
    if error_rate * 2**seeds < 2:  # no sign flip is rare enough
        return [Estimate(float(mean), -math.inf, math.inf) for mean in means]
    widening = np.sqrt(1 + seeds * np.broadcast_to(overlaps, means.shape))
    error = widening * table.std(axis=0, ddof=1) / math.sqrt(seeds)
    half = flip_test(table, error_rate, widening).critical * error
    return [Estimate(*map(float, (m, m - h, m + h))) for m, h in zip(means, half, strict=True)]


def _share(happened: Sequence[float], error_rate: float) -> Estimate:
    count, seeds = int(sum(happened)), len(happened)
    test = require("scipy.stats", "study").binomtest(count, seeds)
    low, high = test.proportion_ci(1 - error_rate, method="exact")
    return Estimate(count / seeds, float(low), float(high))
