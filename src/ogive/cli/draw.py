"""``ogive plot``: curves as a file, or in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ogive.cli.console import write
from ogive.errors import OgiveError


def plot(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names; with --sheet none means all.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A .png, .svg or .pdf file; without, the terminal."),
    ] = None,
    interval: Annotated[str, typer.Option(help="The ends of the x axis.")] = "-6:6",
    sheet: Annotated[bool, typer.Option(help="A small panel for each activation.")] = False,
) -> None:
    """Draw activations with their derivatives, overlaid or as a sheet."""
    from ogive import get
    from ogive import names as every
    from ogive.plot import curve
    from ogive.plot import plot as draw
    from ogive.plot import sheet as draw_sheet
    from ogive.plot.curve import caption, check_interval

    ends = check_interval(_interval(interval))
    if not names and not sheet:
        raise OgiveError("give the names to draw, or --sheet for all of them")
    activations = [get(n) for n in names or every()]
    if not names:
        activations = [a for a in activations if a.kind != "rowwise"]
    if out is None:
        for activation in activations:
            write(caption(activation), curve(activation, interval=ends), "")
        return
    (draw_sheet if sheet else draw)(activations, out, ends)
    typer.echo(f"wrote {out}")


def _interval(text: str) -> tuple[float, float]:
    try:
        low, high = map(float, text.split(":"))
    except ValueError:
        raise OgiveError(f"--interval takes two numbers as -6:6, not {text!r}") from None
    return low, high
