"""Ranks: which activations lead again and again, whatever the size of their lead.

Within each block (a seed, or a task) the best activation has rank 1. Friedman's test says whether
the mean ranks differ more than chance explains, Nemenyi's how far two of them must lie apart
(Demsar 2006, Statistical comparisons of classifiers over multiple data sets).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ogive.errors import require
from ogive.study.statistics.paired_scores import paired_table
from ogive.study.statistics.power import ERROR_RATE

#: Friedman's test compares at least so many; two are compared by their differences.
FEWEST_RANKED = 3


@dataclass(frozen=True)
class Ranks:
    """Mean ranks by activation, Friedman's p, and Nemenyi's p of every pair.

    ``blocks`` is the number of seeds or tasks; ``pairs`` is a data frame with a row and a column
    for each activation.
    """

    means: dict[str, float]
    p: float
    pairs: Any
    blocks: int

    @property
    def differ(self) -> bool:
        """Whether the activations have different ranks at all."""
        return self.p <= ERROR_RATE


def ranks(scores: Mapping[str, Iterable[float | None]]) -> Ranks | None:
    """Rank activations by their scores, paired by position: by seed, or by task.

    A run that diverged (None) is the last of its block, equal scores share their ranks. None with
    fewer than three activations or two blocks, or where all scores are equal.

    >>> found = ranks({"a": [3, 3, 3, 3], "b": [2, 2, 2, 1], "c": [1, 1, 1, 2]})
    >>> found.means
    {'a': 1.0, 'b': 2.25, 'c': 2.75}
    >>> round(found.p, 3)
    0.039
    """
    names, table = paired_table(scores)
    placed = np.nan_to_num(table, nan=-np.inf)
    stats, pandas = require("scipy.stats", "study"), require("pandas", "study")
    places = stats.rankdata(-placed, axis=1)
    blocks = len(places)
    if len(names) < FEWEST_RANKED or blocks < 2 or not np.ptp(places, axis=1).any():
        return None
    posthocs = require("scikit_posthocs", "study")
    frame = pandas.DataFrame(-places, columns=names)
    return Ranks(
        means=dict(zip(names, places.mean(0).tolist(), strict=True)),
        p=float(stats.friedmanchisquare(*places.T).pvalue),
        pairs=posthocs.posthoc_nemenyi_friedman(frame),
        blocks=blocks,
    )
