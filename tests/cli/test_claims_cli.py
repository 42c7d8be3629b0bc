"""``ogive claims``: what is listed, what is printed, what is left behind."""

import json

import pytest
from typer.testing import CliRunner

from ogive.cli import app
from ogive.study.claims import find_claims


@pytest.fixture
def run(tmp_path):
    def invoke(*words):
        return CliRunner().invoke(app, ["claims", *words, "--out", str(tmp_path)])

    return invoke


def test_the_list_has_every_claim_and_decides_none(run, tmp_path):
    listed = run("--list").stdout.splitlines()
    assert [line.split()[0] for line in listed[1:]] == [claim.id for claim in find_claims()]
    told = json.loads(run("--list", "--json").stdout)
    assert [*told[0]] == ["id", "claim", "source", "criterion"]
    assert not [*tmp_path.iterdir()]


def test_a_claim_is_decided_and_written(run, tmp_path):
    finished = run("c2", "C22")
    assert finished.exit_code == 0
    lines = finished.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["C2", "C22"]
    assert lines[-1] == f"numbers and pictures: {tmp_path / 'claims.md'}"
    assert {path.name for path in (tmp_path / "claims").iterdir()} == {
        *("C2.md", "C2-1.svg", "C2-intervals.svg"),
        *("C22.md", "C22-1.svg"),
    }
    assert "1 of 2: C2" in finished.stderr


def test_json_holds_what_decided(run):
    (told,) = json.loads(run("C2", "--json").stdout)
    assert (told["id"], told["verdict"]) == ("C2", "holds")
    assert told["figures"]["largest slope"] == {"value": 0.25, "low": 0.25, "high": 0.25}
    assert told["seeds"] == 0 and told["seconds"] > 0


def test_an_unknown_claim_is_an_error_in_a_sentence(run):
    finished = run("C222")
    assert finished.exit_code == 2
    assert "there is no claim 'C222'" in finished.stderr
