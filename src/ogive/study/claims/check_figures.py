"""What decided a claim, as a picture: each number with its interval, and where it was wanted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ogive.errors import require
from ogive.study.claims.checks import Check, told
from ogive.study.claims.drawing import save_small, small_pictures
from ogive.study.report.canvas import TEXT_COLOUR, panels

#: By outcome the colour, the marker, whether it is filled, and what the legend says.
_LOOKS = {
    True: ("#2ca089", "o", True, "as claimed"),
    False: ("#d1495b", "X", True, "not as claimed"),
    None: ("#6f7d8c", "o", False, "open"),
}
_ROW, _AROUND, _WIDTH = 0.17, 0.75, 7.2
#: Numbers of one sign that differ by more than this factor are drawn on a logarithmic axis.
_WIDE = 300.0


def measured_checks(checks: Iterable[Check]) -> list[Check]:
    """Those whose numbers have an interval, which is what there is to see."""
    return [check for check in checks if check.estimate.low < check.estimate.high]


def draw_checks(checks: Sequence[Check], path: Path) -> None:
    """Write a picture of the numbers that have intervals, in panels of those wanted alike."""
    groups: dict[tuple[float, float], list[Check]] = {}
    for check in measured_checks(checks):
        groups.setdefault((check.at_least, check.at_most), []).append(check)
    heights = [_AROUND + _ROW * len(group) for group in groups.values()]
    with small_pictures():
        size = (_WIDTH, sum(heights) + 0.3)
        figure, grid = panels(len(groups), 1, size, height_ratios=heights)
        for axes, (bounds, group) in zip(grid.flat, groups.items(), strict=True):
            _draw_group(axes, group, bounds)
        _draw_legend(figure, {check.outcome for group in groups.values() for check in group})
        save_small(figure, path)


def _draw_group(axes: Any, group: Sequence[Check], bounds: tuple[float, float]) -> None:
    low, high = _limits(group, bounds)
    if _spread_out(group):
        axes.set_xscale("log")
    axes.axvspan(max(bounds[0], low), min(bounds[1], high), color="#2ca089", alpha=0.1, lw=0)
    for bound in filter(math.isfinite, bounds):
        axes.axvline(bound, color=TEXT_COLOUR, lw=0.8, ls=(0, (4, 3)))
    for outcome in _LOOKS:
        rows = {row: check for row, check in enumerate(group) if check.outcome is outcome}
        _draw_rows(axes, rows, outcome, low, high)
    names = list(dict.fromkeys(check.name for check in group))
    labels = [_label(check, group, len(names) > 1) for check in group]
    axes.set_yticks(range(len(group)), labels, fontsize=7)
    axes.set(xlim=(low, high), ylim=(len(group) - 0.4, -0.6))
    axes.set_title(names[0] if len(names) == 1 else "", loc="left")
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")


def _draw_rows(
    axes: Any, rows: dict[int, Check], outcome: bool | None, low: float, high: float
) -> None:
    tint, marker, filled, _ = _LOOKS[outcome]
    found = [check.estimate for check in rows.values()]
    lows = [max(each.low, low) for each in found]  # an end may be infinite
    highs = [min(each.high, high) for each in found]
    axes.hlines([*rows], lows, highs, color=tint, lw=1.3)
    face = tint if filled else "white"
    values = [each.value for each in found]
    axes.plot(values, [*rows], marker, ms=4.5, mew=0.9, mec=tint, mfc=face, ls="")


def _limits(group: Sequence[Check], bounds: tuple[float, float]) -> tuple[float, float]:
    """From where to where the axis goes: all finite ends, and a little more."""
    ends = [end for check in group for end in vars(check.estimate).values()]
    known = [end for end in (*ends, *bounds) if math.isfinite(end)]
    if _spread_out(group):
        known = [end for end in known if end > 0]
        return min(known) / 2, max(known) * 2
    low, high = min(known), max(known)
    margin = max(0.05 * (high - low), 1e-6 * max(abs(low), abs(high), 1e-6))
    return low - margin, high + margin


def _spread_out(group: Sequence[Check]) -> bool:
    lows, highs = ([getattr(c.estimate, end) for c in group] for end in ("low", "high"))
    least, most = min(lows), max(highs)
    return bool(least > 0 and most < math.inf and most / least > _WIDE)


def _label(check: Check, group: Sequence[Check], with_name: bool) -> str:
    """The conditions in which the numbers of a panel differ, and their name if it differs too."""
    wheres = [tuple(other.where.items()) for other in group]
    differing = [pair for pair in check.where.items() if not all(pair in w for w in wheres)]
    words = [check.name] * with_name + ([told(differing)] if differing else [])
    return "; ".join(words) or check.name


def _draw_legend(figure: Any, outcomes: set[bool | None]) -> None:
    line = require("matplotlib.lines", "study").Line2D
    handles = [
        line([], [], color=tint, marker=marker, mfc=tint if filled else "white", label=words)
        for outcome, (tint, marker, filled, words) in _LOOKS.items()
        if outcome in outcomes
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=3, fontsize=8)
