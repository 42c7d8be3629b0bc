"""The units of a place side by side: which of them are dead, saturated or quiet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ogive.monitor.health import HealthReport
from ogive.monitor.page.finding_words import percent
from ogive.monitor.page.usual_flatness import beyond_usual
from ogive.plot.curve import Array

#: Of more units, neighbours share a cell.
CELLS = 128


@dataclass(frozen=True)
class UnitStrip:
    """A number between 0 and 1 for each unit of a place, or for each few neighbours the largest.

    Attributes:
        title: the statistic.
        summary: how many units are so.
    """

    title: str
    levels: Array
    summary: str


def unit_strips(report: HealthReport, place: str) -> list[UnitStrip]:
    """The strips of a place that have something to show; none where units are not told apart."""
    rows = report.units.get(place, {})
    entry = report.places[place].entry
    return [
        _strip(title, rows[name], entry)
        for name, title in _TITLES.items()
        if name in rows and (name == "dead" or np.nanmax(rows[name], initial=0.0) > NEARLY_ALL)
    ]


def _strip(title: str, shares: Array, entry: str) -> UnitStrip:
    values = np.clip(np.nan_to_num(shares), 0.0, 1.0)
    many = np.count_nonzero(values > NEARLY_ALL)
    levels = beyond_usual(values, entry) if title.startswith("flat") else values
    summary = f"{many} of {values.size} units ({percent(many / values.size)})"
    return UnitStrip(title, _cells_of(levels), summary)


#: A unit is counted if it is so in more than this share of the samples.
NEARLY_ALL = 0.95
_TITLES = {
    "dead": "dead",
    "saturated_left": "flat on the left side in nearly all samples",
    "saturated_right": "flat on the right side in nearly all samples",
    "linear": "on one straight piece in nearly all samples",
}


def _cells_of(values: Array) -> Array:
    """At most CELLS numbers, each the largest of its part."""
    parts = np.array_split(values, min(CELLS, values.size))
    return np.array([part.max() for part in parts])
