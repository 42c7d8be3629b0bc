"""What is beyond its threshold: each kind of finding is one function of what was measured.

None of them knows why; that is told afterwards, by what theory predicts (``causes.py``). Thresholds
are compared with what healthy training shows too: a few samples leave many units without a live
one, deep networks of relu have units that are rarely on, and the last softmax may be certain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any

import numpy as np

from ogive.monitor.chain_symptoms import chain, fading
from ogive.monitor.course import GRAVE, Course, Symptom
from ogive.monitor.number_symptoms import (
    collapsed,
    frozen,
    near_the_largest,
    overflow,
    underflow,
)
from ogive.monitor.observer import INPUT
from ogive.monitor.unit_symptoms import units_beyond
from ogive.monitor.windows import PlaceWindow, place_statistics

#: By this factor pre-activations do not grow in so few steps, unless the updates are too large.
SUDDEN, FEW_STEPS = 3.0, 10


def symptoms(course: Course) -> Iterator[Symptom]:
    """Everything that is beyond its threshold."""
    jumped = cache(partial(_jumped, course))  # of the whole model, and asked by each place
    for place, window in course.windows.items():
        if not window.halves or not window.sums[0].sum() > 0:
            continue
        if not np.isfinite(window.sums).all():
            yield overflow(course, place, window)
        elif place == INPUT:
            yield from _input(course, window)
        elif window.judge is None:
            yield from collapsed(course, place, window)
        else:
            yield from units_beyond(course, place, window, window.judge)
            if not window.judge.straight:
                yield from _drift(course, place, window, jumped)
            yield from near_the_largest(course, place, window)
        yield from underflow(course, place, window)
    yield from fading(course)
    yield from frozen(course)


def _input(course: Course, window: PlaceWindow) -> Iterator[Symptom]:
    found, limits = place_statistics(window), course.thresholds
    mean, std = found["mean_z"] or 0.0, found["std_z"] or 0.0
    distance = abs(mean) / std if std > 0 else 0.0
    size = math.hypot(mean, std)
    if distance >= limits.centre_of_input or size >= limits.scale:
        evidence = {
            "mean": mean, "std": std, "mean / std": distance, "threshold": limits.centre_of_input,
            "largest scale": limits.scale,
        }  # fmt: skip
        yield Symptom("off_centre", INPUT, "warning", 1.0, evidence, course.start)
    yield from _drift(course, INPUT, window, lambda: True)


def _jumped(course: Course) -> bool:
    """Whether the pre-activations of a place have grown in a few steps as they should not in a
    whole training: the updates are too large."""
    return any(_jumps(course, place) for place, _ in chain(course))


def _jumps(course: Course, place: str) -> bool:
    steps, sizes = course.history.series(place, "std_z")
    before = np.searchsorted(steps, steps - FEW_STEPS)
    return bool((sizes >= SUDDEN * np.maximum(sizes[before], 1.0)).any())


def _drift(
    course: Course, place: str, window: PlaceWindow, jumped: Callable[[], bool]
) -> Iterator[Symptom]:
    if window.first is None or window.seen < 2:
        return
    first, now = place_statistics(window, window.first, steps=1), place_statistics(window)
    std, later = first["std_z"] or 0.0, now["std_z"] or 0.0
    if not (std > 0 and later > 0 and math.isfinite(std + later)):
        return
    # an activation's inputs that come nearer to its own scale, which is 1, do not drift
    low, high = (std, std) if place == INPUT else (max(std, 1.0), min(std, 1.0))
    mean = first["mean_z"] or 0.0
    moved = abs((now["mean_z"] or 0.0) - mean) / low
    scaled = max(high / later, later / low)
    limit, reached = course.thresholds.drift, max(moved, scaled)
    if reached < limit:
        return
    evidence = {
        "mean moved by std": moved, "std changed by factor": scaled, "threshold": limit,
    }  # fmt: skip
    grave = reached >= GRAVE * limit or jumped()
    severity = "warning" if grave and place != course.output else "note"

    def far(s: Mapping[str, Any]) -> Any:
        factor = np.maximum(s["std_z"] / low, high / s["std_z"])
        return np.maximum(factor, np.abs(s["mean_z"] - mean) / low) >= limit * 0.5

    since = course.since(place, far)
    entry = "" if place == INPUT else window.entry
    yield Symptom("drift", place, severity, 1.0, evidence, since, entry)
