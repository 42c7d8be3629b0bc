"""The wheel and the sdist: what is in them, what they say of themselves, and that the wheel works.

Nothing is downloaded: they are built with the installed setuptools, and the fresh environment sees
the packages of this one, but not its ogive.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata

import ogive

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "ogive"
LEFT_OUT = shutil.ignore_patterns(
    ".*", "build", "dist", "results", "shared", "*.egg-info", "__pycache__"
)
#: What is installed: modules, and what stands beside them.
FILES = {
    f"ogive/{p.relative_to(SOURCE).as_posix()}"
    for p in SOURCE.rglob("*")
    if p.is_file() and "__pycache__" not in p.parts
}
#: Modules and their types, templates, records, and the files of pages.
SUFFIXES = {".py", ".pyi", ".typed", ".j2", ".gz", ".json", ".toml", ".css", ".svg", ".js"}
#: What a user does first; it runs outside the repository.
USE = """
import sys
from pathlib import Path
import torch
import ogive
assert Path(ogive.__file__).is_relative_to(sys.prefix), ogive.__file__
x = torch.linspace(-3, 3, 100_000, requires_grad=True)
y = ogive.get("mish")(x)
y.sum().backward()
assert torch.allclose(y, torch.nn.functional.mish(x), atol=1e-6)
layer = ogive.nn.GELU(save="lean")
assert layer(x.detach()).shape == x.shape
found = ogive.get("gelu").certificate()
print(round(found.smoothness.lipschitz.value, 6))
assert "flint" not in sys.modules  # what is shipped is not proved again
"""


def run(*command: object, **options: object) -> str:
    finished = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, made of a copy of the tree, and the wheel made of the sdist."""
    folder = tmp_path_factory.mktemp("package")
    tree = shutil.copytree(ROOT, folder / "tree", ignore=LEFT_OUT)
    dist = folder / "dist"
    dist.mkdir()
    build = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    run(sys.executable, "-c", build, dist, cwd=tree)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet")
    options = ("--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", dist)
    run(*pip, *options, next(dist.glob("*.tar.gz")))
    return dist


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    return next(dist.glob("*.whl"))


def test_the_wheel_has_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {Path(n).suffix for n in FILES} == SUFFIXES
    # the explorer is built into the wheel
    assert {n for n in names if n.startswith("ogive/")} == FILES | {"ogive/explorer/site.zip"}
    about = {n.partition("/")[0] for n in names} - {"ogive"}
    assert [n.endswith(".dist-info") for n in about] == [True]


def test_the_sdist_has_what_the_wheel_is_made_of(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        names = {n.partition("/")[2] for n in archive.getnames()}
    assert {f"src/{name}" for name in FILES} <= names
    assert {"pyproject.toml", "README.md", "LICENSE"} <= names


def test_the_metadata_is_valid_and_says_what_is_so(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (about,) = {n.partition("/")[0] for n in archive.namelist()} - {"ogive"}
    found = Metadata.from_email(archive.read(f"{about}/METADATA"), validate=True)
    assert (found.name, str(found.requires_python)) == ("ogive", ">=3.11")
    assert wheel.name == f"ogive-{found.version}-py3-none-any.whl"
    assert str(found.version) == ogive.__version__
    assert found.license_expression == "Apache-2.0"
    assert f"{about}/licenses/LICENSE" in archive.namelist()
    assert found.description == (ROOT / "README.md").read_text(encoding="utf-8")
    assert found.description_content_type == "text/markdown"
    # what users need by default; everything else is an extra
    needed = {r.name for r in found.requires_dist or [] if r.marker is None}
    assert needed == {"torch", "numpy", "llvmlite", "typer", "rich"}


def test_the_wheel_works_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "fresh"
    run(sys.executable, "-m", "venv", "--without-pip", home)
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(python, "-I", "-c", where).strip())
    # a path in a .pth is searched last, and the .pth files in it, ogive's own, are not read
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel)
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    clean["OGIVE_CACHE_DIR"] = str(tmp_path / "kernels")
    assert run(python, "-c", USE, cwd=tmp_path, env=clean).split() == ["1.128904"]
    command = python.with_name("ogive")
    shown = run(command, "list", "--family", "selfgated", cwd=tmp_path, env=clean)
    assert "mish" in shown
    run(command, "explore", "-o", tmp_path / "site", "--no-open", cwd=tmp_path, env=clean)
    assert (tmp_path / "site" / "functions" / "mish.html").is_file()
