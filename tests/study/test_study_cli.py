"""The command: a table or JSON on standard output, everything else on standard error."""

import io
import json

import pytest
from rich.console import Console
from typer.testing import CliRunner

from ogive.cli.app import app
from ogive.cli.study_progress import progress
from ogive.study.running import local_runner
from ogive.study.running.runs import Progress

QUICK = ["--seeds", "2", "--epochs", "2", "--lr", "0.01"]


@pytest.fixture
def ogive_study(tmp_path):
    def invoke(*arguments):
        return CliRunner().invoke(app, ["study", *arguments, "--out", str(tmp_path)])

    return invoke


@pytest.mark.usefixtures("without_report")
def test_table(ogive_study, tmp_path):
    result = ogive_study("circles", "--activations", "relu, tanh", *QUICK)
    assert result.exit_code == 0
    assert "minus relu" in result.stdout
    assert "2 seeds give no verdict" in result.stdout
    assert str(tmp_path / "circles" / "mlp-") in result.stdout


@pytest.mark.usefixtures("without_report")
def test_json(ogive_study):
    result = ogive_study("moons", "--activations", "tanh,relu", "--json", *QUICK)
    found = json.loads(result.stdout)
    assert [row["activation"] for row in found["rows"]] == ["tanh", "relu"]
    assert found["rows"][0]["difference"]["n"] == 2
    assert found["rows"][1]["verdict"] is None


@pytest.mark.usefixtures("without_report")
def test_sweep_and_architecture(ogive_study):
    wanted = ["--activations", "relu", "--hidden", "4,6", "--sweep", "epochs=1,2"]
    result = ogive_study("circles", *wanted, *QUICK)
    assert result.exit_code == 0
    assert "epochs 1" in result.stdout
    assert "epochs 2" in result.stdout


def test_own_table(ogive_study, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(
        "a,b\n" + "".join(f"{i % 7},{'yes' if i % 7 > 3 else 'no'}\n" for i in range(70))
    )
    chosen = ["--data", str(path), "--target", "b", "--activations", "relu"]
    result = ogive_study(*chosen, *QUICK)
    assert result.exit_code == 0
    assert "classification" in result.stdout
    assert len(list(tmp_path.glob("own-b/*/report.html"))) == 1


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ([], "give either a task"),
        (["digits", "--data", "x.csv", "--target", "y"], "give either a task"),
        (["--data", "x.csv"], "--target"),
        (["cirkles"], "did you mean 'circles'"),
        (["circles", "--activations", "gellu"], "gelu"),
        (["circles", "--activations", ""], "at least one"),
        (["circles", "--hidden", "4,x"], "write widths as"),
        (["circles", "--sweep", "rate=1:2"], "width=2:32"),
        (["circles", "--lr", "tuned"], "'tune'"),
        (["circles", "--until", "bored"], "decided"),
        (["circles", "--norm", "bach"], "there are"),
        (["report", "abc"], "there are none"),
        (["plan", "circels"], "did you mean 'circles'"),
        (["plan", "--cores", "two"], "write whole numbers"),
        (["circles", "--optimizer", "adam"], "adamw"),
        (["circles", "--seeds", "0"], "at least 1"),
    ],
)
def test_mistakes_are_explained(ogive_study, arguments, hint):
    result = ogive_study(*arguments)
    assert result.exit_code == 2
    assert hint in " ".join(result.stderr.split())
    assert result.stdout == ""


def test_interruption_says_how_to_go_on(ogive_study, monkeypatch):
    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(local_runner, "do_job", stop)
    result = ogive_study("circles", "--activations", "relu", *QUICK)
    assert result.exit_code == 130
    assert "interrupted after 0 of 2 runs" in " ".join(result.stderr.split())
    assert "The same command goes on" in result.stderr


@pytest.mark.usefixtures("without_report")
def test_earlier_studies_are_listed_and_shown_again(ogive_study, tmp_path):
    ogive_study("circles", "--activations", "relu,tanh", *QUICK)
    ogive_study("circles", "--activations", "relu,elu", *QUICK)
    listed = json.loads(ogive_study("list", "--json").stdout)
    assert [study["activations"] for study in listed] == [["relu", "elu"], ["relu", "tanh"]]
    assert all(study["id"] in ogive_study("list").stdout for study in listed)
    again = ogive_study("report", listed[0]["id"], "--json")
    assert [row["activation"] for row in json.loads(again.stdout)["rows"]] == ["relu", "elu"]


def test_what_a_large_study_would_cost(ogive_study, monkeypatch):
    monkeypatch.setattr("ogive.study.running.costs._MANY", 2)
    asked = ["plan", "circles", "--activations", "300", "--seeds", "20", "--cores", "2,64,1024"]
    found = json.loads(ogive_study(*asked, "--json").stdout)
    assert found["runs"] == 300 * (27 + 20)
    assert found["seconds"] == sorted(found["seconds"], reverse=True)
    assert "1024 cores" in ogive_study(*asked).stdout


def test_progress_is_a_line_now_and_then_where_there_is_no_terminal(monkeypatch):
    console = Console(file=io.StringIO(), width=80)
    monkeypatch.setattr("ogive.cli.study_progress.BETWEEN_LINES", 0.0)
    with progress(console) as tell:
        tell(Progress(3, 10, "relu, seed 1", 400.0))
        tell(Progress(3, 10, "", None, "note"))
    assert console.file.getvalue() == "3 of 10 runs about 7 min left\nnote\n"


def test_progress_is_a_bar_on_a_terminal():
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    with progress(console) as tell:
        tell(Progress(3, 10, "relu, seed 1", 42.0))
        tell(Progress(3, 10, "", None, "a note"))
    assert "3/10" in console.file.getvalue()
    assert "a note" in console.file.getvalue()
