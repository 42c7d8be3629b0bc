"""Numbers with intervals, whether they are proved, computed or measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ogive.certify.quantity import Quantity


@dataclass(frozen=True)
class Estimate:
    """A number and the interval that holds the true one; both ends are the number if exact."""

    value: float
    low: float
    high: float

    def through(self, rising: Callable[[float], float]) -> Estimate:
        """What a rising function makes of it.

        Example:
                >>> import math
            >>> Estimate(0.0, float("-inf"), 1.0).through(math.exp).low
            0.0
        """
        return Estimate(rising(self.value), rising(self.low), rising(self.high))


def exactly(value: float) -> Estimate:
    """A number known without error."""
    return Estimate(float(value), float(value), float(value))


def proved(quantity: Quantity) -> Estimate:
    """A number of a certificate with its proved ends; unbounded where nothing is proved."""
    return Estimate(quantity.value, quantity.low, quantity.high)
