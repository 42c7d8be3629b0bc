"""What becomes of gradients and signals from one end of a model to the other."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ogive.monitor.course import GRAVE, Course, Symptom
from ogive.monitor.observer import INPUT
from ogive.monitor.windows import PlaceWindow, place_statistics, unit_statistics

#: A ratio within this factor of its threshold was there before it was crossed.
NEAR_LIMIT = 10.0
#: The share of what the last activation's gradient was at most, below which it is that of the few
#: samples that a training has not learned yet, and says nothing of layers.
LEFT_OVER = 1e-3


def chain(course: Course) -> list[tuple[str, PlaceWindow]]:
    """The activations that follow one another: no gates, no rows, and not what makes
    probabilities of the last layer's numbers, which may be as large as they like."""
    return [
        (place, w)
        for place, w in course.windows.items()
        if place not in (INPUT, course.output)
        and w.judge is not None and not w.judge.gated and w.halves
        and np.isfinite(w.sums).all() and w.gradient[1][1] > 0
    ]  # fmt: skip


def fading(course: Course) -> Iterator[Symptom]:
    """Gradients between the ends of the model; signals, where gradients are well."""
    places = chain(course)
    if len(places) < 2:
        return
    gradients = [math.sqrt(w.gradient[1][0] / w.measured) for _, w in places]
    signals = [(place_statistics(w)["std_z"] or 0.0) for _, w in places]
    if signals[-1] > signals[0]:
        signals = [_spread(w) for _, w in places]
    learning = gradients[-1] >= LEFT_OVER * _largest_gradient(course, places[-1][0])
    found = [
        *(_between(course, places, "gradient_out", gradients[::-1]) if learning else ()),
        *_between(course, places, "std_z", signals),
    ]
    yield from found[:1]


def _largest_gradient(course: Course, place: str) -> float:
    _, sizes = course.history.series(place, "gradient_out")
    known = sizes[np.isfinite(sizes)]
    return float(known.max()) if known.size else 0.0


def _spread(window: PlaceWindow) -> float:
    """How much units differ from sample to sample; that their means differ is no signal."""
    deviations = unit_statistics(window)["std_z"]
    known = deviations[np.isfinite(deviations)]
    return float(np.sqrt(np.mean(known**2))) if known.size else 0.0


def _between(
    course: Course, places: list[tuple[str, PlaceWindow]], statistic: str, sizes: list[float]
) -> Iterator[Symptom]:
    """What becomes of something from one end of the model to the other, if it is too much: a
    finding at the end where it arrives."""
    if not (sizes[0] > 0 and math.isfinite(sizes[0])):
        return
    limits, layers = course.thresholds, len(places) - 1
    ratio = sizes[-1] / sizes[0]
    growth = limits.growth if statistic == "std_z" else 1 / limits.fading
    each = ratio ** (1 / layers)
    kind, limit = ("vanishing", limits.fading) if ratio < 1 else ("exploding", growth)
    steep = each <= limits.per_layer or each >= 1 / limits.per_layer
    allowed = limit * (10 if ratio < 1 else 0.1) if steep else limit
    if (ratio > allowed) if ratio < 1 else (ratio < allowed):
        return
    place, window = places[-1] if statistic == "std_z" else places[0]
    beyond = max(ratio / allowed, allowed / ratio) if ratio else math.inf
    word = "signal last / first" if statistic == "std_z" else "gradient first / last"
    evidence = {word: ratio, "threshold": allowed, "per layer": each, "layers": layers + 1.0}
    passed = [abs(math.log(s / sizes[0])) > math.log(10) for s in sizes if s > 0]
    severity = "error" if beyond >= GRAVE else "warning"
    since = _ratio_since(course, statistic, allowed, kind)
    share = float(np.mean(passed))
    yield Symptom(kind, place, severity, share, evidence, since, window.entry)


def _ratio_since(course: Course, statistic: str, limit: float, kind: str) -> int:
    """The step from which on the ratio of the ends has been near a limit or beyond it."""
    places = [p for p, _ in chain(course)]
    first, last = (course.history.series(p, statistic) for p in (places[0], places[-1]))
    size = min(len(first[0]), len(last[0]))
    with np.errstate(all="ignore"):
        ratio = last[1][-size:] / first[1][-size:]
        ratio = ratio if statistic == "std_z" else 1 / ratio
        beyond = ratio <= limit * NEAR_LIMIT if kind == "vanishing" else ratio >= limit / NEAR_LIMIT
    start = size - 1
    while start > 0 and beyond[start - 1]:
        start -= 1
    return int(first[0][-size:][start])
