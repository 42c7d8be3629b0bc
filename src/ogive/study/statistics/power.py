"""What a number of seeds can show, before and after it was spent; and when to look.

A difference is found where its mean lies so many standard errors from zero that sign flips
(``flips.py``) put it among the rarest 5 % of all families. For differences that are about normal
that is Student's quantile, corrected for the number of comparisons by Bonferroni;
``tools/simulate_comparisons.py`` compares what is announced here with what simulated studies find.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ogive.errors import briefly, require
from ogive.study.errors import StudyError
from ogive.study.requirements import (
    require_not_negative,
    require_number,
    require_numbers,
    require_positive,
    require_whole,
)
from ogive.study.statistics.flips import flip_test

#: The share of families with any false verdict that is put up with.
ERROR_RATE = 0.05
#: The share of real differences of the announced size that are found.
SOUGHT_POWER = 0.8
#: More seeds than this are no advice.
MOST_SEEDS = 2_000
_MOST_LOOKS = 5
_FIRST_LOOK = 10
# Where fewer flips may exceed a mean, the steps between p-values matter more than the quantile.
_FEW_FLIPS = 8
_FAMILIES = 250


def fewest_seeds(looks: int = 1) -> int:
    """The fewest seeds whose sign flips can give a verdict: n of them give no p below 2 / 2^n.

    >>> fewest_seeds(), fewest_seeds(looks=5)
    (6, 8)
    """
    return math.ceil(math.log2(2 * looks / ERROR_RATE))


def check_looks(looks: int) -> None:
    """Raise unless it is a number of planned looks."""
    require_positive("looks", looks)
    if looks > MOST_SEEDS:
        raise StudyError(f"looks is {briefly(looks)}; there are at most as many as seeds")


def look_schedule(most: int) -> list[int]:
    """At how many seeds a study that goes on until it is decided may look at its results.

    At most five looks, evenly spaced, the first not before 10 seeds. At each of them the verdicts
    have an equal part of the 5 % to err with (``compare(..., looks=len(schedule))``), so whatever
    makes the study stop, the chance of any false verdict stays within 5 %: a flat spending of the
    error, after Bonferroni, so the looks may depend on each other in any way.

    >>> look_schedule(50), look_schedule(25), look_schedule(8)
    ([10, 20, 30, 40, 50], [10, 20, 25], [8])
    """
    require_positive("most", most)
    step = max(_FIRST_LOOK, math.ceil(most / _MOST_LOOKS))
    return [*range(step, most, step), most]


def pooled_deviation(differences: Sequence[Sequence[float]]) -> float:
    """One standard deviation for the differences of several comparisons, two seeds or more each.

    >>> pooled_deviation([[0.0, 2.0], [1.0, 1.0]])
    1.0
    """
    if not isinstance(differences, Sequence):
        raise StudyError(f"differences are {briefly(differences)}; expected a list for each pair")
    columns = [require_numbers("the differences", one) for one in differences]
    variances = [np.var(one, ddof=1) for one in columns if len(one) > 1]
    return float(np.sqrt(np.mean(variances))) if variances else math.nan


def detectable(
    deviation: float, seeds: int, comparisons: int = 1, overlap: float = 0.0, looks: int = 1
) -> float:
    """The smallest true difference that ``seeds`` seeds find four times out of five.

    ``deviation`` is the standard deviation of a difference from seed to seed, as a pilot shows it
    (:func:`pooled_deviation`). Infinite where the seeds are too few for any verdict.

    >>> round(detectable(0.01, seeds=10), 4), round(detectable(0.01, seeds=10, comparisons=7), 4)
    (0.01, 0.0141)
    >>> detectable(0.01, seeds=5)
    inf
    """
    require_positive("seeds", seeds)
    require_positive("comparisons", comparisons)
    check_looks(looks)
    deviation = require_not_negative("deviation", deviation)
    overlap = require_not_negative("overlap", overlap)
    if seeds < fewest_seeds(looks):
        return math.inf
    coarse = ERROR_RATE / looks * 2 ** min(seeds - 1, 60) < _FEW_FLIPS
    away = (_errors_simulated if coarse else _errors_away)(seeds, comparisons, looks)
    return away * deviation * math.sqrt(1 / seeds + overlap)


def seeds_needed(
    mean: float,
    deviation: float,
    margin: float,
    comparisons: int = 1,
    overlap: float = 0.0,
    looks: int = 1,
    spent: int = 0,
) -> int | None:
    """How many seeds, more than were ``spent``, would decide if the true difference were ``mean``.

    They decide when they find that difference, or find that it lies inside the margin, whichever
    needs fewer; each four times out of five. None where no number does: of overlapping splits
    (``overlap`` above 0) seeds lose their worth, and 2,000 are the most that is advised.

    >>> seeds_needed(mean=0.005, deviation=0.01, margin=0.01)
    34
    """
    mean, margin = require_number("mean", mean), require_not_negative("margin", margin)
    require_whole("spent", spent, 0)
    check_looks(looks)
    target = max(abs(mean), margin - abs(mean))
    low, high = max(fewest_seeds(looks), spent + 1), MOST_SEEDS
    if detectable(deviation, high, comparisons, overlap, looks) > target:
        return None
    while low < high:
        middle = (low + high) // 2
        if detectable(deviation, middle, comparisons, overlap, looks) <= target:
            high = middle
        else:
            low = middle + 1
    return low


def _errors_away(seeds: int, comparisons: int, looks: int) -> float:
    """How many standard errors from 0 a true mean must lie to be found with the power."""
    special = require("scipy.special", "study")
    critical = special.stdtrit(seeds - 1, 1 - ERROR_RATE / (2 * comparisons * looks))
    return float(special.nctdtrinc(seeds - 1, 1 - SOUGHT_POWER, critical))


@lru_cache(maxsize=64)
def _errors_simulated(seeds: int, comparisons: int, looks: int) -> float:
    """The same by trying, where the flips that may exceed a mean can be counted on one hand."""
    level = ERROR_RATE / looks
    drawn = np.random.default_rng(0).normal(size=(_FAMILIES, seeds, comparisons + 1))
    differences = (drawn[..., 1:] - drawn[..., :1]) / math.sqrt(2)

    def missing(away: float) -> float:
        shift = np.zeros(comparisons)
        shift[0] = away / math.sqrt(seeds)
        found = flip_test(differences + shift, level).p_adjusted[:, 0] <= level
        return SOUGHT_POWER - float(found.mean())

    least = _errors_away(seeds, comparisons, looks)
    bisect = require("scipy.optimize", "study").bisect
    return float(bisect(missing, 0.8 * least, 3 * least, xtol=0.05))
