"""A function and its certificate as HTML, for notebooks and pages: formula, sketch, tables.

Apart from the figures of ``plot`` because a notebook shows these without being asked, so they must
be quick, need no other package, and read well on light and on dark ground.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np

from ogive.catalogue import Spec, entries
from ogive.certify.compiled import numpy_function
from ogive.certify.quantity import NOT_PROVED
from ogive.certify.report.certificate import Certificate
from ogive.certify.report.page import Line, section_lines
from ogive.certify.report.remarks import remarks
from ogive.certify.shipped import key
from ogive.certify.univariate import (
    breakpoints_of,
    defaults,
    function_of_one_number,
    with_defaults,
)
from ogive.printers import latex
from ogive.table import html_table

#: The size of a sketch, its margins (left, top, right, bottom), and what it shows of the line.
PICTURE, AROUND, _REACH = (360.0, 220.0), (40.0, 14.0, 12.0, 22.0), 6.0
#: The size of a sketch in a row of a table.
CELL = (180.0, 110.0)
#: Colours of f, f' and f'', told apart by colour-blind people and on any ground.
_INKS = ("#2f86c8", "#d9701e", "#159873")
_STROKES = ("", ' stroke-dasharray="6 3"', ' stroke-dasharray="2 2"')
#: As printed: a minus, and the mark of a derivative.
_MINUS, _PRIME = "\N{MINUS SIGN}", "\N{PRIME}"
#: Points of a piece, and how far outside of the picture a curve is followed.
_POINTS, _BEYOND = 241, 50.0


_Pair = tuple[float, float]


def mathematics(spec: Spec) -> str:
    """The formula as MathML where latex2mathml is installed, else as text."""
    try:
        from latex2mathml.converter import convert
    except ImportError:
        return f"<code>{escape(spec.formula_text or str(spec.expression))}</code>"
    arguments = ", ".join(spec.data)
    written = spec.latex_text or f"f({arguments}) = {latex(spec.expression)}"
    return f'<div style="overflow-x:auto">{convert(written, display="block")}</div>'


def sketch(spec: Spec, orders: tuple[int, ...] = (0, 1), size: _Pair = PICTURE) -> str:
    """The function and its derivatives as an SVG element; nothing for a rowwise entry.

    Args:
        spec: the entry; a gated one is drawn as a function of its gate at value = 1.
        orders: which derivatives, 0 being the function.
        size: width and height in pixels.

    Example:
        >>> sketch(entries()["relu"]).count("<path")
        2
    """
    if spec.kind == "rowwise":
        return ""
    curves = [_curve(spec, order) for order in orders]
    low, high = _window([y for curve in curves for _, y in curve])
    width, height = size
    box = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" class="sketch" role="img" {box}>']
    parts += [f"<title>{escape(spec.name)} and its derivatives</title>"]
    parts += [*_axes(size, low, high), *_paths(curves, orders, size, low, high)]
    return "".join([*parts, "</svg>"])


#: A curve as its pieces, each an array of x and one of y.
_Piece = tuple[np.ndarray, np.ndarray]


def _curve(spec: Spec, order: int) -> list[_Piece]:
    """A derivative between the points where the formula changes, where it is finite."""
    one = function_of_one_number(spec)
    function = numpy_function((one.derived(order) if order else one).program)
    inside = [b for b in breakpoints_of(one) if -_REACH < b < _REACH]
    found = []
    for a, b in pairwise([-_REACH, *sorted(inside), _REACH]):
        aside = 1e-9 * (b - a)
        x = np.linspace(a + aside, b - aside, _POINTS)
        (y,) = function(x, *(np.float64(v) for v in defaults(one).values()))
        ends = np.flatnonzero(np.diff(np.isfinite(y))) + 1
        pieces = zip(np.split(x, ends), np.split(y, ends), strict=True)
        found += [(px, py) for px, py in pieces if np.isfinite(py).all()]
    return found


def _window(pieces: list[np.ndarray]) -> _Pair:
    """The y that are shown: all of them, unless they leave the picture's reach."""
    seen = np.clip(np.concatenate([np.zeros(1), *pieces]), -1.5 * _REACH, 1.5 * _REACH)
    low, high = float(seen.min()), float(seen.max())
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def _at(size: _Pair, low: float, high: float, x: float, y: float) -> tuple[float, ...]:
    """The place of a point in the picture."""
    left, top, right, bottom = AROUND
    across = (x + _REACH) / (2 * _REACH) * (size[0] - left - right)
    down = (high - y) / (high - low) * (size[1] - top - bottom)
    return left + across, top + min(max(down, -_BEYOND), size[1] + _BEYOND)


