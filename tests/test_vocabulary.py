"""One word for one thing: a public name or a file name means the same in the whole package.

A name at the top of a module is public unless it begins with an underscore. The catalogue is left
out: its names are the names of activations.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import ogive

ROOT = Path(ogive.__file__).parent

#: Names that stand in two modules and mean the same thing in both, by the reason.
SAME = {
    "a function of mathematics: of a formula or a number, and as kernels compute it": (
        "gelu_tanh log log1p sinh tanhshrink where"
    ),
    "an operation of the machine, and what stands for it in a language without it": (
        "copysign fma ldexp round_even"
    ),
    "the mean under a normal distribution: of a formula, and of a function on arrays": (
        "expectation"
    ),
    "a command, and the function that it calls": "checkup plot",
    "what a user asks of a run, and how far the run is: of a bench, and of a study": (
        "Progress Settings"
    ),
    "an array of float64, for rooms that do not import each other": "Array",
    "what the choice of an engine asks of each": "DEVICES check prepare serves",
}
REASONS = {name: reason for reason, names in SAME.items() for name in names.split()}

#: Files of different rooms that share a name and hold the same thing, by the reason.
SAME_FILES = {
    "a command is called as what it shows": (
        "bench.py cache.py certificate.py checkup.py models.py study.py"
    ),
    "what a user asks of a run, and what is written about it": "settings.py",
    "the errors of the package, and those that only one room has": "errors.py",
    "functions of rows: what they are, and how torch computes them": "rowwise.py",
}
FILE_REASONS = {name: reason for reason, names in SAME_FILES.items() for name in names.split()}


def modules(root: Path) -> dict[str, ast.Module]:
    """The files of a package, by their place in it."""
    return {
        path.relative_to(root).as_posix(): ast.parse(path.read_text())
        for path in sorted(root.rglob("*.py"))
    }


def public_names(tree: ast.Module) -> Iterator[str]:
    """What a module defines at its top: functions, classes and what is assigned."""
    for node in tree.body:
        targets: list[ast.expr] = []
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                targets = [ast.Name(node.name)]
            case ast.Assign():
                targets = node.targets
            case ast.AnnAssign():
                targets = [node.target]
        for target in targets:
            for part in ast.walk(target):
                if isinstance(part, ast.Name) and not part.id.startswith("_"):
                    yield part.id


def places(root: Path) -> dict[str, list[str]]:
    """The modules in which each public name is defined."""
    found: dict[str, set[str]] = defaultdict(set)
    for place, tree in modules(root).items():
        if not place.startswith("catalogue/"):
            for name in public_names(tree):
                found[name].add(place)
    return {name: sorted(where) for name, where in found.items()}


def shared_files(root: Path) -> dict[str, list[str]]:
    """The names that files of different rooms have in common."""
    found: dict[str, list[str]] = defaultdict(list)
    for place in modules(root):
        found[Path(place).name].append(place)
    del found["__init__.py"]
    rooms = {name: {place.split("/")[0] for place in where} for name, where in found.items()}
    return {name: where for name, where in found.items() if len(rooms[name]) > 1}


def listed(found: dict[str, list[str]]) -> str:
    """One line a name, for whoever has to rename it."""
    return "\n".join(f"  {name:24} {', '.join(where)}" for name, where in sorted(found.items()))


def refused(found: dict[str, list[str]], allowed: Iterable[str]) -> dict[str, list[str]]:
    """What stands in three places, or in two without a reason."""
    reasons = set(allowed)
    return {
        name: where
        for name, where in found.items()
        if len(where) > 2 or (len(where) == 2 and name not in reasons)
    }


def test_a_public_name_means_one_thing():
    wrong = refused(places(ROOT), REASONS)
    assert not wrong, (
        f"{len(wrong)} names stand in several modules; rename one, make it private with an "
        f"underscore, or give the reason in SAME:\n{listed(wrong)}"
    )


def test_files_of_different_rooms_have_different_names():
    wrong = refused(shared_files(ROOT), FILE_REASONS)
    assert not wrong, (
        f"{len(wrong)} file names stand in several rooms; rename one, or give the reason in "
        f"SAME_FILES:\n{listed(wrong)}"
    )


def test_every_reason_is_needed():
    names, files = places(ROOT), shared_files(ROOT)
    idle = [n for n in REASONS if len(names.get(n, ())) < 2]
    assert not idle + [n for n in FILE_REASONS if n not in files]


@pytest.fixture
def house(tmp_path):
    """A package with three rooms, two of which define the same names."""
    for place, text in {
        "a/one.py": "from b import run\nclass Run: ...\nx, (Y, _z) = 1, (2, 3)\n",
        "b/one.py": "def run(): ...\nY: int = 1\ndef _help(): run = 1\n__all__ = []\n",
        "b/two.py": "async def Run(): ...\n",
        "c/three.py": "class Run: ...\n",
        "catalogue/some.py": "Y = 1\n",
    }.items():
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(text)
        (tmp_path / place).with_name("__init__.py").touch()
    return tmp_path


def test_the_check_sees_what_is_defined_and_not_what_is_imported(house):
    assert places(house) == {
        "Run": ["a/one.py", "b/two.py", "c/three.py"],
        "run": ["b/one.py"],
        "x": ["a/one.py"],
        "Y": ["a/one.py", "b/one.py"],
    }
    assert shared_files(house) == {"one.py": ["a/one.py", "b/one.py"]}


def test_two_places_need_a_reason_and_three_have_none(house):
    assert set(refused(places(house), ())) == {"Run", "Y"}
    assert refused(places(house), ["Run", "Y"]).keys() == {"Run"}
