"""docs/monitor.md prints what it shows."""

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "monitor.md"
BLOCK = re.compile(r"^```python\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", re.DOTALL | re.MULTILINE)
SKIPPED = "<!-- skip: next"


def blocks() -> list[tuple[str, str]]:
    """Code and what it prints, in order."""
    page = PAGE.read_text()
    found = [m for m in BLOCK.finditer(page) if SKIPPED not in page[: m.start()].splitlines()[-1]]
    return [(m[1], m[2] or "") for m in found]


@pytest.mark.filterwarnings("ignore::ogive.errors.MonitorWarning")
def test_the_page_does_what_it_shows():
    names: dict[str, object] = {"__name__": "page"}
    assert len(blocks()) >= 5
    for code, expected in blocks():
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, str(PAGE), "exec"), names)
        assert printed.getvalue() == expected
