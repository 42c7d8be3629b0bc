"""The house: each room imports only rooms below it, and importing ogive loads nothing heavy."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import ogive

ROOT = Path(ogive.__file__).parent
# Each room may import the rooms named after it, and theirs.
NEIGHBOURS = {
    "expr": [],
    "catalogue": ["expr"],
    "printers": ["expr"],
    "engine": ["printers", "catalogue"],
    "certify": ["printers", "catalogue"],
    "ops": ["engine", "certify"],
    "nn": ["ops"],
    "plot": ["certify"],
    "monitor": ["nn", "plot"],
    "_face": ["nn", "plot"],
    "study": ["_face", "nn", "plot", "monitor"],
    "bench": ["_face", "nn", "monitor"],
    "explorer": ["plot", "certify", "printers"],
    "cli": ["study", "plot", "bench", "monitor", "explorer"],
    "__init__": ["_face", "nn", "monitor"],
    "__main__": ["cli"],
}
# failure and reports speak the same language in every room, and every room meets the same torch
FREE = {"errors", "process", "table", "torch_private"}


def below(room: str) -> set[str]:
    direct = NEIGHBOURS[room]
    return {room, *direct, *(r for d in direct for r in below(d))}


def room_of(path: Path) -> str:
    part = path.relative_to(ROOT).parts[0]
    return part.removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [f"{node.module}.{a.name}" for a in node.names]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "ogive" and len(parts) > 1:
                rooms.add(parts[1])
    known = {room_of(p) for p in ROOT.rglob("*.py")}
    return {r if r in known else "__init__" for r in rooms} - FREE


FILES = sorted(p for p in ROOT.rglob("*.py") if room_of(p) not in FREE)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_imports_only_rooms_below_it(path):
    room = room_of(path)
    # the top of the house may use the public face, `import ogive`
    allowed = below(room) | ({"__init__"} if room in ("study", "cli", "explorer") else set())
    assert imported_rooms(path) <= allowed


@pytest.mark.parametrize("room", sorted(FREE))
def test_what_every_room_may_import_imports_no_room(room):
    assert not imported_rooms(ROOT / f"{room}.py")


def test_the_check_sees_an_import_upwards(tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def f():\n    from ogive.nn import modules\n")
    assert imported_rooms(wrong) == {"nn"}


MODULES = {
    ".".join(p.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): p
    for p in sorted(ROOT.rglob("*.py"))
}


def package(module: str) -> str:
    parent = MODULES[module].parent.relative_to(ROOT.parent)
    return ".".join(parent.parts)


def imported_modules(path: Path) -> set[str]:
    """The modules of the house that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            whole = {f"{node.module}.{a.name}" for a in node.names}
            names |= {name if name in MODULES else node.module for name in whole}
        elif isinstance(node, ast.Import):
            names |= {a.name for a in node.names}
    return names & MODULES.keys()


def mutual(imports: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The pairs of packages that import each other. A folder and one inside it are one thing."""
    return {(a, b) for a, b in imports if (b, a) in imports and a < b and not b.startswith(f"{a}.")}


def test_no_two_packages_import_each_other():
    found = {
        (package(name), package(other))
        for name, path in MODULES.items()
        for other in imported_modules(path)
    }
    assert ("ogive.certify.report", "ogive.certify.saving") in found  # it sees them
    assert not mutual(found)


def test_packages_that_import_each_other_are_seen():
    assert mutual({("ogive.a", "ogive.b"), ("ogive.b", "ogive.a"), ("ogive.a", "ogive")}) == {
        ("ogive.a", "ogive.b")
    }


def test_every_room_says_what_it_is_for():
    for init in ROOT.glob("*/__init__.py"):
        assert ast.get_docstring(ast.parse(init.read_text())), init


def loaded_after(code: str) -> set[str]:
    report = "import json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


HEAVY = (
    "sympy",
    "numba",
    "llvmlite",
    "matplotlib",
    "mpmath",
    "flint",
    "scipy",
    "sklearn",
    "pandas",
    "typer",
    "rich",
)


def test_importing_ogive_loads_nothing_heavy():
    loaded = loaded_after("import ogive; ogive.get('mish'); ogive.names()")
    assert "torch" in loaded
    assert not [m for m in (*HEAVY, "torch._dynamo") if m in loaded]


def test_a_shipped_certificate_is_read_without_the_judge():
    loaded = loaded_after("import ogive; str(ogive.get('mish').certificate())")
    assert not [m for m in ("flint", "mpmath", "scipy", "sympy", "rich") if m in loaded]


def test_the_language_the_catalogue_and_the_judge_do_without_torch():
    code = (
        "import sys, types; root = types.ModuleType('ogive'); "
        f"root.__path__ = [{str(ROOT)!r}]; sys.modules['ogive'] = root\n"
        "import ogive.expr, ogive.catalogue, ogive.printers, ogive.certify; "
        "ogive.catalogue.entries()"
    )
    assert "torch" not in loaded_after(code)


def test_nothing_is_derived_at_import():
    code = (
        "import ogive.expr.node as n\n"
        "import ogive\n"
        "ogive.names()\n"
        "assert not [k for k in n._interned if k[0] == 'sigmoid' and k[1] and "
        "n._interned[k].args[0].op == 'mul'], 'a formula was built'\n"
        "from ogive.catalogue import entries\n"
        "assert not any('expression' in s.__dict__ for s in entries().values())"
    )
    loaded_after(code)
