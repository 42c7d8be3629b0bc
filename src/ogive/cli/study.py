"""``ogive study``: run an experiment and show what it found; find earlier ones again.

Only words in and words out; the experiment itself is :func:`ogive.study.run_study`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from ogive.cli.console import new_table, write, write_json
from ogive.cli.study_data import (
    DataOption,
    DropOption,
    EncodingOption,
    GroupOption,
    SepOption,
    TargetOption,
    TargetTypeOption,
    TestOption,
    TestSizeOption,
    chosen_task,
)
from ogive.cli.study_progress import progress
from ogive.cli.study_tables import show_study

INTERRUPTED = 130

Out = Annotated[Path, typer.Option(help="where results are kept")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


class StudyCommands(TyperGroup):
    """The commands on studies; what is none of them is the task of a study to run."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``run`` in front unless a command is named."""
        named = bool(args) and args[0] in self.commands
        return super().parse_args(ctx, args if named else ["run", *args])


study = typer.Typer(cls=StudyCommands, help="Which activation for these data?")


@study.command("run")
def run_one(
    task: Annotated[
        str | None, typer.Argument(help="such as digits, moons, mnist1d or fit(sin(3*x))")
    ] = None,
    data: DataOption = None,
    target: TargetOption = None,
    test: TestOption = None,
    sep: SepOption = None,
    encoding: EncodingOption = None,
    drop: DropOption = None,
    group: GroupOption = None,
    test_size: TestSizeOption = None,
    target_type: TargetTypeOption = None,
    activations: Annotated[str | None, typer.Option(help="such as relu,gelu,x*tanh(x)")] = None,
    seeds: Annotated[int, typer.Option(help="paired repetitions")] = 10,
    until: Annotated[str | None, typer.Option(help="decided: add seeds until all is")] = None,
    most: Annotated[int, typer.Option(help="the most seeds for --until decided")] = 50,
    epochs: Annotated[int | None, typer.Option(help="passes over the training rows")] = None,
    hidden: Annotated[str | None, typer.Option(help="layer widths: 8,16,32,8 or 8x50")] = None,
    batch_size: Annotated[int | None, typer.Option(help="rows in a step")] = None,
    rows: Annotated[int | None, typer.Option(help="training rows that are used")] = None,
    lr: Annotated[str, typer.Option(help="tune, a rate, or rates to choose from")] = "tune",
    optimizer: Annotated[str, typer.Option(help="adamw or sgd")] = "adamw",
    model: Annotated[
        str, typer.Option(help="mlp, cnn, resnet, transformer, lstm, lstm-gates, module:function")
    ] = "mlp",
    norm: Annotated[str | None, typer.Option(help="none, batch or layer")] = None,
    residual: Annotated[bool, typer.Option("--residual", help="add what layers are given")] = False,
    init: Annotated[str, typer.Option(help="matched, he, torch or module:function")] = "matched",
    init_scale: Annotated[float, typer.Option(help="multiplies all weights")] = 1.0,
    sweep: Annotated[
        str | None,
        typer.Option(
            help="width=2:32, or depth, epochs, lr, init_scale, batch_size, rows and values"
        ),
    ] = None,
    threads: Annotated[int, typer.Option(help="threads of torch in a worker")] = 1,
    workers: Annotated[int, typer.Option(help="processes that train at a time")] = 1,
    ray: Annotated[str | None, typer.Option(help="local, or a Ray cluster's address")] = None,
    out: Out = Path("results"),
    as_json: AsJson = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="reuse no finished run")] = False,
) -> None:
    """Compare activations on a task: the same network, tuned rates, paired seeds, intervals.

    ogive study list, report ID and plan show earlier studies and what larger ones cost.
    """
    from ogive.study import StudyInterrupted, run_study

    own: dict[str, Any] = {"target": target, "test": test, "sep": sep, "encoding": encoding}
    own |= {"drop": drop, "group": group, "test_size": test_size, "target_type": target_type}
    words = Console(stderr=True)
    try:
        with progress(words) as notify:
            finished = run_study(
                chosen_task(task, data, **own),
                activations,
                seeds=seeds,
                until=until,
                most=most,
                epochs=epochs,
                hidden=_widths(hidden),
                batch_size=batch_size,
                rows=rows,
                lr=_rates(lr),
                optimizer=optimizer,
                model=model,
                norm=norm,
                residual=residual,
                init=init,
                init_scale=init_scale,
                sweep=sweep,
                threads_used=threads,
                workers=workers,
                ray=ray,
                out=out,
                fresh=fresh,
                notify=notify,
            )
    except StudyInterrupted as stop:
        words.print(f"{stop}\nThe same command goes on from there.", markup=False)
        raise typer.Exit(INTERRUPTED) from None
    show_study(finished, as_json)


