"""The grid of runs of a study, and carrying it out.

Runs go seed by seed, so that all activations of a seed run next to each other and meet the same
state of the machine; within a seed the order rotates, so that none is always the first.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ogive.study.errors import StudyInterrupted
from ogive.study.journal import Journal, run_key
from ogive.study.settings import Settings, Sweep
from ogive.study.tasks import Task
from ogive.study.training import Run, perform


@dataclass(frozen=True)
class Done:
    """A run, what it gave, and whether that was known from before."""

    run: Run
    result: dict[str, Any]
    reused: bool


@dataclass(frozen=True)
class Progress:
    """How far a study is, told after each run."""

    done: int
    total: int
    label: str


def plan(activations: list[str], seeds: int, settings: Settings, sweep: Sweep | None) -> list[Run]:
    """Every run of a study, in the order in which they are carried out."""
    points: list[tuple[int | None, Settings]] = [(None, settings)]
    if sweep is not None:
        points = [(value, sweep.apply(settings, value)) for value in sweep.values]
    return [
        Run(name, seed, at, value)
        for seed in range(seeds)
        for value, at in points
        for name in _rotated(activations, seed)
    ]


def _rotated(names: list[str], by: int) -> list[str]:
    by %= len(names)
    return names[by:] + names[:by]


def execute(
    runs: list[Run],
    task: Task,
    journal: Journal,
    fresh: bool = False,
    notify: Callable[[Progress], None] = lambda progress: None,
) -> list[Done]:
    """Carry out the runs, reusing those in the journal unless ``fresh``.

    Ctrl-C raises StudyInterrupted, which knows how much is kept.
    """
    done: list[Done] = []
    try:
        for finished in _each(runs, task, journal, fresh):
            done.append(finished)
            notify(Progress(len(done), len(runs), finished.run.label))
    except KeyboardInterrupt:
        raise StudyInterrupted(len(done), len(runs), journal.path) from None
    return done


def _each(runs: list[Run], task: Task, journal: Journal, fresh: bool) -> Iterator[Done]:
    session = secrets.token_hex(8)
    for seed, group in groupby(runs, key=lambda run: run.seed):
        split = task.load(seed)
        digest = split.digest
        for run in group:
            key = run_key(run, digest)
            known = None if fresh else journal.find(key)
            result = known or perform(run, task, split) | {"session": session}
            if known is None:
                journal.append(key, run, result)
            yield Done(run, result, reused=known is not None)
