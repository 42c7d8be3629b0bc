"""An interrupted study goes on where it stopped, and different settings never mix."""

import json

import pytest

from ogive.study import Settings, StudyError, StudyInterrupted, run_study, runs
from ogive.study.journal import run_key
from ogive.study.sentences import notices
from ogive.study.training import Run


class Counter:
    """Stands before the training of a run: counts, and stops like Ctrl-C when told to."""

    def __init__(self, perform, stop_at=None):
        self.perform, self.stop_at, self.count = perform, stop_at, 0

    def __call__(self, *arguments):
        if self.count == self.stop_at:
            raise KeyboardInterrupt
        self.count += 1
        return self.perform(*arguments)


@pytest.fixture
def train(tmp_path, monkeypatch, without_report):
    """Runs a small study and returns it with the number of runs that were trained."""
    perform = runs.perform

    def start(stop_at=None, **settings):
        counter = Counter(perform, stop_at)
        monkeypatch.setattr(runs, "perform", counter)
        small = {"seeds": 2, "epochs": 2, "out": tmp_path}
        study = run_study("circles", ["relu", "tanh"], **(small | settings))
        return study, counter.count

    return start


def journal(tmp_path):
    return tmp_path / "circles" / "runs.jsonl"


def scores(study):
    return [done.result["score_curve"] for done in study.runs]


def test_resume_after_interruption(tmp_path, train):
    with pytest.raises(StudyInterrupted) as stopped:
        train(stop_at=3)
    assert (stopped.value.done, stopped.value.total) == (3, 4)
    assert len(journal(tmp_path).read_text().splitlines()) == 3
    study, trained = train()
    assert (trained, study.reused) == (1, 3)
    assert any("3 of 4 runs were known" in notice for notice in notices(study))
    again, trained = train(fresh=True)
    assert (trained, again.reused) == (4, 0)
    assert scores(again) == scores(study)


@pytest.mark.parametrize("damage", [b'{"key": "ab', b"\xff\xfe\n", b"[]\n", b'{"key": "a"}\n'])
def test_damaged_last_line(tmp_path, train, damage):
    train()
    lines = journal(tmp_path).read_bytes().splitlines(keepends=True)
    journal(tmp_path).write_bytes(b"".join(lines[:3]) + damage)
    study, trained = train()
    assert (trained, study.reused, study.damaged) == (1, 3, 1)
    assert any("1 damaged line" in notice for notice in notices(study))
    assert json.loads(journal(tmp_path).read_bytes().splitlines()[-1])["seed"] == 1
    assert train()[1] == 0


@pytest.mark.parametrize(
    "other",
    [
        {"epochs": 3},
        {"hidden": (9,)},
        {"batch_size": 16},
        {"lr": 0.1},
        {"optimizer": "sgd"},
    ],
)
def test_other_settings_are_other_runs(train, other):
    train()
    assert train(**other)[1] == 4
    assert train()[1] == 0
    assert train(**other)[1] == 0


def test_threads_are_part_of_the_key():
    one, two = (Run("relu", 0, Settings((8,), 1, 32, "adamw", 3e-3, n)) for n in (1, 2))
    assert run_key(one, "data") != run_key(two, "data")
    assert run_key(one, "data") != run_key(one, "other data")


def test_more_seeds_only_add(train):
    train()
    assert train(seeds=3)[1] == 2


def test_times_are_compared_only_within_a_session(train):
    with pytest.raises(StudyInterrupted):
        train(stop_at=1, seeds=1)
    assert [row.time_ratio for row in train(seeds=1)[0].rows] == [1.0, None]
    assert None not in [row.time_ratio for row in train(seeds=2)[0].rows]


def test_a_swept_point_is_a_plain_run(train):
    study, trained = train(sweep="epochs=1,2", seeds=1)
    assert trained == 4
    assert [row.value for row in study.rows] == [1, 2, 1, 2]
    assert train(sweep="epochs=1,2,3", seeds=1)[1] == 2


def test_names_are_checked_before_any_training(train):
    for wrong in ({"seeds": 0}, {"sweep": "width=0"}, {"lr": -1.0}):
        with pytest.raises(StudyError):
            train(stop_at=0, **wrong)


def test_a_place_that_cannot_be_written_is_refused(tmp_path, train):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="cannot write"):
        train(stop_at=0, out=tmp_path / "file")
