"""``ogive explore``: every activation live in the browser."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from ogive.errors import OgiveError, briefly


def explore(
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The folder to write; without, a temporary one."),
    ] = None,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")] = True,
    define: Annotated[
        list[str] | None,
        typer.Option(help="A function of your own, as 'bump = x*exp(-x**2/s); s=2'; repeatable."),
    ] = None,
) -> None:
    """Write the explorer, a site that needs no server, and open it."""
    from ogive.explorer import write_site

    for text in define or ():
        _add(text)
    folder = out if out is not None else Path(tempfile.mkdtemp(prefix="ogive-explorer-"))
    try:
        first = write_site(folder)
    except OSError as error:
        raise OgiveError(f"the explorer cannot be written to {folder}: {error}") from None
    typer.echo(f"wrote {first}")
    if show and not webbrowser.open(first.absolute().as_uri()):
        typer.echo("no browser was found; open that file in one")


def _add(text: str) -> None:
    """Enters a user's function into the catalogue of this process."""
    from ogive.catalogue import add, user_spec

    formula, *given = text.split(";")
    name, sign, body = formula.partition("=")
    if not sign:
        raise OgiveError(f"--define takes NAME = FORMULA, as 'bump = x*exp(-x**2)', not {text!r}")
    add(user_spec(name.strip(), body.strip(), dict(map(_parameter, given))), replace=True)


def _parameter(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise OgiveError(
            f"a parameter of --define is NAME = NUMBER, as 's = 2', not {briefly(text.strip())}"
        ) from None
