"""Which activation is better: verdicts on paired scores, a study's or anyone's.

One mechanism gives the intervals, the p-values and the verdicts, so that they cannot disagree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ogive.errors import among, briefly, nearest
from ogive.study.errors import StudyError
from ogive.study.requirements import require_not_negative
from ogive.study.statistics.family import Family, divergences, family_differences
from ogive.study.statistics.flips import Floats
from ogive.study.statistics.intervals import ConfidenceInterval, t_interval
from ogive.study.statistics.paired_scores import choose_reference, paired_table
from ogive.study.statistics.power import ERROR_RATE, check_looks, fewest_seeds, seeds_needed
from ogive.study.statistics.verdicts import opened, united, verdict_of, win_share

#: What is too small to matter, by what the scores are.
MARGINS = {"accuracy": 0.01, "R2": 0.02}
#: Of other scores, this share of the reference's standard deviation.
_SHARE_OF_DEVIATION = 0.1
_RANGES = {"accuracy": (0.0, 1.0), "R2": (-math.inf, 1.0)}


@dataclass(frozen=True)
class Comparison:
    """One activation of a comparison; the reference has no difference and no verdict.

    ``score`` is the mean with Student's interval; ``difference`` the mean of the differences to the
    reference, with the interval that holds for all activations at once. ``p`` is for this
    activation alone, ``p_adjusted`` for all at once. ``bca`` is the bootstrap's 95 % interval,
    ``effect_size`` the mean difference in standard deviations of a difference (None where that is
    0), ``probability_better`` the share of seeds in which the activation beat the reference, a tie
    counting half.

    ``verdict`` is "better", "worse", "equivalent" (the difference is smaller than ``margin``) or
    "undecided"; then ``seeds_needed`` would decide (None: no number would). ``diverged`` counts
    the runs without a score; a side of the interval to which they could pull the mean has no end.
    """

    activation: str
    score: ConfidenceInterval | None
    diverged: int
    margin: float
    difference: ConfidenceInterval | None = None
    p: float | None = None
    p_adjusted: float | None = None
    probability_better: float | None = None
    effect_size: float | None = None
    bca: ConfidenceInterval | None = None
    verdict: str | None = None
    seeds_needed: int | None = None

    @property
    def told_apart(self) -> bool:
        """Whether the activation does better or worse, however little."""
        return (
            self.verdict in ("better", "worse", "equivalent")
            and (self.p_adjusted or 0) <= ERROR_RATE
        )


def compare(
    scores: Mapping[str, Iterable[float | None]],
    reference: str | None = None,
    margin: float | None = None,
    overlap: float = 0.0,
    *,
    metric: str | None = None,
    looks: int = 1,
) -> list[Comparison]:
    """Compare activations by paired scores, of which larger ones are better.

    ``scores`` has a sequence for each activation, paired by position: the same seed, split and
    data. None or an infinity stands for a run that diverged. ``reference`` is relu, or else the
    first activation. ``margin`` is the size of a difference that does not matter: by default 0.01
    if ``metric`` is "accuracy" (a share between 0 and 1), 0.02 if it is "R2", and a tenth of the
    standard deviation of the reference's scores otherwise. ``overlap`` is the number of test rows
    over the number of training rows, where seeds share rows; 0 for data drawn anew or for one fixed
    split. ``looks`` is at how many planned moments the growing scores are looked at
    (:func:`ogive.study.look_schedule`).

    Differences are tested by sign flips, all 2^n of them up to 15 seeds, with the largest
    studentised mean of the family (Westfall and Young 1993), and the intervals come from the same
    flips. Where the BCa bootstrap (Efron 1987) disagrees about 0, the interval is the union of
    both, which decides nothing. With fewer than 6 seeds (8 with five looks) there is no verdict.

    >>> gelu = [0.93, 0.94, 0.92, 0.95, 0.93, 0.94]
    >>> sigmoid = [0.71, 0.75, 0.70, 0.74, 0.73, 0.72]
    >>> rows = compare({"gelu": gelu, "sigmoid": sigmoid}, metric="accuracy")
    >>> rows[1].verdict, rows[1].p_adjusted, round(rows[1].difference.mean, 3)
    ('worse', 0.03125, -0.21)
    """
    names, table = paired_table(scores)
    check_looks(looks)
    place = names.index(choose_reference(names, reference))
    metric = _known_metric(metric)
    terms = _Terms(
        margin=_margin(margin, metric, table[:, place]),
        overlap=require_not_negative("overlap", overlap),
        metric=metric,
        looks=looks,
    )
    rows = [_alone(name, column, terms) for name, column in zip(names, table.T, strict=True)]
    differences, divergence = family_differences(table, place), divergences(table, place)
    diverging = np.flatnonzero(divergence.any(axis=0))
    everything = np.hstack([differences, divergence[:, diverging]])
    family = Family(everything, terms.overlap, looks)
    beside = {int(column): len(names) - 1 + n for n, column in enumerate(diverging)}
    others = [row for number, row in enumerate(rows) if number != place]
    judged = [
        _judged(row, family, column, beside.get(column), terms) for column, row in enumerate(others)
    ]
    return [*judged[:place], rows[place], *judged[place:]]


@dataclass(frozen=True)
class _Terms:
    """What a comparison is held to."""

    margin: float
    overlap: float
    metric: str | None
    looks: int


def _alone(name: str, column: Floats, terms: _Terms) -> Comparison:
    """The activation's own score, before it is compared."""
    known = column[~np.isnan(column)]
    score = t_interval(known.tolist())
    limits = _RANGES.get(terms.metric or "", (-math.inf, math.inf))
    score = score and score.within(*limits)
    return Comparison(name, score, len(column) - len(known), terms.margin)


