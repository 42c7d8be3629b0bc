"""The numbers of a family of comparisons: differences to one reference, all judged together.

Means, intervals that hold for the whole family at once, and p-values from the same sign flips: an
interval excludes 0 exactly where the adjusted p-value is at most ``ERROR_RATE``.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ogive.errors import require
from ogive.study.statistics.flips import FlipTest, Floats, flip_test
from ogive.study.statistics.intervals import ConfidenceInterval
from ogive.study.statistics.power import ERROR_RATE, fewest_seeds

#: Differences this small beside the scores are rounding.
_DIGITS = 12
_RESAMPLES = 4_999
_BATCH = 1_000_000


class Family:
    """Differences to a reference: a row a seed, a column a comparison, NaN where a run diverged.

    ``overlap`` is the number of test rows over the number of training rows where the splits of
    different seeds share rows: the variance of a mean is then 1 / n + overlap times that of one
    difference, not 1 / n (Nadeau and Bengio 2003). ``looks`` is at how many planned moments the
    family is looked at.
    """

    def __init__(self, differences: Floats, overlap: float = 0.0, looks: int = 1) -> None:
        self.differences = differences
        self.looks = looks
        self.level = ERROR_RATE / looks
        self.counts = np.isfinite(differences).sum(0)
        self.widening = np.sqrt(1 + self.counts * overlap)
        self.tested = self.counts >= fewest_seeds(looks)
        # p-values are given for few seeds as well; but few beside many would widen all intervals
        self.flipped = self.tested if self.tested.any() else self.counts > 1

    @cached_property
    def means(self) -> Floats:
        """The mean difference of each comparison; NaN without a pair."""
        counted = np.where(self.counts > 0, self.counts, np.nan)
        return np.asarray(np.nansum(self.differences, axis=0) / counted)

    @cached_property
    def deviations(self) -> Floats:
        """The standard deviation of each comparison's differences; NaN with fewer than two."""
        squares = np.nansum((self.differences - self.means) ** 2, axis=0)
        return np.asarray(np.sqrt(squares / np.where(self.counts > 1, self.counts - 1, np.nan)))

    @cached_property
    def flips(self) -> FlipTest | None:
        """What sign flips say of the comparisons with enough seeds."""
        if not self.flipped.any():
            return None
        scale = np.nanmax(np.abs(self.differences)) or 1.0
        flipped = self.differences[:, self.flipped] / scale
        return flip_test(flipped, self.level, self.widening[self.flipped])

    @cached_property
    def p(self) -> Floats:
        """Each comparison's own p-value; NaN with too few seeds."""
        return self._spread(self.flips.p if self.flips else np.array([]))

    @cached_property
    def p_adjusted(self) -> Floats:
        """The p-values that hold for the family and for all looks; NaN with too few seeds."""
        adjusted = self.flips.p_adjusted if self.flips else np.array([])
        return self._spread(np.minimum(1.0, adjusted * self.looks))

    def _spread(self, values: Floats) -> Floats:
        spread = np.full(len(self.counts), np.nan)
        spread[self.flipped] = values
        return spread

    @cached_property
    def halves(self) -> Floats:
        """How far the family's intervals reach from the means.

        Too few seeds exclude nothing by flips: the interval is then Student's, corrected after
        Bonferroni, and reaches 0 at least, as no verdict is given.
        """
        student = require("scipy.special", "study").stdtrit
        beyond = 1 - self.level / (2 * len(self.counts))
        steps = student(np.maximum(self.counts - 1, 1), beyond)
        if self.flips is not None and np.isfinite(self.flips.critical):
            steps = np.where(self.tested, self.flips.critical, steps)
        errors = self.deviations * self.widening / np.sqrt(np.maximum(self.counts, 1))
        away = np.abs(self.means)
        found = np.nan_to_num(self.p_adjusted, nan=1.0) <= ERROR_RATE
        just_inside = np.minimum(steps * errors, np.nextafter(away, 0.0))
        return np.asarray(np.where(found, just_inside, np.maximum(steps * errors, away)))

    def interval(self, column: int) -> ConfidenceInterval | None:
        """The mean and the family's interval of a comparison; None without a pair."""
        mean, half = float(self.means[column]), float(self.halves[column])
        count = int(self.counts[column])
        if count < 2:
            return ConfidenceInterval(mean, None, None, count) if count else None
        return ConfidenceInterval(mean, mean - half, mean + half, count)

    def bca(self, column: int) -> ConfidenceInterval | None:
        """The bootstrap's own 95 % interval of one mean (Efron 1987); None with too few seeds."""
        if not self.tested[column]:
            return None
        values = self.differences[np.isfinite(self.differences[:, column]), column]
        mean = float(self.means[column])
        if np.ptp(values) == 0:
            return ConfidenceInterval(mean, mean, mean, len(values))
        found = require("scipy.stats", "study").bootstrap(
            (values,),
            np.mean,
            n_resamples=_RESAMPLES,
            batch=max(1, _BATCH // len(values)),
            method="BCa",
            rng=np.random.default_rng(0),
        )
        low, high = (
            mean + float(self.widening[column]) * (float(end) - mean)
            for end in found.confidence_interval
        )
        return ConfidenceInterval(mean, low, high, len(values))


def family_differences(scores: Floats, reference: int) -> Floats:
    """Every other column minus the reference, without what is only rounding."""
    known = np.abs(scores[np.isfinite(scores)])
    scale = (known.max() if len(known) else 1.0) or 1.0
    parts = scores / scale
    others = np.delete(parts, reference, axis=1)
    return np.asarray(np.round(others - parts[:, [reference]], _DIGITS) * scale)


def divergences(scores: Floats, reference: int) -> Floats:
    """Who diverged (NaN), for every other column: -1 where only it did, 1 where only the reference.

    Tested like a difference of scores, as a column of the same family.
    """
    lost = np.isnan(scores).astype(np.float64)
    return np.asarray(lost[:, [reference]] - np.delete(lost, reference, axis=1))
