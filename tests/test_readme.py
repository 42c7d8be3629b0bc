"""The README says what is true: its quick start prints what it shows, its figures are counted."""

import contextlib
import doctest
import io
import re
from pathlib import Path

import pytest

import ogive

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("title", ["Quick start", "Accelerating a model"])
def test_an_example_prints_what_the_readme_shows(title):
    code, shown = re.search(
        rf"## {title}\n\n```python\n(.*?)```\n\n```\n(.*?)```", README, re.S
    ).groups()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    assert printed.getvalue() == shown
    assert len(code.strip().splitlines()) <= 10


def test_the_examples_with_prompts_show_what_comes():
    examples = doctest.DocTestParser().get_doctest(
        README.replace("```", ""), {"ogive": ogive}, "README", "README.md", 0
    )
    assert len(examples.examples) >= 3
    assert doctest.DocTestRunner().run(examples).failed == 0


def test_the_two_commands_come_first():
    assert README.index("make run") < README.index("make test") < README.index("Quick start")


def test_every_file_the_readme_points_to_is_there():
    for path in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / path).is_file(), path
