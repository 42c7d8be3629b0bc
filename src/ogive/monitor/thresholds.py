"""From where on something is a finding: arguments of ``Monitor``, repeated in each evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from numbers import Real

from ogive.errors import ParameterError, briefly

#: What is no share: from above which number on it has a meaning.
_LEAST = {"centre": 0, "centre_of_input": 0, "scale": 0, "logits": 0, "growth": 1, "drift": 1}


@dataclass(frozen=True)
class Thresholds:
    """From where on something is a finding.

    Raises:
        ParameterError: for shares and ratios that are not above 0 and at most 1, and for others
            that are not positive, or not above 1 where something grows.

    Attributes:
        slope: a sample is saturated where abs(f') is below this share of its supremum.
        dead: share of units that are dead on every sample of a window, and not by chance, for a
            warning.
        saturated: share of a unit's samples that are saturated, for the unit to be, beyond what
            the function has with ideal weights; and of units, for a warning.
        linear: share of units that use no nonlinearity, for a warning.
        bend: a unit uses no nonlinearity where f' scatters by less than this share of its supremum;
            over all units it is a quarter of that, for a warning.
        centre: abs(mean) / std of the pre-activations of the middle unit, for a warning.
        centre_of_input: the same of all numbers of the input.
        scale: root of the mean square of the input, for a warning.
        fading: ratio of gradients, or of signals, between the ends of a model: below it they
            vanish, above its inverse gradients explode.
        per_layer: the same from layer to layer, where the ends differ by a tenth of that at least.
        growth: ratio of signals between the ends of a model, above which they explode.
        collapsed: share of rows whose softmax is one number, for a warning.
        entropy: entropy over its maximum below which a row is one number.
        logits: standard deviation of the logits of such rows; three times it for the last softmax,
            which may be certain.
        lost: share of the gradient's numbers that are subnormal, for a warning.
        range_end: distance of a learned parameter from the end of its range, relative to where it
            began.
        drift: by how many of the first standard deviations pre-activations may move, and by what
            factor they may grow or shrink; deviations below 1, a function's own scale, count as 1
            where they grow. It is a warning from ten times that on, or where they have grown by a
            factor of 3 within 10 steps.
    """

    slope: float = 1e-3
    dead: float = 0.1
    saturated: float = 0.25
    linear: float = 0.9
    bend: float = 0.02
    centre: float = 10.0
    centre_of_input: float = 4.0
    scale: float = 10.0
    fading: float = 1e-3
    per_layer: float = 0.3
    growth: float = 100.0
    collapsed: float = 0.5
    entropy: float = 0.01
    logits: float = 10.0
    lost: float = 0.25
    range_end: float = 1e-3
    drift: float = 10.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value, least = getattr(self, field.name), _LEAST.get(field.name, 0)
            most = math.inf if field.name in _LEAST else 1
            known = isinstance(value, Real) and not isinstance(value, bool)
            if not known or not least < value <= most:
                wanted = f"above {least}" + (f" and at most {most}" if most == 1 else "")
                raise ParameterError(
                    f"the threshold {field.name} is a number {wanted}, not {briefly(value)}"
                )


USUAL = Thresholds()
