"""tools/certify.py: the page is what it would write, a check sees what differs, attacks report."""

import importlib.util
import sys
from pathlib import Path

import pytest

from ogive.catalogue import entries
from ogive.certify.shipped import key, shipped

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("certify_tool", ROOT / "tools" / "certify.py")
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def test_the_page_is_fresh(tool):
    keys = [key(spec) for spec in entries().values() if spec.family != "user"]
    found = {k: part for k in keys if (part := shipped(k)) is not None}
    assert tool.PAGE.read_text() == tool.page(found)


def test_a_check_proves_anew_and_compares(tool, monkeypatch, capsys):
    assert tool.check(1, seed=3) == 0
    assert "other than shipped: none" in capsys.readouterr().out
    monkeypatch.setattr(tool, "shipped", lambda name: {"shape": {}})
    assert tool.check(1, seed=3) == 1


def test_an_attack_of_some_thousand_points_finds_nothing(tool, monkeypatch):
    monkeypatch.setattr(tool, "POINTS", 5000)
    assert tool.attacked("mish") == []
