"""Wherever a command takes the name of an activation, it takes all that names one."""

import json
import sys

import pytest
from typer.testing import CliRunner

from ogive.cli import app

NAMES = ("leaky_relu(0.2)", "swish(beta=1.5)", "x*tanh(x)", "own_acts:bump", "own_acts:Cube")


@pytest.fixture(autouse=True)
def own_code(tmp_path, monkeypatch):
    """A file of activations in the current directory."""
    (tmp_path / "own_acts.py").write_text(
        "import torch\n"
        "class Cube(torch.nn.Module):\n    def forward(self, x): return x ** 3\n"
        "def bump(x): return x * torch.exp(-x * x)\n"
        "def rows(x): return torch.softmax(x, -1)\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    sys.modules.pop("own_acts", None)


def answer(*words):
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("name", NAMES)
def test_show(name):
    assert answer("show", name).splitlines()[0].startswith((name, name.partition("(")[0]))
    facts = json.loads(answer("show", name, "--json"))
    assert facts["name"] in (name, name.partition("(")[0])
    assert facts["kind"] == ("module" if ":" in name else "elementwise")


def test_show_has_the_values_that_were_given():
    (slope,) = json.loads(answer("show", "leaky_relu(0.2)", "--json"))["parameters"]
    assert slope["default"] == 0.2


def test_what_code_is_measured_for():
    facts = json.loads(answer("show", "own_acts:Cube", "--json"))
    assert facts["gain"] == pytest.approx(15**-0.5)
    assert "depends on the others" in json.loads(answer("show", "own_acts:rows", "--json"))["note"]


def test_code_has_no_section():
    result = CliRunner().invoke(app, ["show", "own_acts:Cube", "--section", "shape"])
    assert result.exit_code == 2
    assert "code of which only values are known" in result.stderr


def test_compare():
    found = json.loads(answer("compare", *NAMES, "--at", "-1,2", "--json"))["activations"]
    assert [one["values"][1] for one in found] == pytest.approx(
        [2, 2 / (1 + 2.718281828**-3), 2 * 0.9640275801, 2 * 2.718281828**-4, 8]
    )
    assert found[4]["slopes"] == pytest.approx([3, 12])
    assert [bool(one["properties"]) for one in found] == [True, True, True, False, False]
    table = answer("compare", "relu", "own_acts:Cube")
    assert "unknown" in next(line for line in table.splitlines() if line.startswith("smooth"))


def test_plot(own_code):
    assert answer("plot", "own_acts:bump,x*tanh(x)").count("┤") >= 4
    answer("plot", *NAMES, "-o", "curves.png")
    answer("plot", *NAMES, "--sheet", "-o", "sheet.svg")
    assert (own_code / "curves.png").stat().st_size > 10_000
    assert (own_code / "sheet.svg").stat().st_size > 10_000


def test_bench():
    options = ("--sizes", "64", "--dtypes", "float32", "--directions", "forward,both")
    found = json.loads(
        answer("bench", *NAMES, *options, "--rounds", "2", "--no-first-call", "--json")
    )
    names = [cell["name"] for cell in found["cells"]]
    assert names == [name for name in NAMES for _ in range(2)]
    assert "ogive" not in found["cells"][-1]["seconds"]
    assert found["cells"][-1]["seconds"]["torch"]["median"] > 0


@pytest.mark.parametrize("command", ["show", "compare", "plot", "bench"])
@pytest.mark.parametrize("name", ["rleu", "own_acts:bmp", "elu(beta=1)", "no_acts:f"])
def test_mistakes(command, name):
    result = CliRunner().invoke(app, [command, name])
    assert (result.exit_code, result.stdout) == (2, "")
    *_, line = result.stderr.splitlines()
    assert line.startswith("error: ")
