"""The command line put together: its commands, its errors, its version."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ogive.cli.bench import bench
from ogive.cli.cache import cache
from ogive.cli.checkup import checkup
from ogive.cli.claims import claims
from ogive.cli.compare import compare_activations
from ogive.cli.compare_runs import compare_runs
from ogive.cli.draw import plot
from ogive.cli.explore import explore
from ogive.cli.listing import listing
from ogive.cli.show import show
from ogive.cli.study import study
from ogive.errors import OgiveError

WRONG_INPUT = 2


class Commands(TyperGroup):
    """The commands; what a user did wrong is one line on stderr, not a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OgiveError as error:
            typer.secho(f"error: {error}", fg="red", err=True)
            raise typer.Exit(WRONG_INPUT) from None


app = typer.Typer(
    cls=Commands,
    name="ogive",
    help="Activation functions: look them up, compare them, draw them, try them on data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("list")(listing)
app.command()(show)
app.command("compare")(compare_activations)
app.command("compare-runs")(compare_runs)
app.command()(plot)
app.command()(explore)
app.add_typer(study, name="study")
app.command()(claims)
app.command()(checkup)
app.command()(cache)
app.command()(bench)


def _version(asked: bool) -> None:
    if asked:
        from ogive import __version__

        typer.echo(f"ogive {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of the command itself."""


def main() -> None:
    """The entry point."""
    app()
