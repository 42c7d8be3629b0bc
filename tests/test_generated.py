"""tools/generate.py names what is stale and writes it; test_records.py asks it of this tree."""

import subprocess
import sys
from pathlib import Path

import ogive

ROOT = Path(__file__).parents[1]
TOOL = ROOT / "tools" / "generate.py"


def run(*arguments: str, tool: Path = TOOL) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(tool), *arguments], capture_output=True, text=True, check=False
    )


def test_a_stale_file_is_named(tmp_path: Path) -> None:
    """The tool in an empty tree: everything is missing, then everything is written."""
    tool = tmp_path / "tools" / "generate.py"
    (tmp_path / "tools").mkdir()
    tool.write_text(TOOL.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "README.md").write_text("- **A catalogue** of 0 activations", encoding="utf-8")
    finished = run("--check", tool=tool)
    assert finished.returncode == 1
    assert "docs/generated/catalogue.md is stale" in finished.stderr
    assert "src/ogive/nn/__init__.pyi is stale" in finished.stderr
    assert "tests/data/printed/mish.cpu.txt is stale" in finished.stderr
    assert run(tool=tool).returncode == 0
    assert run("--check", tool=tool).returncode == 0
    count = len(ogive.names())
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert readme == f"- **A catalogue** of {count} activations"
    written = (tmp_path / "docs/generated/catalogue.md").read_text(encoding="utf-8")
    assert "| `mish` | `Mish` | elementwise |" in written
