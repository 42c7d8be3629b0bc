"""Quantities as balls and back, so that numbers computed from quantities keep their errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ogive.certify.quantity import METHODS, NOT_PROVED, Quantity
from ogive.errors import require

#: Bits of the numbers; floats have 53.
BITS = 64


def ball(quantity: Quantity) -> Any:
    """The quantity as a python-flint real that contains the true number."""
    return require("flint", "certify").arb(quantity.value, quantity.error)


def quantity(ball: Any, method: str = "ball") -> Quantity:
    """The float nearest to a ball's middle, with an error that reaches its ends.

    Example:
        >>> from flint import arb
        >>> quantity(arb("0.5"))
        Quantity(value=0.5, error=0.0, method='ball')
    """
    if not ball.is_finite():
        return NOT_PROVED
    value = float(ball.mid())
    if not math.isfinite(value):
        return NOT_PROVED
    distance = abs(ball - value).upper()
    error = 0.0 if distance == 0 else math.nextafter(float(distance), math.inf)
    return Quantity(value, error, method) if math.isfinite(error) else NOT_PROVED


def computed(function: Callable[..., Any], *quantities: Quantity) -> Quantity:
    """A function of quantities, its error enclosed, its method the least certain of theirs.

    Example:
        >>> half = Quantity(0.5, 0.0, "symbolic")
        >>> computed(lambda a: 1 / a.sqrt(), half).value
        1.4142135623730951
    """
    if any(q.method == "not proved" for q in quantities):
        return NOT_PROVED
    with require("flint", "certify").ctx.workprec(BITS):
        result = function(*map(ball, quantities))
    methods = {"ball", *(q.method for q in quantities)}
    return quantity(result, max(methods, key=METHODS.index))
