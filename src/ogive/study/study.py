"""The one function that runs a study from question to report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ogive.engine.cpu.threads import limited_to
from ogive.study.datasets import find_task
from ogive.study.errors import StudyError
from ogive.study.journal import Journal
from ogive.study.network import check_activations
from ogive.study.report import write_results
from ogive.study.results import Study
from ogive.study.runs import Progress, execute, plan
from ogive.study.settings import Settings, Sweep, learning_rate, require_positive
from ogive.study.tasks import Task

ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "silu", "mish", "tanh", "sigmoid")
JOURNAL = "runs.jsonl"

# On two idle cores a second thread shortens a step of the digits from 0.59 to 0.39 ms; where
# something else wants the cores, the two wait for each other, and it took 2 to 13 ms.
THREADS = 1


def run_study(
    task: str | Task = "digits",
    activations: Sequence[str] | None = None,
    *,
    seeds: int = 5,
    epochs: int | None = None,
    hidden: Sequence[int] | None = None,
    batch_size: int | None = None,
    lr: float | None = None,
    optimizer: str = "adamw",
    sweep: str | Sweep | None = None,
    threads_used: int = THREADS,
    out: str | Path = "results",
    fresh: bool = False,
    notify: Callable[[Progress], None] = lambda progress: None,
) -> Study:
    """Train the same network with each activation and several paired seeds, and report.

    ``task`` is the name of a built-in data set or a task made by :func:`table_task`. Settings left
    out are the task's own. Finished runs are kept in ``out`` and reused unless ``fresh``.

    >>> study = run_study("circles", ["identity", "tanh"], seeds=2, epochs=15, lr=0.02)
    >>> [row.score.mean > 0.9 for row in study.rows]
    [False, True]
    >>> study.report.name
    'report.html'
    """
    task = find_task(task) if isinstance(task, str) else task
    sweep = Sweep.parse(sweep) if isinstance(sweep, str) else sweep
    require_positive("the number of seeds", seeds)
    settings = Settings(
        hidden=tuple(task.defaults.hidden if hidden is None else hidden),
        epochs=task.defaults.epochs if epochs is None else epochs,
        batch_size=task.defaults.batch_size if batch_size is None else batch_size,
        optimizer=optimizer,
        lr=learning_rate(optimizer, lr),
        threads=threads_used,
    )
    names = _names(task, activations)
    runs = plan(names, seeds, settings, sweep)
    for shape in {run.settings.hidden for run in runs}:
        check_activations(names, shape)
    name = task.name if sweep is None else f"{task.name}-{sweep.name}"
    folder = Path(out) / name
    journal = _journal(folder)
    with limited_to(settings.threads):
        done = execute(runs, task, journal, fresh, notify)
    study = Study(name, task, settings, names, seeds, sweep, done, journal.damaged, folder)
    write_results(study)
    return study


def _names(task: Task, activations: Sequence[str] | None) -> list[str]:
    """The activations asked for, each once; a plane task also shows what a linear model does."""
    if activations is not None and not activations:
        raise StudyError("no activation given; name at least one, such as activations=['relu']")
    if activations is None:
        return ["identity", *ACTIVATIONS] if task.planar else list(ACTIVATIONS)
    return list(dict.fromkeys(activations))


def _journal(folder: Path) -> Journal:
    """The journal in the folder, or an error while nothing has been computed yet."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Journal(folder / JOURNAL)
    except OSError as error:
        raise StudyError(f"cannot write results to {str(folder)!r}: {error.strerror}") from error
