"""How figures look and how they leave: as PNG files, and as SVG inside the report.

The report's SVG is transparent and its ink takes the colour of the page's text, so that one
figure reads well on a light and on a dark page.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ogive.errors import require

TEXT_COLOUR = "#1b1c1d"
_COLOURS = (
    "#3b82c4",
    "#e07b39",
    "#2ca089",
    "#c2549d",
    "#8a6fd1",
    "#b8a11f",
    "#d1495b",
    "#6f7d8c",
    "#5aa9e6",
    "#8c6d46",
    "#7fb069",
)
CLASS_COLOURS = _COLOURS[:10]
STYLE = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.labelcolor": TEXT_COLOUR,
    "axes.edgecolor": TEXT_COLOUR,
    "axes.titlecolor": TEXT_COLOUR,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": TEXT_COLOUR,
    "xtick.color": TEXT_COLOUR,
    "ytick.color": TEXT_COLOUR,
    "grid.color": "#8888884d",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "svg.hashsalt": "ogive",
}
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def class_colour(number: int) -> str:
    """The colour of a class; those beyond the palette begin it again."""
    return CLASS_COLOURS[number % len(CLASS_COLOURS)]


def colour(activations: Sequence[str], name: str) -> str:
    """The colour of an activation, the same in every figure of a study."""
    return _COLOURS[list(activations).index(name) % len(_COLOURS)]


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the style of the studies, leaving the user's own settings alone."""
    with require("matplotlib", "study").rc_context(STYLE):
        yield


def panels(rows: int, columns: int, size: tuple[float, float], **options: Any) -> tuple[Any, Any]:
    """A figure and its axes, always as a two-dimensional array."""
    figure = require("matplotlib.figure", "study").Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def plain_log_ticks(axis: Any) -> None:
    """Numbers as people write them on a logarithmic axis: 0.003, and what lies between decades
    where there are few of them."""
    ticker = require("matplotlib.ticker", "study")
    low, high = sorted(axis.get_view_interval())
    between = (
        (1, 1.5, 2, 3, 4, 5, 7) if high < 4 * low else (1, 2, 3, 5) if high < 50 * low else (1,)
    )
    axis.set_major_locator(ticker.LogLocator(subs=between))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(ticker.NullFormatter())


def write_png(figure: Any, path: Path) -> None:
    """Write the figure on white."""
    with styled():
        figure.savefig(path, dpi=144, facecolor="white")


def inline_svg(figure: Any, name: str) -> str:
    """The figure as an SVG element with identifiers of its own, ready to stand in a page."""
    buffer = io.StringIO()
    with styled():
        figure.savefig(buffer, format="svg", transparent=True, metadata=NO_METADATA)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(TEXT_COLOUR, "currentColor")
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
