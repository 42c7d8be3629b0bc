"""A claim's charts as small files: curves as SVG, maps as PNG."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ogive.errors import require
from ogive.study.claims.charts import Chart, ChartCurve, Map
from ogive.study.data.splitting import DataArray
from ogive.study.report.canvas import NO_METADATA, TEXT_COLOUR, colour, panels, styled

#: Text stays text, which is small, and files are the same whenever they are drawn.
_SVG = {"svg.fonttype": "none", "svg.hashsalt": "ogive", "font.family": "sans-serif"}
#: Maps in a row, and how many points of a curve are marked at most.
_ACROSS, _MARKED = 6, 25
#: Where the colour of a map changes; that at 1/2 is the boundary.
_LEVELS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)


def suffix_of(chart: Chart) -> str:
    """The format in which the chart is small."""
    return ".png" if chart.maps else ".svg"


def draw_chart(chart: Chart, path: Path) -> None:
    """Write the chart on white, in the format that the path's suffix names."""
    with small_pictures():
        save_small(_maps(chart) if chart.maps else _curves(chart), path)


@contextmanager
def small_pictures() -> Iterator[None]:
    """Draw so that files are small, and the same whenever they are drawn."""
    with styled(), require("matplotlib", "study").rc_context(_SVG):
        yield


def save_small(figure: Any, path: Path) -> None:
    """Write a figure on white, in the format that the path's suffix names."""
    metadata = NO_METADATA if path.suffix == ".svg" else None
    figure.savefig(path, dpi=100, facecolor="white", metadata=metadata)


def _curves(chart: Chart) -> Any:
    figure, ((axes,),) = panels(1, 1, (7.0, 3.4))
    names = [each.name for each in chart.curves]
    for each in chart.curves:
        _draw_curve(axes, each, colour(names, each.name))
    for height in chart.lines:
        axes.axhline(height, color=TEXT_COLOUR, lw=0.8, ls=(0, (4, 3)))
    x_scale, y_scale = chart.scales
    axes.set(xlabel=chart.x_label, ylabel=chart.y_label, xscale=x_scale, yscale=y_scale)
    axes.set_title(chart.title)
    axes.grid()
    if any(names):
        figure.legend(loc="outside right center")
    return figure


def _draw_curve(axes: Any, each: ChartCurve, tint: str) -> None:
    look = {"color": tint, "lw": 1.5, "label": each.name}
    axes.plot(
        each.x, each.y, marker="o" if each.marks and len(each.x) <= _MARKED else "", ms=3, **look
    )
    if each.low is not None and each.high is not None:
        axes.fill_between(each.x, each.low, each.high, color=tint, alpha=0.2, lw=0)


def _maps(chart: Chart) -> Any:
    columns = min(_ACROSS, len(chart.maps))
    rows = -(-len(chart.maps) // columns)
    figure, grid = panels(rows, columns, (1.3 * columns, 1.55 * rows + 0.3))
    for axes, each in zip(grid.flat, chart.maps, strict=False):
        axes.contourf(unpack_map(each), levels=_LEVELS, cmap="RdBu")
        axes.set_aspect("equal")
        axes.set_title(each.name, fontsize=8)
    for axes in grid.flat:
        axes.set_axis_off()
    figure.suptitle(chart.title, fontsize=10)
    return figure


def pack_map(name: str, extent: float, values: DataArray) -> Map:
    """A square grid of numbers from 0 to 1 as a map, in 255 levels."""
    levels = np.nan_to_num(values * 255, nan=127.0).round().clip(0, 255).astype(np.uint8)
    return Map(name, extent, base64.b85encode(zlib.compress(levels.tobytes(), 9)).decode())


def unpack_map(of: Map) -> DataArray:
    """The grid that :func:`packed` was given, to a level."""
    levels = np.frombuffer(zlib.decompress(base64.b85decode(of.levels)), dtype=np.uint8)
    side = round(len(levels) ** 0.5)
    return levels.reshape(side, side) / 255
