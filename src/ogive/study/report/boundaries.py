"""Where a network draws the line: decision boundaries of plane tasks, test points over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ogive.errors import require
from ogive.study.data.tasks import Split, Task
from ogive.study.networks.fields import SHOWN_DEVIATIONS, PlaneField, unpack_field
from ogive.study.report.canvas import CLASS_COLOURS, class_colour, panels
from ogive.study.report.wording import score
from ogive.study.results import Study

PALE = ("#b5d3f0", "#f6f5f3", "#f6cfb3")
STRONG = ("#3b82c4", "#d8d5cf", "#e07b39")


def boundaries(study: Study) -> Any:
    """Panels by activation, and by swept value where there is one; all of seed 0."""
    if not study.task.planar:
        return None
    points = study.task.load(0)
    figure, axes = _grid(study)
    cells = [(name, value) for name in study.activations for value in study.values]
    for number, (panel, (name, value)) in enumerate(zip(axes.flat, cells, strict=False)):
        first = study.results(name, value)[0]
        _panel(panel, unpack_field(first["field"]), points, study.task)
        panel.set_title(_title(study, number, name, value, first["score"]), fontsize=9)
        if study.sweep and value == study.values[0]:
            panel.set_ylabel(name)
    for panel in list(axes.flat)[len(cells) :]:
        panel.set_visible(False)
    _name_axes(axes.flat[0], study)
    _name_classes(figure, study)
    return figure


def _title(study: Study, number: int, name: str, value: int | float | None, result: float) -> str:
    """The score, below what the panel or its column stands for."""
    unit = "" if study.task.regression else " %"
    found = f"{score(study.task.metric, result)}{unit}"
    if study.sweep is None:
        return f"{name}: {found}"
    return f"{study.sweep.name} {value}\n{found}" if number < len(study.values) else found


def _grid(study: Study) -> tuple[Any, Any]:
    """A row an activation in a sweep; three or four panels a row otherwise."""
    cells = len(study.activations) * len(study.values)
    columns = len(study.values) if study.sweep else min(cells, 3 if cells in (3, 5, 6, 9) else 4)
    rows = -(-cells // columns)
    side = max(1.4, min(2.6, 9 / columns))
    return panels(rows, columns, (side * columns, (side + 0.24) * rows + 0.2))


def _panel(axes: Any, field: PlaneField, points: Split, task: Task) -> None:
    square = (-field.extent, field.extent, -field.extent, field.extent)
    _background(axes, field, square)
    x, y = points.test_x.numpy(), points.test_y.numpy()
    look: dict[str, Any] = {"s": 9, "edgecolors": "white", "linewidths": 0.3}
    if task.regression:
        axes.scatter(
            x[:, 0],
            x[:, 1],
            c=y,
            cmap=_blend(STRONG),
            vmin=-SHOWN_DEVIATIONS,
            vmax=SHOWN_DEVIATIONS,
            **look,
        )
    for number in range(0 if task.regression else task.outputs):
        rows = x[y == number]
        axes.scatter(rows[:, 0], rows[:, 1], color=class_colour(number), **look)
    axes.set(xticks=[], yticks=[], xlim=square[:2], ylim=square[2:])
    axes.spines[:].set_visible(False)


def _background(axes: Any, field: PlaneField, square: tuple[float, ...]) -> None:
    """Two classes and quantities as a blend of two colours, more classes each in its own."""
    levels, line = field.levels, {"extent": square, "colors": ["#333333"], "linewidths": 1.0}
    if field.classes is None:
        axes.imshow(levels, extent=square, origin="lower", cmap=_blend(PALE), vmin=0, vmax=1)
        if levels.min() < 0.5 < levels.max():
            axes.contour(levels, [0.5], **line)
        return
    rgb = require("matplotlib.colors", "study").to_rgb
    tints = np.array([rgb(class_colour(int(number))) for number in field.classes.flat])
    strength = 0.45 * levels.reshape(-1, 1)
    mixed = (1 - strength) * np.array(rgb(PALE[1])) + strength * tints
    axes.imshow(mixed.reshape(*levels.shape, 3), extent=square, origin="lower")
    for number in np.unique(field.classes):
        inside = (field.classes == number).astype(float)
        if inside.min() < inside.max():
            axes.contour(inside, [0.5], **line)


def _blend(colours: Sequence[str]) -> Any:
    blend = require("matplotlib.colors", "study").LinearSegmentedColormap
    return blend.from_list("blend", colours)


def _name_axes(axes: Any, study: Study) -> None:
    """The columns beside the first panel, and of a table the classes above all of them."""
    names = study.task.columns
    if len(names) == 2 and study.sweep is None:
        axes.set_xlabel(names[0], fontsize=8, labelpad=2)
        axes.set_ylabel(names[1], fontsize=8, labelpad=2)


def _name_classes(figure: Any, study: Study) -> None:
    classes = study.task.classes
    if not 2 <= len(classes) <= len(CLASS_COLOURS):
        return
    dot = require("matplotlib.lines", "study").Line2D
    look = {"marker": "o", "linestyle": "", "markersize": 4}
    dots = [dot([], [], color=class_colour(number), **look) for number in range(len(classes))]
    figure.legend(
        dots, classes, loc="outside upper left", ncols=min(len(classes), 6), fontsize=8,
        handletextpad=0.1, columnspacing=1.0,
    )  # fmt: skip
