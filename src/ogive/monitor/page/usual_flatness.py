"""How much of a function is flat anyway: half of relu, next to nothing of tanh."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ogive.errors import OgiveError
from ogive.monitor.thresholds import USUAL
from ogive.nn.named import find_activation
from ogive.ops import ActivationFunction
from ogive.plot.curve import Array, sample

#: The interval in which the supremum of the slope is looked for, and a grid fine enough.
_FAR, POINTS_OF_GRID = 30.0, 6001
#: So little more than usual is none.
UNSEEN = 0.02


@lru_cache(maxsize=1024)
def curve_of(entry: str) -> ActivationFunction | None:
    """The activation of a place as a function of one number; None if it is none."""
    try:
        found = find_activation(entry).known()
        sample(found, 1, (-1.0, 1.0), 3)
    except OgiveError:  # a softmax has no curve
        return None
    return found


@lru_cache(maxsize=1024)
def flat_below(entry: str) -> float:
    """The size of f' below which a function counts as flat: a share of its supremum."""
    found = curve_of(entry)
    if found is None:
        return 0.0
    slopes = np.abs(sample(found, 1, (-_FAR, _FAR), POINTS_OF_GRID).y)
    return USUAL.slope * float(slopes[np.isfinite(slopes)].max())


@lru_cache(maxsize=1024)
def usual_flat_share(entry: str) -> float:
    """The share of inputs from the standard normal distribution for which it is flat.

    >>> round(usual_flat_share("relu"), 2), round(usual_flat_share("tanh"), 2)
    (0.5, 0.0)
    """
    found = curve_of(entry)
    if found is None:
        return 0.0
    curve = sample(found, 1, (-8.0, 8.0), POINTS_OF_GRID)
    weights = np.exp(-(curve.x**2) / 2)
    return float(weights[np.abs(curve.y) < flat_below(entry)].sum() / weights.sum())


def beyond_usual(shares: Array, entry: str) -> Array:
    """By how much of what is left shares exceed the usual one; of next to nothing it is 0."""
    usual = usual_flat_share(entry)
    found: Array = np.clip((shares - usual) / max(1 - usual, UNSEEN), 0.0, 1.0)
    return np.where(found < UNSEEN, found * 0.0, found)
