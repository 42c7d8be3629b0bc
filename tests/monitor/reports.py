"""Reports made by hand: a sick model and a healthy one, with every part that a page shows."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np

from ogive.monitor import HealthFinding, HealthReport, History, PlaceHealth

STEPS = range(0, 1000, 10)
UNITS = 64
STATISTICS = [f.name for f in fields(PlaceHealth) if f.name not in ("entry", "units", "samples")]


class Advice:
    """A remedy of which only the words matter."""

    automatic = False

    def __init__(self, text: str) -> None:
        self.text = text

    def describe(self) -> str:
        return self.text


def health(entry: str, **given: float) -> PlaceHealth:
    usual = dict.fromkeys(STATISTICS, 0.5) | {"dead": 0.0, "mean_z": 0.0, "std_z": 1.0}
    return PlaceHealth(entry, UNITS, 640, **(usual | given))


def report(
    places: dict[str, list[PlaceHealth]],
    findings: tuple[HealthFinding, ...] = (),
    notes: tuple[str, ...] = (),
) -> HealthReport:
    """A report in which each place goes from one health to the next, in equal parts of the time."""
    random, history = np.random.default_rng(0), History()
    for number, step in enumerate(STEPS):
        for place, course in places.items():
            now = course[number * len(course) // len(STEPS)]
            statistics = {name: getattr(now, name) for name in STATISTICS}
            history.add(step, place, statistics | {"second_z_expected": 1.0})
    last = {place: course[-1] for place, course in places.items()}
    units = {
        place: {
            "dead": (np.arange(UNITS) < UNITS * (row.dead or 0)).astype(float),
            "saturated_left": np.maximum(np.arange(UNITS) < UNITS * (row.dead or 0), 0.3),
        }
        for place, row in last.items()
    }
    values = {
        place: (row.mean_z or 0) + (row.std_z or 1) * random.standard_normal(500)
        for place, row in last.items()
    }
    return HealthReport(STEPS[-1], last, findings, history, units, values, notes)


def healthy() -> HealthReport:
    return report({f"layers.{i}.act": [health("gelu", saturated_left=0.0)] for i in range(3)})


SICK_FINDINGS = (
    HealthFinding(
        *("dead", "layers.3.act", "error", 0.5, {"dead": 0.5, "threshold": 0.1}, "learning_rate"),
        *(500, Advice("draw the incoming weights of the 32 dead units anew")),
    ),
    HealthFinding(
        *("dead", "layers.2.act", "error", 0.25, {"dead": 0.25, "threshold": 0.1}),
        *("learning_rate", 500, Advice("draw the incoming weights of the 16 dead units anew")),
    ),
    HealthFinding(
        *("vanishing", "layers.0.act", "warning", 1.0, {"gradient_ratio": 2.5e-7}, "depth", 0),
        Advice("put a normalisation layer before <each> activation"),
    ),
    HealthFinding("off_centre", "input", "note", 1.0, {"mean": 100.0}, "data", 0),
)


def sick() -> HealthReport:
    """Four relu layers that die, explode forwards and vanish backwards, and a softmax."""
    dead = [0.0, 0.0, 0.25, 0.5]
    course = {
        f"layers.{i}.act": [
            health("relu", std_z=4.0**i, gradient_in=10.0 ** (i - 7)),
            health("relu", dead=dead[i], std_z=4.0**i, gradient_in=10.0 ** (i - 7)),
        ]
        for i in range(4)
    }
    none = {name: None for name in STATISTICS if name not in ("gradient_in", "gradient_out")}
    course["attention.softmax"] = [PlaceHealth("softmax", UNITS, 640, **none, gradient_in=math.inf)]
    notes = ("decoder.attn: scaled_dot_product_attention hides its softmax",)
    return report(course, SICK_FINDINGS, notes)
