"""How statistics went over the steps, in bounded memory.

Each place has so many rows at most. When they are full, neighbours are put together, and from then
on a row stands for twice as many measured steps: 100,000 steps of 50 places take 4 MB.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float64]
#: Rows that a place has at most; even, as they are put together in pairs.
MOST_POINTS = 512


@dataclass
class _Track:
    """The rows of one place: steps, and their statistics by name."""

    names: tuple[str, ...]
    steps: list[int] = field(default_factory=list)
    rows: list[_Floats] = field(default_factory=list)
    every: int = 1
    pending: list[tuple[int, _Floats]] = field(default_factory=list)

    def add(self, step: int, row: _Floats) -> None:
        self.pending.append((step, row))
        if len(self.pending) < self.every:
            return
        self.steps.append(self.pending[0][0])
        self.rows.append(_mean([row for _, row in self.pending]) if self.every > 1 else row)
        self.pending = []
        if len(self.rows) == MOST_POINTS:
            self.steps = self.steps[::2]
            self.rows = [_mean(self.rows[i : i + 2]) for i in range(0, MOST_POINTS, 2)]
            self.every *= 2


def _mean(rows: list[_Floats]) -> _Floats:
    """The mean of rows; a number that is NaN in all of them stays so."""
    known = ~np.isnan(rows)
    total = np.where(known, rows, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


class History:
    """How each statistic of each place went: ``history.series(place, statistic)``.

    Statistics are those of ``PlaceHealth``, by the same names, at single steps instead of over a
    window, ``entropy`` of softmax, ``off_centre`` and ``straight``, the shares of units that are
    so, and ``second_z_expected``: E z**2 as ideal weights would make it of what the activation
    before sends, and 1 behind a normalisation.
    """

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}

    @property
    def places(self) -> tuple[str, ...]:
        """The places, in the order of their first use."""
        return tuple(self._tracks)

    def statistics(self, place: str) -> tuple[str, ...]:
        """The names of the statistics of a place."""
        return self._tracks[place].names

    def series(self, place: str, statistic: str) -> tuple[NDArray[np.int64], _Floats]:
        """The measured steps, rising, and the statistic at each; NaN where there was none.

        Where many steps were put together, the first of them, and their mean.

        Raises:
            KeyError: for a place or a statistic that there is not.
        """
        steps, columns = self.columns(place)
        return steps, columns[statistic]

    def columns(self, place: str) -> tuple[NDArray[np.int64], dict[str, _Floats]]:
        """All of ``series`` of a place, by statistic."""
        track = self._tracks[place]
        rows = [*track.rows, *([_mean([r for _, r in track.pending])] if track.pending else [])]
        steps = [*track.steps, *(step for step, _ in track.pending[:1])]
        columns = np.array(rows, np.float64).T
        return np.array(steps, np.int64), dict(zip(track.names, columns, strict=True))

    def add(self, step: int, place: str, statistics: Mapping[str, float | None]) -> None:
        """Adds a step's statistics of a place; the first call of a place says which it has."""
        if place not in self._tracks:
            self._tracks[place] = _Track(tuple(statistics))
        track = self._tracks[place]
        values = map(statistics.get, track.names)
        track.add(step, np.array([math.nan if v is None else v for v in values]))

    @property
    def nbytes(self) -> int:
        """The bytes of the numbers kept."""
        return sum(sum(row.nbytes + 8 for row in t.rows) for t in self._tracks.values())
