"""``ogive compare``: activations side by side, in numbers and properties."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.table import Table

from ogive.cli.console import GAP, new_table, shown, width, write, write_json
from ogive.cli.draw import ANY_NAME, drawable
from ogive.errors import OgiveError

if TYPE_CHECKING:
    from ogive.nn.named import NamedActivation

#: What the property of code is.
UNKNOWN = "unknown"
_POINTS = "-3,-1,0,1,3"


def compare_activations(
    names: Annotated[list[str], typer.Argument(help=f"Two or more. {ANY_NAME}.")],
    at: Annotated[str, typer.Option(help="The points to evaluate at.")] = _POINTS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare activations: values, derivatives, limits, properties."""
    from ogive.nn.named import find_activations

    points = _points(at)
    found = [compared(activation, points) for activation in find_activations(names)]
    if as_json:
        write_json({"points": points, "activations": found})
        return
    columns = [_column(one, points) for one in found]
    write(*_tables(columns))


def _points(text: str) -> list[float]:
    try:
        points = [float(part) for part in text.split(",")]
    except ValueError:
        points = []
    if not points or not all(map(math.isfinite, points)):
        raise OgiveError(
            f"--at takes finite numbers with commas between, as {_POINTS}, not {text!r}"
        )
    return points


def compared(activation: NamedActivation, points: list[float]) -> dict[str, Any]:
    """The function, its derivative and its properties; of a gated entry those of its gate, and of
    code no properties, as nothing of it is proved."""
    from ogive.certify.report.properties import properties
    from ogive.plot.curve import caption, values_of

    drawn, x = drawable(activation), np.array(points)
    proved = activation.function and properties(activation.function.certificate())
    return {
        "name": activation.name,
        "caption": caption(drawn),
        "values": values_of(drawn, 0, x).tolist(),
        "slopes": values_of(drawn, 1, x).tolist(),
        "properties": proved or {},
    }


Column = tuple[str, dict[str, str]]


def _column(one: dict[str, Any], points: list[float]) -> Column:
    """The heading, and label -> cell."""
    cells = {f"f({p:g})": shown(v) for p, v in zip(points, one["values"], strict=True)}
    cells |= {f"f'({p:g})": shown(v) for p, v in zip(points, one["slopes"], strict=True)}
    cells |= {name: shown(value) for name, value in one["properties"].items()}
    return one["caption"].replace(" (", "\n("), cells


def _tables(columns: list[Column]) -> list[Table]:
    """One table, or as many as the terminal's width asks for."""
    labels = max((list(cells) for _, cells in columns), key=len)
    room = width() - max(map(len, labels)) - 2 * GAP
    groups: list[list[Column]] = [[]]
    used = 0
    for column in columns:
        needed = _width(column) + GAP
        if groups[-1] and used + needed > room:
            groups.append([])
            used = 0
        groups[-1].append(column)
        used += needed
    return [_table(labels, group) for group in groups]


def _width(column: Column) -> int:
    heading, cells = column
    return max(len(text) for text in (*heading.split("\n"), *cells.values(), UNKNOWN))


def _table(labels: list[str], columns: list[Column]) -> Table:
    table = new_table()
    table.add_column("", no_wrap=True, min_width=max(map(len, labels)))
    for column in columns:
        table.add_column(column[0], justify="right", no_wrap=True, min_width=_width(column))
    for label in labels:
        table.add_row(label, *(cells.get(label, UNKNOWN) for _, cells in columns))
    return table
