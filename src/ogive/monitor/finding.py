"""What is wrong at a place: one finding, with its evidence, its cause and its remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ogive.monitor.remedies import Remedy

#: Kind of a finding -> what it says, for somebody who has never met it.
FINDING_KINDS = {
    "dead": "units whose slope is 0 on every sample: they pass no gradient and cannot learn",
    "saturated_left": "units mostly on the flat left side of the function: gradients vanish",
    "saturated_right": "units mostly on the flat right side of the function: gradients vanish",
    "linear": "units that stay on one straight piece: no nonlinearity is used",
    "off_centre": "pre-activations far from the region where the function bends",
    "vanishing": "gradients, or signals, that shrink from layer to layer",
    "exploding": "gradients, or signals, that grow from layer to layer",
    "collapsed": "a softmax that always chooses one and the same, so that gradients vanish",
    "overflow": "numbers that are infinite, not a number, or near the largest of their format",
    "underflow": "gradients too small for their number format",
    "frozen_parameter": "a learned parameter of an activation at the end of its range",
    "drift": "pre-activations that have moved far from where training began",
}
#: The least serious first.
SEVERITIES = ("note", "warning", "error")
#: Cause of a finding -> what it means.
FINDING_CAUSES = {
    "initialisation": "the weights were drawn too large or too small, or biases pushed units off",
    "learning_rate": "it was well before, and updates of the weights brought it about",
    "data": "the input is not centred or not scaled, or has changed",
    "depth": "each layer does what theory says, and there are too many for that",
    "precision": "the number format has too few digits or too small a range",
    "function": "the activation itself does this even with ideal weights",
    "unknown": "prediction and measurement do not tell",
}


@dataclass(frozen=True)
class HealthFinding:
    """One thing that is wrong, or worth a note.

    Attributes:
        kind: one of ``FINDING_KINDS``.
        place: where, see ``Monitor``; ``input`` is what the model is fed.
        severity: ``note``, ``warning`` or ``error``.
        share: of units for dead, saturated, linear and frozen, of samples otherwise; between 0
            and 1.
        evidence: the numbers that led here by name: what was measured, what theory predicts, and
            the threshold that was crossed.
        cause: one of ``FINDING_CAUSES``.
        since: the step in which it was first met.
        remedy: what may help; None where nothing is known.
        entry: the name of the activation; empty for what is no activation.
    """

    kind: str
    place: str
    severity: str
    share: float
    evidence: Mapping[str, float]
    cause: str
    since: int
    remedy: Remedy | None = field(default=None, compare=False)
    entry: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The finding in JSON's own types; the remedy is its description."""
        remedy = None if self.remedy is None else self.remedy.describe()
        return {
            "kind": self.kind,
            "place": self.place,
            "severity": self.severity,
            "share": self.share,
            "evidence": dict(self.evidence),
            "cause": self.cause,
            "since": self.since,
            "remedy": remedy,
        }

    def __str__(self) -> str:
        numbers = ", ".join(f"{name} {value:.4g}" for name, value in self.evidence.items())
        said = f"{self.severity}: {self.kind} at {self.place}, {self.share:.0%}"
        said += f" since step {self.since} ({FINDING_KINDS[self.kind]}); cause: {self.cause}"
        remedy = "" if self.remedy is None else f"; remedy: {self.remedy.describe()}"
        return f"{said}; {numbers}{remedy}" if numbers else said + remedy
