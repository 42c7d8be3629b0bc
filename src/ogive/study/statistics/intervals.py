"""A mean with its interval: by Student for one list of numbers (of families: ``family.py``)."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from ogive.errors import require
from ogive.study.errors import StudyError
from ogive.study.requirements import require_number, require_numbers

_LEVEL = 0.95


@dataclass(frozen=True)
class ConfidenceInterval:
    """A mean of ``n`` values with its confidence interval; no interval for a single value."""

    mean: float
    low: float | None
    high: float | None
    n: int

    def within(self, lowest: float, highest: float) -> ConfidenceInterval:
        """The interval without what lies outside the possible range."""
        if self.low is None or self.high is None:
            return self
        return ConfidenceInterval(self.mean, max(self.low, lowest), min(self.high, highest), self.n)


def t_interval(values: Sequence[float], level: float = _LEVEL) -> ConfidenceInterval | None:
    """The mean and Student's interval of the mean; None without values.

    >>> t_interval([1.0, 2.0, 3.0]).mean
    2.0
    """
    values, level = require_numbers("the values", values), require_number("level", level)
    if not 0 < level < 1:
        raise StudyError(f"the level is {level}; expected a number between 0 and 1, such as 0.95")
    n = len(values)
    if n == 0:
        return None
    mean = statistics.fmean(values)
    if n == 1:
        return ConfidenceInterval(mean, None, None, 1)
    t = float(require("scipy.stats", "study").t.ppf((1 + level) / 2, n - 1))
    half = t * statistics.stdev(values) / math.sqrt(n)
    return ConfidenceInterval(mean, mean - half, mean + half, n)
