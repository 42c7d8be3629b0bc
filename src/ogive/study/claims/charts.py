"""What a claim's page shows, as numbers: curves with bands, and maps of the plane.

Kept as numbers so that a picture can be drawn anew from the journal, in any style.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ChartCurve:
    """A line, with a band where its points have intervals.

    Attributes:
        marks: whether the points are marked, as measured ones should be.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None
    marks: bool = False


@dataclass(frozen=True)
class Map:
    """The plane as a square grid of numbers from 0 to 1, lowest row first, packed as text."""

    name: str
    extent: float
    levels: str


@dataclass(frozen=True)
class Chart:
    """Curves in one pair of axes, or maps side by side.

    Attributes:
        scales: ``linear`` or ``log``, of x and of y.
        lines: heights of horizontal lines that the criterion speaks of.
    """

    title: str
    x_label: str = ""
    y_label: str = ""
    curves: tuple[ChartCurve, ...] = ()
    maps: tuple[Map, ...] = ()
    scales: tuple[str, ...] = ("linear", "linear")
    lines: tuple[float, ...] = ()


def measured_curve(
    name: str, x: Sequence[float], y: Sequence[float], band: Sequence[Sequence[float]] = ()
) -> ChartCurve:
    """A curve of measured points; ``band`` is what lies below and above."""
    low, high = (tuple(map(float, end)) for end in band) if band else (None, None)
    return ChartCurve(name, tuple(map(float, x)), tuple(map(float, y)), low, high, marks=True)
