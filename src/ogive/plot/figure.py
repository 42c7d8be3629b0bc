"""Figures of activations: the function beside its derivatives, several overlaid, or a sheet."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ogive.catalogue import Spec
from ogive.errors import OgiveError, briefly, require
from ogive.plot.curve import (
    Code,
    Curve,
    Drawable,
    Span,
    caption,
    check_interval,
    sample,
    short_name,
    window,
)
from ogive.plot.style import INK, MATH, MOST, dress, look, math_width, new_figure
from ogive.printers import latex
from ogive.printers.latex import symbol_latex

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SUFFIXES = (".png", ".svg", ".pdf")
DPI = 160
PANEL = (3.6, 2.9)
TILE = (1.75, 1.5)
#: The height of a sheet's legend, in inches as all of these.
LEGEND = 0.35
MARGIN = 0.06


def plot(
    activations: Sequence[Drawable],
    path: str | Path | None = None,
    interval: Span = (-6.0, 6.0),
    orders: Sequence[int] = (0, 1, 2),
) -> Figure:
    """A panel for the function and each derivative, with a curve for each activation.

    Args:
        activations: activations or specs. A gated one is drawn as a function of its gate, a
            stochastic one in evaluation.
        path: a .png, .svg or .pdf file to write as well.
        interval: the ends of the x axis.
        orders: which derivatives; 0 is the function.

    Raises:
        OgiveError: for a rowwise entry, a path that cannot be written, an interval that is none,
            or more curves than can be told apart.
    """
    target = check_path(path)
    check_interval(interval)
    _check_curves(activations, orders)
    width = max(PANEL[0] * len(orders), 4.8)
    header = 0.75 if len(activations) == 1 else 0.3 + 0.22 * _rows(len(activations), width)
    figure = new_figure(width, PANEL[1] + header)
    grid = figure.add_gridspec(2, len(orders), height_ratios=[header, PANEL[1]])
    panels = [figure.add_subplot(grid[1, i]) for i in range(len(orders))]
    for axes, order in zip(panels, orders, strict=True):
        _panel(axes, activations, order, interval)
    top = figure.add_subplot(grid[0, :])
    top.axis("off")
    if len(activations) == 1:
        _heading(top, activations[0], width)
    else:
        _legend(top, panels[0], width)
    return _finished(figure, target)


def sheet(
    activations: Sequence[Drawable],
    path: str | Path | None = None,
    interval: Span = (-6.0, 6.0),
) -> Figure:
    """Many activations side by side, a small panel each with the function and its derivative."""
    target = check_path(path)
    check_interval(interval)
    if not activations:
        raise OgiveError("there is nothing to draw: give at least one activation")
    columns = min(len(activations), max(3, math.ceil(math.sqrt(1.15 * len(activations)))))
    rows = math.ceil(len(activations) / columns)
    width, height = TILE[0] * columns, TILE[1] * rows + LEGEND
    # margins are given in inches: a layout engine takes most of the time of a large sheet
    figure = new_figure(width, height, layout=None)
    grid = figure.add_gridspec(
        rows, columns, left=0.3 / width, right=1 - 0.08 / width, bottom=0.2 / height,
        top=1 - (LEGEND + 0.22) / height, wspace=0.24, hspace=0.46,
    )  # fmt: skip
    for i, activation in enumerate(activations):
        _tile(figure.add_subplot(grid[i // columns, i % columns]), activation, interval)
    _sheet_legend(figure)
    return _finished(figure, target)


def check_path(path: str | Path | None) -> Path | None:
    """The path, or an OgiveError for a suffix or a folder that is not there."""
    if path is None:
        return None
    if not isinstance(path, (str, Path)):
        raise OgiveError(f"a figure is written to a path such as 'curve.png', not {briefly(path)}")
    target = Path(path)
    if target.suffix.lower() not in _SUFFIXES:
        raise OgiveError(
            f"cannot write a figure as {target.name!r}; the name must end in {', '.join(_SUFFIXES)}"
        )
    if not target.parent.is_dir():
        raise OgiveError(f"there is no folder {str(target.parent)!r} to write {target.name!r} in")
    return target


def _check_curves(activations: Sequence[Drawable], orders: Sequence[int]) -> None:
    if not 1 <= len(activations) <= MOST:
        raise OgiveError(
            f"a panel holds 1 to {MOST} curves that can be told apart, not {len(activations)}; "
            f"draw a sheet of many activations instead (--sheet, ogive.plot.sheet)"
        )
    if not orders or any(order < 0 for order in orders):
        raise OgiveError(f"the orders are derivatives, 0 or more, not {list(orders)}")


def _rows(entries: int, width: float) -> int:
    """How many rows a legend has in a figure of that width."""
    return math.ceil(entries / max(1, int(width / 1.8)))


def _legend(axes: Axes, panel: Axes, width: float) -> None:
    """The names of a panel's curves, in a header of their own."""
    handles = [line for line in panel.lines if not str(line.get_label()).startswith("_")]
    columns = math.ceil(len(handles) / _rows(len(handles), width))
    axes.legend(
        handles=handles, loc="center left", ncols=columns, frameon=False, fontsize=9.5,
        labelcolor=INK, borderpad=0, borderaxespad=0, handlelength=2.2,
    )  # fmt: skip


