"""The README says first what people come for; what it shows is run by tests/docs/test_blocks.py."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: So many lines of it are the first screen.
SCREEN = 16


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_first_screen_answers_what_people_ask(name):
    screen = "\n".join((ROOT / name).read_text(encoding="utf-8").splitlines()[:SCREEN])
    assert screen.count("![") == 3
    for command in ("ogive show", "ogive study --data", "ogive.accelerate("):
        assert command in screen


def test_the_questions_come_before_accuracy_and_certificates():
    asked = ["Which should I use?", "Compare on my data", "Make my model leaner"]
    places = [README.index(question) for question in asked]
    assert places == sorted(places)
    assert places[-1] < min(README.index("mpmath"), README.index("certificate()"))


def test_an_example_is_short():
    for code in re.findall(r"^```python\n(.*?)```", README, re.S | re.M):
        assert len(code.strip().splitlines()) <= 10


def test_the_two_commands_come_first():
    assert README.index("make run") < README.index("make test") < README.index("Quick start")
