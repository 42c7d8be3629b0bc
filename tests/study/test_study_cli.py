"""The command: a table or JSON on standard output, everything else on standard error."""

import json

import pytest
import typer
from typer.testing import CliRunner

from ogive.cli.study import study
from ogive.study import runs

app = typer.Typer()
app.command()(study)
QUICK = ["--seeds", "2", "--epochs", "2"]


@pytest.fixture
def ogive_study(tmp_path):
    def invoke(*arguments):
        return CliRunner().invoke(app, [*arguments, "--out", str(tmp_path)])

    return invoke


@pytest.mark.usefixtures("without_report")
def test_table(ogive_study, tmp_path):
    result = ogive_study("circles", "--activations", "relu, tanh", *QUICK)
    assert result.exit_code == 0
    assert "minus relu" in result.stdout
    assert "2 seeds give no verdict" in result.stdout
    assert str(tmp_path / "circles" / "report.html") in result.stdout


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
    assert (tmp_path / "own-b" / "report.html").is_file()


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
        (["circles", "--sweep", "lr=1:2"], "width=2:32"),
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

    monkeypatch.setattr(runs, "perform", stop)
    result = ogive_study("circles", "--activations", "relu", *QUICK)
    assert result.exit_code == 130
    assert "interrupted after 0 of 2 runs" in " ".join(result.stderr.split())
    assert "The same command goes on" in result.stderr
