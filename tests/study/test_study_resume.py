"""An interrupted study goes on where it stopped, and different settings never mix."""

import errno
import json
import os
import subprocess
import sys
import time

import pytest

from ogive.study import StudyError, StudyInterrupted, run_study
from ogive.study.archive import find_kept, kept_studies, kept_study
from ogive.study.report.sentences import notices
from ogive.study.running import jobs, local_runner
from ogive.study.running.journal import Journal, as_line, record_in
from ogive.study.running.locks import WorkLocks

SMALL = {"seeds": 2, "epochs": 1, "hidden": (4,), "lr": 0.01, "batch_size": 300}


class Counter:
    """Stands before the work: counts runs, and stops like Ctrl-C at a job when told to."""

    def __init__(self, stop_at=None):
        self.stop_at, self.jobs, self.runs = stop_at, 0, 0

    def __call__(self, job):
        if self.jobs == self.stop_at:
            raise KeyboardInterrupt
        self.jobs += 1
        self.runs += len(job.runs)
        return jobs.do_job(job)


@pytest.fixture
def train(tmp_path, monkeypatch, without_report):
    """Runs a small study and returns it with the number of runs that were trained."""

    def start(stop_at=None, **settings):
        counter = Counter(stop_at)
        monkeypatch.setattr(local_runner, "do_job", counter)
        study = run_study("circles", ["relu", "tanh"], **{**SMALL, "out": tmp_path, **settings})
        return study, counter.runs

    return start


def journal(tmp_path):
    return tmp_path / "circles" / "runs.jsonl"


def scores(study):
    return [done.result["score_curve"] for done in study.runs]


def test_resume_after_interruption(tmp_path, train):
    with pytest.raises(StudyInterrupted) as stopped:
        train(stop_at=1)
    assert (stopped.value.done, stopped.value.total) == (2, 4)
    assert len(journal(tmp_path).read_text().splitlines()) == 2
    study, trained = train()
    assert (trained, study.reused) == (2, 2)
    assert any("2 of 4 runs were known" in notice for notice in notices(study))
    again, trained = train(fresh=True)
    assert (trained, again.reused) == (4, 0)
    assert scores(again) == scores(study)


def changed(line, what):
    record = json.loads(line)
    what(record)
    return json.dumps(record).encode() + b"\n"


DAMAGES = {
    "cut off": lambda line: line[:20],
    "no text": lambda line: b"\xff\xfe\n",
    "a list": lambda line: b"[]\n",
    "no result": lambda line: b'{"key": "a"}\n',
    "a number": lambda line: b"12\n",
    "deep": lambda line: b"[" * 100_000 + b"\n",
    "a score of 99": lambda line: changed(line, lambda r: r["result"].update(score=99)),
    "epochs of 1.5": lambda line: changed(
        line, lambda r: r["result"]["layers"].update(epochs=[0, 1.5])
    ),
    "another seed": lambda line: changed(line, lambda r: r.update(seed=7)),
    "no digest": lambda line: changed(line, lambda r: r.pop("digest")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_last_line(tmp_path, train, damage):
    train()
    lines = journal(tmp_path).read_bytes().splitlines(keepends=True)
    journal(tmp_path).write_bytes(b"".join(lines[:3]) + DAMAGES[damage](lines[3]))
    study, trained = train()
    assert (trained, study.reused, study.damaged) == (1, 3, 1)
    assert any("1 damaged line" in notice for notice in notices(study))
    assert json.loads(journal(tmp_path).read_bytes().splitlines()[-1])["seed"] == 1
    assert train()[1] == 0


def test_a_record_is_read_back():
    line = as_line("ab", "relu", 3, {"score": None})
    assert record_in(line) == ("ab", {"score": None})


OTHER = {
    "epochs": 2,
    "hidden": (5,),
    "batch_size": 200,
    "lr": 0.1,
    "optimizer": "sgd",
    "norm": "layer",
    "residual": True,
    "init": "he",
    "init_scale": 2.0,
    "rows": 300,
    "threads_used": 2,
}


@pytest.mark.parametrize("other", OTHER)
def test_other_settings_are_other_runs_and_reports(tmp_path, train, other):
    first, _ = train()
    second, trained = train(**{other: OTHER[other]})
    assert trained == 4
    assert second.folder != first.folder
    assert train()[1] == 0
    assert train(**{other: OTHER[other]})[1] == 0
    assert len(list(kept_studies(tmp_path))) == 2


def test_more_seeds_only_add(train):
    train()
    assert train(seeds=3)[1] == 2


def test_times_are_compared_only_within_a_session(train):
    with pytest.raises(StudyInterrupted):
        train(stop_at=1, seeds=1)
    assert [row.time_ratio for row in train(seeds=1)[0].rows] == [1.0, None]
    assert None not in [row.time_ratio for row in train(seeds=1, fresh=True)[0].rows]


def test_a_swept_point_is_a_plain_run(train):
    study, trained = train(sweep="epochs=1,2", seeds=1)
    assert trained == 4
    assert [row.value for row in study.rows] == [1, 2, 1, 2]
    assert train(sweep="epochs=1,2,3", seeds=1)[1] == 2


def test_everything_is_checked_before_any_training(train):
    for wrong in ({"seeds": 0}, {"sweep": "width=0"}, {"lr": -1.0}, {"model": "mpl"}):
        with pytest.raises(StudyError):
            train(stop_at=0, **wrong)


def test_a_place_that_cannot_be_written_is_refused(tmp_path, train):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="cannot write"):
        train(stop_at=0, out=tmp_path / "file")


def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path, train, monkeypatch):
    with pytest.raises(StudyInterrupted):
        train(stop_at=1)
    before = journal(tmp_path).read_bytes()

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StudyError, match=r"No space left.*2 runs in it are kept.*make room"):
            train()
    assert journal(tmp_path).read_bytes() == before
    assert train()[1] == 2


