import gc
import os
from pathlib import Path

# Before torch is imported: two workers on two cores, one thread each.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Where a test asks for more threads than there are free cores, they sleep while they wait.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# Not the user's own kernels; both workers share what they compile.
os.environ["OGIVE_CACHE_DIR"] = str(Path(__file__).parents[1] / ".pytest_cache" / "kernels")

import pytest
from hypothesis import settings

from browser import chromium, pytest_terminal_summary, tab  # noqa: F401 - fixtures and a hook
from ogive.catalogue import _registry, entries

# Speed is for benchmarks: a machine that is busy must not make a property fail.
settings.register_profile("ogive", deadline=None)
settings.load_profile("ogive")


def pytest_addoption(parser):
    parser.addoption(
        "--every-number",
        action="store_true",
        help="all of what the tests take a part of: every number, dtype and seed (make exhaustive)",
    )


def pytest_collection_modifyitems(config, items):
    """Leaves what is marked as exhaustive to ``make exhaustive``."""
    if config.getoption("--every-number"):
        return
    left = [item for item in items if item.get_closest_marker("exhaustive")]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not item.get_closest_marker("exhaustive")]


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Hardly anything that is made before the first test is garbage: to look for it meanwhile takes
    7 of 32 seconds. What is there in the end stays; the collector need not look at it again, which
    takes a quarter of a second each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def forget_definitions():
    """What a test defines is gone after it, so that the order of tests does not matter."""
    before = set(entries())
    yield
    if defined := set(entries()) - before:
        for name in defined:
            del _registry._ENTRIES[name]
        _registry.forget()
