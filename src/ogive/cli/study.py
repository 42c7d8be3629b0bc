"""``ogive study``: run an experiment and show what it found.

Only words in and words out; the experiment itself is :func:`ogive.study.run_study`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from ogive.cli.study_tables import show_study
from ogive.errors import OgiveError

if TYPE_CHECKING:
    from ogive.study import Task
    from ogive.study.runs import Progress

INTERRUPTED = 130


def study(
    task: Annotated[
        str | None, typer.Argument(help="digits, mnist5k, circles, moons or spirals")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="a CSV file instead of a task")] = None,
    target: Annotated[str | None, typer.Option(help="the column of --data to predict")] = None,
    activations: Annotated[str | None, typer.Option(help="names, such as relu,gelu")] = None,
    seeds: Annotated[int, typer.Option(help="paired repetitions")] = 5,
    epochs: Annotated[int | None, typer.Option(help="passes over the training rows")] = None,
    hidden: Annotated[str | None, typer.Option(help="layer widths, such as 8,16,32,8")] = None,
    batch_size: Annotated[int | None, typer.Option(help="rows in a step")] = None,
    lr: Annotated[float | None, typer.Option(help="learning rate")] = None,
    optimizer: Annotated[str, typer.Option(help="adamw or sgd")] = "adamw",
    sweep: Annotated[
        str | None, typer.Option(help="width=2:32, depth=1:8 or epochs=10,20,40")
    ] = None,
    threads: Annotated[int, typer.Option(help="threads of torch")] = 1,
    out: Annotated[Path, typer.Option(help="where results are kept")] = Path("results"),
    as_json: Annotated[bool, typer.Option("--json", help="print the summary as JSON")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="reuse no finished run")] = False,
) -> None:
    """Compare activations on a task: the same network, several paired seeds, intervals."""
    from ogive.study import StudyInterrupted, run_study

    words = Console(stderr=True)
    try:
        with _progress(words) as notify:
            finished = run_study(
                _task(task, data, target),
                _names(activations),
                seeds=seeds,
                epochs=epochs,
                hidden=_widths(hidden),
                batch_size=batch_size,
                lr=lr,
                optimizer=optimizer,
                sweep=sweep,
                threads_used=threads,
                out=out,
                fresh=fresh,
                notify=notify,
            )
    except OgiveError as error:
        words.print(f"error: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(2) from None
    except StudyInterrupted as stop:
        words.print(f"{stop}\nThe same command goes on from there.", markup=False)
        raise typer.Exit(INTERRUPTED) from None
    show_study(finished, as_json)


def _task(task: str | None, data: Path | None, target: str | None) -> str | Task:
    from ogive.study import TASKS, StudyError, table_task

    if data is None and target is None and task is not None:
        return task
    if data is not None and target is not None and task is None:
        return table_task(data, target)
    raise StudyError(
        f"give either a task ({', '.join(TASKS)}) or a table: --data FILE.csv --target COLUMN"
    )


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _widths(text: str | None) -> list[int] | None:
    from ogive.study import StudyError

    try:
        return None if text is None else [int(width) for width in text.split(",")]
    except ValueError:
        raise StudyError(f"--hidden {text!r} not understood; write widths as 8,16,32,8") from None


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[Progress], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        line = bar.add_task("starting", total=None)
        yield lambda told: bar.update(
            line, completed=told.done, total=told.total, description=told.label
        )
