"""How far a mode's slope is from the true one, with what a dtype makes of the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ogive.certify.compiled import Array, numpy_function
from ogive.certify.saving.mode import Mode
from ogive.expr import Program
from ogive.printers.machine import FORMATS

#: How far off a result can be besides its own rounding; 16 bits are rounded once.
_OFF = {"float32": 2.0**-22, "float64": 2.0**-51}
#: The points for the root mean square: N(0, 1) has the rest of its weight beyond.
ACROSS = np.linspace(-8, 8, 40001)


@dataclass(frozen=True)
class Error:
    """How far a slope is from f': at most, and as a root mean square at N(0, 1).

    Attributes:
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

    def wrong(x: Array, off: float = 0.0) -> Array:
        """The errors at some numbers, with the result off by a part of its size."""
        kept = list(forward(x))
        y, code = rounded_array(kept[0] * (1 + off), dtype), [np.rint(c) for c in kept[1:]]
        one = np.ones_like(x)
        (found,), (true,) = backward(one, *[y] * mode.result, *code), exact(one, x)
        return found - true if not mode.relative else _relative(found, true, dtype)

    points = rounded_array(line(mode.places, dtype), dtype)
    most = np.nanmax(abs(wrong(points)))
    exact_everywhere = bool(most == 0)
    if not exact_everywhere:
        for kink in mode.kinks:
            points = points[abs(points - kink) > 4 * FORMATS[dtype].epsilon * abs(kink)]
        sides = (-_OFF[dtype], _OFF[dtype]) if mode.result and dtype in _OFF else (0.0,)
        most = max(np.nanmax(abs(wrong(points, side))) for side in sides)
    weights = np.exp(-ACROSS * ACROSS / 2)
    squares = np.square(wrong(rounded_array(ACROSS, dtype)))
    rms = np.sqrt(np.nansum(weights * squares) / weights.sum())
    return Error(float(most), float(rms), exact_everywhere, mode.relative)


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
    sizes = np.concatenate([[0.0], np.geomspace(1e-30, 1e4, 20001), np.linspace(0.0005, 20, 40001)])
    near = np.concatenate([np.geomspace(1e-9, 1.0, 20001), [0.0]])
    ulps = 0.5 * FORMATS[dtype].epsilon * np.arange(33)  # halves, for those below a power of 2
    around = [p + s * d for p in places for s in (-1, 1) for d in (near, ulps * max(abs(p), 0.01))]
    return np.concatenate([sizes, -sizes, [np.inf, -np.inf], *around])
