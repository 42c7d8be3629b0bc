"""How far a mode's slope is from the true one, with what a dtype makes of the numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from ogive.certify.compiled import Array, numpy_function
from ogive.certify.saving.mode import Mode
from ogive.expr import Program
from ogive.printers.machine import FORMATS

#: How far off a result can be besides its own rounding; 16 bits are computed in float32.
_OFF = {"float64": 2.0**-51, "float32": 2.0**-22, "bfloat16": 2.0**-22, "float16": 2.0**-22}
#: A bound is this much more than what was found, where not every number was looked at; and so much
#: of the largest slope more where it is computed in float32 before it is rounded.
_MARGIN, _SUMS = 1 + 2.0**-6, 2.0**-20
#: Results of larger numbers may overflow.
_ORDINARY = 1e4
#: How many of the worst points are looked at closely, with how many points between neighbours, and
#: how often.
_WORST, _CLOSE, _ROUNDS = 128, 17, 3
#: The points for the root mean square: N(0, 1) has the rest of its weight beyond.
ACROSS = np.linspace(-8, 8, 40001)


@dataclass(frozen=True)
class Error:
    """How far a slope is from f': at most, and as a root mean square at N(0, 1).

    Attributes:
        most: an upper bound over all numbers of the dtype whose results are finite, or below 1e4;
            of 16 bits every one was looked at.
        exact: whether it is f' everywhere; ``most`` leaves out the floats nearest to a kink, at
            which the slope may be that of the other side.
        relative: whether f' is unbounded; where it is beyond 1, an error is a part of it then.
    """

    most: float
    rms: float
    exact: bool
    relative: bool = False


@lru_cache(maxsize=4096)
def error(program: Program, mode: Mode, dtype: str) -> Error:
    """The error of a mode of a function, measured over the line and closely at its places."""
    exact = numpy_function(program.vjp((0,)))
    forward, backward = numpy_function(mode.forward), numpy_function(mode.backward)
    arithmetics = (float,) if dtype == "float64" else (float, np.float32)

    def values(x: Array) -> tuple[Array, list[Array], Array]:
        """The results, the codes and the true slopes."""
        result, *codes = forward(x)
        return result, [*map(np.rint, codes)], exact(np.ones_like(x), x)[0]

    known: dict[int, tuple[Array, list[Array], Array]] = {}  # of the points, by their identity

    def wrong(x: Array, off: float = 0.0, arithmetic: type = float) -> Array:
        """The errors at some numbers, with the result off by a part of its size."""
        result, codes, true = known[id(x)] if id(x) in known else values(x)
        with np.errstate(over="ignore"):
            y = rounded_array(result * (1 + off), dtype)
        y = np.where(np.isinf(y), rounded_array(result, dtype), y)
        kept = [np.ones_like(x), *[y] * mode.result, *codes]
        (found,) = backward(*(k.astype(arithmetic) for k in kept))
        away = found - true if not mode.relative else _relative(found, true, dtype)
        away = np.where(np.isnan(found) & np.isfinite(true), np.inf, abs(away))
        return np.where(np.isinf(y) & (abs(x) > _ORDINARY), 0.0, away)

    points = _points(mode, dtype)
    exact_everywhere = bool(np.nanmax(wrong(points)) == 0)
    most = 0.0
    if not exact_everywhere:
        for kink in mode.kinks:
            points = points[abs(points - kink) > 4 * FORMATS[dtype].epsilon * abs(kink)]
        known[id(points)] = values(points)  # which all ways ask for
        sides = (-_OFF[dtype], 0.0, _OFF[dtype]) if mode.result else (0.0,)
        ways = [partial(wrong, off=o, arithmetic=a) for o in sides for a in arithmetics]
        most = max(_largest(way, points, dtype) for way in ways)
        if FORMATS[dtype].bits > 16:
            most *= _MARGIN
        if mode.rounded:  # f' may be rounded to the other side
            (slopes,) = exact(np.ones_like(points), points)
            most = min(most, mode.bound) + _SUMS * np.nanmax(abs(slopes))
    weights = np.exp(-ACROSS * ACROSS / 2)
    squares = np.square(wrong(rounded_array(ACROSS, dtype)))
    rms = np.sqrt(np.nansum(weights * squares) / weights.sum())
    return Error(float(most), float(rms), exact_everywhere, mode.relative)


def _points(mode: Mode, dtype: str) -> Array:
    """All numbers of 16 bits; of more, many, and close to one another near the places."""
    if FORMATS[dtype].bits > 16:
        return np.unique(rounded_array(line(mode.places, dtype), dtype))
    patterns = np.arange(2**16, dtype=np.uint16)
    half = dtype == "float16"
    numbers = patterns.view(np.float16) if half else (patterns.astype("u4") << 16).view(np.float32)
    return np.unique(numbers[~np.isnan(numbers)].astype(float))


def _largest(wrong: Callable[[Array], Array], points: Array, dtype: str) -> float:
    """The largest error, looked for between the worst points and their neighbours as well."""
    sizes = wrong(points)
    for _ in range(_ROUNDS if FORMATS[dtype].bits > 16 else 0):
        worst = np.argsort(np.where(np.isnan(sizes), -1.0, sizes))[-_WORST:]
        low, high = (points[(worst + s).clip(0, len(points) - 1)] for s in (-1, 1))
        inner = np.isfinite(low) & np.isfinite(high)
        close = np.linspace(low[inner], high[inner], _CLOSE).ravel()
        points = np.unique(np.concatenate([points[worst], rounded_array(close, dtype)]))
        sizes = np.fmax(wrong(points), 0.0)
    return float(np.nanmax(sizes))


def _relative(found: Array, true: Array, dtype: str) -> Array:
    """Errors as parts of slopes beyond 1; none where the slope itself overflows."""
    size = np.maximum(1, abs(rounded_array(true, dtype)))
    with np.errstate(invalid="ignore"):
        return np.asarray((found - true) / np.where(np.isinf(size), np.nan, size))


def rounded_array(x: Array, dtype: str) -> Array:
    """Numbers rounded to a dtype, to even."""
    with np.errstate(all="ignore"):
        if dtype != "bfloat16":
            return np.asarray(x.astype(dtype).astype(float))
        bits = x.astype(np.float32).view(np.uint32)
    even = bits + np.uint32(0x7FFF) + ((bits >> 16) & 1)
    kept = np.where(np.isfinite(x), even, bits) & np.uint32(0xFFFF0000)
    return np.asarray(kept.astype(np.uint32).view(np.float32).astype(float))


def line(places: tuple[float, ...], dtype: str) -> Array:
    """Points of the whole line, close to one another near the places, the nearest floats too."""
    far = np.geomspace(_ORDINARY, FORMATS[dtype].largest / 2, 2001)
    sizes = np.concatenate(
        [[0.0], np.geomspace(1e-30, _ORDINARY, 20001), np.linspace(0.0005, 20, 40001), far]
    )
    near = np.concatenate([np.geomspace(1e-9, 1.0, 20001), [0.0]])
    ulps = 0.5 * FORMATS[dtype].epsilon * np.arange(33)  # halves, for those below a power of 2
    around = [p + s * d for p in places for s in (-1, 1) for d in (near, ulps * max(abs(p), 0.01))]
    return np.concatenate([sizes, -sizes, [np.inf, -np.inf], *around])
