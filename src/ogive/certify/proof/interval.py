"""Intervals of the line as a report states them, and the way from a ball to a quantity."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ogive.certify.proof.enclosure import Ball
from ogive.certify.quantity import NOT_PROVED, Quantity

#: What a proved number must reach: an error within this part of its size, or this small near 0.
RELATIVE, ABSOLUTE = 1e-9, 1e-25


@dataclass(frozen=True)
class Interval:
    """An interval with open or closed ends; a point where both ends are the same number.

    Attributes:
        low, high: the ends.
        closed_low, closed_high: whether an end belongs to it; None where that is not proved.
    """

    low: Quantity
    high: Quantity
    closed_low: bool | None = False
    closed_high: bool | None = False

    def __contains__(self, x: float) -> bool:
        """Whether a number lies within, as far as the ends are known."""
        above = x > self.low.value or (x == self.low.value and bool(self.closed_low))
        return above and (x < self.high.value or (x == self.high.value and bool(self.closed_high)))


def point(place: Quantity) -> Interval:
    """The interval that is one number."""
    return Interval(place, place, True, True)


def quantity(held: Ball) -> Quantity:
    """The number that a ball is around, with its error; NOT_PROVED for a ball too wide."""
    value = 0.0 if held.contains(0) else float(held.mid())
    if held.is_nan():
        return NOT_PROVED
    if not held.is_finite():
        return Quantity(value, 0.0, "ball") if held > 0 or held < 0 else NOT_PROVED
    distance = abs(held - value) if math.isfinite(value) else held
    error = 0.0 if distance == 0 else math.nextafter(float(distance.upper()), math.inf)
    wide = error > max(RELATIVE * abs(value), ABSOLUTE)
    return NOT_PROVED if wide or math.isinf(value) else Quantity(value, error, "ball")
