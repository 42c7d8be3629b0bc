"""What the tests of the studies share."""

import pytest


@pytest.fixture
def without_report(monkeypatch):
    """Drawing figures takes most of the time of a small study; tests of other things skip it."""
    monkeypatch.setattr("ogive.study.study.write_results", lambda study: None)
