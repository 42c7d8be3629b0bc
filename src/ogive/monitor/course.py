"""All that was measured of a training, and what is beyond a threshold in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ogive.monitor.finding import SEVERITIES
from ogive.monitor.history import History
from ogive.monitor.thresholds import Thresholds
from ogive.monitor.windows import PlaceWindow

_Array = NDArray[np.float64]
#: A share that is worth a note.
WORTH_A_NOTE = 0.05
#: Shares, and multiples of a threshold, from which on a warning is an error.
GRAVE_SHARE, GRAVE = 0.5, 10.0


@dataclass(frozen=True)
class Symptom:
    """What is beyond its threshold, without why; the fields are those of ``HealthFinding``.

    Attributes:
        units: which are concerned.
    """

    kind: str
    place: str
    severity: str
    share: float
    evidence: Mapping[str, float]
    since: int
    entry: str = ""
    units: tuple[int, ...] = ()


@dataclass(frozen=True)
class LearnedValues:
    """The values of a learned parameter, where it began by default, and its range."""

    values: _Array
    default: float
    low: float
    high: float

    @property
    def end(self) -> float:
        """The end of the range that is spoken of; 0 where the range has none."""
        return self._ends[0]

    def reach(self, limit: float) -> float:
        """How near to an end a value counts as being there."""
        return limit * (abs(self.default) or 1.0)

    def at_end(self, limit: float) -> Any:
        """Which values are there."""
        near = [np.abs(self.values - end) <= self.reach(limit) for end in self._ends]
        return np.any(near, axis=0)

    @property
    def _ends(self) -> list[float]:
        return [end for end in (self.low, self.high) if math.isfinite(end)] or [0.0]


@dataclass(frozen=True)
class Course:
    """All that was measured.

    Attributes:
        windows: by place, in the order of their first use; the input among them.
        history: how it went.
        thresholds: what it is compared with.
        window: measured steps that findings look back on.
        learned: by place and parameter, the values of learned parameters, and their ranges.
        stuck: since which step such a parameter has been at the end of its range.
        output: the place of a gate that makes what the model gives, as probabilities are made;
            None if there is none.
    """

    windows: Mapping[str, PlaceWindow]
    history: History
    thresholds: Thresholds
    window: int
    learned: Mapping[tuple[str, str], LearnedValues]
    stuck: Mapping[tuple[str, str], int] = field(default_factory=dict)
    output: str | None = None

    def since(self, place: str, condition: Any) -> int:
        """The first of the last steps in a row in which a condition on statistics has held."""
        steps, columns = self.history.columns(place)
        with np.errstate(all="ignore"):
            held = np.asarray(condition(columns))
        first = int(np.flatnonzero(held)[-1]) if held.any() else len(steps) - 1
        while first > 0 and held[first - 1]:
            first -= 1
        return int(steps[first])

    @cached_property
    def start(self) -> int:
        """The first measured step."""
        firsts = [int(self.history.series(p, n)[0][0])
                  for p in self.history.places for n in self.history.statistics(p)[:1]]  # fmt: skip
        return min(firsts, default=0)


def severity_of(value: float, threshold: float, grave: float) -> str:
    """A note below the threshold, a warning from there on, an error where it is grave."""
    return SEVERITIES[int(value >= threshold) + int(value >= grave)]


def learned_values(module: nn.Module, attribute: str) -> _Array:
    """The numbers of a learned parameter."""
    value = getattr(module, attribute)
    with torch.no_grad():
        local = value.to_local() if hasattr(value, "to_local") else value
        found: _Array = local.detach().to("cpu", torch.float64).reshape(-1).numpy()
        return found
