"""Where a network draws the line: decision boundaries of plane tasks, test points over them."""

from __future__ import annotations

from typing import Any

from ogive.errors import require
from ogive.study.canvas import CLASS_COLOURS, panels
from ogive.study.measures import unpack_field
from ogive.study.results import Study
from ogive.study.tasks import Split
from ogive.study.wording import score

PALE = ("#b5d3f0", "#f6f5f3", "#f6cfb3")


def boundaries(study: Study) -> Any:
    """Panels by activation, and by swept value where there is one; all of seed 0."""
    if not study.task.planar:
        return None
    points = study.task.load(0)
    figure, axes = _grid(study)
    cells = [(name, value) for name in study.activations for value in study.values]
    for number, (panel, (name, value)) in enumerate(zip(axes.flat, cells, strict=False)):
        first = study.results(name, value)[0]
        _panel(panel, first["field"], points)
        panel.set_title(_title(study, number, name, value, first["score"]), fontsize=9)
        if study.sweep and value == study.values[0]:
            panel.set_ylabel(name)
    for panel in list(axes.flat)[len(cells) :]:
        panel.set_visible(False)
    return figure


def _title(study: Study, number: int, name: str, value: int | float | None, result: float) -> str:
    """The accuracy, below what the panel or its column stands for."""
    accuracy = f"{score(study.task.metric, result)} %"
    if study.sweep is None:
        return f"{name}: {accuracy}"
    return f"{study.sweep.name} {value}\n{accuracy}" if number < len(study.values) else accuracy


def _grid(study: Study) -> tuple[Any, Any]:
    """A row an activation in a sweep; three or four panels a row otherwise."""
    cells = len(study.activations) * len(study.values)
    columns = len(study.values) if study.sweep else min(cells, 3 if cells in (3, 5, 6, 9) else 4)
    rows = -(-cells // columns)
    side = max(1.4, min(2.6, 9 / columns))
    return panels(rows, columns, (side * columns, (side + 0.24) * rows + 0.2))


def _panel(axes: Any, field: dict[str, Any], points: Split) -> None:
    extent, levels = field["extent"], unpack_field(field)
    pale = require("matplotlib.colors", "study").LinearSegmentedColormap.from_list("pale", PALE)
    square = (-extent, extent, -extent, extent)
    axes.imshow(levels, extent=square, origin="lower", cmap=pale, vmin=0, vmax=1)
    if levels.min() < 0.5 < levels.max():
        axes.contour(levels, [0.5], extent=square, colors=["#333333"], linewidths=1.0)
    for number, tint in enumerate(CLASS_COLOURS):
        rows = points.test_x[points.test_y == number].numpy()
        axes.scatter(rows[:, 0], rows[:, 1], s=9, color=tint, edgecolors="white", linewidths=0.3)
    axes.set(xticks=[], yticks=[], xlim=square[:2], ylim=square[2:])
    axes.spines[:].set_visible(False)
