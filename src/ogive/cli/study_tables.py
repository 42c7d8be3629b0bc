"""What ``ogive study`` prints of a finished study."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from ogive.study import Study


def show_study(study: Study, as_json: bool) -> None:
    """Prints a finished study: a table and what it means, or its summary as JSON."""
    from ogive.study.wording import notices, verdicts

    if as_json:
        found = {"study": study.name, "report": str(study.report), "notes": notices(study)}
        typer.echo(json.dumps(found | {"summary": study.summary()}, indent=1))
        return
    console = Console()
    console.print(_swept_table(study) if study.sweep else _table(study))
    for line in (*verdicts(study), *notices(study), f"report: {study.report}"):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _table(study: Study) -> Table:
    from ogive.study import wording

    table = Table(title=study.task.title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("activation", no_wrap=True)
    for heading in (
        wording.score_name(study.task),
        f"minus {study.reference}",
        "step\nms",
        f"/ {study.reference}",
        "bytes\nsaved",
        "dead\n%",
    ):
        table.add_column(heading, justify="right")
    for row in study.rows:
        table.add_row(
            row.activation,
            wording.interval(study.task, row.score),
            wording.interval(study.task, row.difference, signed=True),
            f"{row.step_ms:.3f}",
            wording.ratio_text(row.time_ratio),
            f"{row.bytes_saved:.3g}",
            wording.share_text(row.dead_share),
        )
    return table


def _swept_table(study: Study) -> Table:
    from ogive.study import wording

    title = f"{study.task.title}: {wording.score_name(study.task)}"
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("activation", no_wrap=True)
    for value in study.values:
        table.add_column(f"{study.sweep.name if study.sweep else ''} {value}", justify="right")
    for name in study.activations:
        rows = [row for row in study.rows if row.activation == name]
        cells = (wording.interval(study.task, row.score) for row in rows)
        table.add_row(name, *(cell.replace(" [", "\n[") for cell in cells))
    return table
