"""What a monitor hands to its loggers, made by hand: two places, findings, every kind of number."""

import math
from typing import Any

PLACES: dict[str, dict[str, Any]] = {
    "fc1.act": {
        "entry": "relu",
        "units": 8,
        "samples": 64,
        "dead": 0.25,
        "saturated_left": 0.5,
        "saturated_right": 0.0,
        "linear": 0.5,
        "sparsity": 0.5,
        "mean_z": -0.25,
        "std_z": 1.5,
        "mean_f": 0.4,
        "second_f": 1.0,
        "gain": 1.5,
        "gain_expected": math.sqrt(2),
        "chi": 1.25,
        "chi_expected": 1.0,
        "gradient_in": 1e-3,
        "gradient_out": 2e-3,
    },
    "block.act#2": {
        "entry": "gelu",
        "units": 4,
        "samples": 64,
        "dead": 0.0,
        "saturated_left": 0.0,
        "saturated_right": 0.0,
        "linear": 0.1,
        "sparsity": 0.0,
        "mean_z": 0.0,
        "std_z": 1.0,
        "mean_f": 0.3,
        "second_f": "nan",
        "gain": 1.0,
        "gain_expected": 1.0,
        "chi": None,
        "chi_expected": 1.0,
        "gradient_in": "inf",
        "gradient_out": 1.0,
    },
}
DEAD = {
    "kind": "dead",
    "place": "fc1.act",
    "severity": "error",
    "share": 0.25,
    "evidence": {"dead": 0.25},
    "cause": "learning_rate",
    "since": 10,
    "remedy": "lower it",
}
#: At no activation: what the model is fed.
INPUT = {
    "kind": "off_centre",
    "place": "input",
    "severity": "warning",
    "share": 1.0,
    "evidence": {"mean": 100.0},
    "cause": "data",
    "since": 0,
    "remedy": None,
}


def snapshot(step: int = 10, findings: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "step": step,
        "places": PLACES,
        "findings": [DEAD, INPUT] if findings is None else findings,
    }
