"""The figures of every study: scores and differences, ranks, learning curves, rates, cost.

A figure is a function from a study to a drawing, or to None where it has nothing to show; the
table in ``report.py`` names them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ogive.errors import require
from ogive.study.report.canvas import TEXT_COLOUR, colour, panels, plain_log_ticks
from ogive.study.report.wording import score_name
from ogive.study.results import ResultRow, Study, Tuned
from ogive.study.statistics.intervals import ConfidenceInterval, t_interval
from ogive.study.statistics.ranking import ranks

#: More activations make a diagram of ranks that nobody can read.
_MOST_RANKED = 30


def scores(study: Study) -> Any:
    """Each activation's score and its difference to the reference, seeds as dots."""
    if study.sweep:
        return None
    rows = sorted(study.rows, key=lambda row: row.score.mean if row.score else float("-inf"))
    figure, ((left, right),) = panels(1, 2, (9, 1.3 + 0.36 * len(rows)), sharey=True)
    reference = study.scores(study.reference)
    for height, row in enumerate(rows):
        own = study.scores(row.activation)
        pairs = zip(own, reference, strict=True)
        _dots(left, study, [a for a in own if a is not None], row.score, height, row)
        if row.activation != study.reference:
            differences = [a - b for a, b in pairs if a is not None and b is not None]
            _dots(right, study, differences, row.difference, height, row)
    left.set_yticks(range(len(rows)), [_with_diverged(row) for row in rows])
    left.set_ylim(-0.6, len(rows) - 0.4)
    left.set_xlabel(f"test {score_name(study.task.metric)}")
    _mark_margin(right, study, rows[0].margin)
    for axes in (left, right):
        axes.grid(axis="x")
        axes.tick_params(left=False)
    return figure


def _with_diverged(row: ResultRow) -> str:
    return f"{row.activation} ({row.diverged} diverged)" if row.diverged else row.activation


def _mark_margin(axes: Any, study: Study, margin: float) -> None:
    """Zero, and grey what is too small to matter."""
    size = drawn_unit(study) * margin
    axes.axvspan(-size, size, color="#888888", alpha=0.14, lw=0)
    axes.axvline(0, color=TEXT_COLOUR, linewidth=0.8)
    axes.set_xlabel(f"difference to {study.reference}{in_points(study)}, seed by seed")


def _dots(
    axes: Any,
    study: Study,
    values: list[float],
    mean: ConfidenceInterval | None,
    height: int,
    row: ResultRow,
) -> None:
    scale, tint = drawn_unit(study), colour(study.activations, row.activation)
    # one above the other, as equal scores would hide each other
    heights = [height + 0.3 * ((place + 0.5) / len(values) - 0.5) for place in range(len(values))]
    axes.plot([scale * v for v in values], heights, "o", ms=3.5, color=tint)
    if mean is None:
        return
    if mean.low is not None and mean.high is not None:
        ends = [scale * mean.low, scale * mean.high]
        axes.plot(ends, [height, height], color=tint, lw=3, alpha=0.4)
    axes.plot(scale * mean.mean, height, "|", ms=13, mew=2.2, color=tint)


def rank_diagram(study: Study) -> Any:
    """Mean ranks over the seeds; a bar joins activations that cannot be told apart."""
    if study.sweep or len(study.activations) > _MOST_RANKED:
        return None
    found = ranks({name: study.scores(name) for name in study.activations})
    if found is None:
        return None
    figure, ((axes,),) = panels(1, 1, (9, 1.1 + 0.17 * len(found.means)))
    require("scikit_posthocs", "study").critical_difference_diagram(
        found.means,
        found.pairs,
        ax=axes,
        color_palette={name: colour(study.activations, name) for name in found.means},
        crossbar_props={"color": TEXT_COLOUR, "linewidth": 2.5},
    )
    return figure


def curves(study: Study) -> Any:
    """Training loss and test score after each epoch: means of the seeds and their intervals."""
    if study.sweep:
        return None
    figure, ((left, right),) = panels(1, 2, (9, 3.6))
    for name in study.activations:
        tint = colour(study.activations, name)
        for axes, curve, scale in (
            (left, "loss_curve", 1.0),
            (right, "score_curve", drawn_unit(study)),
        ):
            runs = [result[curve] for result in study.results(name)]
            _curve(
                axes,
                [t_interval(_known(epoch)) for epoch in zip(*runs, strict=True)],
                scale,
                {"color": tint, "label": name},
            )
    left.set(xlabel="epoch", ylabel="training loss", yscale="log")
    plain_log_ticks(left.yaxis)
    right.set(xlabel="epoch", ylabel=f"test {score_name(study.task.metric)}")
    for axes in (left, right):
        axes.grid()
    handles, labels = right.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center")
    return figure


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _curve(
    axes: Any, means: list[ConfidenceInterval | None], scale: float, look: dict[str, str]
) -> None:
    """A line through the means and a band of their intervals; a gap where all runs diverged."""
    epochs = range(1, len(means) + 1)
    gap = float("nan")
    axes.plot(epochs, [scale * m.mean if m else gap for m in means], lw=1.5, **look)
    low = [scale * m.low if m and m.low is not None else gap for m in means]
    high = [scale * m.high if m and m.high is not None else gap for m in means]
    axes.fill_between(epochs, low, high, color=look["color"], alpha=0.15, lw=0)


def tuning(study: Study) -> Any:
    """The score at each learning rate that was tried, on rows that the test never sees."""
    if study.sweep or not study.tuning:
        return None
    figure, ((axes,),) = panels(1, 1, (9, 3.2))
    for name, tuned in study.tuning.items():
        _rates(axes, study, name, tuned)
    axes.set(xscale="log", xlabel="learning rate", ylabel=f"tuning {score_name(study.task.metric)}")
    plain_log_ticks(axes.xaxis)
    axes.grid()
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center")
    return figure


def _rates(axes: Any, study: Study, name: str, tuned: Tuned) -> None:
    known = [(rate, drawn_unit(study) * found) for rate, found in tuned.curve if found is not None]
    tint = colour(study.activations, name)
    axes.plot([r for r, _ in known], [s for _, s in known], ".-", color=tint, lw=1.3, label=name)
    best = [(rate, found) for rate, found in known if rate == tuned.lr]
    hollow = "none" if tuned.at_end else tint
    axes.plot(*zip(*best, strict=True), "o", ms=8, color=tint, markerfacecolor=hollow)
    lost = [rate for rate, found in tuned.curve if found is None]
    foot = axes.get_xaxis_transform()
    axes.plot(lost, [0.03] * len(lost), "x", color=tint, transform=foot)


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


def drawn_unit(study: Study) -> float:
    """What scores are multiplied by: accuracies are drawn in percent."""
    return 100.0 if study.task.metric == "accuracy" else 1.0


def in_points(study: Study) -> str:
    """What differences of accuracies are counted in, after a blank."""
    return " in percentage points" if study.task.metric == "accuracy" else ""