def _axes(size: _Pair, low: float, high: float) -> Iterator[str]:
    """The two axes through 0, and a few numbers."""

    def line(x1: float, y1: float, x2: float, y2: float) -> str:
        (a, b), (c, d) = (_at(size, low, high, *p) for p in ((x1, y1), (x2, y2)))
        ends = f'x1="{a:.1f}" y1="{b:.1f}" x2="{c:.1f}" y2="{d:.1f}"'
        return f'<line {ends} stroke="currentColor" stroke-opacity="0.35"/>'

    yield line(-_REACH, 0, _REACH, 0)
    yield line(0, low, 0, high)
    foot = size[1] - 6
    yield from (
        _numeral(x, _at(size, low, high, x, 0)[0], foot, "middle") for x in (-6, -3, 0, 3, 6)
    )
    for y in _ticks(low, high):
        yield _numeral(y, AROUND[0] - 6, _at(size, low, high, 0, y)[1] + 4, "end")


def _numeral(value: float, x: float, y: float, anchor: str) -> str:
    told = f"{value:g}".replace("-", _MINUS)
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} font-size="11" fill="currentColor" fill-opacity="0.75">{told}</text>'


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between, four or so."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    return [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _paths(
    curves: list[list[_Piece]],
    orders: tuple[int, ...],
    size: _Pair,
    low: float,
    high: float,
) -> Iterator[str]:
    """The curves, the function last and on top, and what they are called."""
    left, top, _, bottom = AROUND
    frame = f'width="{size[0]:g}" height="{size[1] - bottom + 4:g}" overflow="hidden"'
    yield f"<svg {frame}>"
    for order, pieces in reversed([*zip(orders, curves, strict=True)]):
        runs = ([_at(size, low, high, *p) for p in zip(x, y, strict=True)] for x, y in pieces)
        path = " ".join("M" + " ".join(f"{a:.1f},{b:.1f}" for a, b in run) for run in runs)
        style = f'fill="none" stroke="{_INKS[order]}" stroke-width="{2.2 - 0.4 * bool(order)}"'
        yield f'<path d="{path}" {style}{_STROKES[order]}/>'
    yield "</svg>"
    if size[0] <= CELL[0]:
        return  # no room for names
    for i, order in enumerate(orders):
        place = f'x="{left + 8 + 26 * i:g}" y="{top + 10:g}" font-size="13" font-style="italic"'
        yield f'<text {place} fill="{_INKS[order]}">f{_PRIME * order}</text>'


def function_page(spec: Spec, values: Mapping[str, Any] | None = None) -> str:
    """An entry as HTML: what it is, its formula, its sketch.

    Args:
        spec: the entry.
        values: what stands in the place of defaults.
    """
    kind = ", ".join(filter(None, [spec.kind, spec.family, str(spec.year or "")]))
    told = [f"<b>{escape(spec.name)}</b> {escape(spec.title)} ({escape(kind)})"]
    told += [f"<p>{escape(spec.doc)}</p>", mathematics(spec), sketch(_with(spec, values))]
    return f"<div>{''.join(told)}</div>"


def _with(spec: Spec, values: Mapping[str, Any] | None) -> Spec:
    return spec if spec.kind == "rowwise" else with_defaults(spec, values or {})


def certificate_page(found: Certificate) -> str:
    """A certificate as HTML: formula, sketch, plain words and verdicts; the sections folded."""
    who, spec = found.identity, spec_of_certificate(found)
    told = [f"<b>{escape(who.name)}</b>: certificate of {escape(who.about)}"]
    if spec is None:
        told += [f"<p><code>{escape(who.formula)}</code></p>"]
    else:
        words = "".join(f"<li>{escape(str(r))}</li>" for r in remarks(spec, found))
        told += [mathematics(spec), sketch(spec), f"<ul>{words}</ul>"]
    verdicts = [[c.name, c.verdict, c.reason] for c in found.criteria]
    told += [html_table(("asked", "verdict", "because"), verdicts) if verdicts else ""]
    for name, lines in section_lines(found):
        if name not in ("identity", "criteria"):
            told += [_folded(name, lines)]
    return f"<div>{''.join(told)}</div>"


def spec_of_certificate(found: Certificate) -> Spec | None:
    """The entry that a certificate is of, with its parameters as defaults; None if it is gone."""
    who = found.identity
    spec = entries().get(who.name)
    if spec is None or key(spec, who.parameters) != who.key:
        return None
    return _with(spec, who.parameters)


def _folded(name: str, lines: list[Line]) -> str:
    rows = [[line.label, line.value, line.error, line.method] for line in lines]
    known = sum(line.value != NOT_PROVED.method for line in lines)
    summary = f"<summary>{escape(name)} ({known})</summary>"
    return f"<details>{summary}{html_table(('what', 'value', 'error', 'method'), rows)}</details>"


def pictured(title: str) -> tuple[str, str]:
    """The formula and a small sketch of the entry with that class title; empty for others."""
    spec = next((s for s in entries().values() if s.title == title), None)
    return ("", "") if spec is None else (mathematics(spec), sketch(spec, (0,), CELL))