def test_a_report_is_made_again_from_what_is_kept(tmp_path, train):
    study, _ = train(lr=[0.01, 0.1])
    (kept,) = kept_studies(tmp_path)
    again = kept_study(find_kept(tmp_path, kept.id[:5]))
    assert again.rows == study.rows
    assert again.tuning == study.tuning
    assert (again.settings, again.folder, again.name) == (study.settings, study.folder, study.name)
    assert again.task.load(0).digest == study.task.load(0).digest
    with pytest.raises(StudyError, match="there are"):
        find_kept(tmp_path, "nothing")
    journal(tmp_path).unlink()
    with pytest.raises(StudyError, match="no longer"):
        kept_study(kept)


def test_an_unfinished_study_is_listed_and_has_no_report(tmp_path, train):
    with pytest.raises(StudyInterrupted):
        train(stop_at=1)
    (kept,) = kept_studies(tmp_path)
    assert not kept.finished
    with pytest.raises(StudyError, match="was not finished"):
        kept_study(kept)
    (kept.folder / "study.json").write_text("{")
    assert not list(kept_studies(tmp_path))


def test_locks_are_between_processes_and_end_with_them(tmp_path):
    script = (
        "import sys, time; from pathlib import Path\n"
        "from ogive.study.running.locks import WorkLocks\n"
        "locks = WorkLocks(Path(sys.argv[1])); print(locks.take('0' * 24), flush=True)\n"
        "time.sleep(600)"
    )
    path = tmp_path / "runs.lock"
    other = subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline() == b"True\n"
        with WorkLocks(path) as locks:
            assert not locks.take("0" * 24)
            assert locks.take("1" * 24)
            other.kill()
            locks.wait_for("0" * 24)
            assert locks.take("0" * 24)
    finally:
        other.kill()
        other.communicate()


RUN = (
    "import sys; from ogive.study import run_study, study\n"
    "study.write_results = lambda study: None\n"
    "found = run_study('circles', ['relu', 'tanh', 'elu'], seeds=4, epochs=4, hidden=(4,), lr=0.01,"
    " out=sys.argv[1])\n"
    "print([d.result['score'] for d in found.runs])"
)


def start(path):
    return subprocess.Popen([sys.executable, "-c", RUN, path], stdout=subprocess.PIPE, text=True)


def test_two_processes_share_a_study_and_one_may_be_killed(tmp_path):
    victim = start(tmp_path)
    path = journal(tmp_path)
    while not path.exists() or not path.read_bytes():
        assert victim.poll() is None
        time.sleep(0.01)
    victim.kill()
    victim.communicate()
    both = [start(tmp_path), start(tmp_path)]
    first, second = (process.communicate()[0] for process in both)
    assert first == second != ""
    records = [json.loads(line) for line in path.read_text().splitlines()]
    done = [(record["activation"], record["seed"]) for record in records]
    assert len(done) == len(set(done)) == 12
    assert Journal(path).damaged == 0


def test_a_system_without_locks_is_told_before_any_training(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(StudyError, match="locks of Linux and macOS"):
        run_study("circles", ["relu"], seeds=1, out=tmp_path, lr=0.01)
