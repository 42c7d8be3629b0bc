"""From numbers to a verdict: checks, and the two ways in which a claim can be meant.

Apart from the numbers and from the claims, so that it can be tested for all of them at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from ogive.errors import OgiveError
from ogive.study.claims.estimates import Estimate

VERDICTS = ("holds", "fails", "depends", "undecided")
#: So many cases are named of those that fail or are open.
_LISTED = 3
#: Two conditions explain something if they have fewer levels together than this share of the cases,
#: or if there are few cases.
_EXPLAINING, _FEW = 0.6, 6


@dataclass(frozen=True)
class Check:
    """A number held against bounds, under conditions.

    Attributes:
        name: what the number is.
        estimate: the number with its interval.
        at_least, at_most: between these a claim wants it.
        where: the conditions, such as ``{"task": "digits", "depth": "30"}``; checks under the same
            conditions are one case, and must all be met there.
    """

    name: str
    estimate: Estimate
    at_least: float = -math.inf
    at_most: float = math.inf
    where: Mapping[str, str] = field(default_factory=dict)

    @property
    def outcome(self) -> bool | None:
        """True if the whole interval lies between the bounds, False if nothing of it does.

        Example:
            >>> Check("mean", Estimate(0.2, 0.1, 0.3), at_least=0.25).outcome is None
            True
        """
        low, high = self.estimate.low, self.estimate.high
        if low >= self.at_least and high <= self.at_most:
            return True
        return False if high < self.at_least or low > self.at_most else None


@dataclass(frozen=True)
class Verdict:
    """A word of ``VERDICTS``, and what it rests on.

    Attributes:
        word: the verdict.
        on: what it depends on; where a claim fails; what is open where it is undecided.
    """

    word: str
    on: str = ""

    def __post_init__(self) -> None:
        if self.word not in VERDICTS:
            raise OgiveError(f"a verdict is {', '.join(VERDICTS)}, not {self.word!r}")


Conditions = tuple[tuple[str, str], ...]
Cases = dict[Conditions, bool | None]


def cases_of(checks: Iterable[Check]) -> Cases:
    """The outcome under each set of conditions: that of all checks made there."""
    found: dict[Conditions, list[bool | None]] = {}
    for check in checks:
        found.setdefault(tuple(check.where.items()), []).append(check.outcome)
    return {where: all_of(outcomes) for where, outcomes in found.items()}


def all_of(outcomes: Sequence[bool | None]) -> bool | None:
    """False if one is, True if all are, else None; None without any."""
    if False in outcomes:
        return False
    return None if None in outcomes or not outcomes else True


def always(checks: Sequence[Check]) -> Verdict:
    """The claim says "always", so that one case against it is enough to make it fail."""
    cases = cases_of(checks)
    outcome = all_of([*cases.values()])
    if outcome is None:
        return _undecided(cases)
    return Verdict("holds") if outcome else Verdict("fails", _listed(cases, False))


def generally(checks: Sequence[Check]) -> Verdict:
    """The claim is a rule: where some cases are for it and some against, it depends on what."""
    cases = cases_of(checks)
    decided = {outcome for outcome in cases.values() if outcome is not None}
    if len(decided) == 2:
        open_at = _listed(cases, None)
        return Verdict("depends", depends_on(cases) + (f"; open at {open_at}" if open_at else ""))
    if not decided or None in cases.values():
        return _undecided(cases)
    return Verdict("holds") if True in decided else Verdict("fails")


def _undecided(cases: Cases) -> Verdict:
    if not cases:
        return Verdict("undecided", "nothing was measured")
    outcomes = [*cases.values()]
    met, against = outcomes.count(True), outcomes.count(False)
    beside = f"{met} of {len(cases)} cases as claimed, {against} not; " if met or against else ""
    return Verdict("undecided", f"{beside}open at {_listed(cases, None)}")


def depends_on(cases: Cases) -> str:
    """The condition, or the two together, that tell where it holds and where not.

    Where none do, the cases against or for it, if they are few, else how often it holds by the
    condition that tells most.

    Example:
        >>> cases = {(("task", "a"), ("depth", str(d))): d < 9 for d in (1, 5, 9)}
        >>> depends_on(cases)
        'depth: holds at 1, 5; fails at 9'
    """
    names = list(dict.fromkeys(name for where, _ in _decided(cases) for name, _ in where))
    for chosen in (*combinations(names, 1), *combinations(names, 2)):
        groups = _grouped(chosen, cases)
        if _tells(groups) and (len(chosen) == 1 or _explains(groups)):
            holds, fails = (
                ", ".join(level for level, found in groups.items() if found[0] is side)
                for side in (True, False)
            )
            return f"{' and '.join(chosen)}: holds at {holds}; fails at {fails}"
    outcomes = [outcome for _, outcome in _decided(cases)]
    for side, word in ((False, "fails"), (True, "holds")):
        if outcomes.count(side) <= _LISTED:
            return (
                f"{word} in {outcomes.count(side)} of {len(outcomes)} cases: {_listed(cases, side)}"
            )
    most = max(names, key=lambda name: _telling(_grouped([name], cases)))
    counts = (
        f"{found.count(True)} of {len(found)} at {level}"
        for level, found in _grouped([most], cases).items()
    )
    return f"more than two conditions; by {most} it holds in {', '.join(counts)}"


def _decided(cases: Cases) -> list[tuple[Conditions, bool]]:
    return [(where, outcome) for where, outcome in cases.items() if outcome is not None]


def _grouped(names: Sequence[str], cases: Cases) -> dict[str, list[bool]]:
    """The outcomes by the levels of these conditions."""
    groups: dict[str, list[bool]] = {}
    for where, outcome in _decided(cases):
        given = dict(where)
        there = [name for name in names if name in given]
        named = [given[n] if len(there) == len(names) else f"{n} {given[n]}" for n in there]
        level = f"({', '.join(named)})" if len(named) > 1 else " ".join(named) or "all others"
        groups.setdefault(level, []).append(outcome)
    return groups


def _tells(groups: Mapping[str, Sequence[bool]]) -> bool:
    """Whether the outcome is known by the level."""
    return all(len(set(outcomes)) == 1 for outcomes in groups.values())


def _explains(groups: Mapping[str, Sequence[bool]]) -> bool:
    """Whether the levels are fewer than the cases, each of which would be told by its own."""
    count = sum(map(len, groups.values()))
    return count <= _FEW or len(groups) < _EXPLAINING * count


def _telling(groups: Mapping[str, Sequence[bool]]) -> int:
    """How many outcomes one would get right who knew the levels."""
    return sum(max(found.count(True), found.count(False)) for found in groups.values())


def _listed(cases: Cases, outcome: bool | None) -> str:
    """The first of the cases with this outcome, and how many more there are."""
    places = [told(where) for where, found in cases.items() if found is outcome]
    more = f"; and {len(places) - _LISTED} more" if len(places) > _LISTED else ""
    return "; ".join(places[:_LISTED]) + more


def told(where: Iterable[tuple[str, str]]) -> str:
    """Conditions in words."""
    return ", ".join(f"{name} {level}" for name, level in where) or "everywhere"
