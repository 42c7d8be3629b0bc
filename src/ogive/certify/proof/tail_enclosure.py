"""What a function is for every t >= start: a scale times a factor within a ball.

value(t) = scale(t) c(t), with c(t) in ``factor`` for every t >= start. That is an enclosure on the
whole half-line, not an expansion: x sigmoid'(x) is t exp(-t) times [0.99, 1], so that products of a
growing and a decaying factor have a sign, a bound and a limit.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction

from ogive.certify.proof.budget import Unproved
from ogive.certify.proof.enclosure import Ball, ball, between, sign_of
from ogive.certify.proof.scale import CONSTANT, GrowthScale, rational
from ogive.errors import require


@dataclass(frozen=True)
class TailEnclosure:
    """A function on [start, inf).

    Attributes:
        factor: a ball that holds value / scale everywhere there.
        limit: a ball that holds the limit of value / scale; None where it may have none.
        start: where the half-line begins, above 1.
        scale: the positive function that carries growth and decay.
    """

    factor: Ball
    limit: Ball | None
    start: float
    scale: GrowthScale = CONSTANT

    def __neg__(self) -> TailEnclosure:
        limit = None if self.limit is None else -self.limit
        return replace(self, factor=-self.factor, limit=limit)  # exactly

    def __add__(self, other: TailEnclosure) -> TailEnclosure:
        major, minor = self._by_growth(other)
        if minor.factor == 0:
            return major
        limit = major.limit
        if major.scale == minor.scale and limit is not None:
            limit = None if minor.limit is None else limit + minor.limit
        return replace(major, factor=major.factor + minor.factor, limit=limit)

    def union(self, other: TailEnclosure) -> TailEnclosure:
        """A function of which each value is one of either; a limit is not known of it."""
        major, minor = self._by_growth(other)
        return replace(major, factor=between(major.factor, minor.factor), limit=None)

    def _by_growth(self, other: TailEnclosure) -> tuple[TailEnclosure, TailEnclosure]:
        """The one that grows faster, and the other with its factor over the scale of that."""
        if self.factor == 0 or other.factor == 0:
            return (other, self) if self.factor == 0 else (self, other)
        for major, minor in ((self, other), (other, self)):
            ratio = minor.scale / major.scale
            if ratio == CONSTANT:
                return major, minor
            if (bound := ratio.decay(self.start)) is not None:
                return major, replace(minor, factor=minor.factor * between(ball(0.0), bound))
        raise Unproved("two terms of which neither is seen to outgrow the other")

    def __sub__(self, other: TailEnclosure) -> TailEnclosure:
        return self + -other

    def __mul__(self, other: TailEnclosure) -> TailEnclosure:
        limit = None
        if self.limit is not None and other.limit is not None:
            limit = self.limit * other.limit
        return TailEnclosure(
            self.factor * other.factor, limit, self.start, self.scale * other.scale
        )

    def __truediv__(self, other: TailEnclosure) -> TailEnclosure:
        return self * other.power(Fraction(-1))

    def power(self, exponent: Fraction) -> TailEnclosure:
        """The power of a positive tail, or the reciprocal of one that is nowhere 0."""
        if self.factor == 0 and exponent > 0:
            return self
        if sign_of(self.factor) not in ((1,) if exponent != -1 else (1, -1)):
            raise Unproved("the power of a function that may have a zero")
        raised = [
            b if b is None else 1 / b if exponent == -1 else b ** rational(exponent)
            for b in (self.factor, self.limit)
        ]
        return TailEnclosure(raised[0], raised[1], self.start, self.scale**exponent)

    def times(self, constant: Ball) -> TailEnclosure:
        return self * self.mapped(constant, constant)

    def mapped(self, factor: Ball, limit: Ball | None) -> TailEnclosure:
        """A bounded function on the same half-line."""
        return TailEnclosure(factor, limit, self.start)

    @property
    def sign(self) -> int | None:
        """The sign of every value; None where it may change."""
        return sign_of(self.factor)

    @property
    def tendency(self) -> int:
        """-1 if the scale decays to 0, 1 if it grows to infinity, 0 if it is constant."""
        if self.scale == CONSTANT or self.factor == 0:
            return 0
        if self.scale.decay(self.start) is not None:
            return -1
        if (self.scale**-1).decay(self.start) is not None:
            return 1
        raise Unproved("a function of which neither growth nor decay is seen")

    @property
    def ends(self) -> tuple[Ball, Ball]:
        """Two numbers, infinite ones among them, between which every value lies."""
        infinity = require("flint", "certify").arb.pos_inf()
        if self.tendency == 0:
            return self.factor.lower(), self.factor.upper()
        if self.tendency < 0:
            held = between(ball(0.0), self.factor * self.scale.decay(self.start))
            return held.lower(), held.upper()
        least = self.factor / (self.scale**-1).decay(self.start)
        if self.sign is None:
            return -infinity, infinity
        return (least.lower(), infinity) if self.sign > 0 else (-infinity, least.upper())

    @property
    def held(self) -> Ball:
        """A ball that holds every value of a function that does not grow."""
        if self.tendency > 0:
            raise Unproved("a function that grows without bound")
        low, high = self.ends
        return between(low, high)

    @property
    def value(self) -> Ball | None:
        """The limit itself, an infinite one as well; None where none is seen."""
        with suppress(Unproved):
            if self.tendency == 0:
                return self.limit
            if self.tendency < 0:
                return ball(0.0)
            return ball(math.inf) * self.sign if self.sign else None
        return None
