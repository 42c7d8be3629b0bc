"""``ogive plot``: curves as a file, or in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ogive.cli.console import write
from ogive.errors import OgiveError

if TYPE_CHECKING:
    from ogive.nn.named import NamedActivation
    from ogive.plot.curve import Drawable

#: What a command takes where it names activations.
ANY_NAME = "Names, leaky_relu(0.2), formulas as x*tanh(x), module:function"


def plot(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"{ANY_NAME}; with --sheet none means all.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A .png, .svg or .pdf file; without, the terminal."),
    ] = None,
    interval: Annotated[str, typer.Option(help="The ends of the x axis.")] = "-6:6",
    sheet: Annotated[bool, typer.Option(help="A small panel for each activation.")] = False,
) -> None:
    """Draw activations with their derivatives, overlaid or as a sheet."""
    from ogive import names as every
    from ogive.nn.named import find_activations
    from ogive.plot import curve
    from ogive.plot import plot as draw
    from ogive.plot import sheet as draw_sheet
    from ogive.plot.curve import caption, check_interval

    ends = check_interval(_interval(interval))
    if not names and not sheet:
        raise OgiveError("give the names to draw, or --sheet for all of them")
    found = find_activations(names or every())
    if not names:
        found = [a for a in found if a.kind != "rowwise"]
    activations = [drawable(a) for a in found]
    if out is None:
        for activation in activations:
            write(caption(activation), curve(activation, interval=ends), "")
        return
    (draw_sheet if sheet else draw)(activations, out, ends)
    typer.echo(f"wrote {out}")


def drawable(activation: NamedActivation) -> Drawable:
    """What the curves of an activation are drawn from: its formula, or the values of code."""
    from ogive.plot.curve import Code

    if activation.function is not None:
        return activation
    return Code(activation.label, activation.values)


def _interval(text: str) -> tuple[float, float]:
    try:
        low, high = map(float, text.split(":"))
    except ValueError:
        raise OgiveError(f"--interval takes two numbers as -6:6, not {text!r}") from None
    return low, high
