"""Remedies that were carried out, and whether each has helped: the next windows are measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ogive.errors import OgiveError
from ogive.monitor.finding import SEVERITIES, HealthFinding
from ogive.monitor.remedies import (
    Reinitialise,
    Remedy,
    RescaleLayer,
    ReviveUnits,
    SetSlope,
    SwapActivation,
    Together,
    parts_of,
)
from ogive.monitor.snapshots import StateCopy
from ogive.table import table

#: Remedies that draw all weights anew, after which others of weights have no object.
_ANEW = (Reinitialise, SwapActivation)
_OF_WEIGHTS = (ReviveUnits, RescaleLayer, SetSlope)
#: A number that has come so much nearer to its threshold has become better.
BETTER_BY = 0.8


@dataclass
class Treatment:
    """What was advised against a finding.

    Attributes:
        finding: which.
        remedy: what.
        applied: whether it was carried out.
        reason: why it was not; empty if it was.
    """

    finding: HealthFinding
    remedy: Remedy
    applied: bool = False
    reason: str = ""


@dataclass
class FollowUp:
    """What ``Monitor.advise`` advised, and did.

    Attributes:
        treatments: one for each remedy, that against the most serious finding first.
        step: when.
    """

    treatments: Sequence[Treatment]
    step: int
    _watch: Any = field(repr=False)
    _before: StateCopy | None = field(default=None, repr=False)

    def helped(self, treatment: Treatment) -> bool | None:
        """Whether a remedy has helped: the finding is gone, or less serious, or its share or first
        number came nearer to the threshold by a fifth; None before half a window is measured."""
        if not treatment.applied or self._before is None:
            return None
        measured = [step for step in self._watch.measured if step >= self.step]
        if len(measured) < max(1, self._watch.window // 2):
            return None
        old = treatment.finding
        now = next(
            (f for f in self._watch.findings if (f.kind, f.place) == (old.kind, old.place)), None
        )
        return now is None or _is_better(old, now)

    def undo(self) -> None:
        """Takes everything back: modules, parameters, buffers and the optimizer's state and options
        are what they were when the remedies were carried out, bit for bit."""
        if self._before is None:
            raise OgiveError("nothing was carried out, or it has been taken back already")
        for treatment in reversed(self.treatments):
            if treatment.applied:
                treatment.remedy.undo()
        self._before.restore()
        self._before = None
        self._watch.refresh()

    def __str__(self) -> str:
        words = {True: "helped", False: "did not help", None: "not measured yet"}
        rows = (
            [t.finding.kind, t.finding.place, t.remedy.describe(),
             words[self.helped(t)] if t.applied else t.reason or "not carried out"]
            for t in self.treatments
        )  # fmt: skip
        notes = [] if self.treatments else ["nothing to advise"]
        return table(("finding", "place", "remedy", "result"), rows, notes)


def _is_better(old: HealthFinding, now: HealthFinding) -> bool:
    if SEVERITIES.index(now.severity) < SEVERITIES.index(old.severity):
        return True
    if now.share <= BETTER_BY * old.share:
        return True
    name = next(iter(old.evidence))
    before, after = old.evidence[name], now.evidence.get(name, old.evidence[name])
    return _distance(after, now) <= BETTER_BY * _distance(before, old)


def _distance(value: float, finding: HealthFinding) -> float:
    """By how much a number is beyond its threshold, whichever side that is."""
    limit = finding.evidence.get("threshold", 1.0)
    return max(value / limit, limit / value) if value > 0 and limit > 0 else float("inf")


def distinct(findings: Sequence[HealthFinding]) -> list[Treatment]:
    """Each remedy once, for the first finding that asks for it."""
    treatments: list[Treatment] = []
    asked: set[str] = set()
    drawing = [p for f in findings for p in parts_of(f.remedy) if isinstance(p, _ANEW)]
    for finding in findings:
        parts = [p for p in parts_of(finding.remedy) if p.describe() not in asked]
        asked.update(part.describe() for part in parts)
        if parts:
            remedy = parts[0] if len(parts) == 1 else Together(parts)
            treatments.append(Treatment(finding, remedy, reason=_why_not(parts, drawing)))
    return treatments


def _why_not(parts: Sequence[Remedy], drawing: Sequence[Remedy]) -> str:
    """Why remedies are not carried out; empty if they are."""
    if not all(part.automatic for part in parts):
        return "only a change of the code can do it"
    swapped = any(isinstance(part, SwapActivation) for part in drawing)
    idle = (*_OF_WEIGHTS, Reinitialise) if swapped else _OF_WEIGHTS
    anew = drawing and all(isinstance(part, idle) for part in parts)
    return "all weights are drawn anew" if anew else ""


def carry_out(treatments: Sequence[Treatment], apply: Callable[[Remedy], None]) -> None:
    """Carries out what can be; what refuses says why."""
    for treatment in treatments:
        if treatment.reason:
            continue
        try:
            apply(treatment.remedy)
        except OgiveError as error:
            treatment.reason = str(error)
        else:
            treatment.applied = True
