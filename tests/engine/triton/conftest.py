import sys
from pathlib import Path

import pytest

import ogive
from ogive.engine import cache

sys.path.insert(0, str(Path(__file__).parent))  # the tests of this folder share judged.py
#: What is compiled, and tried out, is kept from one run to the next.
KEPT = Path(__file__).parents[3] / ".pytest_cache" / "kernels"


@pytest.fixture(autouse=True)
def cache_directory(tmp_path, monkeypatch):
    """Kernels of the user's own stay out of it."""
    monkeypatch.setenv("OGIVE_CACHE_DIR", str(KEPT))
    monkeypatch.setenv("TRITON_CACHE_DIR", str(KEPT / "triton"))
    monkeypatch.setattr(cache, "_warned", False)
    return KEPT


@pytest.fixture
def interpreted(monkeypatch):
    """CPU tensors are served by the interpreter."""
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    with ogive.engine("triton"):
        yield
