"""``ogive checkup``: one look at a model of the user's before it is trained."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ogive.cli.console import write, write_json
from ogive.errors import OgiveError


def checkup(
    code: Annotated[
        str,
        typer.Argument(
            metavar="MODULE:FUNCTION",
            help="A function without arguments that gives (model, batch) or (model, batch, loss).",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Train a copy on the batch, and draw its health.")
    ] = False,
    steps: Annotated[int, typer.Option(help="Of that training.")] = 100,
    html: Annotated[str, typer.Option(help="Write the report as a page to this file.")] = "",
) -> None:
    """Look at a model's activations on one batch, before training.

    batch is an input, a tuple (x, y) or a mapping of named arguments, and loss a function of the
    model's output and y. The function's code is imported and run. With --live a copy of the model
    is trained on the batch, and a table on stderr shows its health meanwhile.
    """
    from ogive.monitor import checkup as look
    from ogive.monitor.batch_training import rehearse

    model, batch, loss = _parts(code)
    if live:
        report = rehearse(model, batch, loss=loss, steps=steps, live=True)
    else:
        report = look(model, batch, loss=loss)
    if html:
        report.to_html(html)
    if as_json:
        write_json(report.to_dict())
    else:
        write(str(report))


def _parts(code: str) -> tuple[Any, Any, Any]:
    """What the function gives: model, batch and loss."""
    from ogive.nn.imported import imported

    function = imported(code)
    if not callable(function):
        raise OgiveError(f"{code} is no function but {type(function).__name__}")
    try:
        found = function()
    except Exception as error:  # whatever somebody's code raises
        text = " ".join(str(error).split())[:200]
        raise OgiveError(
            f"{code}() raised {type(error).__name__}: {text}; it is called without arguments and "
            f"gives (model, batch) or (model, batch, loss)"
        ) from error
    if not isinstance(found, tuple) or len(found) not in (2, 3):
        raise OgiveError(
            f"{code}() gives (model, batch) or (model, batch, loss), not {type(found).__name__}"
        )
    return (*found, None)[:3]
