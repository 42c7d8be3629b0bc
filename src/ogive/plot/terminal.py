"""A curve as text: eight dots to a character, with the axes and their numbers."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from ogive.plot.curve import Array, Curve, Drawable, Span, sample, window

Dots: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
#: The bit of a braille character for each of its dots, by row and column.
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
BLANK = 0x2800
#: Points sampled for each column of dots, so that steep curves stay connected.
DENSITY = 8


def curve(
    activation: Drawable, width: int = 60, height: int = 15, interval: Span = (-6.0, 6.0)
) -> str:
    """The function as lines of braille characters, width and height in characters.

    Example:
        >>> from ogive.catalogue import entries
        >>> print(curve(entries()["relu"], width=20, height=5))
        6 ┤⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠁⠀⠀⠀⠀⠀⠀⢀⡤⠞
          │⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠁⠀⠀⠀⠀⢀⡴⠋
          │⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠁⠀⠀⢀⡴⠋
          │⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠁⢀⡴⠋
        0 ┤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⡵⠋⡀⠀⡀⠀⡀⠀⡀
           -6        0        6
    """
    sampled = sample(activation, 0, interval, points=2 * width * DENSITY + 1)
    vertical = window([sampled], interval)
    dots = np.zeros((4 * height, 2 * width), dtype=bool)
    _draw_axes(dots, interval, vertical)
    _draw_curve(dots, sampled, interval, vertical)
    return "\n".join([*_labelled(_braille(dots), vertical), _foot(width, interval, vertical)])


def _place(at: Array | float, span: Span, cells: int) -> Array:
    """The index of the dot at a coordinate."""
    share = (np.asarray(at, dtype=np.float64) - span[0]) / (span[1] - span[0])
    return np.floor(share * (cells - 1) + 0.5)


def _draw_axes(dots: Dots, horizontal: Span, vertical: Span) -> None:
    """Dotted lines where x and y are 0."""
    rows, columns = dots.shape
    if vertical[0] <= 0 <= vertical[1]:
        dots[rows - 1 - int(_place(0.0, vertical, rows)), ::4] = True
    if horizontal[0] <= 0 <= horizontal[1]:
        dots[::4, int(_place(0.0, horizontal, columns))] = True


def _draw_curve(dots: Dots, sampled: Curve, horizontal: Span, vertical: Span) -> None:
    """Each sample as a dot, joined to the one before it by the dots between."""
    rows, columns = dots.shape
    column, row = _place(sampled.x, horizontal, columns), _place(sampled.y, vertical, rows)
    row = np.clip(row, -1, rows)  # what leaves the window leaves it by one dot
    before = np.nan
    for c, r in zip(column, row, strict=True):
        if np.isfinite(r):
            low, high = sorted((r, before if np.isfinite(before) else r))
            low, high = max(low, 0), min(high, rows - 1)
            dots[rows - 1 - int(high) : rows - int(low), int(c)] |= low <= high
        before = r


def _braille(dots: Dots) -> list[str]:
    """The lines of characters for the dots."""
    bits = np.zeros((dots.shape[0] // 4, dots.shape[1] // 2), dtype=int)
    for r, row in enumerate(DOTS):
        for c, bit in enumerate(row):
            bits |= np.where(dots[r::4, c::2], bit, 0)
    return ["".join(chr(BLANK + b) for b in line).rstrip(chr(BLANK)) for line in bits]


def _labelled(lines: list[str], vertical: Span) -> list[str]:
    """The lines with the y axis in front: its ends, and 0 where there is room."""
    low, high = (f"{v:.3g}" for v in vertical)
    labels = [high, *[""] * (len(lines) - 2), low]
    zero = (4 * len(lines) - 1 - int(_place(0.0, vertical, 4 * len(lines)))) // 4
    if 0 < zero < len(lines) - 1:
        labels[zero] = "0"
    margin = max(map(len, labels))
    return [
        f"{label:>{margin}} {'┤' if label else '│'}{line}"
        for label, line in zip(labels, lines, strict=True)
    ]


def _foot(width: int, horizontal: Span, vertical: Span) -> str:
    """The x axis' numbers: both ends, and 0 or the middle."""
    margin = max(len(f"{v:.3g}") for v in vertical) + 2
    low, high = horizontal
    middle = 0.0 if low < 0 < high else (low + high) / 2
    at = int(_place(middle, horizontal, width))
    line = [" "] * (width + 1)
    for text, start in ((f"{low:g}", 0), (f"{high:g}", width), (f"{middle:g}", at)):
        first = min(max(0, start - len(text) // 2), width - len(text))
        if all(c == " " for c in line[max(0, first - 1) : first + len(text) + 1]):
            line[first : first + len(text)] = text
    return " " * margin + "".join(line).rstrip()
