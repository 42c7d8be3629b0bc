"""What a study leaves behind is complete, says what it must, and needs nothing from outside."""

import doctest
import json
import re
from dataclasses import asdict

import pytest

import ogive.study.study
from ogive.study import compare, run_study
from ogive.study.report.sentences import verdicts
from ogive.study.report.wording import interval

NAMES = ["identity", "relu", "softmax"]
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return run_study("circles", NAMES, seeds=6, epochs=12, lr=0.01, out=out)


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    settings = {"sweep": "width=1,2", "seeds": 2, "epochs": 2}
    return run_study("circles", ["tanh", "swiglu"], out=out, **settings)


@pytest.mark.parametrize("which", ["study", "swept"])
def test_a_study_shows_itself_in_a_notebook(which, request):
    found = request.getfixturevalue(which)
    page = found._repr_html_()
    assert page.count("<svg") == 1
    assert page.count("<tr><td>") == len(found.rows)
    assert all(line.split(":")[0] in page for line in verdicts(found))
    assert page.count("<math") == len(found.rows)


FIGURES = {"scores", "ranks", "boundaries", "curves", "layers", "cost"}
SWEPT = {"sweep", "differences", "boundaries", "rates", "layers"}


@pytest.mark.parametrize(("which", "figures"), [("study", FIGURES), ("swept", SWEPT)])
def test_files(which, figures, request):
    folder = request.getfixturevalue(which).folder
    assert {path.stem for path in folder.glob("*.png")} == figures
    assert all(path.read_bytes().startswith(PNG) for path in folder.glob("*.png"))
    assert {"report.html", "results.json"} <= {path.name for path in folder.iterdir()}
    assert (folder / "report.html").read_text().count("<svg") == len(figures)


@pytest.mark.parametrize("which", ["study", "swept"])
def test_report_refers_to_nothing_outside(which, request):
    page = request.getfixturevalue(which).report.read_text()
    references = re.findall(r'(?:src|href)\s*=\s*"([^"]*)"|url\(\s*["\']?([^)"\']*)', page)
    targets = [first or second for first, second in references]
    assert targets
    assert all(target.startswith(("#", "data:image/png;base64,")) for target in targets)
    assert not re.search(r"<script|<link|@import|<iframe", page)
    own = set(re.findall(r'\bid="([^"]+)"', page))
    assert {target[1:] for target in targets if target.startswith("#")} <= own


def test_report_shows_the_numbers(study):
    page = study.report.read_text()
    for row in study.rows:
        assert f'<th scope="row">{row.activation}</th>' in page
        assert interval("accuracy", row.score) in page
        assert interval("accuracy", row.difference, signed=True) in page
    assert "6 paired\nseeds" in page
    assert "identity is worse than relu by" in page


def test_results_hold_every_run(study):
    data = json.loads((study.folder / "results.json").read_text())
    assert set(data) >= {"task", "settings", "rows", "tuning", "runs"}
    asked = {(name, seed) for name in NAMES for seed in range(6)}
    assert {(run["activation"], run["seed"]) for run in data["runs"]} == asked
    assert len(data["runs"]) == 18
    assert data["settings"]["threads"] == 1
    assert data["versions"]["torch"]
    assert all(len(run["score_curve"]) == 12 for run in data["runs"])
    assert [row["activation"] for row in data["rows"]] == NAMES


def test_summary_is_that_of_the_runs(study):
    by_name = {name: [r["score"] for r in study.results(name)] for name in NAMES}
    identity, relu, softmax = study.rows
    assert identity.score.mean == pytest.approx(sum(by_name["identity"]) / 6)
    pairs = zip(by_name["identity"], by_name["relu"], strict=True)
    assert identity.difference.mean == pytest.approx(sum(a - b for a, b in pairs) / 6)
    assert relu.difference is None
    assert relu.time_ratio == 1.0
    assert softmax.dead_share is None
    assert (identity.parameters, relu.parameters) == (42, 42)


def test_rows_are_those_of_compare(study):
    scores = {name: study.scores(name) for name in NAMES}
    for row, expected in zip(study.rows, compare(scores, metric="accuracy"), strict=True):
        for name, value in asdict(expected).items():
            assert asdict(row)[name] == value
    assert study.rows[0].verdict == "worse"


def test_verdicts_say_what_could_have_been_found(study):
    *_, last = verdicts(study)
    assert last.startswith("With 6 seeds a true difference of")


@pytest.mark.usefixtures("without_report")
def test_one_seed_claims_nothing(tmp_path):
    study = run_study("circles", ["relu", "tanh"], seeds=1, epochs=1, out=tmp_path)
    assert study.rows[1].difference.low is None
    (sentence,) = verdicts(study)
    assert sentence.startswith("1 seed gives no verdict")
    assert sentence.endswith("take 6 or more.")


def test_the_example_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = doctest.testmod(ogive.study.study)
    assert (found.attempted, found.failed) == (3, 0)
