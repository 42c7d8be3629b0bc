"""MNIST-1D: digits as lines of 40 numbers, made by a recipe (S. Greydanus 2020, arXiv:2011.14439).

A digit is a curve of 12 numbers, its stroke from top to bottom. It is padded, scaled, moved along
the line, blurred by two kinds of noise and sheared, so that its place says nothing and its shape
everything. Steps and their sizes are the recipe's; the ten strokes are drawn anew.
"""

from __future__ import annotations

import numpy as np

from ogive.errors import require
from ogive.study.data.splitting import DataArray

LENGTH, DIGIT_COUNT = 40, 10
#: How far right of its middle a stroke is, in twelve steps from top to bottom.
_STROKES = np.array(
    [
        [0, 6, 9, 10, 10, 10, 10, 10, 10, 9, 6, 0],
        [0, -9, -7, -5, -3, -1, 1, 3, 5, 7, 3, 0],
        [0, 6, 9, 9, 6, 1, -4, -8, -10, -10, -6, 0],
        [0, 7, 10, 10, 6, 0, 0, 7, 10, 10, 6, 0],
        [0, -3, -6, -9, -12, -12, 0, 0, 0, 0, 0, 0],
        [0, -10, -10, -10, -10, 0, 6, 9, 9, 5, -2, 0],
        [0, -5, -8, -9, -10, -10, -10, -10, -9, -8, -5, 0],
        [0, 11, 11, 9, 7, 5, 3, 0, -2, -4, 0, 0],
        [0, -7, -10, -10, -6, 0, 0, -7, -10, -10, -6, 0],
        [0, -6, -9, -9, -6, 0, 0, 0, 0, -2, -4, 0],
    ],
    dtype=np.float64,
)
#: The recipe: zeros behind a stroke, the shares and sizes of what is drawn.
_PADDING, _LONGEST_MOVE = (36, 60), 48
_SCALE, _SHEAR = 0.4, 0.75
_SMOOTH_NOISE, _SMOOTHED_OVER, _WHITE_NOISE = 0.25, 2.0, 0.02


def digit_lines(rows: int, seed: int) -> tuple[DataArray, DataArray]:
    """Lines of 40 numbers, and which digits they are, as many of each.

    Example:
        >>> x, y = digit_lines(50, 0)
        >>> x.shape, y[:12].tolist()
        ((50, 40), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
    """
    random = np.random.default_rng(seed)
    digits: DataArray = np.arange(rows) % DIGIT_COUNT
    width = _STROKES.shape[1] + _PADDING[1]
    steps = _STROKES.shape[1] + random.integers(*_PADDING, rows, endpoint=True)
    places = np.linspace(0, 1, width) * (steps[:, None] - 1)
    strokes = _normalised()[digits]
    pairs = zip(places, strokes, strict=True)
    lines = np.stack([np.interp(at, np.arange(12), stroke, right=0.0) for at, stroke in pairs])
    lines *= 1 + _SCALE * random.uniform(-0.5, 0.5, (rows, 1))
    moves = random.integers(0, _LONGEST_MOVE, rows)
    where = (np.arange(width) - moves[:, None]) % width
    lines, drawn = np.take_along_axis(lines, where, 1), np.take_along_axis(places <= 11, where, 1)
    lines = np.where(drawn, lines, _smooth_noise(random, lines.shape))
    lines += _WHITE_NOISE * random.normal(size=lines.shape)
    lines -= _SHEAR * random.uniform(-0.5, 0.5, (rows, 1)) * np.linspace(-0.5, 0.5, width)
    at = np.linspace(0, width - 1, LENGTH)
    return np.stack([np.interp(at, np.arange(width), line) for line in lines]), digits


def _normalised() -> DataArray:
    """Strokes that begin at 0 and are all as wide."""
    strokes = _STROKES - _STROKES[:, :1]
    wide: DataArray = strokes / strokes.std(axis=1, keepdims=True) / 6
    return wide


def _smooth_noise(random: np.random.Generator, shape: tuple[int, ...]) -> DataArray:
    smooth = require("scipy.ndimage", "study").gaussian_filter1d
    noise: DataArray = smooth(_SMOOTH_NOISE * random.normal(size=shape), _SMOOTHED_OVER, axis=1)
    return noise
