"""Runners on this machine. A runner takes jobs as it needs them, and gives each back with its
results as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ogive.errors import require
from ogive.study.errors import StudyError
from ogive.study.running.jobs import Job, do_job

Results = dict[str, dict[str, Any]]
JobRunner = Callable[[Iterator[Job]], Iterator[tuple[Job, Results]]]


def in_process(jobs: Iterator[Job]) -> Iterator[tuple[Job, Results]]:
    """One job after another, here."""
    for job in jobs:
        yield job, do_job(job)


def in_processes(workers: int) -> JobRunner:
    """A runner with so many processes, by joblib's loky: what a user has defined goes with them."""

    def run(jobs: Iterator[Job]) -> Iterator[tuple[Job, Results]]:
        loky = require("joblib.externals.loky", "study")
        executor = loky.ProcessPoolExecutor(max_workers=workers)
        try:
            yield from _results(executor, loky, jobs, workers)
        finally:
            executor.shutdown(wait=True, kill_workers=True)

    return run


def _results(
    executor: Any, loky: Any, jobs: Iterator[Job], workers: int
) -> Iterator[tuple[Job, Results]]:
    futures = require("concurrent.futures", "study")
    waiting: dict[Any, Job] = {}
    while True:
        while len(waiting) <= workers and (job := next(jobs, None)) is not None:
            waiting[executor.submit(do_job, job)] = job
        if not waiting:
            return
        ended, _ = futures.wait(waiting, return_when=futures.FIRST_COMPLETED)
        for future in ended:
            try:
                yield waiting.pop(future), future.result()
            except loky.process_executor.BrokenProcessPool as error:
                raise StudyError(
                    f"a worker process died ({' '.join(str(error).split())[:200]}); finished runs "
                    f"are kept: give the same command again, perhaps with fewer workers"
                ) from error
