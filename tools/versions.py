"""Runs the tests of calls under other releases of torch and Python, and writes the page of them.

Run by `make versions`: the oldest release that is promised, one between, and the two newest that
pip offers, each in an environment of its own (7 GB, removed after its tests; half an hour and more
on two cores). What is run replaces its rows of the page and leaves the others; nothing is written
if only some of the tests are run.

    python tools/versions.py --torch 2.15 --python 3.12 --keep tests/ops
"""

from __future__ import annotations

import argparse
import datetime
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

from ogive.torch_private import TESTED

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "generated" / "versions.md"
WORK = ROOT / ".versions"
#: Releases that are tried beside the two newest.
OLDER = ("2.9", "2.11")
PYTHONS = ("3.11", "3.12", "3.13")
TESTS = (
    "tests/ops", "tests/nn", "tests/engine", "tests/conformance/test_transforms.py",
    "tests/test_torch_private.py",
)  # fmt: skip
#: What torch bounds by itself, so that the pinned ones do not hold.
UNPINNED = ("torch", "torchvision", "triton", "setuptools")
HEAD = """\
# Releases of torch and Python

Written by `make versions`. `make test` runs everything with the releases in `constraints.txt`
(torch 2.13.0 with Python 3.11). `make versions` runs the tests of ops, nn and engine, those of
`torch.func` and `torch.compile`, and those that hide torch's private names, each in an environment
of its own: the oldest release of torch that is promised, one between, and the two newest that pip
offers.

A release newer than all of these works too, as far as can be known: ogive says once in a process,
with an `ogive.errors.VersionWarning`, that it was not tested with it. Of torch's private names it
may have renamed some; ogive is right without them and slower
([torch's private names](../decisions/torchs-private-names.md)), and the warning lists them. A patch
of a release that was tested is not told of.

| torch | Python | passed | failed | skipped | on |
|---|---|---|---|---|---|
"""


class Pair(NamedTuple):
    """A release of torch, as 2.15.0, and one of Python, as 3.12."""

    torch: str
    python: str


def offered() -> list[str]:
    """The releases of torch that pip offers, without their local variants, the newest first."""
    command = [sys.executable, "-m", "pip", "index", "versions", "torch"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (line,) = re.findall("Available versions: (.*)", told)
    return [version for version in line.split(", ") if re.fullmatch(r"\d+\.\d+\.\d+", version)]


def chosen(wanted: list[str], versions: list[str]) -> list[str]:
    """The newest patch of each wanted release, or of the usual ones, the oldest first."""
    newest: dict[str, str] = {}
    for version in versions:
        newest.setdefault(version.rpartition(".")[0], version)
    if missing := set(wanted) - newest.keys():
        sys.exit(f"pip offers no torch {', '.join(missing)}; it offers {', '.join(newest)}")
    usual = {*OLDER, *list(newest)[:2]}
    return [version for release, version in newest.items() if release in (wanted or usual)][::-1]


def interpreter(python: str) -> str | None:
    """A Python of that release on this machine."""
    candidates = [
        shutil.which(f"python{python}"),
        *Path.home().glob(f".pyenv/versions/{python}.*/bin/python"),
    ]
    for candidate in filter(None, candidates):
        asked = subprocess.run(
            [candidate, "--version"], capture_output=True, text=True, check=False
        )
        if asked.stdout.startswith(f"Python {python}."):
            return str(candidate)
    return None


def install(pair: Pair, home: Path) -> bool:
    """Makes the environment; false if torch has no package for this Python."""
    python = interpreter(pair.python)
    assert python is not None
    if not (home / "bin" / "python").exists():
        subprocess.run([python, "-m", "venv", str(home)], check=True)
    pinned = (ROOT / "constraints.txt").read_text().splitlines()
    constraints = home / "constraints.txt"
    constraints.write_text("\n".join(p for p in pinned if p.partition("==")[0] not in UNPINNED))
    torch = f"torch=={pair.torch}"
    pip = [
        str(home / "bin" / "python"),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
    ]
    first = subprocess.run([*pip, torch], stderr=subprocess.PIPE, text=True, check=False)
    if "No matching distribution" in first.stderr:
        return False
    if first.returncode:
        sys.exit(first.stderr)
    subprocess.run(
        [*pip, "--constraint", str(constraints), torch, "--editable", f"{ROOT}[dev]"], check=True
    )
    return True


def test(home: Path, tests: list[str], workers: int) -> tuple[int, int, int]:
    """How many tests passed, failed and were skipped."""
    report = home / "report.xml"
    report.unlink(missing_ok=True)
    command = [str(home / "bin" / "python"), "-m", "pytest", f"--junitxml={report}", *tests]
    command += ["-n", str(workers), "--dist", "worksteal"]
    subprocess.run(command, cwd=ROOT, check=False)
    if not report.exists():
        sys.exit(f"the tests in {home} ended without a report; was there enough memory?")
    (suite,) = ET.parse(report).getroot().iter("testsuite")
    count = {name: int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}
    failed = count["failures"] + count["errors"]
    passed = count["tests"] - failed - count["skipped"]
    return passed, failed, count["skipped"]


def attempt(pair: Pair, tests: list[str], workers: int, keep: bool) -> str:
    """The row of a pair."""
    home = WORK / f"torch-{pair.torch}-python-{pair.python}"
    start = f"| {pair.torch} | {pair.python} |"
    if interpreter(pair.python) is None:
        return f"{start} no such Python on this machine | | | |"
    if install(pair, home):
        counts = " | ".join(map(str, test(home, tests, workers)))
        row = f"{start} {counts} | {datetime.date.today()} |"
    else:
        row = f"{start} torch has no package | | | |"
    if not keep:
        shutil.rmtree(home)
    return row


def rows(page: Path) -> dict[Pair, str]:
    """The rows of the page as it is."""
    if not page.exists():
        return {}
    found = re.finditer(r"^\| (\d\S*) \| (\d\S*) \|.*$", page.read_text(), re.MULTILINE)
    return {Pair(*row.groups()): row[0] for row in found}


def write(page: Path, found: dict[Pair, str]) -> None:
    """The page with the rows in order."""
    ordered = sorted(found, key=lambda pair: [int(n) for n in ".".join(pair).split(".")])
    page.write_text(HEAD + "".join(found[pair] + "\n" for pair in ordered))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tests", nargs="*", default=TESTS)
    parser.add_argument("--torch", nargs="+", default=[], help="releases, such as 2.15")
    parser.add_argument("--python", nargs="+", default=PYTHONS, help="releases, such as 3.12")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="leave the environments")
    given = parser.parse_args()
    tried = {}
    for torch in chosen(given.torch, offered()):
        for python in given.python:
            pair = Pair(torch, python)
            tried[pair] = attempt(pair, list(given.tests), given.workers, given.keep)
            print(tried[pair])
            if given.tests == TESTS:
                write(PAGE, rows(PAGE) | tried)
    untold = {pair.torch.rpartition(".")[0] for pair in tried} - set(TESTED)
    if untold:
        print(f"add {', '.join(untold)} to TESTED in src/ogive/torch_private.py, if they passed")


if __name__ == "__main__":
    main()
