"""Which remedy belongs to a finding, by its kind and cause."""

from __future__ import annotations

import math
from typing import Any

from ogive.monitor.course import Course, Symptom
from ogive.monitor.expected import expected_at
from ogive.monitor.observer import INPUT
from ogive.monitor.remedies import (
    Advice,
    LowerLearningRate,
    NormaliseInput,
    Reinitialise,
    Remedy,
    RescaleLayer,
    ReviveUnits,
    SetSlope,
    SwapActivation,
    Together,
)
from ogive.monitor.windows import place_statistics

#: What takes the place of a function that shrinks gradients by itself.
BETTER = "gelu"


def remedy_for(
    symptom: Symptom, cause: str, course: Course, parameters: dict[tuple[str, str], str]
) -> Remedy | None:
    """What may help; None where nothing is known, or nothing is needed.

    Args:
        parameters: the names of learned parameters in the model, by place and parameter.
    """
    if symptom.severity == "note":
        return None
    if cause == "data" and symptom.kind == "overflow":
        return Advice(
            "leave out samples with infinite numbers or NaN, and load an earlier state of the "
            "model if its parameters are no longer finite"
        )
    if cause == "data":
        return _normalised(course)
    if symptom.kind in ("overflow", "underflow") and cause == "precision":
        return Advice(
            "train in bfloat16, which has the range of float32, or scale the loss with "
            "torch.amp.GradScaler"
        )
    if symptom.kind == "frozen_parameter":
        return _slope_again(symptom, course, parameters)
    if cause == "learning_rate" and symptom.severity == "error":
        # a lower rate comes too late for weights that are ruined
        return Together([LowerLearningRate(), Reinitialise()])
    if symptom.kind == "dead":
        return _revived(symptom, cause, course)
    if cause == "learning_rate":
        return LowerLearningRate()
    if cause == "function" and symptom.kind in ("vanishing", "exploding"):
        return SwapActivation(symptom.entry, BETTER, reinitialise=True)
    if cause == "depth":
        return Advice("add normalisation layers or residual connections between the layers")
    if symptom.kind == "collapsed":
        return _cooler(symptom, course)
    if symptom.kind in ("vanishing", "exploding", "off_centre"):
        return Reinitialise()
    if symptom.kind in ("saturated_left", "saturated_right", "linear"):
        return _rescaled(symptom, course)
    return None


def _normalised(course: Course) -> Remedy:
    window = course.windows.get(INPUT)
    if window is None:
        return Advice("centre and scale the input")
    found = place_statistics(window)
    return NormaliseInput(found["mean_z"] or 0.0, found["std_z"] or 1.0)


def _revived(symptom: Symptom, cause: str, course: Course) -> Remedy:
    window = course.windows[symptom.place]
    if not window.weights:
        return Advice("replace the activation by one without a flat side, such as leaky_relu")
    assert window.judge is not None
    second = expected_at(window.judge.field, 0.0, 1.0).second_f
    gain = second**-0.5 if second > 0 else 1.0
    revive: Remedy = ReviveUnits(window.weights, symptom.units, gain)
    return Together([LowerLearningRate(), revive]) if cause == "learning_rate" else revive


def _slope_again(
    symptom: Symptom, course: Course, parameters: dict[tuple[str, str], str]
) -> Remedy | None:
    for (place, name), dotted in parameters.items():
        if place == symptom.place and name in symptom.evidence:
            return SetSlope(dotted, course.learned[place, name].default)
    return None


def _rescaled(symptom: Symptom, course: Course) -> Remedy:
    window = course.windows[symptom.place]
    found: dict[str, Any] = place_statistics(window)
    size = math.hypot(found["mean_z"] or 0.0, found["std_z"] or 0.0)
    if not window.weights or not 0 < size < math.inf:
        return Advice(
            "scale the weights before it so that its pre-activations have the standard deviation 1"
        )
    return RescaleLayer(window.weights, 1 / size)


def _cooler(symptom: Symptom, course: Course) -> Remedy:
    window = course.windows[symptom.place]
    if "temperature" in symptom.evidence:
        return Advice("raise the temperature tau, and lower it slowly while training")
    found = place_statistics(window)
    if window.weights and (found["std_z"] or 0) > 1:
        return RescaleLayer(window.weights, 1 / float(found["std_z"] or 1.0))
    return Advice("scale queries and keys down, or normalise them (query-key normalisation)")
