import sys
from pathlib import Path

import pytest

import ogive

sys.path.insert(0, str(Path(__file__).parent))  # the tests of this folder share judged.py
#: What Triton compiles lies beside what ogive does, and is kept from one run to the next.
KEPT = Path(__file__).parents[3] / ".pytest_cache" / "kernels" / "triton"


@pytest.fixture(autouse=True)
def tritons_cache(monkeypatch):
    """Kernels of the user's own stay out of it."""
    monkeypatch.setenv("TRITON_CACHE_DIR", str(KEPT))


@pytest.fixture
def interpreted(monkeypatch):
    """CPU tensors are served by the interpreter."""
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    with ogive.engine("triton"):
        yield
