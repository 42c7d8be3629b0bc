"""From what was measured to findings."""

from __future__ import annotations

from typing import Any

from ogive.monitor.finding import HealthFinding


def diagnose(watch: Any) -> tuple[HealthFinding, ...]:
    """The findings, the most serious first."""
    return ()
