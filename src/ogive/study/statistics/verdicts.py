"""From intervals to verdicts: what is shown, and what it says."""

from __future__ import annotations

import math
from dataclasses import replace

from ogive.study.statistics.flips import Floats
from ogive.study.statistics.intervals import ConfidenceInterval


def verdict_of(shown: ConfidenceInterval | None, margin: float) -> str:
    """What an interval says; a missing end is without bound.

    >>> verdict_of(ConfidenceInterval(0.03, 0.01, 0.05, 10), margin=0.02)
    'better'
    >>> verdict_of(ConfidenceInterval(0.01, 0.005, 0.015, 10), margin=0.02)
    'equivalent'
    >>> verdict_of(ConfidenceInterval(0.03, None, 0.05, 10), margin=0.02)
    'undecided'
    """
    if shown is None:
        return "undecided"
    low = -math.inf if shown.low is None else shown.low
    high = math.inf if shown.high is None else shown.high
    if -margin <= low and high <= margin:
        return "equivalent"
    return "better" if low > 0 else "worse" if high < 0 else "undecided"


def united(
    shown: ConfidenceInterval | None, bca: ConfidenceInterval | None
) -> ConfidenceInterval | None:
    """The interval, or its union with the bootstrap's where the two disagree about 0."""
    if shown is None or bca is None or _excludes_zero(shown) == _excludes_zero(bca):
        return shown
    low = min(end for end in (shown.low, bca.low) if end is not None)
    high = max(end for end in (shown.high, bca.high) if end is not None)
    return replace(shown, low=low, high=high)


def _excludes_zero(interval: ConfidenceInterval) -> bool:
    return interval.low is not None and not interval.low <= 0 <= (interval.high or 0)


def opened(shown: ConfidenceInterval | None, divergence: Floats) -> ConfidenceInterval | None:
    """The interval without the ends to which runs that diverged could pull the mean.

    A run that diverged is worse than any score: where ``divergence`` is -1, only the activation's
    run did, and the low end is gone; where it is 1, only the reference's.
    """
    if shown is None:
        return None
    low = None if (divergence < 0).any() else shown.low
    return replace(shown, low=low, high=None if (divergence > 0).any() else shown.high)


def win_share(differences: Floats, divergence: Floats) -> float | None:
    """The share of seeds in which the activation beat the reference, a tie counting half."""
    wins = float((differences > 0).sum() + (divergence > 0).sum() + (differences == 0).sum() / 2)
    seeds = int((differences == differences).sum() + (divergence != 0).sum())
    return wins / seeds if seeds else None