def _sheet_legend(figure: Figure) -> None:
    """What the two curves of every small panel are; the lines before them are the axes."""
    figure.legend(
        handles=figure.axes[0].lines[2:4], labels=[symbol_of(0), symbol_of(1)], ncols=2,
        loc="upper left", bbox_to_anchor=(0.1 / figure.get_figwidth(), 1), frameon=False,
        fontsize=9, labelcolor=INK, borderaxespad=0.3,
    )  # fmt: skip


def _panel(axes: Axes, activations: Sequence[Drawable], order: int, interval: Span) -> None:
    """One order of all the activations."""
    dress(axes)
    curves = [sample(activation, order, interval) for activation in activations]
    for i, (activation, curve) in enumerate(zip(activations, curves, strict=True)):
        axes.plot(curve.x, curve.y, linewidth=1.9, label=caption(activation), zorder=3, **look(i))
        _mark_jumps(axes, curve, str(look(i)["color"]))
    _frame(axes, curves, interval)
    axes.set_title(symbol_of(order), loc="left", fontsize=11, color=INK, math_fontfamily=MATH)


def _tile(axes: Axes, activation: Drawable, interval: Span) -> None:
    """A small panel of a sheet."""
    dress(axes, small=True)
    curves = [sample(activation, order, interval) for order in (0, 1)]
    for i, (curve, width) in enumerate(zip(curves, (1.6, 1.0), strict=True)):
        axes.plot(curve.x, curve.y, linewidth=width, zorder=4 - i, **look(i))
    _frame(axes, curves, interval)
    name = getattr(activation, "label", activation.name)  # one that says which values it has
    axes.set_title(short_name(name), fontsize=7.5, color=INK, pad=3)


def _frame(axes: Axes, curves: list[Curve], interval: Span) -> None:
    low, high = window(curves, interval)
    margin = MARGIN * (high - low)
    axes.set(xlim=interval, ylim=(low - margin, high + margin))


def _mark_jumps(axes: Axes, curve: Curve, colour: str) -> None:
    """A ring at both ends of a jump, and a filled one at the value there."""
    for at, below, above, there in curve.jumps:
        for y, face in ((below, "white"), (above, "white"), (there, colour)):
            axes.plot(
                [at], [y], "o", markersize=4.2, color=colour, markerfacecolor=face,
                markeredgewidth=1.1, zorder=5, label="_jump",
            )  # fmt: skip


def symbol_of(order: int) -> str:
    """f(x), f'(x), f''(x), and a number above that."""
    marks = f"^{{({order})}}" if order > 2 else "\\," + "'" * order if order else ""
    return f"$f{marks}(x)$"


def _heading(axes: Axes, activation: Drawable, width: float) -> None:
    """The name and the formula, as mathematics where mathtext can draw it."""
    axes.text(0, 1, caption(activation), fontsize=15, color=INK, weight="bold", va="top")
    text, size, mathematics = formula_of(activation, 72 * width * 0.96)
    axes.text(
        0, 0, text, fontsize=size, color=INK, va="bottom",
        linespacing=1.3, math_fontfamily=MATH, parse_math=mathematics,
    )  # fmt: skip


def formula_of(activation: Drawable, room: float) -> tuple[str, float, bool]:
    """The formula to draw in so many points of width: text, size, whether it is mathematics."""
    if isinstance(activation, Code):
        return "code, of which only values are known", 9.5, False
    spec = activation if isinstance(activation, Spec) else activation.spec
    arguments = ", ".join(map(symbol_latex, spec.data))
    mathematics = f"$f({arguments}) = {latex(spec.expression)}$"
    for size in (12.0, 10.5, 9.0):
        width = math_width(mathematics, size)
        if width is not None and width <= room:
            return mathematics, size, True
    lines = textwrap.wrap(f"f({', '.join(spec.data)}) = {spec.expression}", int(room / 5.6))
    shown = "\n".join(lines[:2]) + (" …" if len(lines) > 2 else "")
    return shown, 9.5, False


def _finished(figure: Figure, target: Path | None) -> Figure:
    if target is not None:
        # the salt makes the same figure the same file
        with require("matplotlib", "plot").rc_context({"svg.hashsalt": "ogive"}):
            try:
                figure.savefig(target, dpi=DPI)
            except OSError as error:
                raise OgiveError(f"cannot write {str(target)!r}: {error.strerror}") from error
    return figure
