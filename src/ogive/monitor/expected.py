"""What theory predicts of an activation whose pre-activations are normal.

The squares of f and f' are looked up once for an entry, at the points of Gauss-Legendre rules on
panels; each mean and deviation then takes a density at these. What lies beyond the panels, or is
too narrow for them, is integrated adaptively.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ogive.certify.signal.quadrature import FINE, Array, ends, integrate, legendre, normal
from ogive.certify.signal.theory import Field

#: Panels on either side of 0; their width relative to their distance from it, and the distance from
#: which on they grow: near 0 it is an eighth, and the last one ends at 500.
_PANELS, _SPACING, _MIDDLE = 177, 1 / 32, 4.0
#: The widest panel, in standard deviations, on which the rule integrates a normal density exactly;
#: and where the density is 0.
_WIDEST, _FAR = 4.0, 12.7
#: Two rules differ by no more of a panel's integral where the function is smooth.
_AGREE = 1e-11


class Expected(NamedTuple):
    """Expectations at z ~ N(mean, std**2).

    Attributes:
        gain: sqrt(E f(z)**2 / E z**2).
        chi: E f'(z)**2.
        second_f: E f(z)**2.
    """

    gain: float
    chi: float
    second_f: float


def expected_at(f: Field, mean: float, std: float) -> Expected:
    """The expectations of a function, to six digits of its mean and deviation."""
    if not (math.isfinite(mean) and math.isfinite(std) and std > 0):
        return Expected(math.nan, math.nan, math.nan)
    return _expected(f, float(f"{mean:.6g}"), float(f"{std:.6g}"))


@lru_cache(maxsize=4096)
def _expected(f: Field, mean: float, std: float) -> Expected:
    found = _tabulated(f).at(mean, std)
    second, chi = map(float, _adaptive(f, mean, std) if found is None else found)
    return Expected(math.sqrt(second / (mean * mean + std * std)), chi, second)


def _adaptive(f: Field, mean: float, std: float) -> Array:
    rows = normal(lambda z: _squares(f, z), mean, std)
    with np.errstate(all="ignore"):
        values, _ = integrate(rows, ends(f.breakpoints, mean, std), most=2000)
    return values


def _squares(f: Field, z: Array) -> Array:
    value, slope = f.function(z), f.derivative(z)
    return np.stack([value * value, slope * slope])


@dataclass(frozen=True)
class _Tabulated:
    """The squares of a function and its derivative at points that rise.

    Attributes:
        points: where.
        rows: the squares, times the weights of the rules.
        low, high: between them both are known to be smooth on each panel.
    """

    points: Array
    rows: Array
    low: float
    high: float

    def at(self, mean: float, std: float) -> Array | None:
        """Their expectations; None where the panels do not serve."""
        low, high = mean - _FAR * std, mean + _FAR * std
        widest = _SPACING * math.hypot(_MIDDLE, max(abs(low), abs(high)))
        if low < self.low or high > self.high or widest > _WIDEST * std:
            return None
        first, last = np.searchsorted(self.points, (low, high))
        z = (self.points[first:last] - mean) / std
        density = np.exp(-0.5 * z * z) / (std * math.sqrt(2 * math.pi))
        found: Array = self.rows[:, first:last] @ density
        return found


@lru_cache(maxsize=256)
def _tabulated(f: Field) -> _Tabulated:
    """Panels whose width grows with their distance from 0, as far as both rules agree on them."""
    grid = _MIDDLE * np.sinh(np.arange(-_PANELS, _PANELS + 1) * _SPACING)
    edges = np.unique([*grid, *(b for b in f.breakpoints if abs(b) < grid[-1])])
    with np.errstate(all="ignore"):
        (points, rows), (_, coarse) = (_weighted(f, edges, n) for n in (FINE, FINE - 6))
        whole, other = rows.sum(axis=-1), coarse.sum(axis=-1)
        smooth = (np.abs(whole - other) <= _AGREE * np.maximum(whole, np.diff(edges))).all(axis=0)
    middle = int(np.searchsorted(edges, 0.0))
    left = int(np.argmin(np.append(smooth[:middle][::-1], False)))
    right = int(np.argmin(np.append(smooth[middle:], False)))
    low, high = float(edges[middle - left]), float(edges[middle + right])
    return _Tabulated(points.ravel(), rows.reshape(2, -1), low, high)


def _weighted(f: Field, edges: Array, count: int) -> tuple[Array, Array]:
    """The points of a rule on each panel, and the squares there times its weights."""
    nodes, weights = legendre(count)
    half = np.diff(edges)[:, None] / 2
    points = (edges[1:] + edges[:-1])[:, None] / 2 + half * nodes
    return points, _squares(f, points.ravel()).reshape(2, *points.shape) * (half * weights)
