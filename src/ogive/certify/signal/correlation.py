"""Expectations of a function at two correlated normal numbers.

The inner integral runs over what the second number adds to the first; its panels begin at the
kinks, which lie elsewhere for each outer point, so that kinked and jumping functions are integrated
as well as smooth ones. The outer one is adaptive.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from ogive.certify.signal.quadrature import Array, Function, ends, integrate, normal

#: The inner rule: points of a panel, panels of one standard deviation, and how far it reaches.
POINTS, STEP, REACH = 16, 1.5, 9.0
#: At most so many inner panels, where the function is fine against what the second number adds.
MOST = 400


def correlated(function: Function, joints: Iterable[float], q: float, c: float) -> float:
    """E f(u) f(v) for normal u, v of variance q and correlation c.

    Example:
        >>> relu = lambda x: np.maximum(x, 0.0)
        >>> round(2 * math.pi * correlated(relu, (0.0,), 1.0, 0.0), 12)
        1.0
    """
    std, kinks = math.sqrt(q), tuple(joints)
    if abs(c) >= 1:
        return _outer(lambda u: function(u) * function(math.copysign(1.0, c) * u), kinks, std)
    spread = math.sqrt(1 - c * c) * std

    def inner(u: Array) -> Array:
        return function(u) * _smoothed(function, kinks, c * u, spread)

    return _outer(inner, kinks, std)


def _outer(function: Function, joints: tuple[float, ...], std: float) -> float:
    both = {*joints, *(-j for j in joints)}
    return float(integrate(normal(function, 0.0, std), ends(both, 0.0, std))[0][0])


@lru_cache(maxsize=1)
def _rule() -> tuple[Array, Array]:
    return np.polynomial.legendre.leggauss(POINTS)


def _smoothed(function: Function, joints: tuple[float, ...], at: Array, spread: float) -> Array:
    """E f(a + spread * Z) for every a."""
    count = min(MOST, math.ceil(2 * REACH / STEP * max(1.0, spread)))
    grid = np.broadcast_to(np.linspace(-REACH, REACH, count + 1), (len(at), count + 1))
    kinks = (np.asarray(joints, float)[None, :] - at[:, None]) / spread
    edges = np.sort(np.concatenate([grid, np.clip(kinks, -REACH, REACH)], axis=1), axis=1)
    nodes, weights = _rule()
    half = np.diff(edges, axis=1)[:, :, None] / 2
    z = (edges[:, 1:] + edges[:, :-1])[:, :, None] / 2 + half * nodes
    values = function((at[:, None, None] + spread * z).ravel()).reshape(z.shape)
    density = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    total: Array = (values * density * half * weights).sum(axis=(1, 2))
    return total
