"""A number of a report, how it was obtained, and how far from the truth it can be.

Apart because every part of a certificate speaks in it: proofs, integrals and samples alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ogive.errors import OgiveError

#: How a number is obtained, the most certain first.
METHODS = ("symbolic", "ball", "quadrature", "sampled", "not proved")


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

    Raises:
        OgiveError: for a method that is not one of ``METHODS``.

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


#: The answer of a search that reached its limit, or met what it cannot bound.
NOT_PROVED = Quantity(math.nan, math.inf, "not proved")
