"""What a worker is given: runs to be trained together, with all that they need and nothing else.

Apart from what hands jobs out, because a job goes to other processes and machines.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from ogive.engine.cpu.threads import limited_to
from ogive.study.data.tasks import Split, Task
from ogive.study.errors import StudyError
from ogive.study.networks.network import Run
from ogive.study.training.together import train_together


@dataclass(frozen=True)
class Job:
    """Some runs of one task, by their keys.

    Attributes:
        task: without the function that loads it.
        runs: by key.
        splits: the rows of every seed among them.
        in_full: whether everything is measured.
        torch: the release with which the keys were made.
    """

    task: Task
    runs: Mapping[str, Run]
    splits: Mapping[int, Split]
    in_full: bool
    torch: str = torch.__version__

    @property
    def label(self) -> str:
        """The job in words, for progress."""
        first, *others = self.runs.values()
        return first.label if not others else f"{first.activation.label}, {len(self.runs)} runs"


def make_job(
    task: Task, runs: Mapping[str, Run], splits: Mapping[int, Split], in_full: bool
) -> Job:
    """The job of these runs, with their rows alone."""
    seeds = {run.seed for run in runs.values()}
    return Job(replace(task, load=_no_more_rows), runs, {s: splits[s] for s in seeds}, in_full)


def _no_more_rows(seed: int) -> Split:
    raise StudyError(f"a job has no rows of seed {seed}")


def do_job(job: Job) -> dict[str, dict[str, Any]]:
    """What each run of the job gave, by key."""
    if job.torch != torch.__version__:
        raise StudyError(
            f"a worker has torch {torch.__version__}, and the study runs with {job.torch}; "
            f"install the same release on every machine"
        )
    runs: Sequence[Run] = list(job.runs.values())
    start, threads = time.process_time(), runs[0].settings.threads
    with limited_to(threads):
        results = train_together(job.task, runs, job.splits, in_full=job.in_full)
    each = (time.process_time() - start) / (threads * len(runs))
    for result in results:
        result["seconds"] = each  # its share of the job, whatever else the machine does
    return dict(zip(job.runs, results, strict=True))
