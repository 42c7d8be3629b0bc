"""The command: tables or JSON on standard output, everything else on standard error."""

import json
import sys

import pytest
from rich.console import Console
from typer.testing import CliRunner

from ogive.bench import SAVE_MODES, UNTOUCHED, FirstCall
from ogive.bench import TINY as SCALE
from ogive.cli import app, console

TINY = ("--sizes", "1,64", "--rounds", "1", "--dtypes", "float32")
ONCE = (*TINY, "--no-first-call")


def bench(*words):
    return CliRunner().invoke(app, ["bench", *words])


def test_tables():
    result = bench("relu", "swish", "glu", *ONCE)
    assert result.exit_code == 0, result.stderr
    machine, note, *lines = result.stdout.splitlines()
    assert "torch" in machine
    assert "below 1 ogive is the faster one" in note
    for direction in ("forward", "backward", "both"):
        assert f"float32, {direction}" in lines
    assert len([line for line in lines if line.startswith("relu ")]) == 6
    assert len([line for line in lines if line.startswith("glu ")]) == 3
    assert "left out: glu at size 1" in result.stderr
    assert any(line.startswith("geometric means") for line in lines)


def test_columns_in_which_nothing_stands_are_not_shown():
    result = bench("swish", *ONCE, "--directions", "forward")
    assert "/ eager" in result.stdout
    assert "/ compiled" not in result.stdout
    assert "in place\n" not in result.stdout
    assert "geometric means" not in result.stdout


def test_a_narrow_terminal_shows_no_deviation(monkeypatch):
    def narrow(**options):
        forced = {"file": sys.stdout, "force_terminal": True, "color_system": None}
        return Console(**{"width": 60, **forced, **options})

    monkeypatch.setattr(console, "Console", narrow)
    lines = bench("relu", *ONCE, "--directions", "forward").stdout.splitlines()
    (heading,) = [line for line in lines if line.strip().startswith("activation")]
    assert "±" not in heading
    assert "…" not in heading
    assert max(map(len, lines)) <= 60


def test_json(monkeypatch):
    times = FirstCall("mish", 0.5, 0.2, 0.01, 0.002)
    monkeypatch.setattr("ogive.bench.bench.first_call", lambda name: times)
    result = bench("LeakyReLU", *TINY, "--json", "--threads", "1")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert set(found) == {"machine", "settings", "cells", "means", "first_call", "left_out"}
    assert set(found["machine"]) == {"cpu", "cores", "capability", "threads", "torch", "ogive"}
    assert found["machine"]["threads"] == 1
    assert found["settings"]["sizes"] == [1, 64]
    assert len(found["cells"]) == 6
    for cell in found["cells"]:
        assert cell["name"] == "leaky_relu"
        assert cell["rounds"] >= 1
        assert isinstance(cell["engine"], str)
        assert set(cell["seconds"]) == {"ogive", "torch", "eager", "copy"}
        assert set(cell["ratios"]["ogive/torch"]) == {"median", "mad"}
    assert {mean["over"] for mean in found["means"]} == {"torch", "eager", "copy"}
    assert found["first_call"]["cold"] == 0.5
    text = bench("relu", *TINY, "--directions", "forward").stdout
    assert "the first call of mish: 500.0 ms (its gradient 200.0 ms) with an empty cache" in text


def test_models():
    result = bench("--models", "linear_gelu_linear", "--rounds", "1", "--dtypes", "float32")
    assert result.exit_code == 0, result.stderr
    machine, sizes, note, _, dtype, heading, *rows = result.stdout.splitlines()
    assert "torch" in machine
    assert "4 texts of 128 tokens" in sizes
    assert "above 1 this one is the faster one" in note
    assert dtype == "float32"
    columns = ["model", "mode", "held", "share", "peak", "share", "ms", "speed", "±"]
    assert heading.split() == columns
    assert [row.split()[:3] for row in rows] == [
        ["linear_gelu_linear", mode, rows[i].split()[2]]
        for i, mode in enumerate((UNTOUCHED, *SAVE_MODES))
    ]
    assert rows[0].split()[3] == "1.00"


def test_models_as_json():
    result = bench(
        "--models", "linear_mish_linear", "--rounds", "1", "--dtypes", "bfloat16", "--json"
    )
    found = json.loads(result.stdout)
    assert set(found) == {"machine", "settings", "results"}
    assert found["settings"]["scale"]["width"] == 256
    assert [row["mode"] for row in found["results"]] == [UNTOUCHED, *SAVE_MODES]
    assert set(found["results"][1]["ratio"]) == {"median", "mad"}
    # 512 rows of 256 and twice of 1,024 numbers
    assert found["results"][0]["held"] == 512 * (256 + 2 * 1024) * 2


@pytest.fixture
def tiny_models(monkeypatch):
    monkeypatch.setattr("ogive.bench.PUBLISHED", SCALE)
    monkeypatch.setattr("ogive.bench.monitored.CHAIN_ROUNDS", 1)


@pytest.mark.usefixtures("tiny_models")
def test_the_cost_of_a_monitor():
    result = bench("--monitor", "linear_gelu_linear", "--rounds", "1")
    assert result.exit_code == 0, result.stderr
    machine, sizes, note, _, heading, *rows = result.stdout.splitlines()
    assert "torch" in machine
    assert "2 texts of 12 tokens" in sizes
    assert "noise the same for untouched steps once more" in note
    assert heading.split()[:7] == ["model", "watcher", "every", "ms", "more", "±", "noise"]
    assert [row.split()[1:3] for row in rows[:4]] == [
        [watcher, every] for watcher in ("hooks", "monitor") for every in ("1", "10")
    ]
    assert [row.partition(":")[0] for row in rows[4:]] == ["hooks", "monitor"]


@pytest.mark.usefixtures("tiny_models")
def test_the_cost_of_a_monitor_as_json():
    found = json.loads(bench("--monitor", "linear_gelu_linear", "--rounds", "1", "--json").stdout)
    costs = {"python_microseconds", "idle_microseconds"}
    assert set(found) == {"machine", "settings", "results"} | costs
    assert [row["every"] for row in found["results"]] == [1, 10, 1, 10]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--monitor", "--models"], "ask for one at a time"),
        (["--monitor", "gtp2"], "did you mean 'gpt2'"),
        (["--monitor", "gpt2", "--sizes", "64"], "leave out --monitor"),
        (["--monitor", "gpt2", "--dtypes", "float32"], "--monitor measures in float32"),
        (["rleu"], "did you mean 'relu'"),
        (["relu", "--dtypes", "float23"], "did you mean 'float32'"),
        (["relu", "--dtypes", ","], "no dtype given"),
        (["relu", "--sizes", "64,x"], "--sizes takes whole numbers"),
        (["relu", "--sizes", "0"], "a size must be a whole number from 1 on, not 0"),
        (["relu", "--directions", "sideways"], "there are forward, backward, both"),
        (["relu", "--threads", "0"], "the number of threads must be"),
        (["relu", "--rounds", "0"], "the number of rounds must be"),
        (["--models", "lama"], "did you mean 'llama'"),
        (["--models", "bert", "--sizes", "64"], "--sizes is about single activations"),
        (["--models", "bert", "--no-first-call"], "--first-call is about single activations"),
    ],
)
def test_mistakes_are_explained(arguments, hint):
    result = bench(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert hint in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
