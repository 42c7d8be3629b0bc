"""The maps and pictures of a report as matplotlib figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ogive.errors import require
from ogive.monitor.health import HealthReport
from ogive.monitor.page.heat_maps import HeatMap, heat_maps
from ogive.monitor.page.z_pictures import ZPicture, z_pictures
from ogive.plot.style import COLOURS, FAINT, INK, dress, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDE = 7.2
#: The height of a row of a map, and of what is around the rows, in inches.
_ROW, _AROUND = 0.26, 1.15
#: From pale to strong; with a sign from one strong colour over pale to another.
_ONE_WAY, _BOTH_WAYS = ("#f4f5f6", "#c2410c"), ("#1d5fa8", "#f4f5f6", "#c2410c")


def health_figures(report: HealthReport) -> dict[str, Figure]:
    """The figures of a report by name: the maps (``dead``, ``saturated``, ``gradient``,
    ``second_moment``), and ``z <place>`` for each place whose activation is a curve.

    Raises:
        MissingExtra: without matplotlib.
    """
    return dict(_figures(report))


def _figures(report: HealthReport) -> Iterator[tuple[str, Figure]]:
    for found in heat_maps(report):
        yield found.name, _map_figure(found)
    for picture in z_pictures(report):
        yield f"z {picture.place}", _z_figure(picture)


def _map_figure(found: HeatMap) -> Figure:
    figure = new_figure(_WIDE, _AROUND + _ROW * len(found.rows))
    axes = figure.add_subplot()
    levels = np.array([row.levels for row in found.rows])
    colours = require("matplotlib.colors", "plot").LinearSegmentedColormap.from_list(
        "health", _BOTH_WAYS if found.signed else _ONE_WAY
    )
    axes.imshow(
        np.ma.masked_invalid(levels), aspect="auto", interpolation="nearest", cmap=colours,
        vmin=-1 if found.signed else 0, vmax=1,
    )  # fmt: skip
    axes.set_facecolor("#d5dade")  # where nothing was measured
    axes.set_title(found.title, loc="left", fontsize=11, color=INK)
    _label_rows(axes, found)
    return figure


def _label_rows(axes: Axes, found: HeatMap) -> None:
    """Places on the left, the last values on the right, steps below."""
    rows = range(len(found.rows))
    axes.set_yticks(rows, [row.place for row in found.rows], fontsize=8.5, color=INK)
    right = axes.secondary_yaxis("right")
    right.set_yticks(rows, [row.last for row in found.rows], fontsize=8.5, color=INK)
    at = np.unique(np.linspace(0, len(found.edges) - 2, 5).astype(int))
    axes.set_xticks(at, [str(found.edges[i]) for i in at], fontsize=8.5, color=INK)
    axes.set_xlabel("step", fontsize=9, color=FAINT)
    for part in (axes, right):
        part.tick_params(length=0)
        for spine in part.spines.values():
            spine.set_visible(False)


def _z_figure(picture: ZPicture) -> Figure:
    figure = new_figure(4.6, 4.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    for axes, curve, label, colour in (
        (upper, picture.function, "$f(z)$", COLOURS[0]),
        (lower, picture.slope, "$f\\,'(z)$", COLOURS[1]),
    ):
        dress(axes)
        _histogram(axes, picture)
        axes.plot(curve.x, curve.y, color=colour, linewidth=1.9, zorder=3)
        for low, high in picture.flat:
            axes.axvspan(low, high, color=_ONE_WAY[1], alpha=0.08, linewidth=0)
        axes.set_ylabel(label, fontsize=9, color=INK)
    upper.set_title(f"{picture.place}: {picture.entry}", loc="left", fontsize=11, color=INK)
    lower.set_xlabel("z", fontsize=9, color=FAINT)
    lower.set_xlim(picture.interval)
    return figure


def _histogram(axes: Axes, picture: ZPicture) -> None:
    """How often each z was met, on an axis of its own that is not shown."""
    behind: Any = axes.twinx()
    behind.bar(
        picture.edges[:-1], picture.counts, np.diff(picture.edges), align="edge", color="#c9d6e2"
    )
    behind.set_axis_off()
    behind.set_ylim(0, 1.1 * picture.counts.max())
    axes.set_zorder(behind.get_zorder() + 1)
    axes.patch.set_visible(False)
