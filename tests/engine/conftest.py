import pytest

from ogive.engine import cache


@pytest.fixture(autouse=True)
def cache_directory(tmp_path, monkeypatch):
    """An empty cache for each test, which has not complained yet."""
    monkeypatch.setenv("OGIVE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("OGIVE_CACHE", raising=False)
    monkeypatch.setattr(cache, "_warned", False)
    return tmp_path / "cache"
