"""A certificate for people: one walk that makes a line of every number, for text and Markdown.

Apart because the terminal, files and docstrings show the same lines.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ogive.certify.quantity import NOT_PROVED, ProvedInterval, Quantity

if TYPE_CHECKING:
    from ogive.certify.report.certificate import Certificate

#: Digits that are shown; the JSON has them all.
_DIGITS = 9
NONE, NOT_PROVED_METHOD = "none", NOT_PROVED.method
#: Sections in which None stands for what is not proved; in the others for what there is not.
PROVED = ("shape", "smoothness", "saturation", "gate", "rows")


@dataclass(frozen=True)
class Line:
    """A line of a report: what, its value, the largest error in it and the methods it rests on."""

    label: str
    value: str
    error: str
    method: str


def lines(section: Any, label: str = "", missing: str = NONE) -> Iterator[Line]:
    """The lines of a section, or of a part of it; ``missing`` says what None means there."""
    if _is_nested(section):
        for name, item in _items(section):
            yield from lines(item, f"{label} {name.replace('_', ' ')}".strip(), missing)
    elif isinstance(section, tuple) and section and dataclasses.is_dataclass(section[0]):
        for item in section:
            yield _line(getattr(item, "name", label), item)
    else:
        yield _line(label, missing if section is None else section)


def _is_nested(value: Any) -> bool:
    whole = isinstance(value, (Quantity, ProvedInterval))
    return isinstance(value, Mapping) or (dataclasses.is_dataclass(value) and not whole)


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return ((name, item) for name, item in value.items() if item is not None)
    return ((f.name, getattr(value, f.name)) for f in dataclasses.fields(value))


def _line(label: str, value: Any) -> Line:
    found = [q for q in _quantities(value) if q.method != NOT_PROVED_METHOD]
    worst = max((q.error for q in found), default=0.0)
    methods = ", ".join(dict.fromkeys(q.method for q in found))
    return Line(label, said(value), f"{worst:.1e}" if worst else "", methods)


def _quantities(value: Any) -> Iterator[Quantity]:
    if isinstance(value, Quantity):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _quantities(item)
    elif isinstance(value, ProvedInterval) or _is_nested(value):
        for _, item in _items(value):
            yield from _quantities(item)


def said(value: Any) -> str:
    """A value in words and digits.

    Example:
        >>> low, high = Quantity(0.0, 0.0, "ball"), Quantity(float("inf"), 0.0, "ball")
        >>> said(ProvedInterval(low, high, True))
        '[0, inf)'
    """
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return NOT_PROVED_METHOD if math.isnan(value) else f"{value:.{_DIGITS}g}"
    if isinstance(value, Quantity):
        return said(value.value)
    if isinstance(value, ProvedInterval):
        return _interval(value)
    if isinstance(value, tuple):
        return ", ".join(map(said, value)) or NONE
    if _is_nested(value):
        told = ((n.replace("_", " "), said(item)) for n, item in _items(value) if n != "name")
        return ", ".join(f"{name} {what}" for name, what in told)
    return str(value)


def _interval(of: ProvedInterval) -> str:
    if of.low == of.high and of.closed_low:
        return said(of.low)
    left, right = ("[" if of.closed_low else "("), ("]" if of.closed_high else ")")
    ends = ((of.low, of.closed_low), (of.high, of.closed_high))
    open_question = any(closed is None and math.isfinite(end.value) for end, closed in ends)
    doubt = ", whether it is reached not proved" if open_question else ""
    return f"{left}{said(of.low)}, {said(of.high)}{right}{doubt}"


def section_lines(found: Certificate) -> Iterator[tuple[str, list[Line]]]:
    for field in dataclasses.fields(found):
        section = getattr(found, field.name)
        if section:
            missing = NOT_PROVED_METHOD if field.name in PROVED else NONE
            yield field.name, [line for line in lines(section, missing=missing) if line.value]


def markdown(found: Certificate) -> str:
    told = [f"# {found.identity.name}"]
    for name, rows in section_lines(found):
        told += [
            f"\n## {name.capitalize()}\n",
            "| what | value | error | method |",
            "|---|---|---|---|",
        ]
        cells = ((r.label, r.value.replace("|", "\\|"), r.error, r.method) for r in rows)
        told += [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join(told) + "\n"


def text(found: Certificate) -> str:
    told = []
    for name, rows in section_lines(found):
        told.append(name)
        width = max(len(row.label) for row in rows)
        told += [
            f"  {r.label:<{width}}  {r.value}" + (f"  ({r.method})" if r.method else "")
            for r in rows
        ]
    return "\n".join(told)
