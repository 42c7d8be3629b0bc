"""A user's own table: what is made of its columns, and what is said when it cannot be used."""

import numpy as np
import pandas as pd
import pytest

from ogive.study import StudyError, run_study, table_task

ROWS = 120


@pytest.fixture
def frame():
    """``kind`` follows from ``size``, and ``price`` from ``size`` and ``colour``."""
    random = np.random.default_rng(0)
    size = random.normal(size=ROWS)
    colour = random.choice(["red", "green", "blue"], ROWS)
    return pd.DataFrame(
        {
            "size": size,
            "colour": colour,
            "kind": np.where(size > 0, "big", "small"),
            "price": 3 * size + (colour == "red"),
        }
    )


@pytest.fixture
def save(tmp_path):
    def write(frame):
        path = tmp_path / "things.csv"
        frame.to_csv(path, index=False)
        return path

    return write


def noted(task, *words):
    return any(all(word in note for word in words) for note in task.notes)


@pytest.mark.usefixtures("without_report")
def test_classification(frame, save, tmp_path):
    task = table_task(save(frame.drop(columns="price")), "kind")
    assert (task.regression, task.outputs, task.name) == (False, 2, "things-kind")
    assert task.load(0).train_x.shape == (90, 4)
    study = run_study(task, ["relu"], seeds=2, epochs=30, out=tmp_path)
    assert study.rows[0].score.mean > 0.9


def test_regression(frame, save, tmp_path):
    task = table_task(save(frame.drop(columns="kind")), "price")
    assert task.regression
    assert noted(task, "regression", "R2")
    study = run_study(task, ["relu"], seeds=1, epochs=40, out=tmp_path)
    assert 0.9 < study.rows[0].score.mean <= 1
    assert "R2" in study.report.read_text()


def test_integer_targets(frame, save):
    frame["stars"] = np.arange(ROWS) % 5
    frame["count"] = np.arange(ROWS)
    assert table_task(save(frame), "stars").outputs == 5
    assert table_task(save(frame), "count").regression
    frame["stars"] = frame["stars"].astype(float)
    frame.loc[0, "stars"] = None
    assert table_task(save(frame), "stars").outputs == 5


def test_missing_values(frame, save):
    frame.loc[[1, 2], "size"] = np.nan
    frame.loc[3, "size"] = np.inf
    frame.loc[4:13, "colour"] = None
    frame.loc[6, "kind"] = None
    task = table_task(save(frame.drop(columns="price")), "kind")
    split = task.load(0)
    assert len(split.train_x) + len(split.test_x) == ROWS - 1
    assert split.train_x.shape[1] == 5
    assert split.train_x.isfinite().all()
    assert split.test_x.isfinite().all()
    assert noted(task, "1 rows", "kind")
    assert noted(task, "training median", "size")
    assert noted(task, "category of its own", "colour")


def test_scaling_uses_training_rows_only(frame, save):
    split = table_task(save(frame[["size", "kind"]]), "kind").load(0)
    assert split.train_x.mean().item() == pytest.approx(0, abs=1e-6)
    assert split.train_x.std(correction=0).item() == pytest.approx(1, abs=1e-5)
    assert abs(split.test_x.mean().item()) > 1e-3


def test_a_category_that_training_never_saw_is_no_error(frame, save):
    frame["rare"] = ["only"] + ["usual", "other"] * 59 + ["usual"]
    task = table_task(save(frame), "kind")
    assert all(len(task.load(seed).test_x) == 30 for seed in range(6))


def test_useless_columns_are_left_out_and_named(frame, save):
    frame["same"] = 1
    frame["empty"] = np.nan
    frame["id"] = [f"row {i}" for i in range(ROWS)]
    task = table_task(save(frame), "kind")
    assert all(noted(task, "left out", name) for name in ("same", "empty", "id"))
    assert "from 3 columns" in task.title
    assert task.load(0).train_x.shape[1] == 5


def test_rare_classes_are_split_at_random(frame, save):
    frame.loc[0, "kind"] = "huge"
    task = table_task(save(frame), "kind")
    assert noted(task, "too rare")
    assert task.outputs == 3
    assert len(task.load(0).test_x) == 30


@pytest.mark.parametrize(
    ("change", "target", "hint"),
    [
        (lambda f: f, "knid", "its columns are: size, colour, kind, price; did you mean 'kind'"),
        (lambda f: f.head(10), "kind", "10 rows"),
        (lambda f: f.assign(kind="big"), "kind", "nothing to learn"),
        (lambda f: f.assign(kind=[f"r{i}" for i in range(ROWS)]), "kind", "identifier"),
        (lambda f: f[["kind"]], "kind", "no usable column"),
        (lambda f: f[["kind"]].assign(same=1), "kind", "same value in every row"),
    ],
)
def test_unusable_tables(frame, save, change, target, hint):
    with pytest.raises(StudyError, match=hint):
        table_task(save(change(frame)), target)


def test_no_file(tmp_path):
    with pytest.raises(StudyError, match=r"no file .*nothing\.csv"):
        table_task(tmp_path / "nothing.csv", "kind")


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n1,2,3\n", b"\xff\xfe\x00a,\xd8"])
def test_unreadable_files(tmp_path, content):
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    with pytest.raises(StudyError, match="cannot be read as a table"):
        table_task(path, "a")


def test_changed_data_are_other_data(frame, save):
    before = table_task(save(frame), "kind").load(0).digest
    frame.loc[7, "size"] += 1
    assert table_task(save(frame), "kind").load(0).digest != before
