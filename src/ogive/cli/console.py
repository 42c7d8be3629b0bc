"""How answers leave: tables that fit a terminal and stay whole in a pipe, and plain JSON."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table

#: Wide enough that nothing wraps where no terminal sets a width.
UNLIMITED = 20_000
#: What a table puts between two columns, and at its edges.
GAP = 2


def write(*parts: RenderableType, fitted: bool = False) -> None:
    """Prints to the terminal in its width; elsewhere in full width without trailing blanks.

    ``fitted`` keeps to the terminal's width, or to 80 columns, in a pipe too.
    """
    console = Console(highlight=False, markup=False)
    if console.is_terminal:
        console.print(*parts, sep="\n")
        return
    buffer, columns = io.StringIO(), fitting_width() if fitted else UNLIMITED
    Console(file=buffer, width=columns, highlight=False, markup=False).print(*parts, sep="\n")
    typer.echo("\n".join(line.rstrip() for line in buffer.getvalue().splitlines()))


def width() -> int:
    """The columns there are."""
    return fitting_width() if Console().is_terminal else UNLIMITED


def fitting_width() -> int:
    """The columns of the terminal, also behind a pipe; 80 where there is none."""
    return Console().width


def new_table() -> Table:
    """A table; in the terminal with a line under its head, in a pipe the bare rows."""
    box = SIMPLE_HEAD if Console().is_terminal else None
    return Table(box=box, padding=(0, 2 if box is None else 1, 0, 0), pad_edge=False)


def write_json(value: Any) -> None:
    """Prints JSON that every reader takes: infinities and NaN are text."""
    typer.echo(json.dumps(plain(value), indent=2, allow_nan=False, ensure_ascii=False))


def plain(value: Any) -> Any:
    """The value in JSON's own types, with 'inf', '-inf' and 'nan' for what JSON lacks."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, str) or value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(float(value))
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    raise TypeError(f"no JSON for {type(value).__name__}")


def shown(value: object) -> str:
    """A property or a number for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "none" if math.isnan(value) else f"{value:.6g}"
    if isinstance(value, tuple):
        return ", ".join(map(shown, value)) or "none"
    return str(value)