def _judged(
    row: Comparison, family: Family, column: int, beside: int | None, terms: _Terms
) -> Comparison:
    """The row with the difference in the column of the family, and the verdict on it.

    ``beside`` is the column of who diverged, if any run did.
    """
    scores = family.differences[:, column]
    lost_or_won = np.zeros(len(scores)) if beside is None else family.differences[:, beside]
    row = replace(row, probability_better=win_share(scores, lost_or_won))
    if beside is not None and family.p_adjusted[beside] <= ERROR_RATE:
        verdict = "better" if family.means[beside] > 0 else "worse"
        p, p_adjusted = family.p[beside], family.p_adjusted[beside]
        return replace(row, verdict=verdict, p=float(p), p_adjusted=float(p_adjusted))
    bca = family.bca(column)
    shown = opened(united(family.interval(column), bca), lost_or_won)
    row = replace(
        row,
        difference=shown,
        bca=bca,
        p=_finite(family.p[column]),
        p_adjusted=_finite(family.p_adjusted[column]),
        effect_size=_effect_size(family, column),
        verdict=verdict_of(shown, terms.margin) if family.tested[column] else "undecided",
    )
    if row.verdict != "undecided" or beside is not None:
        return row
    return replace(row, seeds_needed=_seeds_needed(family, column, terms))


def _effect_size(family: Family, column: int) -> float | None:
    """The mean difference in standard deviations of a difference (Cohen's d of pairs)."""
    deviation = float(family.deviations[column])
    return float(family.means[column]) / deviation if deviation > 0 else None


def _seeds_needed(family: Family, column: int, terms: _Terms) -> int | None:
    """How many seeds would decide; with a single pair, the fewest that give a verdict at all."""
    count = int(family.counts[column])
    if count < 2:
        return fewest_seeds(terms.looks)
    mean, deviation = float(family.means[column]), float(family.deviations[column])
    tests = len(family.counts)
    return seeds_needed(mean, deviation, terms.margin, tests, terms.overlap, terms.looks, count)


def _margin(margin: float | None, metric: str | None, reference: Floats) -> float:
    """The margin asked for, or that of the metric, or a share of the reference's deviation."""
    if margin is not None:
        return require_not_negative("margin", margin)
    if metric in MARGINS:
        return MARGINS[metric]
    known = reference[~np.isnan(reference)]
    return _SHARE_OF_DEVIATION * float(np.std(known, ddof=1)) if len(known) > 1 else 0.0


def _known_metric(metric: str | None) -> str | None:
    if metric is None or among(metric, MARGINS):
        return metric
    raise StudyError(
        f"unknown metric {briefly(metric)}; give {' or '.join(MARGINS)}, or none for other scores"
        f"{nearest(metric, MARGINS)}"
    )


def _finite(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
