"""Sums over the last measured steps, place by place, and what they say of persistence.

A window is two halves: the one that is being filled and the one before. So a unit that is dead on a
step, on a window, and ever since watching began are three things that are told apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ogive.monitor.slopes import SLOPE_ROWS, SlopeJudge
from ogive.monitor.tallies import Tally
from ogive.monitor.thresholds import Thresholds

_Sums = NDArray[np.float64]


@dataclass
class PlaceWindow:
    """What is known of a place.

    Attributes:
        entry, judge, rows, units, weights, note: as places and tallies have them.
        first: the sums of the first measured step over all units, from which drift is told.
        halves: the sums of the earlier half of the window and of the one being filled.
        gradients: the same for gradients, (2, 4).
        steps: how many measured steps the halves hold.
        ever_alive: units that were not dead in some step.
        revived: how often units were dead in one half window and alive in the next.
        values: pre-activations of the last measured step, still on the device.
        one_in: of so many numbers one was looked at.
        last: after how many measured steps of the training it was met last.
        temperature: by which logits are divided.
        sixteen, largest: whether numbers have 16 bits, and the largest of them.
    """

    entry: str
    judge: SlopeJudge | None
    rows: tuple[str, ...]
    units: int
    weights: tuple[str, ...] = ()
    note: str = ""
    first: _Sums | None = None
    halves: list[_Sums] = field(default_factory=list)
    gradients: list[_Sums] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    ever_alive: NDArray[np.bool_] | None = None
    revived: int = 0
    seen: int = 0
    values: Tensor | None = None
    one_in: float = 1.0
    last: int = 0
    temperature: float = math.nan
    sixteen: bool = False
    largest: float = 0.0

    def add(self, sums: _Sums, gradients: _Sums, half: int) -> None:
        """Adds the sums of a measured step; a half is so many steps."""
        if self.halves and self.halves[-1].shape != sums.shape:
            self.halves, self.gradients, self.steps = [], [], []
            self.first = self.ever_alive = None
        if not self.halves or self.steps[-1] >= half:
            self._turn(sums.shape, gradients.shape)
        if self.first is None:
            self.first = _total(sums)[:, None]
        self.halves[-1] += sums
        # a GradScaler skips a step whose gradients are not finite: it says nothing of the others
        if not np.isfinite(gradients).all():
            gradients = np.where(np.isfinite(gradients), gradients, 0.0)
        self.gradients[-1] += gradients
        self.steps[-1] += 1
        self.seen += 1
        if self.judge is not None:
            alive = ~_dead(sums)
            self.ever_alive = alive if self.ever_alive is None else self.ever_alive | alive

    def _turn(self, shape: Any, gradients: Any) -> None:
        if len(self.halves) == 2 and self.judge is not None:
            before, now = map(_dead, self.halves)
            self.revived += int((before & ~now).sum())
        self.halves = [*self.halves[-1:], np.zeros(shape)]
        self.gradients = [*self.gradients[-1:], np.zeros(gradients)]
        self.steps = [*self.steps[-1:], 0]

    def restart(self) -> None:
        """Forgets all sums: drift is told from the next measured step on."""
        self.halves, self.gradients, self.steps = [], [], []
        self.first, self.ever_alive, self.seen = None, None, 0

    @property
    def sums(self) -> _Sums:
        """The sums over the window."""
        total: _Sums = np.sum(self.halves, axis=0)
        return total

    @property
    def gradient(self) -> _Sums:
        """The sums of gradients over the window."""
        total: _Sums = np.sum(self.gradients, axis=0)
        return total

    @property
    def measured(self) -> int:
        """How many measured steps the window holds."""
        return sum(self.steps)


def _dead(sums: _Sums) -> NDArray[np.bool_]:
    """Which units are flat on every sample."""
    flat: NDArray[np.bool_] = sums[_LEFT] + sums[_RIGHT] >= sums[_COUNT]
    return flat


_COUNT, _LEFT, _RIGHT = map(SLOPE_ROWS.index, ("count", "left", "right"))


def unit_statistics(window: PlaceWindow, sums: _Sums | None = None) -> dict[str, _Sums]:
    """A number for each unit by the names of ``PlaceHealth``; of the window, or of other sums."""
    if window.judge is None:
        return {}
    sums = window.sums if sums is None else sums
    row = dict(zip(window.rows, sums, strict=True))
    n = row["count"]
    mean_z, mean_slope = row["z"] / n, row["slope"] / n
    return {
        "dead": _dead(sums).astype(np.float64),
        "saturated_left": row["left"] / n,
        "saturated_right": row["right"] / n,
        "linear": row["linear"] / n,
        "sparsity": row["zero"] / n,
        "mean_z": mean_z,
        "std_z": np.sqrt(np.maximum(row["z2"] / n - mean_z**2, 0)),
        "mean_f": row["f"] / n,
        "second_f": row["f2"] / n,
        "chi": row["slope2"] / n,
        "slope_std": np.sqrt(np.maximum(row["slope2"] / n - mean_slope**2, 0)),
    }


def place_statistics(
    window: PlaceWindow, sums: _Sums | None = None, gradients: _Sums | None = None, steps: int = 0
) -> dict[str, float | None]:
    """The measured statistics of ``PlaceHealth``; of the window, or of one step's sums."""
    sums = window.sums if sums is None else sums
    gradients = window.gradient if gradients is None else gradients
    steps = steps or window.measured
    found = _slopes(window, sums) if window.judge is not None else _softmax(window, sums)
    for name, row in (("gradient_in", gradients[0]), ("gradient_out", gradients[1])):
        found[name] = math.sqrt(row[0] / steps) if row[1] > 0 else None
    return found


