"""What is printed of a comparison: of a finished study, and of anyone's scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import typer
from rich.table import Table

from ogive.cli.console import new_table, write, write_json

if TYPE_CHECKING:
    from ogive.study import Comparison, Study

_Column = tuple[str, Literal["left", "right"], list[str]]


def show_study(study: Study, as_json: bool) -> None:
    """Prints a finished study: a table and what it means, or all but its runs as JSON."""
    from ogive.study.report.html_report import overview
    from ogive.study.report.sentences import notices, verdicts

    if as_json:
        write_json({**overview(study), "report": str(study.report)})
        return
    write(study.task.title, "", *_study_tables(study), "")
    for line in (*verdicts(study), *notices(study), f"report: {study.report}"):
        typer.echo(line)


def _study_tables(study: Study) -> list[Table | str]:
    """One table; of a sweep, one for each value."""
    metric, reference = study.task.metric, study.reference
    if study.sweep is None:
        return [_table(compared_columns(study.rows, metric, reference) + _cost_columns(study))]
    parts: list[Table | str] = []
    for value in study.values:
        table = _table(compared_columns(study.at(value), metric, reference))
        parts += [f"{study.sweep.name} {value:g}", table, ""]
    return parts[:-1]


def show_comparison(rows: Sequence[Comparison], metric: str | None, reference: str) -> None:
    """Prints what a comparison of scores found."""
    from ogive.study.report.sentences import explained, too_few

    write(_table(compared_columns(rows, metric, reference)), "")
    seeds = max((row.score.n if row.score else 0) + row.diverged for row in rows)
    for line in too_few(seeds) or explained(rows, metric, reference):
        typer.echo(line)


def compared_columns(
    rows: Sequence[Comparison], metric: str | None, reference: str
) -> list[_Column]:
    """Name, score and what the comparison says, with a column for divergence if there was any."""
    from ogive.study.report import wording
    from ogive.study.report.sentences import verdict_text

    columns: list[_Column] = [
        ("activation", "left", [row.activation for row in rows]),
        (wording.score_name(metric), "right", [wording.interval(metric, r.score) for r in rows]),
    ]
    if any(row.diverged for row in rows):
        columns.append(("diverged", "right", [str(row.diverged) for row in rows]))
    if len(rows) > 1:
        differences = [wording.interval(metric, row.difference, signed=True) for row in rows]
        columns += [
            (f"minus {reference}", "right", differences),
            ("p", "right", [wording.probability(row.p_adjusted) for row in rows]),
            ("verdict", "left", [verdict_text(row) for row in rows]),
        ]
    return columns


def _cost_columns(study: Study) -> list[_Column]:
    from ogive.study.report.wording import ratio_text, share_text

    rows = study.rows
    return [
        ("dead\n%", "right", [share_text(row.dead_share) for row in rows]),
        ("step\nms", "right", [f"{row.step_ms:.3f}" for row in rows]),
        (f"/ {study.reference}", "right", [ratio_text(row.time_ratio) for row in rows]),
        ("bytes\nsaved", "right", [f"{row.bytes_saved:.3g}" for row in rows]),
    ]


def _table(columns: Sequence[_Column]) -> Table:
    table = new_table()
    for heading, side, _ in columns:
        table.add_column(heading, justify=side, no_wrap=heading == "activation")
    for cells in zip(*(cells for _, _, cells in columns), strict=True):
        table.add_row(*cells)
    return table
