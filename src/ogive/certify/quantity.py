"""A number of a report, or an interval: how it was obtained, and how far off it can be.

Apart because every part of a certificate speaks in it: proofs, integrals and samples alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ogive.errors import OgiveError, require

#: How a number is obtained, the most certain first.
METHODS = ("symbolic", "ball", "quadrature", "sampled", "not proved")
#: What a proved number must reach: an error within this part of its size, or this small near 0.
_RELATIVE, NEAR_ZERO = 1e-9, 1e-25
#: Bits of balls that are integrated or computed from quantities; floats have 53.
INTEGRAL_BITS = 64


@dataclass(frozen=True)
class Quantity:
    """A number with its error and the method that it comes from.

    Attributes:
        value: the number; NaN where nothing could be proved.
        error: the distance within which the true number lies: 0 for an exact one, infinite where
            nothing could be proved; for a sampled one the half width of its confidence interval.
        method: ``symbolic`` (follows from the formula), ``ball`` (ball arithmetic with proved
            bounds), ``quadrature`` (an integral with an error bound), ``sampled`` or
            ``not proved``.

    Example:
        >>> Quantity(0.25, 0.0, "symbolic").high
        0.25
    """

    value: float
    error: float
    method: str

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise OgiveError(
                f"a quantity's method must be one of {', '.join(METHODS)}, not {self.method!r}"
            )

    def __eq__(self, other: object) -> bool:
        """Whether all three are the same; a value that is NaN is the same as another."""
        return self._told == other._told if isinstance(other, Quantity) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._told)

    @property
    def _told(self) -> tuple[float | None, float, str]:
        return (None if math.isnan(self.value) else self.value), self.error, self.method

    @property
    def low(self) -> float:
        """A number that the true one is not below."""
        return self._moved(-self.error, -math.inf)

    @property
    def high(self) -> float:
        """A number that the true one is not above."""
        return self._moved(self.error, math.inf)

    def _moved(self, by: float, outwards: float) -> float:
        """The value moved by a distance and, as the sum is rounded, one float further."""
        if math.isnan(self.value):
            return outwards
        if self.error == 0 or math.isinf(self.value):
            return self.value
        return math.nextafter(self.value + by, outwards)


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


#: The answer of a search that reached its limit, or met what it cannot bound.
NOT_PROVED = Quantity(math.nan, math.inf, "not proved")


def symbolic(value: float) -> Quantity:
    """A number that follows from the formula, without arithmetic."""
    return Quantity(float(value), 0.0, "symbolic")


def quantity(held: Any, method: str = "ball", near_zero: float = NEAR_ZERO) -> Quantity:
    """The number that a python-flint ball is around, with an error that reaches the ball's ends.

    It is 0 where the ball holds 0, and NOT_PROVED where the error exceeds ``RELATIVE`` of it and
    ``near_zero``.

    Example:
        >>> from flint import arb
        >>> quantity(arb("0.5"))
        Quantity(value=0.5, error=0.0, method='ball')
    """
    if not held.is_finite():
        sign = 1 if held > 0 else -1 if held < 0 else 0
        return Quantity(sign * math.inf, 0.0, method) if sign else NOT_PROVED
    value = 0.0 if held.contains(0) else float(held.mid())
    distance = abs(held - value) if math.isfinite(value) else held
    error = 0.0 if distance == 0 else math.nextafter(float(distance.upper()), math.inf)
    wide = not error <= max(_RELATIVE * abs(value), near_zero)
    return NOT_PROVED if wide or math.isinf(value + error) else Quantity(value, error, method)


def computed(function: Callable[..., Any], *quantities: Quantity) -> Quantity:
    """A function of quantities, its error enclosed, its method the least certain of theirs."""
    if any(q.method == "not proved" for q in quantities):
        return NOT_PROVED
    flint = require("flint", "certify")
    with flint.ctx.workprec(INTEGRAL_BITS):
        held = function(*(flint.arb(q.value, q.error) for q in quantities))
    methods = {"ball", *(q.method for q in quantities)}
    return quantity(held, max(methods, key=METHODS.index), near_zero=math.inf)
