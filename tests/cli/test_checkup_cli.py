"""``ogive checkup``: code of the user's own, on the command line."""

import json

import pytest
from typer.testing import CliRunner

from ogive.cli import app

CODE = """
import torch
from torch import nn


def small():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    batch = torch.randn(32, 4), torch.zeros(32, dtype=torch.long)
    return model, batch, nn.functional.cross_entropy


def two():
    return small()[0], torch.randn(32, 4)


def broken():
    raise RuntimeError("mine")


def nothing():
    return None


number = 3
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    (tmp_path / "health_code.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return lambda *arguments: CliRunner().invoke(app, ["checkup", *arguments])


@pytest.mark.parametrize("function", ["small", "two"])
def test_a_model_is_looked_at(run, function):
    done = run(f"health_code:{function}")
    assert done.exit_code == 0 and "relu" in done.stdout
    done = run(f"health_code:{function}", "--json")
    assert json.loads(done.stdout)["places"]["1"]["units"] == 8


def test_the_report_is_written_as_a_page(run, tmp_path):
    done = run("health_code:small", "--html", "health.html")
    assert done.exit_code == 0 and "<html" in (tmp_path / "health.html").read_text()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("broken", "mine"),
        ("nothing", "NoneType"),
        ("number", "no function"),
        ("missing", "missing"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(run, what, words):
    done = run(f"health_code:{what}")
    assert done.exit_code == 2 and words in done.output and "Traceback" not in done.output


def test_live_trains_a_copy_and_draws_it(run):
    result = run("health_code:small", "--live", "--steps", "3")
    assert result.exit_code == 0, result.stderr
    assert "step 2" in result.stderr
    assert "relu" in result.stdout


def test_live_takes_a_loss(run):
    result = run("health_code:two", "--live")
    assert result.exit_code == 2
    assert "takes a loss" in " ".join(result.stderr.split())
