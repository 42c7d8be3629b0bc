"""What the tests of the benchmark share."""

import pytest

from ogive.bench import Pace


@pytest.fixture
def quick():
    """One round of one repetition: what is tested is what is measured, never how long it takes."""
    return Pace(rounds=1, least_rounds=1, sample=0.0)
