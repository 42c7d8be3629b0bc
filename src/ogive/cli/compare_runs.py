"""``ogive compare-runs``: verdicts on scores from anywhere, read from a file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ogive.cli.console import write_json
from ogive.cli.study_tables import show_comparison


def compare_runs(
    file: Annotated[
        Path,
        typer.Argument(help="CSV: a column an activation, a row a seed; or activation,seed,score."),
    ],
    reference: Annotated[
        str | None, typer.Option(help="What the others are compared with; relu, or the first.")
    ] = None,
    margin: Annotated[
        float | None, typer.Option(help="A difference that does not matter, such as 0.01.")
    ] = None,
    overlap: Annotated[
        float, typer.Option(help="Test rows over training rows, if seeds share rows.")
    ] = 0.0,
    metric: Annotated[
        str | None, typer.Option(help="accuracy (shares from 0 to 1) or R2, if it is one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare activations by scores of your own, paired by seed."""
    from ogive.study.statistics.comparison import compare
    from ogive.study.statistics.paired_scores import choose_reference
    from ogive.study.statistics.score_files import read_scores

    scores = read_scores(file)
    rows = compare(scores, reference, margin, overlap, metric=metric)
    chosen = choose_reference(list(scores), reference)
    if as_json:
        write_json({"reference": chosen, "rows": [asdict(row) for row in rows]})
        return
    show_comparison(rows, metric, chosen)
    if margin is None and metric is None and len(rows) > 1:
        typer.echo(
            f"A difference of {rows[0].margin:.3g} counts as none: a tenth of the deviation of "
            f"{chosen}; --margin or --metric sets another."
        )
