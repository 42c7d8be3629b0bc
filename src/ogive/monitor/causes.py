"""Why something is beyond its threshold, told by comparing what theory predicts with measurements.

What was not there in the first measured step came with training: with the data, if the input has
moved, else with the updates. What was there from the beginning came with the data, if the input is
off; with the function or the depth, if theory predicts as much for ideal weights; else with the
weights.
"""

from __future__ import annotations

import math

import numpy as np

from ogive.monitor.chain_symptoms import chain
from ogive.monitor.course import Course, Symptom
from ogive.monitor.expected import expected_at
from ogive.monitor.observer import INPUT
from ogive.monitor.unit_symptoms import beyond_chance, expected_dead
from ogive.monitor.windows import PlaceWindow, place_statistics, unit_statistics

#: A factor of the square of gradients per layer, and its inverse, which are the function's doing.
FUNCTIONS_OWN = 0.5
#: How far a measured factor may be from the predicted one and still be explained by it.
EXPLAINED = 1.5


def cause_of(symptom: Symptom, course: Course) -> str:
    """The cause, one of ``FINDING_CAUSES``."""
    if symptom.kind == "underflow":
        return "precision"
    if symptom.kind == "overflow" and input_broken(course, symptom.since):
        return "data"
    if symptom.kind == "overflow" and course.windows[symptom.place].sixteen:
        return "precision"
    if symptom.kind == "drift":
        return "data" if symptom.place == INPUT or input_moved(course) else "learning_rate"
    if symptom.kind == "collapsed" and "temperature" in symptom.evidence:
        return "function"
    if symptom.place == INPUT:
        return "data"
    if symptom.since > course.start:
        return "data" if input_moved(course) else "learning_rate"
    if input_off(course) and symptom.kind != "frozen_parameter":
        return "data"
    if symptom.kind in ("vanishing", "exploding"):
        return _of_the_chain(symptom, course)
    if symptom.kind in ("off_centre", "dead") and _by_depth(symptom, course):
        return "depth"
    return "initialisation"


def input_broken(course: Course, step: int) -> bool:
    """Whether the input had numbers in a step that are not finite."""
    if INPUT not in course.history.places:
        return False
    steps, means = course.history.series(INPUT, "mean_z")
    return bool((~np.isfinite(means[steps == step])).any())


def input_off(course: Course) -> bool:
    """Whether the input is not centred or not scaled."""
    window = course.windows.get(INPUT)
    if window is None or not window.halves:
        return False
    found, limits = place_statistics(window), course.thresholds
    mean, std = found["mean_z"] or 0.0, found["std_z"] or 0.0
    return math.hypot(mean, std) >= limits.scale or (
        std > 0 and abs(mean) / std >= limits.centre_of_input
    )


def input_moved(course: Course) -> bool:
    """Whether the input is not what it was in the first measured step."""
    window = course.windows.get(INPUT)
    if window is None or window.first is None or not window.halves:
        return False
    first, now = place_statistics(window, window.first, steps=1), place_statistics(window)
    std, later = first["std_z"] or 0.0, now["std_z"] or 0.0
    if not (std > 0 and later > 0):
        return False
    moved = abs((now["mean_z"] or 0.0) - (first["mean_z"] or 0.0)) / std
    return moved >= 1 or max(std / later, later / std) >= 2


def _of_the_chain(symptom: Symptom, course: Course) -> str:
    """Whether ideal weights would do the same: by the function, or only by so many layers."""
    places = chain(course)
    predicted = predicted_factor([w for _, w in places])
    if not math.isfinite(predicted) or predicted <= 0:
        return "unknown"
    measured = symptom.evidence["per layer"]
    if "signal last / first" in symptom.evidence:
        return "initialisation"  # ideal weights keep the length
    limit = symptom.evidence["threshold"]
    total = predicted ** (len(places) - 1)
    beyond = total <= limit if symptom.kind == "vanishing" else total >= limit
    alike = abs(math.log(measured / predicted)) <= math.log(EXPLAINED) if measured > 0 else False
    if predicted**2 < FUNCTIONS_OWN or predicted**2 > 1 / FUNCTIONS_OWN:
        # the function shrinks gradients by itself; the weights may have done the rest
        return "function" if beyond or alike else "initialisation"
    return "depth" if beyond and alike else "initialisation"


def predicted_factor(windows: list[PlaceWindow]) -> float:
    """By how much ideal weights, which keep the second moment 1, would change the norm of a
    gradient per layer: the root of chi = E f'**2 / E f**2 at N(0, 1), in the geometric mean."""
    logs = []
    for window in windows[1:]:
        assert window.judge is not None
        found = expected_at(window.judge.field, 0.0, 1.0)
        if not found.second_f > 0:
            return math.nan
        logs.append(0.5 * math.log(max(found.chi, 1e-300) / found.second_f))
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


def _by_depth(symptom: Symptom, course: Course) -> bool:
    """Whether the layers before have made all samples alike, as relu's do one after another: units
    are as far off centre as ideal weights leave them at this depth, and no more of them dead than
    chance then has it."""
    places = [place for place, _ in chain(course)]
    if symptom.place not in places or (depth := places.index(symptom.place)) < 4:
        return False
    judge = course.windows[places[0]].judge
    assert judge is not None
    correlation = _correlation_at(course, depth)
    if not 0 < correlation < 1:
        return False
    window = course.windows[symptom.place]
    units, scatter = unit_statistics(window), math.sqrt(correlation / (1 - correlation))
    if symptom.kind == "dead":
        assert window.judge is not None
        samples = symptom.evidence["samples"]
        expected = expected_dead(window.judge, units, samples, scatter)
        return beyond_chance(units, samples, scatter, expected) < course.thresholds.dead
    live = units["std_z"] > 0
    middle = float(np.median(np.abs(units["mean_z"][live]) / units["std_z"][live]))
    return middle <= EXPLAINED * 0.6745 * scatter


def _correlation_at(course: Course, depth: int) -> float:
    """The correlation of two unrelated inputs' signals after so many layers of ideal weights."""
    from ogive.certify.signal.theory import correlation_map

    judge = course.windows[chain(course)[0][0]].judge
    assert judge is not None
    gain = expected_at(judge.field, 0.0, 1.0).second_f ** -0.5
    correlation = 0.0
    for _ in range(depth):
        correlation = correlation_map(judge.field, correlation, 1.0, gain, 0.0)
        if not 0 <= correlation < 1:
            break
    return correlation
