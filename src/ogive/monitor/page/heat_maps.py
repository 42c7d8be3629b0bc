"""Layer by time: a statistic of every place over the steps, as rows of numbers from 0 to 1.

Made once, for the page and for the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ogive.monitor.health import HealthReport
from ogive.monitor.page.finding_words import percent, short
from ogive.monitor.page.usual_flatness import beyond_usual
from ogive.plot.curve import Array

#: Columns of a map at most: as many as can be told apart on a telephone.
COLUMNS_OF_MAP = 60
#: A map of gradients is full at so many tenfolds from the middle layer.
DECADES = 4.0
#: A map of ratios is full at so many doublings.
DOUBLINGS = 4.0


@dataclass(frozen=True)
class HeatRow:
    """A place of a map.

    Attributes:
        values: a number for each column, NaN where nothing was measured.
        levels: what is drawn, from -1 to 1; NaN likewise. Negative: below what is expected.
        last: the last value, for people.
        summary: the row in one sentence, for those who do not see it.
    """

    place: str
    values: Array
    levels: Array
    last: str
    summary: str


@dataclass(frozen=True)
class HeatMap:
    """One statistic of all places over time.

    Attributes:
        edges: the first step of each column, and the end of the last.
        caption: how to read it.
        signed: whether rows lie on both sides of an expected value.
    """

    name: str
    title: str
    caption: str
    edges: NDArray[np.int64]
    rows: tuple[HeatRow, ...]
    signed: bool


@dataclass(frozen=True)
class _Kind:
    """How a map is made: the statistic of a place, its level, its words."""

    name: str
    title: str
    caption: str
    values: Callable[[HealthReport, str], tuple[NDArray[np.int64], Array]]
    level: Callable[[Array, list[str]], Array]
    say: Callable[[float], str]
    signed: bool = False


def heat_maps(report: HealthReport) -> list[HeatMap]:
    """The maps of a report; none that would be empty."""
    maps = [_map(report, kind) for kind in _KINDS]
    return [found for found in maps if found.rows]


def _map(report: HealthReport, kind: _Kind) -> HeatMap:
    series = dict(_series(report, kind))
    edges = _edges([steps for steps, _ in series.values()])
    columns = {place: _columns(*pair, edges) for place, pair in series.items()}
    if not columns:
        return HeatMap(kind.name, kind.title, kind.caption, edges, (), kind.signed)
    entries = [report.places[place].entry for place in columns]
    levels = kind.level(np.array(list(columns.values())), entries)
    rows = tuple(
        _row(place, values, level, edges, kind.say)
        for (place, values), level in zip(columns.items(), levels, strict=True)
    )
    return HeatMap(kind.name, kind.title, kind.caption, edges, rows, kind.signed)


def _series(
    report: HealthReport, kind: _Kind
) -> Iterator[tuple[str, tuple[NDArray[np.int64], Array]]]:
    for place in report.places:
        try:
            steps, values = kind.values(report, place)
        except KeyError:  # a softmax has no dead units
            continue
        if np.isfinite(values).any():
            yield place, (steps, values)


def _edges(steps: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """The first step of each column, and the end of the last."""
    known = np.unique(np.concatenate(steps)) if steps else np.array([0])
    at = np.linspace(0, len(known), min(len(known), COLUMNS_OF_MAP) + 1).astype(int)
    return np.append(known[at[:-1]], known[-1] + 1)


def _columns(steps: NDArray[np.int64], values: Array, edges: NDArray[np.int64]) -> Array:
    """The mean of each column's values; NaN in one without any."""
    found = np.full(len(edges) - 1, np.nan)
    which = np.searchsorted(edges, steps, side="right") - 1
    for column in np.unique(which):
        inside = values[which == column]
        known = inside[~np.isnan(inside)]
        if known.size:
            found[column] = known.mean()
    return found


def _row(
    place: str, values: Array, levels: Array, edges: NDArray[np.int64], say: Callable[[float], str]
) -> HeatRow:
    known = np.flatnonzero(~np.isnan(values))
    first, last = known[0], known[-1]
    summary = (
        f"{place}: {say(values[first])} at step {edges[first]}, {say(values[last])} at step "
        f"{edges[last]}, between {say(values[known].min())} and {say(values[known].max())}"
    )
    return HeatRow(place, values, levels, say(values[last]), summary)


# statistics


def _statistic(name: str) -> Callable[[HealthReport, str], tuple[NDArray[np.int64], Array]]:
    return lambda report, place: report.history.series(place, name)


def _saturated(report: HealthReport, place: str) -> tuple[NDArray[np.int64], Array]:
    steps, left = report.history.series(place, "saturated_left")
    return steps, left + report.history.series(place, "saturated_right")[1]


def _second_moment(report: HealthReport, place: str) -> tuple[NDArray[np.int64], Array]:
    steps, mean = report.history.series(place, "mean_z")
    measured = mean**2 + report.history.series(place, "std_z")[1] ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return steps, measured / report.history.series(place, "second_z_expected")[1]


# levels: a row for each place, a column for each part of the time


def _shares(shares: Array, entries: list[str]) -> Array:
    return np.clip(shares, 0.0, 1.0)


def _beyond_usual(shares: Array, entries: list[str]) -> Array:
    rows = zip(shares, entries, strict=True)
    return np.array([beyond_usual(row, entry) for row, entry in rows])


def _tenfolds(norms: Array, entries: list[str]) -> Array:
    """The signed number of tenfolds from the middle place of each column, full at DECADES."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(np.abs(norms))
        middle = np.log10(_middle(np.abs(norms)))
        return np.clip((logs - middle) / DECADES, -1.0, 1.0)


def _middle(norms: Array) -> Array:
    """The median of each column; NaN in one without numbers."""
    known = [column[np.isfinite(column)] for column in norms.T]
    return np.array([np.median(column) if column.size else np.nan for column in known])


def _doublings(ratios: Array, entries: list[str]) -> Array:
    """The signed number of doublings, full at DOUBLINGS."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(np.log2(ratios) / DOUBLINGS, -1.0, 1.0)


_KINDS = (
    _Kind(
        "dead",
        "Dead units",
        "The share of units whose slope is zero on every sample. Empty is healthy.",
        _statistic("dead"),
        _shares,
        percent,
    ),
    _Kind(
        "saturated",
        "Saturated samples",
        "The share of samples for which the function is flat, so that no gradient passes. Colour "
        "is what exceeds the usual share: relu is flat for half of all inputs anyway.",
        _saturated,
        _beyond_usual,
        percent,
    ),
    _Kind(
        "gradient",
        "Gradient norm",
        "The size of the gradient that leaves each activation towards the input, beside the middle "
        "one of the layers at that time. Blue: smaller, orange: larger; full colour at a factor of "
        "10,000. Blue in the first layers is a gradient that vanishes.",
        _statistic("gradient_in"),
        _tenfolds,
        short,
        signed=True,
    ),
    _Kind(
        "second_moment",
        "Size of the pre-activations, over the predicted one",
        "E z², the mean square of what goes into an activation, divided by what theory predicts if "
        "the weights in between fit the activation before. 1 is as predicted. Blue: smaller, "
        "orange: larger; full colour at a factor of 16.",
        _second_moment,
        _doublings,
        short,
        signed=True,
    ),
)
