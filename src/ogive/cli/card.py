"""What ``ogive show`` says first of an activation: a card that fits any terminal.

Apart from the whole report because a card has room for so much and no more: 25 lines of 80 columns,
whatever the entry.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.text import Text

from ogive.catalogue import Spec
from ogive.cli.console import fitting_width

if TYPE_CHECKING:
    from ogive.catalogue import Parameter
    from ogive.certify.report.certificate import Certificate
    from ogive.plot.curve import Drawable

#: What a card may fill, and what it is drawn in on a terminal that is wider.
HEIGHT, BREADTH = 25, 80
#: The column of the labels.
_LABELS = 10
#: The heights that a curve may have, and the columns beside it.
LOWEST, HIGHEST, _MARGIN = 4, 9, 12
#: What stands around a curve: what it shows, the numbers of the x axis, a blank line.
_AROUND = 3
#: What ``--full`` has more of.
CUT = " ..."


@dataclass(frozen=True)
class Said:
    """A labelled paragraph of a card.

    Attributes:
        label: what stands before it.
        sentences: what it says; the last ones are left out where there is no room.
        most: the lines that it may fill, fewer where others need them.
        whole: whether nothing of it may be left out.
    """

    label: str
    sentences: tuple[str, ...]
    most: int = 1
    whole: bool = False

    def lines(self, columns: int, most: int) -> list[str]:
        """The paragraph in so many lines at most; the last one says whether a sentence was cut."""
        for count in range(len(self.sentences), 0, -1):
            lines = _wrapped(" ".join(self.sentences[:count]), columns)
            if len(lines) <= most or self.whole:
                return lines
        short = textwrap.shorten(lines[most - 1], max(columns - len(CUT), 1), placeholder="")
        return [*lines[: most - 1], short + CUT]


def card(heading: str, said: Iterable[Said], drawn: Drawable | None) -> Text:
    """The heading, a paragraph without a label, the curve, and the other paragraphs.

    Args:
        heading: the first line.
        said: the paragraphs; those that say nothing are left out.
        drawn: what the curve is of; None for what has none.
    """
    columns = max(min(BREADTH, fitting_width()), 2 * _LABELS)
    told = [s for s in said if any(s.sentences)]
    curve = 0 if drawn is None else LOWEST + _AROUND
    found = _shared([(s, columns - (_LABELS if s.label else 0)) for s in told], HEIGHT - 1 - curve)
    words = [_paragraph(s.label, lines) for s, lines in zip(told, found, strict=True)]
    beside = [i for i, s in enumerate(told) if s.label]
    first = beside[0] if beside else 0
    left = HEIGHT - 1 - sum(map(len, found)) - _AROUND
    drawing = [] if drawn is None else _curve(drawn, columns, left)
    return Text("\n").join(
        [Text(_cut(heading, columns), "bold"), *words[:first], *drawing, *words[first:]]
    )


def _shared(told: list[tuple[Said, int]], room: int) -> list[list[str]]:
    """The lines of each paragraph; while they are too many, the longest gives one away."""
    most = [s.most for s, _ in told]
    while True:
        found = [s.lines(columns, m) for (s, columns), m in zip(told, most, strict=True)]
        longest = max(
            (len(lines) for (s, _), lines in zip(told, found, strict=True) if not s.whole),
            default=1,
        )
        if sum(map(len, found)) <= room or longest == 1:
            return found
        i = max(
            i for i, lines in enumerate(found) if len(lines) == longest and not told[i][0].whole
        )
        most[i] = longest - 1


def _paragraph(label: str, lines: list[str]) -> Text:
    """The lines, with the label before the first of them."""
    room = _LABELS if label else 0
    heads = [label, *[""] * (len(lines) - 1)]
    parts = [(f"{head:<{room}}", line) for head, line in zip(heads, lines, strict=True)]
    return Text("\n").join(Text.assemble((head, "cyan"), line) for head, line in parts)


def _wrapped(text: str, columns: int) -> list[str]:
    return textwrap.wrap(text, columns, break_on_hyphens=False) or [""]


def _cut(text: str, columns: int) -> str:
    return text if len(text) <= columns else text[: columns - len(CUT)] + CUT


def _curve(drawn: Drawable, columns: int, height: int) -> list[Text]:
    """What is drawn, the curve, and a blank line."""
    from ogive.plot.curve import caption
    from ogive.plot.terminal import curve

    told = caption(drawn)
    note = _cut(told, columns) if told.endswith(")") and drawn.name != told else ""
    width = max(20, min(60, columns - _MARGIN))
    return [
        Text(note, "dim"),
        Text(curve(drawn, width, max(LOWEST, min(HIGHEST, height)))),
        Text(""),
    ]


def said_of(spec: Spec, preset: dict[str, Any], proved: Certificate) -> list[Said]:
    """The paragraphs about an entry: formula, parameters, use, good, bad, verdicts and cost."""
    from ogive.certify.report.remarks import remarks

    found = remarks(spec, proved)
    words = {k: tuple(str(r) for r in found if r.kind == k) for k in ("use", "good", "bad")}
    return [
        Said("formula", (spec.formula_text or str(spec.expression),), 2),
        Said("takes", ("; ".join(parameter_line(p, preset) for p in spec.parameters),)),
        Said("when", words["use"], 3),
        Said("good", words["good"], 2),
        Said("bad", words["bad"], 2),
        Said("mind", spec.pitfalls, 2),
        Said("verdicts", (_verdicts(proved),), whole=True),
        Said("cost", (_cost(proved),)),
        Said("time", (_time(proved),)),
    ]


def parameter_line(parameter: Parameter, preset: dict[str, Any]) -> str:
    """A parameter with its value, the numbers it may take, and whether training adjusts it."""
    default = preset.get(parameter.name, parameter.default)
    learned = ", learnable" if parameter.learnable else ""
    return f"{parameter.name} = {_number(default)}, {parameter.domain.text}{learned}"


def _number(value: Any) -> str:
    return f"({', '.join(map(_number, value))})" if isinstance(value, tuple) else f"{value:g}"


def _verdicts(proved: Certificate) -> str:
    if proved.rows is not None:
        held = {"not negative": proved.rows.nonnegative, "sums to 1": proved.rows.sums_to_one}
        told = {True: "yes", False: "no", None: "not proved"}
        return ", ".join(f"{name} {told[holds]}" for name, holds in held.items())
    return ", ".join(f"{c.name} {c.verdict}" for c in proved.criteria)


def _cost(proved: Certificate) -> str:
    """Work of a value, of a value with its derivative, and what backward keeps of an element."""
    if (cost := proved.cost) is None:
        return ""
    work, both, bits = cost.forward, cost.both, cost.kept["float32"]
    least = min([bits, *cost.modes.values()])
    kept = str(bits) if least == bits else f"{least} to {bits}"
    return (
        f"{work.operations} operations, {work.transcendental} transcendental; "
        f"with f' {both.operations}, {both.transcendental}; keeps {kept} bits"
    )


def _time(proved: Certificate) -> str:
    if (speed := proved.speed) is None:
        return ""
    ratios = f"{speed.forward.value:.3g} forward, {speed.both.value:.3g} with backward"
    return f"over relu's: {ratios} ({speed.dtype}, {speed.size:,} elements)"