@study.command("list")
def list_studies(out: Out = Path("results"), as_json: AsJson = False) -> None:
    """The studies whose results are kept, the latest first."""
    from ogive.study.archive import kept_studies

    studies = list(kept_studies(out))
    if as_json:
        write_json([{"id": s.id, "folder": str(s.folder), **s.asked} for s in studies])
        return
    if not studies:
        typer.echo(f"there are no studies in {out}; ogive study digits makes one")
        return
    table = new_table()
    for heading in ("id", "task", "study", "seeds", "finished", "activations"):
        table.add_column(heading)
    for kept in studies:
        asked = kept.asked
        named = kept.folder.name.removesuffix(f"-{kept.id}")
        names, seeds = ", ".join(asked["activations"]), str(asked["seeds"])
        finished = asked["finished"] or "not yet"
        table.add_row(kept.id, asked["task"]["name"], named, seeds, finished, names)
    write(table)


@study.command()
def report(
    id: Annotated[str, typer.Argument(help="as ogive study list shows it, or its beginning")],
    out: Out = Path("results"),
    as_json: AsJson = False,
) -> None:
    """Make the report of a kept study again, and show what it found."""
    from ogive.study.archive import find_kept, kept_study
    from ogive.study.report.html_report import write_results

    found = kept_study(find_kept(out, id))
    write_results(found)
    show_study(found, as_json)


@study.command("plan")
def plan_costs(
    tasks: Annotated[list[str] | None, typer.Argument(help="built-in tasks; default: all")] = None,
    activations: Annotated[int, typer.Option(help="how many are compared")] = 300,
    seeds: Annotated[int, typer.Option(help="paired repetitions")] = 20,
    cores: Annotated[str, typer.Option(help="how many there might be")] = "2,64,1024",
    out: Out = Path("results"),
    as_json: AsJson = False,
) -> None:
    """Say what a large study would cost, from the measured times of a few trials."""
    from ogive.study.running.costs import estimate

    found = estimate(tasks, activations, seeds, _whole_numbers("--cores", cores), out)
    if as_json:
        write_json(found)
        return
    table = new_table()
    table.add_column("task")
    table.add_column("s / run", justify="right")
    for count in found["cores"]:
        table.add_column(f"{count} cores", justify="right")
    for row in found["tasks"]:
        hours = [_duration(seconds) for seconds in row["seconds"]]
        table.add_row(row["task"], f"{row['seconds_per_run']:.3f}", *hours)
    table.add_row("all", "", *map(_duration, found["seconds"]))
    said = f"{activations} activations, {seeds} seeds, {found['runs']} runs"
    write(f"{said}, those for tuning included", "", table)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _widths(text: str | None) -> list[int] | None:
    """``8,16,8`` as it stands, ``8x50`` as fifty layers of 8."""
    from ogive.study import StudyError

    if text is None:
        return None
    try:
        parts = [[int(number) for number in part.split("x")] for part in text.split(",")]
        return [width for width, *times in parts for _ in range(_one(times))]
    except ValueError:
        raise StudyError(
            f"--hidden {text!r} not understood; write widths as 8,16,32,8 or 64x6"
        ) from None


def _one(times: list[int]) -> int:
    """How often a width is repeated."""
    (count,) = times or [1]
    return min(count, 1000)  # refused later, without a long list


def _rates(text: str) -> str | float | list[float]:
    try:
        rates = [float(part) for part in text.split(",")]
    except ValueError:
        return text
    return rates[0] if len(rates) == 1 else rates


def _whole_numbers(option: str, text: str) -> list[int]:
    from ogive.study import StudyError

    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 1:
        raise StudyError(f"{option} {text!r} not understood; write whole numbers as 2,64,1024")
    return numbers
