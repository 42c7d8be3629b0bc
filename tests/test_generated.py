"""tools/generate.py names what is stale and writes it; test_records.py asks it of this tree."""

import shutil
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
    """The tool in a tree with what people wrote alone, a number of it wrong: everything is missing,
    then everything is written."""
    tool = tmp_path / "tools" / "generate.py"
    (tmp_path / "tools").mkdir()
    tool.write_text(TOOL.read_text(encoding="utf-8"), encoding="utf-8")
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("generated"))
    shutil.copy(ROOT / "README.zh-CN.md", tmp_path)
    right = (ROOT / "README.md").read_text(encoding="utf-8")
    count = f"**A catalogue** of {len(ogive.names())} activations"
    wrong = right.replace(count, "**A catalogue** of 0 activations")
    assert wrong != right
    (tmp_path / "README.md").write_text(wrong, encoding="utf-8")
    finished = run("--check", tool=tool)
    assert finished.returncode == 1
    assert "docs/generated/catalogue.md is stale" in finished.stderr
    assert "src/ogive/nn/__init__.pyi is stale" in finished.stderr
    assert "tests/data/printed/mish.cpu.txt is stale" in finished.stderr
    assert run(tool=tool).returncode == 0
    assert run("--check", tool=tool).returncode == 0
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == right
    written = (tmp_path / "docs/generated/catalogue.md").read_text(encoding="utf-8")
    assert "| `mish` | `Mish` | elementwise |" in written
