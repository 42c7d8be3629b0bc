import pytest

from ogive.engine import cache


@pytest.fixture(autouse=True)
def no_complaint(monkeypatch):
    """The cache is on, and has not complained yet."""
    monkeypatch.delenv("OGIVE_CACHE", raising=False)
    monkeypatch.setattr(cache, "_warned", False)


@pytest.fixture
def cache_directory(tmp_path, monkeypatch):
    """An empty cache, for tests that look into it or start without kernels; the others share one,
    so that a kernel is compiled once."""
    monkeypatch.setenv("OGIVE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"
