"""tools/versions.py: which releases it takes, and what it writes."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from ogive.torch_private import TESTED

ROOT = Path(__file__).parents[1]
OFFERED = ["2.16.1", "2.16.0", "2.15.0", "2.11.1", "2.11.0", "2.9.1", "2.9.0", "2.8.0"]


def load(name: str) -> object:
    """A file of tools as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


versions = load("versions")


def test_the_usual_releases_are_the_older_and_the_two_newest() -> None:
    assert versions.chosen([], OFFERED) == ["2.9.1", "2.11.1", "2.15.0", "2.16.1"]
    assert versions.chosen(["2.15", "2.8"], OFFERED) == ["2.8.0", "2.15.0"]


def test_a_release_that_is_not_offered_is_named_beside_those_that_are() -> None:
    with pytest.raises(SystemExit, match=r"no torch 2\.17; it offers 2\.16, 2\.15, 2\.11"):
        versions.chosen(["2.17"], OFFERED)


def test_this_python_is_found_and_an_unknown_one_is_not() -> None:
    assert versions.interpreter(f"{sys.version_info.major}.{sys.version_info.minor}")
    assert versions.interpreter("3.99") is None


def test_rows_that_were_not_run_stay_and_the_order_is_that_of_releases(tmp_path: Path) -> None:
    page = tmp_path / "versions.md"
    first = {
        versions.Pair("2.11.0", "3.11"): "| 2.11.0 | 3.11 | 5 | 0 | 1 | 2026-01-02 |",
        versions.Pair("2.9.1", "3.13"): "| 2.9.1 | 3.13 | torch has no package | | | |",
    }
    versions.write(page, first)
    assert versions.rows(page) == first
    versions.write(page, versions.rows(page) | {versions.Pair("2.9.1", "3.11"): "| 2.9.1 | 3.11 |"})
    assert re.findall(r"\| (2\S* \| \S*)", page.read_text()) == [
        "2.9.1 | 3.11",
        "2.9.1 | 3.13",
        "2.11.0 | 3.11",
    ]


def test_the_page_has_a_row_for_every_release_that_counts_as_tested() -> None:
    pinned = re.search(r"^torch==(\d+\.\d+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    page = {pair.torch.rpartition(".")[0] for pair in versions.rows(versions.PAGE)}
    assert page | {pinned[1]} == set(TESTED)


def test_what_is_written_above_the_table_is_the_tools() -> None:
    assert versions.PAGE.read_text().startswith(versions.HEAD)
