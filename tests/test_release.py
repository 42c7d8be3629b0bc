"""What a release has to have: one version everywhere, and a section of the changelog."""

import re
from pathlib import Path

import pytest

import ogive

ROOT = Path(__file__).parent.parent
HEADING = re.compile(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", re.MULTILINE)


def field(name: str, text: str) -> str:
    (found,) = re.findall(rf'^{name}\s*[=:]\s*"?([^"\n]+)"?$', text, re.MULTILINE)
    return found


@pytest.fixture
def headings():
    return HEADING.findall((ROOT / "CHANGELOG.md").read_text())


def test_the_changelog_begins_with_what_is_unreleased_and_has_dates(headings):
    assert headings[0] == ("Unreleased", "")
    assert all(date for _, date in headings[1:])
    assert [date for _, date in headings[1:]] == sorted((d for _, d in headings[1:]), reverse=True)


def test_the_version_is_one_everywhere(headings):
    citation = (ROOT / "CITATION.cff").read_text()
    assert field("version", (ROOT / "pyproject.toml").read_text()) == ogive.__version__
    assert field("version", citation) == ogive.__version__
    assert headings[1] == (ogive.__version__, field("date-released", citation))
