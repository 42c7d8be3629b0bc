"""What is beyond its threshold in the numbers of a place: formats, softmax, learned parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ogive.monitor.course import WORTH_A_NOTE, Course, Symptom, severity_of
from ogive.monitor.observer import INPUT
from ogive.monitor.windows import PlaceWindow, place_statistics


def overflow(course: Course, place: str, window: PlaceWindow) -> Symptom:
    """Numbers that are infinite, or not a number."""
    since = course.since(place, lambda s: ~np.isfinite(s["mean_z"]))
    evidence = {"mean of z": float(window.sums[1].sum()), "threshold": math.inf}
    entry = "" if place == INPUT else window.entry
    return Symptom("overflow", place, "error", 1.0, evidence, since, entry)


def near_the_largest(course: Course, place: str, window: PlaceWindow) -> Iterator[Symptom]:
    """Numbers of 16 bits that are near the largest of their format."""
    if not window.sixteen or window.largest <= 0:
        return
    found = place_statistics(window)
    size = math.hypot(found["mean_z"] or 0.0, found["std_z"] or 0.0)
    limit = window.largest / 16
    if size >= limit:
        evidence = {"root mean square of z": size, "threshold": limit, "largest": window.largest}
        since = course.since(place, lambda s: np.hypot(s["mean_z"], s["std_z"]) >= limit)
        yield Symptom("overflow", place, "warning", 1.0, evidence, since, window.entry)


def underflow(course: Course, place: str, window: PlaceWindow) -> Iterator[Symptom]:
    """Gradients of 16 bits that are too small for their format."""
    if not window.sixteen or not window.gradients:
        return
    limit = course.thresholds.lost
    _, count, nonzero, subnormal = window.gradient[1]
    if not count:
        return
    lost = subnormal / nonzero if nonzero else 1.0
    if lost < limit:
        return
    evidence = {"subnormal": lost, "zero": 1 - nonzero / count, "threshold": limit}
    severity = severity_of(lost, limit, 0.9)
    yield Symptom("underflow", place, severity, float(lost), evidence, course.start, window.entry)


def collapsed(course: Course, place: str, window: PlaceWindow) -> Iterator[Symptom]:
    """Softmaxes whose rows are one number."""
    found, limits = place_statistics(window), course.thresholds
    share, std = found["collapsed"] or 0.0, found["std_z"] or 0.0
    cold = window.entry == "gumbel_softmax" and window.temperature <= 0.1
    softmaxes = [p for p, w in course.windows.items() if w.judge is None]
    allowed = limits.logits * (
        3 if place == softmaxes[-1] and place == [*course.windows][-1] else 1
    )
    if share < limits.collapsed or not (std >= allowed or cold):
        return
    evidence = {
        "entropy": found["entropy"] or 0.0, "threshold": limits.entropy, "std of logits": std,
        "allowed": allowed,
    }  # fmt: skip
    if cold:
        evidence["temperature"] = window.temperature
    since = course.since(place, lambda s: s["collapsed"] >= limits.collapsed)
    severity = severity_of(share, limits.collapsed, 0.9)
    yield Symptom("collapsed", place, severity, share, evidence, since, window.entry)


def frozen(course: Course) -> Iterator[Symptom]:
    """Learned parameters at the end of their range."""
    for (place, name), learned in course.learned.items():
        limit = course.thresholds.range_end
        near = learned.at_end(limit)
        share = float(near.mean())
        if share < WORTH_A_NOTE or place not in course.windows:
            continue
        evidence = {
            name: float(np.median(learned.values)), "end": learned.end,
            "threshold": learned.reach(limit),
        }  # fmt: skip
        since = course.stuck.get((place, name), course.start)
        severity = severity_of(share, 0.25, 2.0)
        entry = course.windows[place].entry
        which = tuple(int(i) for i in np.flatnonzero(near))
        yield Symptom(
            "frozen_parameter", place, severity, share, evidence, since, entry, which
        )  # fmt: skip
