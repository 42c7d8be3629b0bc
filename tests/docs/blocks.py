"""Runs what a page shows: Python, console sessions, and what they print.

    python tests/docs/blocks.py docs/cli.md      writes anew what its console sessions print

A page shares one namespace and one empty folder. ``text`` is what the Python block before it
printed. A block that cannot be run carries sybil's comment ``<!-- skip: next "reason" -->``.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import SkipTest

from sybil import Document, Example, Region
from sybil.document import Document as Page
from sybil.parsers.markdown import CodeBlockParser, SkipParser
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer
from typer.testing import CliRunner

from ogive.cli import app

ROOT = Path(__file__).resolve().parents[2]
#: What people read; the Chinese pages have the blocks of the English ones, which a test compares.
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    if not {"zh", "activations", "outside"} & set(path.parts)
)
SESSION = re.compile(r"```console\n(.*?)```", re.DOTALL)
#: Where a page keeps what its last block printed.
PRINTED = "_printed"
FLAGS = doctest.ELLIPSIS


def run_python(example: Example) -> str | None:
    """Runs a block; one with prompts must give what it shows."""
    code = str(example.parsed)
    printed = io.StringIO()
    if code.lstrip().startswith(">>>"):
        return _run_prompts(code, example)
    compiled = compile("\n" * (example.line) + code, example.path, "exec")
    with contextlib.redirect_stdout(printed):
        exec(compiled, example.namespace)
    example.namespace[PRINTED] = printed.getvalue()
    return None


def _run_prompts(code: str, example: Example) -> str | None:
    test = doctest.DocTestParser().get_doctest(code, {}, example.path, example.path, example.line)
    test.globs = example.namespace
    told = io.StringIO()
    found = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=told.write, clear_globs=False)
    return told.getvalue() if found.failed else None


def compare_text(example: Example) -> str | None:
    """What the block before printed is what the page shows."""
    shown, printed = str(example.parsed), example.namespace.get(PRINTED, "")
    if doctest.OutputChecker().check_output(shown, printed, FLAGS):
        return None
    return f"shown:\n{shown}\nprinted:\n{printed}"


def run_session(example: Example) -> str | None:
    """Every command succeeds, or shows its error, and prints what stands below it."""
    shown = str(example.parsed)
    if "\n$ " not in f"\n{shown}" or shown.count("\n$ ") + 1 == len(shown.splitlines()):
        return "".join(_failure(line) for line in shown.splitlines())
    printed = answers(shown)
    return None if printed == shown else f"shown:\n{shown}\nprinted:\n{printed}"


def _failure(line: str) -> str:
    """What went wrong with a command of which nothing is shown."""
    words = shlex.split(line.removeprefix("$ "), comments=True)
    result = CliRunner().invoke(app, words[1:], env={"COLUMNS": "80"})
    return "" if result.exit_code == 0 else f"{line}\n{result.output}{result.exception!r}\n"


def answers(session: str) -> str:
    """The commands of a session, each with what it prints now."""
    commands = [line for line in session.splitlines() if line.startswith("$ ogive ")]
    return "".join(f"{c}\n{_answer(shlex.split(c, comments=True)[2:])}" for c in commands)


def _answer(words: list[str]) -> str:
    printed = CliRunner().invoke(app, words, env={"COLUMNS": "80"}).output
    return printed if printed.endswith("\n") else f"{printed}\n"


def refuse(example: Example) -> str:
    """For languages that nothing here runs."""
    return 'nothing runs this language; say why with a comment: <!-- skip: next "reason" -->'


RUN = {"python": run_python, "text": compare_text, "console": run_session}


class _Other:
    """Finds the blocks of languages that are not run; directives of Sphinx are none."""

    def __call__(self, document: Page) -> Iterator[Region]:
        lexer = FencedCodeBlockLexer(r"[^{\n][^\n]*", {"language": "language", "source": "source"})
        for region in lexer(document):
            if region.lexemes["language"] not in RUN:
                region.parsed, region.evaluator = region.lexemes["source"], refuse
                yield region


PARSERS = [SkipParser(), *(CodeBlockParser(name, run) for name, run in RUN.items()), _Other()]


def document(page: str) -> Page:
    return Document.parse(str(ROOT / page), *PARSERS)


def is_block(example: Example) -> bool:
    """Whether it is something that readers see as code."""
    return "source" in example.region.lexemes and example.document.text[
        example.region.start :
    ].lstrip(" \t>").startswith(("`", "~"))


def run(page: str) -> dict[str, int]:
    """Runs a page in an empty folder, and counts its blocks and those that were skipped."""
    counts = {"blocks": 0, "skipped": 0}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for example in document(page):
            counts["blocks"] += is_block(example)
            try:
                example.evaluate()
            except SkipTest:
                counts["skipped"] += 1
    return counts


def skips(page: str) -> list[str]:
    """The comments that skip something, each with its reason."""
    return re.findall(r"<!--+\s*skip: (.*?)\s*--+>", (ROOT / page).read_text(encoding="utf-8"))


def rewritten(text: str) -> str:
    """A page with what its console sessions print now."""
    return SESSION.sub(lambda block: f"```console\n{answers(block[1])}```", text)


if __name__ == "__main__":
    pages = [Path(name).resolve() for name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as empty:
        os.chdir(empty)
        for path in pages:
            path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")
