"""The figures of a sweep: the score, and the difference to the reference, over the swept value."""

from __future__ import annotations

from typing import Any

from ogive.study.report.canvas import TEXT_COLOUR, colour, panels
from ogive.study.report.figures import drawn_unit, in_points
from ogive.study.report.wording import score_name
from ogive.study.results import ResultRow, Study
from ogive.study.statistics.intervals import ConfidenceInterval

_MARKS = {"better": "^", "worse": "v", "equivalent": "s", "undecided": "o", None: "o"}


def sweep(study: Study) -> Any:
    """The score over the swept value: one panel an activation, the others grey behind it."""
    if not study.sweep:
        return None
    figure, grid = _grid(study, len(study.activations))
    for axes, name in zip(grid.flat, study.activations, strict=False):
        for other in study.activations:
            if other != name:
                axes.plot(*_means(study, other), color="#888888", alpha=0.35, lw=0.8)
        found = [(row, row.score) for row in study.rows if row.activation == name]
        _panel(axes, study, name, found)
    figure.supylabel(f"test {score_name(study.task.metric)}", fontsize=9)
    return figure


def sweep_differences(study: Study) -> Any:
    """The difference to the reference over the swept value, with the verdict as the mark."""
    others = [name for name in study.activations if name != study.reference]
    if not study.sweep or not others:
        return None
    figure, grid = _grid(study, len(others))
    for axes, name in zip(grid.flat, others, strict=False):
        rows = [row for row in study.rows if row.activation == name]
        _panel(axes, study, name, [(row, row.difference) for row in rows])
        axes.axhline(0, color=TEXT_COLOUR, lw=0.8)
        size = drawn_unit(study) * rows[0].margin
        axes.axhspan(-size, size, color="#888888", alpha=0.14, lw=0)
    figure.supylabel(f"difference to {study.reference}{in_points(study)}", fontsize=9)
    return figure


def sweep_rates(study: Study) -> Any:
    """The learning rate that was taken at each swept value, hollow at an end of those tried."""
    if not study.sweep or not study.tuning:
        return None
    figure, ((axes,),) = panels(1, 1, (9, 3.2))
    for name in study.activations:
        tint = colour(study.activations, name)
        found = [(value, study.tuned(name, value)) for value in study.sweep.values]
        known = [(value, tuned) for value, tuned in found if tuned is not None]
        axes.plot([v for v, _ in known], [t.lr for _, t in known], color=tint, lw=1.3, label=name)
        for value, tuned in known:
            hollow = "none" if tuned.at_end else tint
            axes.plot(value, tuned.lr, "o", ms=6, color=tint, markerfacecolor=hollow)
    axes.set(yscale="log", xlabel=study.sweep.name, ylabel="learning rate")
    _mark_values(axes, study)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center")
    return figure


def _grid(study: Study, count: int) -> tuple[Any, Any]:
    """Panels for so many activations, three in a row."""
    columns = min(3, count)
    rows = -(-count // columns)
    figure, grid = panels(rows, columns, (9, 0.5 + 2.2 * rows), sharex=True, sharey=True)
    for axes in list(grid.flat)[count:]:
        axes.set_visible(False)
    figure.supxlabel(study.sweep.name if study.sweep else "", fontsize=9)
    return figure, grid


def _panel(
    axes: Any, study: Study, name: str, found: list[tuple[ResultRow, ConfidenceInterval | None]]
) -> None:
    """A line through the means, a band of the intervals, a mark for each verdict."""
    scale, tint = drawn_unit(study), colour(study.activations, name)
    known = [(row, mean) for row, mean in found if mean is not None]
    values = [row.value or 0 for row, _ in known]
    means = [scale * mean.mean for _, mean in known]
    low = [scale * (mean.mean if mean.low is None else mean.low) for _, mean in known]
    high = [scale * (mean.mean if mean.high is None else mean.high) for _, mean in known]
    axes.fill_between(values, low, high, color=tint, alpha=0.22, lw=0)
    axes.plot(values, means, color=tint, lw=1.8)
    for (row, _), value, mean in zip(known, values, means, strict=True):
        axes.plot(value, mean, _MARKS[row.verdict], color=tint, ms=4.5)
    axes.set(title=name)
    _mark_values(axes, study)


def _mark_values(axes: Any, study: Study) -> None:
    """The swept values as ticks, on a logarithmic axis where they span much."""
    values = study.sweep.values if study.sweep else ()
    axes.set_xscale("log" if values[-1] >= 8 * values[0] else "linear")
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.minorticks_off()
    axes.grid()


def _means(study: Study, name: str) -> tuple[list[float], list[float]]:
    known = [(row, row.score) for row in study.rows if row.activation == name and row.score]
    return [row.value or 0 for row, _ in known], [
        drawn_unit(study) * mean.mean for _, mean in known
    ]
