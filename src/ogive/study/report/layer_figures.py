"""What goes through the layers of the networks: vanishing and saturation, seen and not guessed."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ogive.study.report.canvas import colour, panels, plain_log_ticks
from ogive.study.results import Study


@dataclass(frozen=True)
class _Signal:
    """A number that every layer has: its key in the results, its name, whether it spans decades."""

    key: str
    title: str
    logarithmic: bool


_SIGNALS = (
    _Signal("gradient_norm", "gradient norm", True),
    _Signal("second_moment", "E z² before the activation", True),
    _Signal("saturated", "share saturated", False),
    _Signal("dead", "share of dead units", False),
)


def layers(study: Study) -> Any:
    """Signals by layer, at the start and at the end, and over time in the first layer.

    Of a sweep, the last value is shown: the deepest network, the largest rate.
    """
    value, known = study.values[-1], _known(study)
    if not known:
        return None
    deep = _is_deep(known)
    drawn = [signal for signal in _SIGNALS if _is_known(signal, known)]
    figure, grid = panels(1 + deep, len(drawn), (11, 2.4 * (1 + deep) + 0.5))
    for column, signal in enumerate(drawn):
        for name, runs in known.items():
            tint = colour(study.activations, name)
            if deep:
                _by_layer(grid[0, column], signal, runs, name, tint)
            _over_time(grid[-1, column], signal, runs, name, tint)
        _finish(grid[:, column], signal, deep)
    handles, labels = grid[-1, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center")
    if study.sweep:
        figure.suptitle(f"{study.sweep.name} {value:g}", fontsize=9)
    return figure


def layers_caption(study: Study) -> str:
    """How to read the figure, which has no panels by layer where there is one layer."""
    over_time = "over time in the first layer. Mean over the seeds."
    if not _is_deep(_known(study)):
        return f"What the activation is given, {over_time}"
    return (
        f"Above by layer, dotted at the start of training and solid at its end; below {over_time} "
        "Where the gradient norm falls by orders of magnitude towards the first layer, it vanishes."
    )


def _known(study: Study) -> dict[str, list[dict[str, Any]]]:
    """By activation what its runs kept."""
    found = {name: _recorded(study, name, study.values[-1]) for name in study.activations}
    return {name: runs for name, runs in found.items() if runs}


def _is_deep(known: dict[str, list[dict[str, Any]]]) -> bool:
    return any(len(run["gradient_norm"][0]) > 1 for runs in known.values() for run in runs)


def _recorded(study: Study, name: str, value: Any) -> list[dict[str, Any]]:
    """What the runs kept of their layers; runs of one depth."""
    kept = [result.get("layers") for result in study.results(name, value)]
    return [run for run in kept if run and run["epochs"] and run["gradient_norm"][0]]


def _is_known(signal: _Signal, known: dict[str, list[dict[str, Any]]]) -> bool:
    """Whether any layer of any run has the number; rowwise activations have no derivatives."""
    runs = [run for of_activation in known.values() for run in of_activation]
    return any(v is not None for run in runs for epoch in run[signal.key] for v in epoch)


def _by_layer(
    axes: Any, signal: _Signal, runs: Sequence[dict[str, Any]], name: str, tint: str
) -> None:
    """Dotted at the start, solid at the end."""
    for epoch, style, label in ((0, ":", None), (-1, "-", name)):
        columns = zip(*(run[signal.key][epoch] for run in runs), strict=True)
        means = [_middle(signal, column) for column in columns]
        numbers = range(1, len(means) + 1)
        axes.plot(numbers, means, style, marker=".", ms=4, color=tint, lw=1.2, label=label)


def _over_time(
    axes: Any, signal: _Signal, runs: Sequence[dict[str, Any]], name: str, tint: str
) -> None:
    """In the first layer, which what vanishes reaches last."""
    columns = zip(*([epoch[0] for epoch in run[signal.key]] for run in runs), strict=True)
    means = [_middle(signal, column) for column in columns]
    axes.plot(runs[0]["epochs"], means, ".-", ms=4, color=tint, lw=1.2, label=name)


def _middle(signal: _Signal, values: Sequence[float | None]) -> float:
    """The mean over the seeds, of logarithms where the numbers span decades."""
    known = [v for v in values if v is not None and (v > 0 or not signal.logarithmic)]
    if not known:
        return math.nan
    mean: Callable[[Sequence[float]], float] = (
        statistics.geometric_mean if signal.logarithmic else statistics.fmean
    )
    return mean(known)


def _finish(axes: Sequence[Any], signal: _Signal, deep: bool) -> None:
    axes[0].set_title(signal.title)
    axes[-1].set_xlabel("epoch, first layer")
    if deep:
        axes[0].set_xlabel("layer")
        axes[0].xaxis.get_major_locator().set_params(integer=True)
    for one in axes:
        one.grid()
        if signal.logarithmic:
            one.set_yscale("log")
            plain_log_ticks(one.yaxis)
        else:
            one.set_ylim(-0.03, 1.03)
