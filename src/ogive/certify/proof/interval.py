"""Intervals of the line as a report states them."""

from __future__ import annotations

from dataclasses import dataclass

from ogive.certify.quantity import Quantity


@dataclass(frozen=True)
class ProvedInterval:
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
