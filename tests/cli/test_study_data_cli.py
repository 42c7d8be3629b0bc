"""What ``ogive study`` learns from: options that reach the table, and one line for mistakes."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from ogive.cli import app
from ogive.cli.study_data import chosen_task
from ogive.study import StudyError


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """Files in the current directory."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.normal(size=40), "who": np.arange(40) // 4})
    frame["y[/foo]"] = frame["a"] * 2 + random.normal(size=40)
    frame.to_csv("plain.csv", index=False)
    frame.to_csv("german.csv", index=False, sep=";", decimal=",", encoding="latin-1")
    frame.assign(**{"y[/foo]": [1e200, *frame["y[/foo]"][1:]]}).to_csv("huge.csv", index=False)
    np.savez("pair.npz", x=random.normal(size=(40, 3)), y=np.arange(40) % 2)


#: Options of ``chosen_task`` for a table with the target y[/foo], and a note.
OPTIONS = (
    ("plain.csv", {}, "with commas"),
    ("german.csv", {}, "with semicolons"),
    ("german.csv", {"sep": ";", "encoding": "latin-1"}, "LATIN-1 with semicolons"),
    ("plain.csv", {"drop": "who"}, "dropped as asked: who"),
    ("plain.csv", {"group": "who"}, "split by who: 10 groups"),
    ("plain.csv", {"test_size": 0.5}, "quantity"),
    ("plain.csv", {"target_type": "quantity"}, "quantity"),
    ("plain.csv", {"test": "plain.csv"}, "tested on 40 rows"),
)


@pytest.mark.parametrize("number", range(len(OPTIONS)))
def test_options_reach_the_table(files, tmp_path, number):
    name, options, note = OPTIONS[number]
    task = chosen_task(None, tmp_path / name, target="y[/foo]", **options)
    assert any(note in said for said in task.notes), task.notes


def test_arrays_and_names(tmp_path):
    assert chosen_task(None, tmp_path / "pair.npz").outputs == 2
    assert chosen_task("fit(sin(3*x))", None).regression


#: Words behind ``ogive study``, and what the one line says.
MISTAKES = (
    ((), "give either a task"),
    (("digits", "--data", "plain.csv"), "give either a task"),
    (("digits", "--sep", ";"), "--sep goes with --data FILE, not with the task 'digits'"),
    (("--data", "plain.csv"), "name the column of plain.csv to predict"),
    (("--data", "pair.npz", "--target", "y"), "--target is about tables"),
    (("--data", "plain.csv", "--target", "y"), "no column 'y'"),
    (("--data", "huge.csv", "--target", "y[/foo]"), "column 'y[/foo]' has 1e+200 in row 1"),
    (("--data", "nowhere.csv", "--target", "y"), "no file"),
    (("--data", "plain.csv", "--target", "a", "--group", "hwo"), "did you mean 'who'"),
    (("--data", "plain.csv", "--target", "a", "--test-size", "9"), "share of the rows"),
    (("circels",), "did you mean 'circles'"),
    (("fit(sni(x))",), "unknown function 'sni'"),
)


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistakes_are_one_line_before_any_training(number):
    words, said = MISTAKES[number]
    result = CliRunner().invoke(app, ["study", *words])
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    assert said in " ".join(result.stderr.split())


def test_both_and_neither():
    with pytest.raises(StudyError, match="either a task"):
        chosen_task(None, None)
