"""The numbers in the lessons' prose, each taken from a certificate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache

from ogive.catalogue import entries
from ogive.catalogue.exponential import SELU_ALPHA, SELU_SCALE
from ogive.certify.report.certificate import Certificate, certificate


@cache
def lesson_numbers() -> Mapping[str, str]:
    """Placeholder of the texts -> the number as people read it."""
    of = {name: certificate(entries()[name]) for name in _ASKED}
    found = {
        "sigmoid_steepest": _shown(_steepest(of["sigmoid"])),
        "sigmoid_flat": _shown(_flat(of["sigmoid"])),
        "tanh_flat": _shown(_flat(of["tanh"])),
        "relu_mean": _shown(_moment(of["relu"], "first")),
        "selu_alpha": _shown(SELU_ALPHA, 5),
        "selu_scale": _shown(SELU_SCALE, 5),
    }
    for name in ("sigmoid", "tanh", "relu"):
        found[f"{name}_chi"] = _shown(_chi(of[name]))
    for name in ("sigmoid", "relu", "elu"):
        ratio = _moment(of[name], "first") / math.sqrt(_moment(of[name], "variance"))
        found[f"{name}_ratio"] = _shown(ratio)
    for name in ("gelu", "silu", "mish"):
        found[f"{name}_low_at"], found[f"{name}_low"] = map(_shown, _lowest(of[name]))
    return found


def _steepest(of: Certificate) -> float:
    assert of.smoothness
    return of.smoothness.lipschitz.value


def _flat(of: Certificate) -> float:
    """Beyond which the slope is below 0.001."""
    place = of.saturation and of.saturation.right.below["1e-3"]
    assert place
    return place.value


def _moment(of: Certificate, name: str) -> float:
    assert of.signal
    return float(getattr(of.signal.moments, name).value)


def _chi(of: Certificate) -> float:
    assert of.signal
    return of.signal.criticality.chi.value


def _lowest(of: Certificate) -> tuple[float, float]:
    """Where the only minimum is, and how low."""
    assert of.shape and of.shape.turning_points
    (point,) = of.shape.turning_points
    return point.place.value, point.value.value


_ASKED = ("sigmoid", "tanh", "relu", "elu", "gelu", "silu", "mish")


def _shown(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}g}".replace("-", "−")  # noqa: RUF001
