"""What a large study would cost, from the times of a few trials."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ogive.nn.named import find_activation
from ogive.study.archive import JOURNAL
from ogive.study.data.datasets import TASKS, find_task
from ogive.study.data.tasks import Task
from ogive.study.errors import StudyError
from ogive.study.networks.network import Run
from ogive.study.requirements import require_positive
from ogive.study.running.journal import Journal
from ogive.study.running.runs import Execution
from ogive.study.running.tuning import FIRST_RATES, MIDDLE_RATES, MORE_RATES, TUNING_SEEDS
from ogive.study.settings import Settings
from ogive.study.training.together import MOST_TOGETHER

#: What is tried: with how many seeds together, to tell what a stack costs from what a run does.
TRIED = "relu"
_FEW, _MANY = 1, 8
#: Seconds until a worker has started.
STARTING = 5.0


@dataclass(frozen=True)
class TrialTimes:
    """The seconds that a stack of runs takes: so many for the stack, and so many for each run."""

    stack: float
    run: float

    def of(self, runs: int) -> float:
        """The seconds of a stack of so many runs."""
        return self.stack + self.run * runs


def estimate(
    tasks: Sequence[str] | None,
    activations: int,
    seeds: int,
    cores: Sequence[int],
    out: Path,
) -> dict[str, Any]:
    """The time of a study of so many activations and seeds on each task, by the number of cores.

    The trials are runs like any other: they are recorded in ``out``, and later studies reuse them.
    """
    require_positive("the number of activations", activations)
    require_positive("the number of seeds", seeds)
    rows = []
    for task in [find_task(name) for name in tasks or TASKS]:
        times = trial_times(task, out)
        seconds = [study_seconds(times, activations, seeds, count) for count in cores]
        rows.append({"task": task.name, "seconds_per_run": times.run, "seconds": seconds})
    trials = sum(phases(activations, seeds))
    return {
        "activations": activations,
        "seeds": seeds,
        "cores": list(cores),
        "runs": len(rows) * trials,
        "tasks": rows,
        "seconds": [sum(column) for column in zip(*(r["seconds"] for r in rows), strict=True)],
    }


def trial_times(task: Task, out: Path) -> TrialTimes:
    """Measured times of the task's usual network, from its journal or by running it."""
    defaults = task.defaults
    rate = MIDDLE_RATES["adamw"]
    settings = Settings(defaults.hidden, defaults.epochs, defaults.batch_size, "adamw", rate)
    execution = Execution(task, Journal(out / task.name / JOURNAL))
    activation = find_activation(TRIED)
    taken = []
    for first, count in ((0, _FEW), (_FEW, _MANY)):
        seeds = range(first, first + count)
        runs = [Run(activation, seed, settings) for seed in seeds]
        done = execution.results(runs, {seed: task.load(seed) for seed in seeds})
        taken.append(count * statistics.median(one.result["seconds"] for one in done))
    each = max((taken[1] - taken[0]) / (_MANY - _FEW), taken[1] / _MANY / 4)
    return TrialTimes(max(taken[0] - each, 0.0), each)


def phases(activations: int, seeds: int) -> list[int]:
    """The runs of the parts of a study, each of which waits for the one before."""
    trials = [FIRST_RATES * len(TUNING_SEEDS), MORE_RATES * len(TUNING_SEEDS), seeds]
    return [activations * each for each in trials]


def study_seconds(times: TrialTimes, activations: int, seeds: int, cores: int) -> float:
    """How long a study takes on so many cores, its stacks being spread evenly."""
    if cores < 1:
        raise StudyError(f"{cores} cores given; there must be at least 1")
    total = STARTING if cores > 1 else 0.0
    for runs in phases(activations, seeds):
        each = runs // activations
        together = min(each, MOST_TOGETHER, max(1, math.ceil(runs / (2 * cores))))
        stacks = activations * math.ceil(each / together)
        total += math.ceil(stacks / cores) * times.of(together)
    return total
