"""``ogive claims``: what people say of activations, and what experiments say of that."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ogive.cli.console import new_table, write, write_json

if TYPE_CHECKING:
    from ogive.study.claims import Claim, Decided


def claims(
    ids: Annotated[list[str] | None, typer.Argument(help="such as C2 C24; all if left out")] = None,
    full: Annotated[bool, typer.Option("--full", help="more seeds and longer training")] = False,
    listed: Annotated[bool, typer.Option("--list", help="show the claims, decide none")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    out: Annotated[Path, typer.Option(help="where results are kept")] = Path("results/claims"),
    fresh: Annotated[bool, typer.Option("--fresh", help="decide anew what is known")] = False,
) -> None:
    """Decide claims about activations by experiment; known results are shown at once."""
    from ogive.study.claims import Effort, find_claims, ledger, write_pages

    chosen = find_claims(ids or [])
    if listed:
        _list(chosen, as_json)
        return
    effort = Effort(level=2 if full else 1)
    decided = [
        *ledger(chosen, out, effort, fresh, lambda claim, done: _tell(claim, done, len(chosen)))
    ]
    page = write_pages(decided, out)
    if as_json:
        write_json([each.to_dict() for each in decided])
        return
    _show(decided)
    typer.echo(f"numbers and pictures: {page}")


def _tell(claim: Claim, done: int, total: int) -> None:
    """One line on stderr for each claim that starts; it stays where stderr is no terminal."""
    ends = "\r" if sys.stderr.isatty() else "\n"
    line = f"{done + 1} of {total}: {claim.id} {claim.statement}"
    print(f"\x1b[2K{line[:100]}" if ends == "\r" else line, end=ends, file=sys.stderr, flush=True)


def _list(chosen: list[Claim], as_json: bool) -> None:
    if as_json:
        names = ("id", "statement", "source", "criterion")
        rows = ([getattr(claim, name) for name in names] for claim in chosen)
        write_json(
            [dict(zip(("id", "claim", "source", "criterion"), r, strict=True)) for r in rows]
        )
        return
    grid = new_table()
    for head in ("id", "claim", "what counts as holding"):
        grid.add_column(head)
    for claim in chosen:
        grid.add_row(claim.id, claim.statement, claim.criterion)
    write(grid)


def _show(decided: list[Decided]) -> None:
    grid = new_table()
    for head in ("id", "claim", "verdict", "on", "s"):
        grid.add_column(head)
    for each in decided:
        grid.add_row(each.id, each.claim, each.verdict, each.on, f"{each.seconds:.0f}")
    write(grid)
