"""The documentation builds without a warning, every page in a table of contents.

The pages of activations are only named here, which is what takes long; their text is tested by
itself. ``make docs`` builds all of it.
"""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import ogive

ROOT = Path(__file__).resolve().parents[2]
_TOOL = importlib.util.spec_from_file_location("pages", ROOT / "tools" / "activation_pages.py")
activation_pages = importlib.util.module_from_spec(_TOOL)
_TOOL.loader.exec_module(activation_pages)


def test_the_pages_build_without_a_warning(tmp_path):
    """In a copy, since the build writes pages."""
    for name in ("docs", "tools"):
        skipped = shutil.ignore_patterns("activations", "outside", "__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=skipped)
    for name in activation_pages.OUTSIDE:
        shutil.copy(ROOT / name, tmp_path / name)
    options = ["-q", "-W", "--keep-going", "-b", "dummy", "-D", "bare_pages=1"]
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, "docs", "build"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (built.returncode, built.stderr) == (0, "")


@pytest.mark.parametrize("name", ogive.names())
def test_the_page_of_an_activation(name):
    page = activation_pages.page(name)
    function = ogive.get(name)
    assert page.startswith(f"# {name}\n")
    for heading in ("## When to use it", "## In code", "## What is proved"):
        assert page.count(f"{heading}\n") == 1
    assert "<math" in page
    assert ("<svg" in page) is (function.kind != "rowwise")
    assert all(alias.partition(":")[2] in page for alias in function.aliases)
    assert not re.search(r"\bnan\b", re.sub(r"NaN|```.*?```", "", page, flags=re.S))
    for raw in re.findall(r"^<(?:svg|div|table|details).*$", page, re.M):
        ElementTree.fromstring(raw)


def test_the_overview_links_every_page():
    page = activation_pages.overview()
    assert all(f'href="{name}.html"' in page for name in ogive.names())
    assert page.count("<svg xmlns") == len(ogive.names()) - len(ogive.names("rowwise"))


def test_links_of_pages_outside_stay_right():
    text = "[a](docs/study.md) [b](CHANGELOG.md) [c](docs/decisions/README.md)"
    assert activation_pages.beside(text) == (
        "[a](../study.md) [b](changelog.md) [c](../decisions/README.md)"
    )


def test_what_is_as_it_was_is_not_written_again(tmp_path, monkeypatch):
    monkeypatch.setattr(activation_pages.ogive, "names", lambda *a, **k: ["relu"])
    activation_pages.write(tmp_path)
    page = tmp_path / "activations" / "relu.md"
    before = page.stat().st_mtime_ns
    activation_pages.write(tmp_path)
    assert page.stat().st_mtime_ns == before
    activation_pages.write(tmp_path, bare=True)
    assert page.read_text().endswith("# relu\n")
