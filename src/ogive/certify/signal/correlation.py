"""Expectations of a function at two correlated normal numbers.

The inner integral runs over what the second number adds to the first; its panels begin at the
kinks, which lie elsewhere for each outer point, so that kinked and jumping functions are integrated
as well as smooth ones. Where a smooth function bends as sharply as at a kink, adaptive quadrature
of the function itself tells. The outer integral is adaptive.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.polynomial.legendre import legvander

from ogive.certify.proof.budget import is_over
from ogive.certify.signal.quadrature import (
    Array,
    ArrayFunction,
    ends,
    integrate,
    legendre,
    mesh,
    normal,
    on_panels,
)

#: The inner rule: points of a panel, panels of one standard deviation, and how far it reaches.
_POINTS, _STEP, _REACH = 16, 1.5, 9.0
#: At most so many inner panels of one width, and of those that a sharp bend asks for.
_MOST = 400
#: Numbers that are held at a time, panels of the outer integral, and the error that is reached.
_BLOCK, _OUTER, RULE = 2**21, 500, 1e-8
#: So many inner panels at sharp bends are more work than to interpolate: 0.1 s.
MUCH = 2**17


def correlated(function: ArrayFunction, breakpoints: Iterable[float], q: float, c: float) -> float:
    """E f(u) f(v) for normal u, v of variance q and correlation c; NaN where it is not reached."""
    std = math.sqrt(q)
    kinks = _sharp(function, tuple(breakpoints), std)
    if abs(c) >= 1:
        return _outer(lambda u: function(u) * function(math.copysign(1.0, c) * u), kinks, std)
    spread = math.sqrt(1 - c * c) * std

    def inner(u: Array) -> Array:
        return function(u) * _smoothed(function, kinks, c * u, spread)

    return _outer(inner, kinks, std)


@lru_cache(maxsize=256)
def _sharp(
    function: ArrayFunction, breakpoints: tuple[float, ...], std: float
) -> tuple[float, ...]:
    """The breakpoints, and where a smooth function bends so sharply that panels begin there."""
    first = ends(breakpoints, 0.0, std)
    finer = set(mesh(normal(function, 0.0, std), first)) - set(first)
    return tuple(sorted({*breakpoints, *finer})) if len(finer) <= _MOST else breakpoints


def _outer(function: ArrayFunction, breakpoints: tuple[float, ...], std: float) -> float:
    both = {*breakpoints, *(-j for j in breakpoints)}
    found, error = integrate(normal(function, 0.0, std), ends(both, 0.0, std), _OUTER)
    return float(found[0]) if error[0] <= RULE * max(1.0, abs(found[0])) else math.nan


def _smoothed(
    function: ArrayFunction, breakpoints: tuple[float, ...], at: Array, spread: float
) -> Array:
    """E f(a + spread * Z) for every a.

    Smooth at the scale of the spread, it is interpolated where it would take much work.
    """
    start, width = at.min(), _STEP * spread
    panels = 1 + int((at.max() - start) / width)
    if len(at) * (1 + len(breakpoints)) <= MUCH or panels * _POINTS >= len(at):
        return _integrated(function, breakpoints, at, spread)
    nodes, weights = legendre(_POINTS)
    places = start + width * (np.arange(panels)[:, None] + (nodes + 1) / 2)
    values = _integrated(function, breakpoints, places.ravel(), spread).reshape(panels, _POINTS)
    series = (values * weights) @ (legvander(nodes, _POINTS - 1) * (np.arange(_POINTS) + 0.5))
    panel, part = np.divmod((at - start) / width, 1)
    found = legvander(2 * part - 1, _POINTS - 1) * series[panel.astype(int).clip(max=panels - 1)]
    total: Array = found.sum(axis=1)
    return total


def _integrated(
    function: ArrayFunction, breakpoints: tuple[float, ...], at: Array, spread: float
) -> Array:
    """The same by an integral for each a, in blocks that memory holds."""
    count = min(_MOST, math.ceil(2 * _REACH / _STEP * max(1.0, spread)))
    rows = max(1, _BLOCK // (_POINTS * (count + len(breakpoints))))
    blocks = [at[i : i + rows] for i in range(0, len(at), rows)]
    return np.concatenate(
        [
            np.full(len(a), np.nan)
            if is_over()
            else _block(function, breakpoints, a, spread, count)
            for a in blocks
        ]
    )


def _block(
    function: ArrayFunction, breakpoints: tuple[float, ...], at: Array, spread: float, count: int
) -> Array:
    grid = np.broadcast_to(np.linspace(-_REACH, _REACH, count + 1), (len(at), count + 1))
    kinks = (np.asarray(breakpoints, float)[None, :] - at[:, None]) / spread
    edges = np.sort(np.concatenate([grid, np.clip(kinks, -_REACH, _REACH)], axis=1), axis=1)
    z, weights = on_panels(edges, _POINTS)
    values = function((at[:, None, None] + spread * z).ravel()).reshape(z.shape)
    density = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    total: Array = (values * density * weights).sum(axis=(1, 2))
    return total
