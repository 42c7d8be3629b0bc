"""The edge of chaos: weights and biases at which gradients neither vanish nor explode.

At a length q the edge is explicit: sigma_w**2 = 1 / E f'(u)**2 makes chi 1, and
sigma_b**2 = q - sigma_w**2 E f(u)**2 keeps q (S. Schoenholz et al. 2017, arXiv:1611.01232;
S. Hayou et al. 2019, arXiv:1902.06853). So the curve needs no search; one sigma_b needs one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ogive.certify.quantity import Quantity
from ogive.certify.signal.phase import RESIDUAL, bisected
from ogive.certify.signal.theory import VANISHING, Field, layer

#: The lengths at which the edge is looked for.
_LENGTHS = tuple(float(q) for q in np.geomspace(1e-6, 1e4, 81))
#: Relative rounding of a difference that is 0.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class EdgeOfChaos:
    """A point of the edge of chaos.

    Attributes:
        length: q*, which every layer keeps there; 0 where the point is the limit for small ones.
        sigma_w, sigma_b: standard deviations of sqrt(width) * weights and of biases.
        length_slope: the slope of the length map; the point is stable where it is below 1.
    """

    length: float
    sigma_w: Quantity
    sigma_b: Quantity
    length_slope: float


def edge_at(f: Field, q: float) -> EdgeOfChaos | None:
    """The point of the edge that keeps the length q; None where no sigma_b does."""
    found = layer(f, q)
    excess = _excess(f, q)
    if not excess >= -_ROUNDING * q:
        return None
    weight = Quantity(found.chi_1**-0.5, found.errors[1] * found.chi_1**-1.5, "quadrature")
    error = found.errors[0] / found.chi_1 + found.second * found.errors[1] / found.chi_1**2
    bias = math.sqrt(max(excess, 0.0))
    spread = min(math.sqrt(error), error / bias) if bias else math.sqrt(error)
    return EdgeOfChaos(q, weight, Quantity(bias, spread, "quadrature"), found.chi_q / found.chi_1)


def _excess(f: Field, q: float) -> float:
    """sigma_b**2 on the edge at the length q; NaN where the derivative vanishes."""
    found = layer(f, q)
    return q - found.second / found.chi_1 if found.chi_1 > 0 else math.nan


def edge_of_chaos(f: Field, sigma_b: float) -> EdgeOfChaos | None:
    """The edge at a given sigma_b, at the smallest length where it is found; None if there is none.

    For sigma_b = 0 it is the limit q* = 0, sigma_w = 1/|f'(0)|, if f is smooth at 0 and 0 there;
    where every length is kept, as by relu, the one with q* = 1.
    """

    def missing(q: float) -> float:
        return _excess(f, q) - sigma_b**2

    if not math.isfinite(missing(1.0)):
        return None
    if abs(missing(1.0)) <= RESIDUAL:
        return edge_at(f, 1.0)
    if sigma_b == 0 and abs(_excess(f, VANISHING)) <= 1e-6 * VANISHING:
        near = edge_at(f, VANISHING)
        none = Quantity(0.0, 0.0, "symbolic")
        return None if near is None else replace(near, length=0.0, sigma_b=none)
    signs = [(q, missing(q)) for q in _LENGTHS]
    for (low, before), (high, after) in pairwise(signs):
        if before * after < 0:
            return edge_at(f, bisected(missing, low, high))
    return None
