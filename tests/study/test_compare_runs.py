"""ogive compare-runs: scores from files of both forms, and mistakes by their line."""

import json

import pytest
from typer.testing import CliRunner

from ogive.cli.app import app
from ogive.study import compare
from ogive.study.statistics.score_files import read_scores

SCORES = {
    "relu": [0.90, 0.91, 0.92, 0.89, 0.90, 0.93, 0.91],
    "gelu": [0.95, 0.96, 0.96, 0.95, 0.94, 0.98, 0.97],
    "tanh": [0.90, 0.91, None, 0.89, 0.91, 0.93, 0.91],
}


def cell(score):
    return "diverged" if score is None else repr(score)


def wide(separator=",", seeds=False):
    names = (["seed"] if seeds else []) + list(SCORES)
    rows = zip(*SCORES.values(), strict=True)
    lines = [([str(n)] if seeds else []) + [cell(s) for s in row] for n, row in enumerate(rows)]
    return "\n".join(separator.join(line) for line in [names, *lines]) + "\n"


def long():
    runs = [(name, n, s) for name, column in SCORES.items() for n, s in enumerate(column)]
    runs.sort(key=lambda run: (-run[1], run[0]))  # in any order
    runs.sort(key=lambda run: run[0] != "relu")
    return "seed,activation,score\n" + "".join(f"{n},{name},{cell(s)}\n" for name, n, s in runs)


@pytest.fixture
def compare_runs(tmp_path):
    def invoke(text, *options):
        path = tmp_path / "scores.csv"
        path.write_text(text, encoding="utf-8")
        return CliRunner().invoke(app, ["compare-runs", str(path), *options])

    return invoke


@pytest.mark.parametrize(
    "text",
    [wide(), wide(";"), wide("\t"), wide(seeds=True), "\ufeff" + wide(), wide() + "\n\n"],
    ids=["comma", "semicolon", "tab", "seeds", "mark", "blank"],
)
def test_wide_files(text, tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(text, encoding="utf-8")
    assert read_scores(path) == SCORES


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "gbk"])
@pytest.mark.parametrize("separator", [";", "\t"])
def test_wide_files_as_spreadsheets_write_them(tmp_path, separator, encoding):
    path = tmp_path / "scores.csv"
    text = wide(separator).replace(".", ",").replace("gelu", "激活 gelu 函数 与 对照")
    path.write_text(text, encoding=encoding)
    assert [*read_scores(path).values()] == [*SCORES.values()]


def test_long_files_are_paired_by_seed(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(long())
    found = read_scores(path)
    assert list(found) == list(SCORES)
    assert compare(found) == compare({n: column[::-1] for n, column in SCORES.items()})


def test_one_activation_has_no_separator(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("gelu\n0.5\n0.25\n")
    assert read_scores(path) == {"gelu": [0.5, 0.25]}


def test_the_table_and_the_sentences(compare_runs):
    result = compare_runs(wide(), "--metric", "accuracy")
    assert result.exit_code == 0
    assert "gelu is better than relu by" in result.stdout
    assert "diverged" in result.stdout
    assert "tenth of the deviation" not in result.stdout
    assert "tenth of the deviation of relu" in compare_runs(wide()).stdout


def test_json_is_what_compare_returns(compare_runs):
    result = compare_runs(wide(), "--json", "--reference", "gelu", "--margin", "0.5")
    found = json.loads(result.stdout)
    expected = compare(SCORES, "gelu", 0.5)
    assert found["reference"] == "gelu"
    assert [row["verdict"] for row in found["rows"]] == [row.verdict for row in expected]
    assert found["rows"][0]["p_adjusted"] == expected[0].p_adjusted
    assert found["rows"][0]["difference"]["low"] == expected[0].difference.low


def test_overlap_widens(compare_runs):
    plain, widened = (
        json.loads(compare_runs(wide(), "--json", *options).stdout)["rows"][1]["difference"]
        for options in ((), ("--overlap", "0.25"))
    )
    assert widened["low"] < plain["low"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("relu,gelu\n0.9,0.8\n0.9,x\n", ["line 3", "'gelu'", "'x'"]),
        ("relu,gelu\n0.9,\n", ["line 2", "'gelu'"]),
        ("relu,gelu\n0.9,nan\n", ["line 2", "'gelu'", "nan"]),
        ("relu,gelu\n0.9\n", ["line 2", "1 cells", "2 names"]),
        ("relu,relu\n0.9,0.8\n", ["two columns", "'relu'"]),
        ("relu,gelu\n", ["1 lines"]),
        ("", ["it is empty"]),
        ("activation,seed,score\nrelu,0,0.9\nrelu,0,0.8\n", ["line 3", "second score", "seed 0"]),
        ("activation,seed,score\nrelu,0,1\nrelu,1,1\ngelu,0,1\n", ["'gelu'", "no score", "seed 1"]),
    ],
)
def test_mistakes_are_named_with_their_line(compare_runs, text, words):
    result = compare_runs(text)
    assert result.exit_code == 2
    assert all(word in result.stderr for word in words)
    assert result.stdout == ""


def test_files_that_cannot_be_read(tmp_path):
    result = CliRunner().invoke(app, ["compare-runs", str(tmp_path / "none.csv")])
    assert result.exit_code == 2
    assert "cannot be read: No such file" in result.stderr
