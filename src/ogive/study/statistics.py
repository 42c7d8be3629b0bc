"""The statistics of a study: intervals, paired differences, correction for many comparisons.

Apart from what they are applied to, so that each can be checked against scipy and by hand.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from ogive.errors import require

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
    n = len(values)
    if n == 0:
        return None
    mean = statistics.fmean(values)
    if n == 1:
        return ConfidenceInterval(mean, None, None, 1)
    t = float(require("scipy.stats", "study").t.ppf((1 + level) / 2, n - 1))
    half = t * statistics.stdev(values) / math.sqrt(n)
    return ConfidenceInterval(mean, mean - half, mean + half, n)


def paired_p(differences: Sequence[float]) -> float | None:
    """The two-sided p-value of a paired t-test, given the differences of the pairs.

    None where the test says nothing: fewer than two pairs, or all differences equal.
    """
    if len(differences) < 2 or statistics.stdev(differences) == 0:
        return None
    t = statistics.fmean(differences) * math.sqrt(len(differences)) / statistics.stdev(differences)
    return float(2 * require("scipy.stats", "study").t.sf(abs(t), len(differences) - 1))


def holm(values: Sequence[float | None]) -> list[float | None]:
    """p-values corrected by Holm for how many there are; what is None stays None.

    >>> holm([0.01, 0.04, None])
    [0.02, 0.04, None]
    """
    tested = sorted((p, index) for index, p in enumerate(values) if p is not None)
    corrected: list[float | None] = [None] * len(values)
    largest = 0.0
    for rank, (p, index) in enumerate(tested):
        largest = max(largest, min(1.0, p * (len(tested) - rank)))
        corrected[index] = largest
    return corrected
