import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the tests of this folder share measure.py

from narrow import STEP


@pytest.fixture(scope="session")
def step(request: pytest.FixtureRequest) -> int:
    """Of the numbers of a 16-bit dtype f'' is judged at every so manieth."""
    return 1 if request.config.getoption("--every-number", default=False) else STEP
