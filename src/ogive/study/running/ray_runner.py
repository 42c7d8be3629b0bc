"""Runs on a Ray cluster: every job is a task, and one whose worker dies is done again elsewhere."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ogive.errors import OgiveError, require
from ogive.study.errors import StudyError
from ogive.study.running.jobs import Job, do_job
from ogive.study.running.local_runner import JobRunner, Results

LOCAL = "local"
#: How often a job is begun again after its worker has died.
RETRIES = 5
#: Jobs handed out beyond the cores there are, so that no core waits for the next one.
AHEAD = 2


def on_ray(address: str) -> JobRunner:
    """A runner on the cluster at ``address``, or on one that is started here for ``local``."""

    def run(jobs: Iterator[Job]) -> Iterator[tuple[Job, Results]]:
        ray = require("ray", "ray")
        with _connected(ray, address):
            yield from _results(ray, jobs)

    return run


@contextmanager
def _connected(ray: Any, address: str) -> Iterator[None]:
    """A connection to the cluster; one that the user has made already is used and left."""
    if ray.is_initialized():
        yield
        return
    quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    try:
        if address == LOCAL:
            ray.init(include_dashboard=False, **quiet)
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise StudyError(
            f"no Ray cluster answers at {address!r}: {' '.join(str(error).split())[:200]}; "
            f"give --ray local, or the address that ray start --head printed"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _results(ray: Any, jobs: Iterator[Job]) -> Iterator[tuple[Job, Results]]:
    task = ray.remote(num_cpus=1, max_retries=RETRIES)(_unpacked_and_done)
    waiting: dict[Any, Job] = {}
    while True:
        most = int(ray.cluster_resources().get("CPU", 1)) + AHEAD
        while len(waiting) < most and (job := next(jobs, None)) is not None:
            waiting[task.remote(do_job, os.getcwd(), ray.cloudpickle.dumps(job))] = job
        if not waiting:
            return
        ended, _ = ray.wait(list(waiting), num_returns=1)
        for reference in ended:
            yield waiting.pop(reference), _result(ray, reference)


def _unpacked_and_done(do: Callable[[Job], Results], folder: str, packed: bytes) -> Results:
    """A job done in a worker, which looks for the user's own modules where the user is: they are
    imported as the job is unpacked, so that it does not travel as it is."""
    if folder not in sys.path:
        sys.path.append(folder)
    return do(pickle.loads(packed))


def _result(ray: Any, reference: Any) -> Results:
    try:
        found: Results = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, OgiveError):
            raise StudyError(f"a worker of the cluster says: {error.cause}") from None
        raise
    except ray.exceptions.RayError as error:
        raise StudyError(
            f"a worker died {RETRIES + 1} times over one job "
            f"({' '.join(str(error).split())[:200]}); finished runs are kept"
        ) from error
    return found
