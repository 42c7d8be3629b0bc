"""docs/cli.md shows what the commands print. Run as a script, this file writes it anew."""

import os
import re
import shlex
import tempfile
from pathlib import Path

from typer.testing import CliRunner

from ogive.cli import app

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def rewritten(page: str) -> str:
    """The page with the output below each ``$ ogive ...`` as it is now."""
    return BLOCK.sub(lambda block: f"```console\n{_answers(block[1])}```", page)


def _answers(block: str) -> str:
    commands = [line for line in block.splitlines() if line.startswith("$ ogive ")]
    return "".join(f"{c}\n{_answer(shlex.split(c)[2:])}" for c in commands)


def _answer(words: list[str]) -> str:
    printed = CliRunner().invoke(app, words, env={"COLUMNS": "80"}).output
    return printed if printed.endswith("\n") else f"{printed}\n"


def test_the_page_shows_what_is_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = PAGE.read_text()
    assert len(BLOCK.findall(page)) >= 6
    assert rewritten(page) == page, f"write it anew with: python {Path(__file__).name}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        PAGE.write_text(rewritten(PAGE.read_text()))
