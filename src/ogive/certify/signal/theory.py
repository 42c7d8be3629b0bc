"""Signal propagation in wide random networks: lengths, correlations and gradients by depth.

With weights from N(0, sigma_w**2 / width) and biases from N(0, sigma_b**2), the pre-activations of
a wide layer are normal, so a few expectations say what every layer does (B. Poole et al. 2016,
arXiv:1606.05340; S. Schoenholz et al. 2017, arXiv:1611.01232). Integrals are by quadrature here,
because curves and fixed points need many of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ogive.catalogue import Spec
from ogive.certify import pieces
from ogive.certify.signal.correlation import correlated
from ogive.certify.signal.moments import mean_formula
from ogive.certify.signal.quadrature import (
    SETTLED,
    Array,
    ArrayFunction,
    ends,
    evaluator,
    integrate,
    normal,
)
from ogive.errors import OgiveError
from ogive.expr import diff, symbol

#: The length that stands for 0 where an integral needs one.
VANISHING = 1e-100
#: A length beyond which squares of squares are no floats.
EXPLODED = 1e100


@dataclass(frozen=True)
class Field:
    """A function and its derivative on arrays, and where they have kinks or jumps."""

    function: ArrayFunction
    derivative: ArrayFunction
    breakpoints: tuple[float, ...] = ()


class LayerMoments(NamedTuple):
    """Expectations at pre-activations u ~ N(0, q), to be multiplied by sigma_w**2; with errors.

    NaN stands for what does not settle, as where no expectation exists.

    E f(u)**2; chi_1 = E f'(u)**2, the slope of the correlation map C(c) at c = 1 too unless f
    jumps; and chi_q, the slope of the length map: E (u**2/q - 1) f(u)**2 / (2 q), which is
    E u f(u) f'(u) / q = E f'(u)**2 + E f(u) f''(u) unless f jumps.
    """

    second: float
    chi_1: float
    chi_q: float
    errors: tuple[float, ...]


@lru_cache(maxsize=512)
def field(spec: Spec) -> Field:
    """The function of an entry, of its evaluation form or of its gate, at default parameters."""
    f = mean_formula(spec)
    derivative = diff(f, symbol("x"))
    return Field(evaluator(f), evaluator(derivative), pieces.breakpoints(f))


@lru_cache(maxsize=65536)
def layer(f: Field, q: float) -> LayerMoments:
    """The expectations of a layer whose pre-activations have the length q > 0."""
    if not q < EXPLODED:
        return LayerMoments(math.inf, math.nan, math.nan, (math.inf, math.inf, math.inf))

    def rows(u: Array) -> Array:
        value, slope = f.function(u), f.derivative(u)
        square = value * value
        jumping = (u * u / q - 1) * square / (2 * q)
        return np.stack([square, slope * slope, u * value * slope / q, jumping])

    std = math.sqrt(q)
    values, errors = integrate(normal(rows, 0.0, std), ends(f.breakpoints, 0.0, std))
    second, chi_1, chi_q, jumping = map(float, values)
    # where the two forms differ f jumps, and the one without derivatives is right
    place = 3 if abs(chi_q - jumping) > errors[2] + errors[3] else 2
    return LayerMoments(
        _settled(second, errors[0]),
        _settled(chi_1, errors[1]),
        _settled(float(values[place]), errors[place]),
        (float(errors[0]), float(errors[1]), float(errors[place])),
    )


def _settled(value: float, error: float) -> float:
    return value if error <= SETTLED * max(1.0, abs(value)) else math.nan


def length_map(f: Field, q: float, sigma_w: float, sigma_b: float) -> float:
    """The length map: the next layer's q = sigma_w**2 E f(u)**2 + sigma_b**2."""
    return sigma_w**2 * layer(f, max(q, VANISHING)).second + sigma_b**2


def correlation_map(f: Field, c: float, q: float, sigma_w: float, sigma_b: float) -> float:
    """The correlation map C(c) = (sigma_w**2 E f(u) f(v) + sigma_b**2) / q' for u and v of length q
    and correlation c, q' being the length of the next layer; NaN where that is 0."""
    covariance = sigma_w**2 * correlated(f.function, f.breakpoints, q, c) + sigma_b**2
    length = length_map(f, q, sigma_w, sigma_b)
    return covariance / length if length else math.nan


def check_sigmas(sigma_w: float, sigma_b: float) -> None:
    if not (0 < sigma_w < math.inf and 0 <= sigma_b < math.inf):
        raise OgiveError(
            f"sigma_w is a number > 0 and sigma_b one >= 0, not {sigma_w!r} and {sigma_b!r}"
        )


@dataclass(frozen=True)
class Prediction:
    """Length, correlation and squared gradient by depth, from the first pre-activations on.

    Attributes:
        length: q of every layer's pre-activations.
        correlation: of two inputs' pre-activations; NaN where lengths are not finite.
        gradient: mean square of the gradient at every layer over that at the last.
    """

    length: tuple[float, ...]
    correlation: tuple[float, ...]
    gradient: tuple[float, ...]


def predict(
    f: Field,
    depth: int,
    sigma_w: float,
    sigma_b: float,
    length: float = 1.0,
    correlation: float = 0.5,
) -> Prediction:
    """What ``depth`` layers make of pre-activations of a length and a correlation."""
    check_sigmas(sigma_w, sigma_b)
    lengths, correlations, factors = [length], [correlation], []
    for _ in range(depth):
        q, c = lengths[-1], correlations[-1]
        factors.append(sigma_w**2 * layer(f, max(q, VANISHING)).chi_1)
        lengths.append(length_map(f, q, sigma_w, sigma_b))
        correlations.append(_next_correlation(f, c, max(q, VANISHING), sigma_w, sigma_b))
    gradients = [1.0]
    for factor in reversed(factors):
        gradients.append(gradients[-1] * factor)
    return Prediction(tuple(lengths), tuple(correlations), tuple(reversed(gradients)))


def _next_correlation(f: Field, c: float, q: float, sigma_w: float, sigma_b: float) -> float:
    """The correlation map, within its bounds; NaN where lengths have exploded."""
    if not (q < EXPLODED and math.isfinite(c)):
        return math.nan
    return min(1.0, max(-1.0, correlation_map(f, c, q, sigma_w, sigma_b)))
