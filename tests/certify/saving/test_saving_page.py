"""docs/generated/saving.md has the rows that tools/saving.py writes."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", ["relu", "gelu", "hardswish", "squared_relu", "snake"])
def test_a_row_is_fresh(name: str) -> None:
    spec = importlib.util.spec_from_file_location("saving_tool", ROOT / "tools" / "saving.py")
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.row(name) in tool.PAGE.read_text().splitlines()
    assert tool.PAGE.read_text().startswith(tool.HEAD)
