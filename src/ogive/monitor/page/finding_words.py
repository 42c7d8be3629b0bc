"""What a finding says to somebody who has never met its kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ogive.monitor.finding import FINDING_CAUSES, SEVERITIES, HealthFinding


@dataclass(frozen=True)
class KindWords:
    """What stands above a kind of finding, and what it means.

    Attributes:
        title: with ``{share}`` and ``{where}`` in it.
        meaning: what happens, and why it matters.
    """

    title: str
    meaning: str


KIND_WORDS = {
    "dead": KindWords(
        "{share} of the units {where} are dead",
        "A unit is dead if its slope is zero whatever the input. No gradient passes through it, so "
        "the weights before it stay as they are: it takes memory and time and learns nothing.",
    ),
    "saturated_left": KindWords(
        "{share} of the units {where} sit on the flat left side",
        "Where the function is flat, a change of the input changes nothing, and the gradient is "
        "close to zero. Units that stay there learn slowly or not at all.",
    ),
    "saturated_right": KindWords(
        "{share} of the units {where} sit on the flat right side",
        "Where the function is flat, a change of the input changes nothing, and the gradient is "
        "close to zero. Units that stay there learn slowly or not at all.",
    ),
    "linear": KindWords(
        "{share} of the units {where} act as a straight line",
        "All inputs fall on one straight piece of the function. Two layers with a straight line "
        "between them can do no more than one layer: the depth is not used.",
    ),
    "off_centre": KindWords(
        "The inputs {where} are far off centre",
        "An activation bends near zero. If nearly all inputs lie far to one side, units differ "
        "little from sample to sample, and training is slow.",
    ),
    "vanishing": KindWords(
        "Gradients vanish {where}",
        "On its way from the loss to the first layers the gradient gets smaller at every layer. "
        "What arrives is too little to learn from: the first layers stay as they were drawn.",
    ),
    "exploding": KindWords(
        "Gradients or signals explode {where}",
        "They get larger at every layer. Updates become so large that they destroy what was "
        "learned, and in the end the numbers overflow.",
    ),
    "collapsed": KindWords(
        "{share} of the choices {where} are all or nothing",
        "A softmax shares out a total of one. If a single place always gets all of it, small "
        "changes have no effect, and no gradient passes.",
    ),
    "overflow": KindWords(
        "Numbers {where} are too large for their format",
        "They are infinite, not a number, or close to the largest that the format holds. One such "
        "number spoils everything it is added to.",
    ),
    "underflow": KindWords(
        "Gradients {where} are too small for their format",
        "The format rounds what is very small to zero. Gradients that are lost in this way teach "
        "nothing, although they would be there in a format with more range.",
    ),
    "frozen_parameter": KindWords(
        "A learned parameter {where} is stuck",
        "It has arrived at the end of its range, where it gets no gradient, or none that it can "
        "follow. The activation no longer adapts.",
    ),
    "drift": KindWords(
        "The inputs {where} have moved",
        "They were elsewhere when training began. A function that was in its working range then "
        "may be out of it now.",
    ),
}
#: The places that a title names; of more it says how many there are.
NAMED = 2


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one kind, severity and cause: together, because they have one story."""

    findings: tuple[HealthFinding, ...]

    @property
    def first(self) -> HealthFinding:
        return self.findings[0]

    @property
    def title(self) -> str:
        return KIND_WORDS[self.first.kind].title.format(share=self._shares(), where=self._where())

    @property
    def meaning(self) -> str:
        return KIND_WORDS[self.first.kind].meaning

    @property
    def cause(self) -> str:
        return FINDING_CAUSES[self.first.cause]

    @property
    def since(self) -> int:
        return min(finding.since for finding in self.findings)

    @property
    def remedies(self) -> list[tuple[str, list[str]]]:
        """What helps, each with the places that it is for."""
        found: dict[str, list[str]] = {}
        for finding in self.findings:
            if finding.remedy is not None:
                text = finding.remedy.describe()
                found.setdefault(text[:1].upper() + text[1:], []).append(finding.place)
        return list(found.items())

    def _shares(self) -> str:
        shares = [finding.share for finding in self.findings]
        low, high = percent(min(shares)), percent(max(shares))
        return low if low == high else f"{low} to {high}"

    def _where(self) -> str:
        places = [f"{f.place} ({f.entry})" if f.entry else f.place for f in self.findings]
        if places == ["input"]:
            return "of the model"
        if len(places) > NAMED:
            return f"in {len(places)} places"
        return f"at {' and '.join(places)}"


def groups(findings: Iterable[HealthFinding]) -> list[FindingGroup]:
    """The findings by kind, severity and cause, the most serious first."""
    found: dict[tuple[str, str, str], list[HealthFinding]] = {}
    for finding in findings:
        found.setdefault((finding.severity, finding.kind, finding.cause), []).append(finding)
    together = [FindingGroup(tuple(group)) for group in found.values()]
    return sorted(together, key=lambda group: -SEVERITIES.index(group.first.severity))


def health_verdict(findings: Iterable[HealthFinding], places: int) -> str:
    """The one sentence on top.

    >>> health_verdict([], 3)
    'Nothing is wrong: signals and gradients pass through all 3 activations.'
    """
    counts = list(_counts(findings))
    if not counts:
        return f"Nothing is wrong: signals and gradients pass through all {places} activations."
    return f"Found: {', '.join(counts)}."


def _counts(findings: Iterable[HealthFinding]) -> Iterator[str]:
    severities = [finding.severity for finding in findings]
    for severity in reversed(SEVERITIES):
        count = severities.count(severity)
        if count:
            yield f"{count} {severity}{'s' * (count > 1)}"


#: Names of evidence that say too little by themselves.
_EVIDENCE = {
    "expected": "by chance alone",
    "threshold": "limit",
    "slope": "flat: a slope below this share of the steepest",
    "revived": "units that came back",
    "samples": "samples of each unit",
}


def evidence_of(finding: HealthFinding) -> str:
    """The numbers that led to a finding, for people."""
    pairs = finding.evidence.items()
    return ", ".join(
        f"{_EVIDENCE.get(name, name.replace('_', ' '))} {_number(value)}" for name, value in pairs
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if value == round(value, 0) and abs(value) < 1e6 else f"{value:.3g}"


def percent(share: float | None) -> str:
    """A share for people.

    >>> percent(0.4321), percent(0.004), percent(0.0), percent(None)
    ('43 %', '0.4 %', '0 %', '-')
    """
    if share is None or share != share:
        return "-"
    value = 100 * share
    return f"{value:.0f} %" if value >= 1 or value == 0 else f"{value:.2g} %"


def short(value: float | None) -> str:
    """A number for people.

    >>> short(0.00123), short(12.345), short(412.0), short(None)
    ('0.0012', '12', '412', '-')
    """
    if value is None or value != value:
        return "-"
    return f"{value:.0f}" if 100 <= abs(value) < 1e5 else f"{value:.2g}"
