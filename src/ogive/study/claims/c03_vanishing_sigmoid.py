"""Before training, a gradient is sent back through random networks of up to 50 layers: sigmoid and
four others, three initialisations, with and without batch normalisation. What the claim is
about is how much of it is left after five layers of sigmoid. Then networks of one and of five
sigmoid layers are trained, each with its own learning rate, to see what that costs.
"""

from __future__ import annotations

import math

from ogive.study.claims.charts import Chart, measured_curve
from ogive.study.claims.checks import generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import arena, tuned_scores
from ogive.study.claims.measurements import Measurements
from ogive.study.claims.signals import passage, sigma_of

_OTHERS = ("sigmoid", "tanh", "relu", "elu", "selu")
_STARTS = ("torch", "He", "matched")
_LAYERS, _LEFT, _COST, _SEEDS = 5, 0.01, 0.02, 20


@claim(
    "C3",
    "Sigmoid networks suffer from vanishing gradients within about five layers.",
    source="seed 002",
    criterion="Before training, the gradient's norm at the first of five layers is at most 1 % "
    "of that at the last. Trained, five layers lose at least two points of test accuracy to "
    "one.",
    verdict=generally,
)
def vanishing_sigmoid(effort: Effort) -> Finding:
    measured = Measurements()
    for weights in _STARTS:
        for norm in ("none", "batch"):
            for width in effort.pick((32,), (32, 128), (32, 128)):
                left = _left("sigmoid", _LAYERS, weights, norm, effort, width)
                where = {"what": "start", "weights": weights, "norm": norm, "width": str(width)}
                measured.ratio("gradient that is left", left, where=where, at_most=_LEFT)
    for norm in ("none", "batch"):
        for epochs in effort.pick((2,), (4, 24), (4, 60)):
            deep, one = (arena("digits", (32,) * n, epochs, norm=norm) for n in (_LAYERS, 1))
            flat, stacked = (tuned_scores("sigmoid", p, effort, _SEEDS) for p in (one, deep))
            where = {"what": "trained"} | dict(deep.where)
            measured.mean("loss by depth", flat - stacked, where=where, at_least=_COST)
    return Finding(measured.checks(), charts=_charts(effort), seeds=len(effort.seeds(_SEEDS)))


def _left(
    name: str, depth: int, weights: str, norm: str, effort: Effort, width: int = 64
) -> list[float]:
    """By network the gradient's norm at the first layer over that at the last."""
    seeds, sigma = effort.seeds(_SEEDS), sigma_of(weights, name)
    found = passage(name, depth, sigma, seeds, width=width, norm=norm).gradient[:, 0]
    return [max(math.sqrt(square), 1e-30) for square in found.tolist()]


def _charts(effort: Effort) -> list[Chart]:
    """The gradient that is left by depth, for every function, start and normalisation."""
    depths = effort.pick((2, 10), (2, 5, 10, 20, 30, 50), (2, 5, 10, 20, 30, 40, 50))
    charts = []
    for norm in ("none", "batch"):
        for weights in _STARTS:
            curves = []
            for name in _OTHERS:
                logs = [_left(name, depth, weights, norm, effort, 32) for depth in depths]
                means = [math.exp(sum(map(math.log, of)) / len(of)) for of in logs]
                curves.append(measured_curve(name, depths, means))
            title = f"weights {weights}, normalisation {norm}"
            axes = ("layers", "gradient at the first over the last")
            charts.append(Chart(title, *axes, tuple(curves), scales=("linear", "log")))
    return charts
