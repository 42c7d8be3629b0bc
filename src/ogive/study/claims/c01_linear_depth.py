"""Affine maps one after another are one affine map. That is checked exactly, with whole numbers,
for five layers. What can be represented is one thing, what is learned another: networks without
a nonlinearity, of 1 to 8 hidden layers, are trained on two tasks for a short and a long time,
and the deep ones are compared with the one of a single hidden layer. ReLU networks of the same
shapes show what depth is worth with one.
"""

from __future__ import annotations

import numpy as np

from ogive.study.claims.checks import Check, always
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import Arena, arena, tuned_scores
from ogive.study.claims.estimates import Estimate, exactly
from ogive.study.claims.measurements import Measurements, simultaneous

_WIDTH, _MARGIN = 16, 0.02


@claim(
    "C1",
    "Without a nonlinearity depth adds nothing: a deep linear network is a single layer.",
    source="seeds 000 and 002",
    criterion="The composition of five layers is one affine map exactly. Trained, 2 to 8 "
    "linear hidden layers score at most 2 points of test accuracy above one, in every case.",
    verdict=always,
)
def linear_depth(effort: Effort) -> Finding:
    measured = Measurements()
    checks = [Check("five layers minus one", exactly(_composed()), 0.0, 0.0)]
    for task, budgets in {"spirals": (20, 60), "digits": (4, 16)}.items():
        for epochs in effort.pick(budgets[:1], budgets, budgets):
            one = tuned_scores("identity", _linear(task, 1, epochs), effort)
            for depth in effort.pick((4,), (2, 4, 8), (2, 4, 8)):
                place = _linear(task, depth, epochs)
                gain = tuned_scores("identity", place, effort) - one
                measured.mean("gain of depth", gain, where=place.where, at_most=_MARGIN)
    return Finding([*checks, *measured.checks()], _with_relu(effort), seeds=len(effort.seeds()))


def _linear(task: str, depth: int, epochs: int) -> Arena:
    return arena(task, (_WIDTH,) * depth, epochs)


def _composed() -> float:
    """The largest difference between five affine maps of whole numbers and their composition."""
    random = np.random.default_rng(0)
    layers = [(random.integers(-9, 9, (4, 4)), random.integers(-9, 9, 4)) for _ in range(5)]
    x = random.integers(-9, 9, (4, 100))
    weight, bias = np.eye(4, dtype=np.int64), np.zeros(4, dtype=np.int64)
    y = x
    for w, b in layers:
        y = w @ y + b[:, None]
        weight, bias = w @ weight, w @ bias + b
    return float(np.abs(y - (weight @ x + bias[:, None])).max())


def _with_relu(effort: Effort) -> dict[str, Estimate]:
    """What four layers gain over one with ReLU."""
    epochs = 60
    deep, one = (
        tuned_scores("relu", _linear("spirals", depth, epochs), effort) for depth in (4, 1)
    )
    found = simultaneous((deep - one)[:, None])[0]
    return {"gain of four ReLU layers over one, spirals": found}
