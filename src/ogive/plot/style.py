"""How figures look: colours, type and lines, set on the objects, never in global settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ogive.errors import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, FAINT, GRID = "#22262b", "#6b7480", "#e4e7eb"
#: Okabe and Ito's colours, told apart by colour-blind people; their yellow is too light for lines.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#22262b")
#: With the same colour again comes another line.
LINES = ("-", (0, (5, 1.6)), (0, (1.2, 1.2)))
#: The most curves one panel tells apart.
MOST = len(COLOURS) * len(LINES)
MATH = "dejavusans"
#: Ticks stand at these numbers and their tenfolds.
ROUND = (1, 2, 5, 10)


def look(i: int) -> dict[str, Any]:
    """Colour and line of the i-th curve of a panel."""
    return {"color": COLOURS[i % len(COLOURS)], "linestyle": LINES[i // len(COLOURS)]}


def new_figure(width: float, height: float, layout: str | None = "constrained") -> Figure:
    """An empty light figure with an Agg canvas, owned by nobody else."""
    figure = require("matplotlib.figure", "plot").Figure(
        figsize=(width, height), layout=layout, facecolor="white"
    )
    require("matplotlib.backends.backend_agg", "plot").FigureCanvasAgg(figure)
    return figure  # type: ignore[no-any-return]


def dress(axes: Axes, small: bool = False) -> None:
    """A quiet frame: left and bottom lines, a faint grid, the two axes through 0."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set(color=FAINT, linewidth=0.6)
    axes.tick_params(colors=FAINT, labelsize=6.5 if small else 8.5, width=0.6, length=2.5)
    axes.grid(color=GRID, linewidth=0.6)
    axes.axhline(0, color=FAINT, linewidth=0.7, zorder=1)
    axes.axvline(0, color=FAINT, linewidth=0.7, zorder=1)
    axes.set_axisbelow(True)
    locator = require("matplotlib.ticker", "plot").MaxNLocator
    axes.xaxis.set_major_locator(locator(3 if small else 7, steps=ROUND))
    axes.yaxis.set_major_locator(locator(4 if small else 6, steps=ROUND))


def math_width(text: str, size: float) -> float | None:
    """The width in points of text with mathematics; None if it cannot be drawn, as cases cannot."""
    parser = require("matplotlib.mathtext", "plot").MathTextParser("path")
    font = require("matplotlib.font_manager", "plot").FontProperties(
        size=size, math_fontfamily=MATH
    )
    try:
        return float(parser.parse(text, dpi=72, prop=font)[0])
    except ValueError:
        return None
