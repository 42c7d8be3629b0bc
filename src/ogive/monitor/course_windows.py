"""What was measured: sums over the last steps of a training, and over its last evaluation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from ogive.monitor import ranks
from ogive.monitor.course import LearnedValues
from ogive.monitor.expected import expected_at
from ogive.monitor.health import PlaceHealth
from ogive.monitor.history import History
from ogive.monitor.observer import INPUT, elsewhere
from ogive.monitor.tallies import SIXTEEN_BITS, Tally
from ogive.monitor.thresholds import Thresholds
from ogive.monitor.windows import PlaceWindow, place_statistics, unit_shares, window_of

_Sums = NDArray[np.float64]


class CourseWindows:
    """The sums of each place, in training and in evaluation apart.

    Args:
        thresholds: what samples are judged by.
        window: measured steps that a window holds at least.

    Attributes:
        training: by place, in the order of their first use; the input among them.
        evaluation: the same, of the last time that the model was in evaluation mode.
        history: how the training went.
        steps: the measured steps.
        stuck: by place and learned parameter, since which of them it has been at the end of its
            range.
    """

    def __init__(self, thresholds: Thresholds, window: int) -> None:
        self.thresholds, self.half = thresholds, max(1, math.ceil(window / 2))
        self.training: dict[str, PlaceWindow] = {}
        self.evaluation: dict[str, PlaceWindow] = {}
        self.history = History()
        self.steps: list[int] = []
        self.stuck: dict[tuple[str, str], int] = {}

    def add(self, step: int, taken: Mapping[str, Tally]) -> None:
        """Adds what a step of the training has told, here and in the other processes."""
        if self.steps[-1:] != [step]:
            self.steps.append(step)
        sent: float | None = None
        for name, window, sums, gradients in self._added(self.training, taken, ranks.together()):
            found = place_statistics(window, sums, gradients, 1)
            found |= unit_shares(window, sums, self.thresholds)
            normalised = name in taken and taken[name].place.normalised
            found["second_z_expected"] = 1.0 if normalised or sent is None else sent
            self.history.add(step, name, found)
            sent = _sent(name, window, found, sent)

    def add_learned(self, step: int, learned: Mapping[tuple[str, str], LearnedValues]) -> None:
        """Notes which learned parameters are at the end of their range after a step."""
        limit = self.thresholds.range_end
        there = [key for key, values in learned.items() if values.at_end(limit).any()]
        self.stuck = {key: self.stuck.get(key, step) for key in there}

    def add_evaluation(self, taken: Mapping[str, Tally]) -> None:
        """Adds what an evaluation has told; of this process alone, as often only one evaluates."""
        for _ in self._added(self.evaluation, taken, False):
            pass

    def _added(
        self, windows: dict[str, PlaceWindow], taken: Mapping[str, Tally], together: bool
    ) -> Iterator[tuple[str, PlaceWindow, _Sums, _Sums]]:
        arrays = ranks.fetched(taken, self.thresholds.entropy, together)
        for name, (sums, gradients, values, entry) in arrays.items():
            tally = taken.get(name)
            window = windows.get(name)
            if window is None or window.entry != entry:  # the module may have been exchanged
                met = tally or elsewhere(name, entry, self.thresholds)
                window = windows[name] = window_of(met, met.units or sums.shape[1])
            window.add(sums, gradients, self.half)
            window.last = len(self.steps)
            window.values = values
            if tally is not None:
                window.one_in = max(window.one_in, tally.one_in)
                window.note, window.temperature = tally.place.note, tally.temperature
                window.sixteen = tally.dtype in SIXTEEN_BITS
                window.largest = torch.finfo(tally.dtype).max
            yield name, window, sums, gradients

    @property
    def recent(self) -> dict[str, PlaceWindow]:
        """The places of the training that were met in the last window."""
        since = len(self.steps) - 2 * self.half
        return {name: w for name, w in self.training.items() if w.last > since}

    def restart(self) -> None:
        """The model is another one from now on, and nothing before is compared with."""
        for window in self.training.values():
            window.restart()
        self.evaluation = {}


def _sent(
    name: str, window: PlaceWindow, found: Mapping[str, float | None], before: float | None
) -> float | None:
    """The second moment that ideal weights, which are drawn for the activation, give the next
    pre-activations: that of what is sent, over what the certificate has for N(0, 1)."""
    if name == INPUT:
        return (found["mean_z"] or 0.0) ** 2 + (found["std_z"] or 0.0) ** 2
    if window.judge is None or window.judge.gated:
        return before
    ideal = expected_at(window.judge.field, 0.0, 1.0).second_f
    return (found["second_f"] or 0.0) / ideal if ideal > 0 else before


def shown_windows(windows: Mapping[str, PlaceWindow]) -> dict[str, PlaceWindow]:
    """The windows of activations that hold something."""
    return {name: w for name, w in windows.items() if name != INPUT and w.halves}


def health_of(window: PlaceWindow) -> PlaceHealth:
    """What a window says, beside what theory predicts."""
    statistics = place_statistics(window)
    judge, count = window.judge, window.sums[0].max() if window.sums.size else 0
    found = {n: v for n, v in statistics.items() if n in PlaceHealth.__dataclass_fields__}
    if judge is not None:
        mean, std = statistics["mean_z"], statistics["std_z"]
        predicted = expected_at(judge.field, mean or 0.0, std or 0.0)
        if math.isfinite(predicted.gain):
            found |= {"gain_expected": predicted.gain, "chi_expected": predicted.chi}
    plain = {name: None if value is None else float(value) for name, value in found.items()}
    return PlaceHealth(window.entry, window.units, int(count), **plain)
