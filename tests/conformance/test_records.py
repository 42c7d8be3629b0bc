"""Everything that is recorded of an entry is there; where it is not, one test says which command
makes it. The other tests go through what is recorded."""

import subprocess
import sys
from pathlib import Path

from measure import cases, cases_of
from records import TABLES

import ogive
from ogive.catalogue import Spec, entries
from ogive.certify.shipped import key, shipped

ROOT = Path(__file__).parents[2]


def missing(specs: dict[str, Spec]) -> dict[str, list[str]]:
    """By command what it would add for these entries."""
    saving = (ROOT / "docs" / "generated" / "saving.md").read_text(encoding="utf-8")
    judged = [c for s in specs.values() if s.kind != "rowwise" for c in cases_of(s)]
    made = {
        "make accuracy": [c.id for c in judged if not all(c.id in table for table in TABLES)],
        "make certificates": [n for n, spec in specs.items() if shipped(key(spec)) is None],
        "make saving": [
            n for n, s in specs.items() if s.kind == "elementwise" and f"\n| {n} |" not in saving
        ],
    }
    return {command: names for command, names in made.items() if names}


def stale() -> list[str]:
    """What the generator would write anew."""
    tool = ROOT / "tools" / "generate.py"
    run = [sys.executable, str(tool), "--check"]
    finished = subprocess.run(run, capture_output=True, text=True, check=False)
    return finished.stderr.splitlines()


def test_nothing_that_is_recorded_or_generated_is_missing():
    built_in = {n: spec for n, spec in entries().items() if spec.family != "user"}
    lines = [f"run: {command} (for {', '.join(n)})" for command, n in missing(built_in).items()]
    assert not (found := stale() + lines), "\n".join(found)


def test_an_entry_without_records_is_missed_by_each_command():
    trial = ogive.define("trial", "x / (1 + x * x)").spec
    assert list(missing({"trial": trial}).values()) == [["trial:x"], ["trial"], ["trial"]]
    assert missing({"mish": entries()["mish"]}) == {}


def test_nothing_else_is_recorded():
    known = {case.id for case in cases()}
    assert all(set(table) <= known for table in TABLES)
