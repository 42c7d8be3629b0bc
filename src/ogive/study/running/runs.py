"""The grid of runs of a study, and carrying it out.

What is known is taken from the journal; what another process is doing is waited for; the rest is
cut into jobs, which a runner does in any order. Results are recorded as they come.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ogive.nn.named import NamedActivation
from ogive.study.data.tasks import Split, Task
from ogive.study.errors import StudyInterrupted
from ogive.study.networks.architectures import Architecture
from ogive.study.networks.network import Run
from ogive.study.running.jobs import Job, make_job
from ogive.study.running.journal import Journal, RunResult
from ogive.study.running.local_runner import JobRunner, in_process
from ogive.study.running.locks import WorkLocks
from ogive.study.running.run_keys import run_key
from ogive.study.settings import Settings
from ogive.study.sweeps import Sweep, SweptValue
from ogive.study.training.together import stacks


@dataclass(frozen=True)
class Done:
    """A run, what it gave, and whether that was known from before."""

    run: Run
    result: dict[str, Any]
    reused: bool
    key: str = ""


@dataclass(frozen=True)
class Progress:
    """How far a study is, told after each job; seconds_left is None while nothing tells.

    ``note`` is something else that a user wants to know at once.
    """

    done: int
    total: int
    label: str
    seconds_left: float | None = None
    note: str | None = None


def plan(
    activations: Sequence[NamedActivation],
    seeds: Sequence[int],
    settings: Settings,
    sweep: Sweep | None,
    architecture: Architecture | None = None,
) -> list[Run]:
    """Every run of a study, activation by activation."""
    points: list[tuple[SweptValue | None, Settings]] = [(None, settings)]
    if sweep is not None:
        points = [(value, sweep.apply(settings, value)) for value in sweep.values]
    return [
        Run(activation, seed, at, value, architecture)
        for value, at in points
        for activation in activations
        for seed in seeds
    ]


@dataclass
class Execution:
    """Carries out runs of one task, and remembers how far it is.

    Attributes:
        task: of all runs.
        journal: where results are recorded.
        runner: what does the jobs, ``workers`` at a time.
        fresh: whether to reuse nothing.
        notify: told after every job.
        total: how many runs are expected in all, for progress.
    """

    task: Task
    journal: Journal
    runner: JobRunner = in_process
    workers: int = 1
    fresh: bool = False
    notify: Callable[[Progress], None] = lambda progress: None
    total: int = 0
    _found: dict[str, RunResult] = field(default_factory=dict)
    _reused: set[str] = field(default_factory=set)
    _session: str = field(default_factory=lambda: secrets.token_hex(8))
    _start: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        """How many runs are done, those from before among them."""
        return len(self._found)

    def results(
        self, runs: Sequence[Run], splits: Mapping[int, Split], in_full: bool = True
    ) -> list[Done]:
        """What the runs gave, in their order.

        Raises:
            StudyInterrupted: after Ctrl-C; it knows how much is kept.
        """
        digests = {seed: split.digest for seed, split in splits.items()}
        keys = [
            run_key(run, self.task, splits[run.seed], digests[run.seed], in_full) for run in runs
        ]
        for key in keys:
            self._look_up(key, reused=True)
        self._tell("")
        pending = {k: run for k, run in zip(keys, runs, strict=True) if k not in self._found}
        try:
            with WorkLocks(self.journal.path.with_suffix(".lock")) as locks:
                self._carry_out(pending, splits, in_full, locks)
        except KeyboardInterrupt:
            raise StudyInterrupted(self.done, self.total, self.journal.path) from None
        return [
            Done(run, self._found[key], key in self._reused, key)
            for key, run in zip(keys, runs, strict=True)
        ]

    def _look_up(self, key: str, reused: bool = False) -> None:
        """Take a result from the journal, if it is there and old ones are wanted."""
        if self.fresh or key in self._found or (result := self.journal.find(key)) is None:
            return
        self._found[key] = result
        if reused:
            self._reused.add(key)

    def _carry_out(
        self, pending: dict[str, Run], splits: Mapping[int, Split], in_full: bool, locks: WorkLocks
    ) -> None:
        """Do what is pending, until nothing is."""
        while pending:
            for job, results in self.runner(self._jobs(pending, splits, in_full, locks)):
                self._record(job, results)
                for key in results:
                    locks.free(key)
                self._tell(job.label)
            pending = {key: run for key, run in pending.items() if key not in self._found}
            if pending:  # other processes are at what is left
                locks.wait_for(next(iter(pending)))

    def _jobs(
        self,
        pending: Mapping[str, Run],
        splits: Mapping[int, Split],
        in_full: bool,
        locks: WorkLocks,
    ) -> Iterator[Job]:
        """What nobody has done or is doing, in jobs."""
        keys, runs = list(pending), list(pending.values())
        most = -(-len(runs) // (2 * self.workers)) if self.workers > 1 else len(runs)
        for places in stacks(self.task, runs, splits, most):
            taken = [keys[place] for place in places if locks.take(keys[place])]
            self.journal.refresh()
            for key in taken:
                self._look_up(key)
                if key in self._found:
                    locks.free(key)
            left = {key: pending[key] for key in taken if key not in self._found}
            if left:
                yield make_job(self.task, left, splits, in_full)

    def _record(self, job: Job, results: dict[str, RunResult]) -> None:
        for result in results.values():
            result["session"] = self._session
        self.journal.append(
            [(k, job.runs[k].activation.label, job.runs[k].seed, r) for k, r in results.items()]
        )
        self._found |= results

    def tell_note(self, note: str | None) -> None:
        """Pass on a note, if there is one."""
        if note is not None:
            self.notify(Progress(self.done, self.total, "", None, note))

    def _tell(self, label: str) -> None:
        trained, left = self.done - len(self._reused), None
        if trained:
            each = (time.monotonic() - self._start) / trained
            left = each * max(0, self.total - self.done)
        self.notify(Progress(self.done, self.total, label, left))
