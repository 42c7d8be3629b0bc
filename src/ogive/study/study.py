"""The one function that runs a study from question to report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from ogive.nn.named import find_activations
from ogive.study.archive import JOURNAL, keep_answer, keep_question, study_folder
from ogive.study.data.datasets import find_task
from ogive.study.data.tasks import Task
from ogive.study.errors import StudyError
from ogive.study.networks.architectures import Architecture, find_architecture, of_function
from ogive.study.networks.network import check_fit
from ogive.study.pilot import PILOT_SEEDS, announcement
from ogive.study.question import Question, TunedPlace
from ogive.study.report.html_report import write_results
from ogive.study.requirements import require_one_of, require_positive
from ogive.study.results import Study, Tuned
from ogive.study.running.journal import Journal
from ogive.study.running.local_runner import JobRunner, in_process, in_processes
from ogive.study.running.ray_runner import on_ray
from ogive.study.running.runs import Execution, Progress
from ogive.study.running.tuning import MIDDLE_RATES, TUNING_SEEDS, rates_of, tune
from ogive.study.settings import OPTIMIZERS, Settings
from ogive.study.sweeps import Sweep

ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "silu", "mish", "tanh", "sigmoid")
#: Paired repetitions: with ten, a difference of one deviation among seven comparisons is found.
SEEDS = 10
#: How many may be spent until all is decided.
SEEDS_AT_MOST = 50


def run_study(
    task: str | Task = "digits",
    activations: Any = None,
    *,
    seeds: int = SEEDS,
    epochs: int | None = None,
    hidden: Sequence[int] | None = None,
    batch_size: int | None = None,
    rows: int | None = None,
    lr: float | str | Sequence[float] = "tune",
    optimizer: str = "adamw",
    model: str | Callable[[Callable[..., nn.Module], Any, int], nn.Module] = "mlp",
    norm: str | None = None,
    residual: bool = False,
    init: str = "matched",
    init_scale: float = 1.0,
    sweep: str | Sweep | None = None,
    threads_used: int = 1,
    workers: int = 1,
    ray: str | None = None,
    until: str | None = None,
    most: int = SEEDS_AT_MOST,
    out: str | Path = "results",
    fresh: bool = False,
    notify: Callable[[Progress], None] = lambda progress: None,
) -> Study:
    """Train the same network with each activation and several paired seeds, and report.

    Args:
        task: whatever :func:`find_task` takes: a name, ``fit(FORMULA)``, arrays, or a task such as
            :func:`table_task` makes.
        activations: whatever :func:`ogive.nn.named.find_activations` takes: names, formulas,
            modules and what makes them. Default: eight usual ones.
        seeds: paired repetitions; one seed is a split, weights, and an order of batches.
        epochs, hidden, batch_size: of the training and the network; the task's own by default.
        rows: how many of the training rows are used; all by default.
        lr: ``"tune"`` tries nine rates for each activation on validation rows; a list is tried
            instead; a number is the rate of all.
        optimizer: ``"adamw"``, or ``"sgd"`` with momentum 0.9.
        model: ``"mlp"``, ``"cnn"``, ``"resnet"``, ``"transformer"``, ``"lstm"`` (the activation is
            the cell's), ``"lstm-gates"`` (it is the gates'), ``"module:function"``, or a function
            ``f(activation, inputs, outputs)`` that returns a module, where ``activation()`` makes
            one and ``inputs`` is the number of features.
        norm: ``"none"``, ``"batch"`` or ``"layer"``; what the model usually has by default.
        residual: whether layers that keep their width are added to what they are given.
        init: ``"matched"`` (:func:`ogive.init_`), ``"he"``, ``"torch"``, or ``"module:function"``,
            which is called with the model.
        init_scale: what the weights of all layers are multiplied by at the start.
        sweep: a setting and its values, as :meth:`Sweep.parse` reads them.
        threads_used: of torch, in each worker.
        workers: processes that train at a time.
        ray: ``"local"``, or the address of a Ray cluster that trains instead.
        until: ``"decided"`` adds seeds until there is a verdict on every activation, or ``most``
            seeds are spent; the chance of any false verdict stays within 5 %, since each look at
            the results has its part of it (:func:`ogive.study.look_schedule`).
        out: where results are kept. Finished runs in it are reused unless ``fresh``.
        notify: told how far the study is.

    Raises:
        OgiveError: if anything asked for cannot be; nothing has been trained then.
        StudyInterrupted: after Ctrl-C; the same call goes on from there.

    Example:
        >>> study = run_study("circles", ["identity", "tanh"], seeds=6, epochs=15, lr=0.02)
        >>> [row.score.mean > 0.9 for row in study.rows]
        [False, True]
        >>> study.report.name
        'report.html'
    """
    task = find_task(task)
    sweep = Sweep.parse(sweep) if isinstance(sweep, str) else sweep
    require_positive("the number of seeds", seeds)
    require_positive("workers", workers)
    require_positive("most", most)
    if until is not None:
        require_one_of("until", until, ("decided",))
    named = find_activations(_usual(task) if activations is None else activations)
    label, architecture = _architecture(model)
    require_one_of("optimizer", optimizer, OPTIMIZERS)
    rates = rates_of(lr, optimizer, sweep is not None and sweep.name == "lr")
    settings = Settings(
        hidden=tuple(hidden or architecture.hidden or task.defaults.hidden),
        epochs=task.defaults.epochs if epochs is None else epochs,
        batch_size=task.defaults.batch_size if batch_size is None else batch_size,
        optimizer=optimizer,
        lr=rates.fixed or MIDDLE_RATES[optimizer],
        threads=threads_used,
        model=label,
        norm=architecture.norm if norm is None else norm,
        residual=residual,
        init=init,
        init_scale=init_scale,
        rows=rows,
    )
    architecture.check(label, settings)
    own = None if isinstance(model, str) else architecture
    asked = Question(task, named, seeds, settings, rates, sweep, own)
    question = asked if until is None else replace(asked, seeds=most, most=most)
    return answer(question, _runner(workers, ray), workers, Path(out), fresh, notify)


def _usual(task: Task) -> list[str]:
    """Eight usual activations; a plane task also shows what a linear model does."""
    return ["identity", *ACTIVATIONS] if task.planar else list(ACTIVATIONS)


def _architecture(model: Any) -> tuple[str, Architecture]:
    if isinstance(model, str):
        return model, find_architecture(model)
    if not callable(model):
        raise StudyError(
            f"model is {type(model).__name__}; give a name, or a function of an activation "
            f"factory, the number of inputs and that of outputs, which returns a torch module"
        )
    name = getattr(model, "__qualname__", type(model).__qualname__)
    return f"{getattr(model, '__module__', '')}:{name}", of_function(model)


def _runner(workers: int, ray: str | None) -> JobRunner:
    if ray is not None:
        return on_ray(ray)
    return in_process if workers == 1 else in_processes(workers)


def answer(
    question: Question,
    runner: JobRunner = in_process,
    workers: int = 1,
    out: Path = Path("results"),
    fresh: bool = False,
    notify: Callable[[Progress], None] = lambda progress: None,
) -> Study:
    """Carry out what was asked, and write the report."""
    task = question.task
    first = task.load(0)
    check_fit(question.runs({}), task.outputs, first.train_x)
    folder = study_folder(out, question, first)
    journal = _journal(folder.parent)
    keep_question(folder, question, first)
    execution = Execution(task, journal, runner, workers, fresh, notify, question.expected)
    tuned = _tuned(question, execution)
    if question.seeds > PILOT_SEEDS:
        pilot = _carried_out(replace(question, seeds=PILOT_SEEDS), tuned, execution, folder)
        execution.tell_note(announcement(pilot, question.seeds))
    for seeds in question.looks:
        study = _carried_out(replace(question, seeds=seeds), tuned, execution, folder)
        if all(row.verdict != "undecided" for row in study.rows):
            break
    keep_answer(study)
    write_results(study)
    return study


def _carried_out(
    question: Question, tuned: Mapping[TunedPlace, Tuned], execution: Execution, folder: Path
) -> Study:
    """The study with the seeds of the question, which may be a part of those asked for."""
    splits = {seed: question.task.load(seed) for seed in range(question.seeds)}
    return Study(
        name=f"{question.task.name}-{folder.name}",
        task=question.task,
        settings=question.settings,
        activations=[activation.label for activation in question.activations],
        seeds=question.seeds,
        sweep=question.sweep,
        runs=execution.results(question.runs(tuned), splits),
        damaged=execution.journal.damaged,
        folder=folder,
        tuning=question.named_tuning(tuned),
        looks=len(question.looks),
    )


def _tuned(question: Question, execution: Execution) -> dict[TunedPlace, Tuned]:
    """The learning rates, where they are to be found."""
    if question.rates.fixed is not None:
        return {}
    splits = {seed: question.task.load(seed).for_tuning() for seed in TUNING_SEEDS}
    return tune(execution, question.runs({}), splits, question.rates)


def _journal(folder: Path) -> Journal:
    """The journal in the folder, or an error while nothing has been computed yet."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Journal(folder / JOURNAL)
    except OSError as error:
        raise StudyError(f"cannot write results to {str(folder)!r}: {error.strerror}") from error
