"""The notebooks run from top to bottom, are small, and are kept without outputs.

They run in this process, cell by cell as a notebook's kernel does it: what takes long is a kernel's
start, in which torch is loaded once more.
"""

from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

FOLDER = Path(__file__).resolve().parents[2] / "examples"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """What runs cells, in an empty folder; reports are drawn by the pages' tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "settings"))
    monkeypatch.setattr("ogive.study.study.write_results", lambda study: None)
    yield InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    InteractiveShell.clear_instance()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(shell, path):
    shown = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            with capture_output():
                done = shell.run_cell(cell.source)
            done.raise_error()
            shown.append(shell.display_formatter.format(done.result)[0])
    assert any("text/html" in formats for formats in shown)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) >= 4
    assert not any(cell.outputs or cell.execution_count for cell in code)


def test_the_readme_lists_them():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert len(NOTEBOOKS) == 3
    assert all(f"({path.name})" in text for path in NOTEBOOKS)
