"""Wherever runs are done, and whatever dies there, the results are those of one process."""

import os
import sys
import time

import pytest
import ray
from ray.cluster_utils import Cluster

from ogive.nn.named import find_activations
from ogive.study.data.datasets import find_task
from ogive.study.errors import StudyError
from ogive.study.running.costs import TrialTimes, study_seconds
from ogive.study.running.jobs import do_job
from ogive.study.running.journal import Journal
from ogive.study.running.local_runner import in_process, in_processes
from ogive.study.running.ray_runner import on_ray
from ogive.study.running.runs import Execution, plan
from ogive.study.settings import Settings

TASK = find_task("circles")
SPLITS = {seed: TASK.load(seed) for seed in range(2)}
SETTINGS = Settings((4,), 1, 300, "adamw", 0.01)


#: What there is in the user's own directory alone.
OWN = "import torch\ndef bump(x): return x * torch.exp(-x * x)\n"


def losses(tmp_path, name, runner, workers, told=lambda progress: None):
    execution = Execution(TASK, Journal(tmp_path / name / "runs.jsonl"), runner, workers)
    execution.notify = told
    activations = find_activations("relu, tanh, prelu, x*tanh(x), rrelu, runners_own:bump")
    done = execution.results(plan(activations, range(2), SETTINGS, None), SPLITS)
    return [one.result["loss"] for one in done]


@pytest.fixture(autouse=True)
def own_directory(tmp_path, monkeypatch):
    """The current directory, with a module that workers have to find."""
    (tmp_path / "runners_own.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    sys.modules.pop("runners_own", None)


def test_processes_give_the_results_of_one(tmp_path):
    alone = losses(tmp_path, "alone", in_process, 1)
    spread = losses(tmp_path, "spread", in_processes(2), 2)
    assert spread == pytest.approx(alone, rel=1e-4)


def dying():
    """What ends the process; made here, so that it goes to the worker with its code."""
    return lambda job: os._exit(1)


def test_a_worker_that_dies_is_an_error_that_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("ogive.study.running.local_runner.do_job", dying())
    with pytest.raises(StudyError, match=r"worker process died.*finished runs are kept"):
        losses(tmp_path, "dead", in_processes(1), 1)


@pytest.fixture
def cluster():
    """Two nodes on loopback."""
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")  # else a busy machine never starts them
    found = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    found.add_node(num_cpus=1)
    yield found
    ray.shutdown()
    found.shutdown()


def dies_once(folder):
    """A job that kills its worker the first time that it is done."""

    def do(job):
        mark = folder / "-".join(key[:4] for key in job.runs)
        if not mark.exists():
            mark.touch()
            os._exit(1)
        return do_job(job)

    return do


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning")
def test_a_cluster_whose_workers_and_node_die_gives_the_results_of_one(
    tmp_path, cluster, monkeypatch
):
    alone = losses(tmp_path, "alone", in_process, 1)
    monkeypatch.setattr("ogive.study.running.ray_runner.do_job", dies_once(tmp_path))
    second = [node for node in cluster.list_all_nodes() if not node.head]

    def kill_a_node(progress):
        if progress.done and second:
            cluster.remove_node(second.pop(), allow_graceful=False)

    spread = losses(tmp_path, "ray", on_ray(cluster.address), 2, kill_a_node)
    assert not second
    assert spread == pytest.approx(alone, rel=1e-4)


def test_no_cluster_is_said():
    start = time.monotonic()
    with pytest.raises(StudyError, match="no Ray cluster answers at 'nonsense'"):
        next(on_ray("nonsense")(iter(())))
    assert time.monotonic() - start < 60


def test_more_cores_take_less_time_and_never_less_than_a_run():
    times = TrialTimes(stack=1.0, run=0.1)
    seconds = [study_seconds(times, 300, 20, cores) for cores in (1, 2, 64, 1024, 10**6)]
    assert seconds == sorted(seconds, reverse=True)
    assert seconds[0] == pytest.approx(sum(300 * times.of(runs) for runs in (21, 6, 20)))
    assert seconds[-1] >= 3 * times.of(1)
