"""``ogive cache``: what it shows, and that it removes the kernels."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ogive.cli import app
from ogive.engine import cache


def run(*words):
    result = CliRunner().invoke(app, ["cache", *words])
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("OGIVE_CACHE_DIR", str(tmp_path / "kernels"))
    monkeypatch.delenv("OGIVE_CACHE", raising=False)
    return tmp_path / "kernels"


@pytest.fixture
def two_kernels():
    cache.put("k1", bytes(2**20), "mish float32")
    cache.put("k2", bytes(100), "gelu [bfloat16]")


def test_an_empty_cache(folder):
    assert run().splitlines() == [str(folder), "kernels: 0, 0.00 MiB"]
    assert json.loads(run("--json")) == {"directory": str(folder), "on": True, "kernels": []}
    assert not folder.exists()


def test_the_kernels_are_listed(folder, two_kernels):
    first, second, _, gelu, mish = run().splitlines()
    assert (first, second) == (str(folder), "kernels: 2, 1.00 MiB")
    assert gelu.startswith("gelu [bfloat16]")
    assert mish.split() == ["mish", "float32", str((folder / "ogive-k1.kernel").stat().st_size)]


def test_the_same_as_json(two_kernels):
    kernels = json.loads(run("--json"))["kernels"]
    assert [k["kernel"] for k in kernels] == ["gelu [bfloat16]", "mish float32"]
    assert [k["key"] for k in kernels] == ["k2", "k1"]
    assert kernels[0]["bytes"] > 100


def test_they_can_be_removed(folder, two_kernels):
    assert run("--clear").splitlines()[-1] == "kernels: 0, 0.00 MiB"
    assert list(folder.iterdir()) == []


def test_a_cache_that_is_turned_off_says_so(monkeypatch, two_kernels):
    monkeypatch.setenv("OGIVE_CACHE", "0")
    assert "turned off by OGIVE_CACHE" in run().splitlines()[0]
    assert json.loads(run("--json"))["on"] is False


def test_without_a_home_it_says_what_to_set(monkeypatch):
    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    for name in ("OGIVE_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    result = CliRunner().invoke(app, ["cache"])
    assert result.exit_code == 2
    assert "set OGIVE_CACHE_DIR" in result.stderr