def unit_shares(window: PlaceWindow, sums: _Sums, limits: Thresholds) -> dict[str, float]:
    """Shares of units at one step that findings are dated by: ``off_centre``, whose mean is so far
    from 0, and ``straight``, whose f' scatters so little."""
    judge = window.judge
    if judge is None or judge.gate or judge.straight:
        return {}
    row = dict(zip(window.rows, sums, strict=True))
    n, least = row["count"], (limits.bend * judge.supremum) ** 2
    with np.errstate(invalid="ignore"):
        # of z and f' it is n**2 times the variance, which needs no division
        far = row["z"] ** 2 > limits.centre**2 * (n * row["z2"] - row["z"] ** 2)
        straight = n * row["slope2"] - row["slope"] ** 2 <= least * n * n
    units = sums.shape[1]
    return {
        "off_centre": np.count_nonzero(far) / units,
        "straight": np.count_nonzero(straight) / units,
    }


def _slopes(window: PlaceWindow, sums: _Sums) -> dict[str, float | None]:
    total = dict(zip(window.rows, _total(sums).tolist(), strict=True))
    n = total["count"] or math.nan
    return {
        "dead": np.count_nonzero(_dead(sums)) / sums.shape[1],
        "saturated_left": total["left"] / n,
        "saturated_right": total["right"] / n,
        "linear": total["linear"] / n,
        "sparsity": total["zero"] / n,
        **_moments(total, n),
        "chi": total["slope2"] / n,
    }


def _total(sums: _Sums) -> _Sums:
    """The sums over all units; numbers that are not finite stay so in silence."""
    with np.errstate(invalid="ignore"):
        total: _Sums = sums.sum(axis=1)
    return total


def _softmax(window: PlaceWindow, sums: _Sums) -> dict[str, float | None]:
    total = dict(zip(window.rows, sums[:, 0].tolist(), strict=True))
    n, rows = max(total["numbers"], 1.0), max(total["count"], 1.0)
    return {
        "sparsity": total["zero"] / n,
        **_moments(total, n),
        "chi": total["jacobian"] / rows,
        "entropy": total["entropy"] / rows,
        "collapsed": total["collapsed"] / rows,
    }


def _moments(total: Mapping[str, float], n: float) -> dict[str, float | None]:
    """Of z and f(z), of sums of so many numbers."""
    mean, second_z, second_f = total["z"] / n, total["z2"] / n, total["f2"] / n
    return {
        "mean_z": mean,
        "std_z": math.sqrt(max(second_z - mean * mean, 0.0)),
        "mean_f": total["f"] / n,
        "second_f": second_f,
        "gain": math.sqrt(second_f / second_z) if second_z else None,
    }


def window_of(tally: Tally, units: int) -> PlaceWindow:
    """The window of a place that is met for the first time."""
    place = tally.place
    return PlaceWindow(place.entry, place.judge, tally.rows, units, place.weights, place.note)
