"""torch's private names stand in one file, and ogive does without each of them."""

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import hidden_names
import ogive
from ogive import torch_private
from ogive.errors import VersionWarning

ROOT = Path(ogive.__file__).parent
#: Every module that was ever pickled has them, so that torch cannot rename them.
TABLES = {"_modules", "_parameters", "_buffers"}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def private_names(source: str) -> Iterator[str]:
    """The private names of torch that a file imports, or reads from what it imports from torch."""
    tree, known = ast.parse(source), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "torch":
            names = [f"{node.module}.{a.name}" for a in node.names]
            known |= {a.asname or a.name for a in node.names}
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names if a.name.split(".")[0] == "torch"]
            known |= {a.asname or "torch" for a in node.names if a.name in names}
        else:
            continue
        yield from (n for n in names if any(is_private(part) for part in n.split(".")))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in TABLES:
            root = ast.unparse(node).split(".")[0].split("(")[0]
            if root in known or node.attr in vars_of_torch():
                yield ast.unparse(node)


def vars_of_torch() -> set[str]:
    """Private attributes by which ogive tells more of an object of torch's than torch does."""
    return {name.rpartition(".")[2] for name in torch_private.FOUND if "." in name.split(":")[1]}


def test_only_one_file_has_private_names_of_torch() -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for path in ROOT.rglob("*.py")
        if path.name != "torch_private.py" and (names := [*private_names(path.read_text())])
    }
    assert not found


@pytest.mark.parametrize(
    "line",
    [
        "import torch._dynamo",
        "from torch._ops import x",
        "from torch import _VF",
        "import torch\ntorch._C._is_tracing()",
        "from torch.autograd import forward_ad\nforward_ad._current_level",
        "from torch import nn as n\nn.modules.conv._ConvNd",
        "storage._cdata",
    ],
)
def test_the_check_sees_a_private_name(line: str) -> None:
    assert [*private_names(line)]


def test_this_torch_has_every_name() -> None:
    """So that no fallback serves unnoticed; a version that lacks one says so in its table."""
    assert [name for name, found in torch_private.FOUND.items() if not found] == []


def outcomes(cases: list[str]) -> dict[str, list[str]]:
    """What goes wrong in each case, tried in processes of their own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", hidden_names.__file__, *cases],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    assert found.keys() == set(cases)
    return found


def test_each_name_hidden_in_turn_leaves_everything_right() -> None:
    found = outcomes([*torch_private.FOUND])
    assert not any(found.values()), {name: wrong for name, wrong in found.items() if wrong}


def test_all_names_hidden_at_once_leave_everything_right() -> None:
    case = ",".join(torch_private.FOUND)
    assert outcomes([case]) == {case: []}


def test_a_fallback_that_is_wrong_is_noticed() -> None:
    found = outcomes([*hidden_names.MISTAKES])
    assert not [mistake for mistake, wrong in found.items() if not wrong]


# versions


@pytest.mark.parametrize("version", ["2.99.0", "2.99.0a0+git1234", "3.0.1+cu150"])
def test_an_unknown_newer_torch_is_told_of_with_the_versions_tested(version: str) -> None:
    with pytest.warns(VersionWarning, match=", ".join(torch_private.TESTED)) as told:
        torch_private.warn_of_newer(version)
    assert version in str(told[0].message)
    assert "at full speed" in str(told[0].message)


def test_it_tells_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(torch_private.FOUND, "torch._C:_is_tracing", False)
    with pytest.warns(VersionWarning, match="slower, for want of torch._C:_is_tracing;"):
        torch_private.warn_of_newer("2.99.0")


@pytest.mark.parametrize("version", [*torch_private.TESTED, "2.15.3+cu130", "2.10.0", "2.9.0"])
def test_a_release_that_was_tested_or_is_older_is_not(version: str) -> None:
    torch_private.warn_of_newer(version)


def test_a_process_is_told_once() -> None:
    code = (
        "import torch; torch.__version__ = '2.99.0'; import warnings, ogive\n"
        "with warnings.catch_warnings(record=True) as told:\n"
        "    warnings.simplefilter('always')\n"
        "    for name in ('mish', 'relu'):\n"
        "        ogive.get(name)(torch.ones(3)); ogive.nn.ReLU()(torch.ones(3))\n"
        "print([w.category.__name__ for w in told])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['VersionWarning']\n"


def test_versions_rise() -> None:
    releases = [tuple(map(int, version.split("."))) for version in torch_private.TESTED]
    assert releases == sorted(releases)
    assert torch_private.TESTED[0] == requirement("torch")


def requirement(package: str) -> str:
    """The least version that pyproject.toml asks for."""
    project = tomllib.loads((ROOT.parents[1] / "pyproject.toml").read_text())["project"]
    (found,) = [d for d in project["dependencies"] if d.startswith(f"{package}>=")]
    return str(found.partition(">=")[2])
