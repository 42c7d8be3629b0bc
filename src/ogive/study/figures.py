"""The figures of every study: scores and differences, learning curves, cost.

A figure is a function from a study to a drawing, or to None where it has nothing to show; the
table at the end of ``report.py`` names them.
"""

from __future__ import annotations

from typing import Any

from ogive.study.canvas import TEXT_COLOUR, colour, panels
from ogive.study.results import ResultRow, Study
from ogive.study.statistics import ConfidenceInterval
from ogive.study.wording import score_name


def scores(study: Study) -> Any:
    """Each activation's score and its difference to the reference, seeds as dots."""
    if study.sweep:
        return None
    rows = sorted(study.rows, key=lambda row: row.score.mean if row.score else float("-inf"))
    figure, ((left, right),) = panels(1, 2, (9, 1.3 + 0.36 * len(rows)), sharey=True)
    for height, row in enumerate(rows):
        tint = colour(study.activations, row.activation)
        own = [result["score"] for result in study.results(row.activation)]
        reference = [result["score"] for result in study.results(study.reference)]
        pairs = [(a, b) for a, b in zip(own, reference, strict=True) if None not in (a, b)]
        _dots(left, study, [a for a in own if a is not None], row.score, height, tint)
        if row.activation != study.reference:
            _dots(right, study, [a - b for a, b in pairs], row.difference, height, tint)
    left.set_yticks(range(len(rows)), [row.activation for row in rows])
    left.set_ylim(-0.6, len(rows) - 0.4)
    left.set_xlabel(f"test {score_name(study.task)}")
    right.axvline(0, color=TEXT_COLOUR, linewidth=0.8)
    right.set_xlabel(f"difference to {study.reference}{_points(study)}, seed by seed")
    for axes in (left, right):
        axes.grid(axis="x")
        axes.tick_params(left=False)
    return figure


def _dots(
    axes: Any,
    study: Study,
    values: list[float],
    mean: ConfidenceInterval | None,
    height: int,
    tint: str,
) -> None:
    unit = _unit(study)
    axes.plot([unit * v for v in values], [height] * len(values), "o", ms=4.5, color=tint)
    if mean is None:
        return
    if mean.low is not None and mean.high is not None:
        axes.plot(
            [unit * mean.low, unit * mean.high], [height, height], color=tint, lw=3, alpha=0.4
        )
    axes.plot(unit * mean.mean, height, "|", ms=13, mew=2.2, color=tint)


def curves(study: Study) -> Any:
    """Training loss and test score after each epoch, the mean of the seeds."""
    if study.sweep:
        return None
    figure, ((left, right),) = panels(1, 2, (9, 3.6))
    for name in study.activations:
        look = {"color": colour(study.activations, name), "lw": 1.5, "label": name}
        for axes, curve, unit in ((left, "loss_curve", 1.0), (right, "score_curve", _unit(study))):
            means = _mean_curve([result[curve] for result in study.results(name)], unit)
            axes.plot(range(1, len(means) + 1), means, **look)
    left.set(xlabel="epoch", ylabel="training loss", yscale="log")
    right.set(xlabel="epoch", ylabel=f"test {score_name(study.task)}")
    for axes in (left, right):
        axes.grid()
    handles, labels = right.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center")
    return figure


def _mean_curve(curves: list[list[float | None]], unit: float) -> list[float]:
    """The mean at each epoch; a gap where a run has no finite value."""
    columns = zip(*curves, strict=True)
    return [
        unit * sum(v for v in column if v is not None) / len(column)
        if None not in column
        else float("nan")
        for column in columns
    ]


def cost_figure(study: Study) -> Any:
    """Time of a training step and bytes saved for backward."""
    if study.sweep:
        return None
    rows = study.rows[::-1]
    figure, ((left, right),) = panels(1, 2, (9, 1.3 + 0.3 * len(rows)), sharey=True)
    _bars(left, study, rows, [row.step_ms for row in rows], "{:.3g}")
    _bars(right, study, rows, [row.bytes_saved for row in rows], "{:.3g}")
    left.set_yticks(range(len(rows)), [row.activation for row in rows])
    left.set_xlabel("median time of a training step, ms")
    right.set_xlabel("bytes saved for backward per input element")
    return figure


def _bars(axes: Any, study: Study, rows: list[ResultRow], values: list[float], form: str) -> None:
    tints = [colour(study.activations, row.activation) for row in rows]
    bars = axes.barh(range(len(rows)), values, height=0.62, color=tints)
    axes.bar_label(bars, [form.format(value) for value in values], padding=3, color=TEXT_COLOUR)
    axes.margins(x=0.14)
    axes.tick_params(left=False)


def sweep(study: Study) -> Any:
    """The score over the swept value: one panel an activation, the others grey behind it."""
    if not study.sweep:
        return None
    columns = min(3, len(study.activations))
    count = -(-len(study.activations) // columns)
    figure, grid = panels(count, columns, (9, 0.5 + 2.2 * count), sharex=True, sharey=True)
    for axes, name in zip(grid.flat, study.activations, strict=False):
        _sweep_panel(axes, study, name)
    for axes in list(grid.flat)[len(study.activations) :]:
        axes.set_visible(False)
    figure.supxlabel(study.sweep.name, fontsize=9)
    figure.supylabel(f"test {score_name(study.task)}", fontsize=9)
    return figure


def _sweep_panel(axes: Any, study: Study, name: str) -> None:
    for other in study.activations:
        if other != name:
            axes.plot(*_swept_means(study, other), color="#888888", alpha=0.35, lw=0.8)
    values, means = _swept_means(study, name)
    tint, unit = colour(study.activations, name), _unit(study)
    known = [r.score for r in study.rows if r.activation == name and r.score]
    low = [unit * (s.mean if s.low is None else s.low) for s in known]
    high = [unit * (s.mean if s.high is None else s.high) for s in known]
    axes.fill_between(values, low, high, color=tint, alpha=0.22, lw=0)
    axes.plot(values, means, "o-", color=tint, ms=3.5, lw=1.8)
    axes.set(title=name, xscale="log" if values[-1] >= 8 * values[0] else "linear")
    axes.set_xticks(values, [str(value) for value in values])
    axes.minorticks_off()
    axes.grid()


def _swept_means(study: Study, name: str) -> tuple[list[int], list[float]]:
    known = [row for row in study.rows if row.activation == name and row.score]
    values = [row.value for row in known if row.value is not None]
    return values, [_unit(study) * row.score.mean for row in known if row.score]


def _unit(study: Study) -> float:
    return 1.0 if study.task.regression else 100.0


def _points(study: Study) -> str:
    return "" if study.task.regression else " in percentage points"
