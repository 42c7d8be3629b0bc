"""A unit is dead when its derivative is 0 at each of 256 training rows. The share of such units is
measured before and after the training over learning rates, for ReLU and leaky ReLU, on two
tasks and with two budgets. Small is the rate at which AdamW is usually started, large is a
hundred times that. Some units of deep layers are dead before any training, so that a cure is
judged by how many more die.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ogive.study.claims.charts import Chart, measured_curve
from ogive.study.claims.checks import always
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import Arena, arena, networks_by_rate
from ogive.study.claims.measurements import Measurements
from ogive.study.data.splitting import DataArray
from ogive.study.training.outcome import Trained

_SMALL, _LARGE = 0.003, 0.3
_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
_DIE, _CURED, _SEEDS = 0.2, 0.05, 24


@claim(
    "C7",
    "ReLU units die under a large learning rate; a smaller one or a leaky form cures it.",
    source="seeds 000, 001 and 003",
    criterion="At the rate 0.3 of AdamW at least 20 % of ReLU's units are dead at the end. "
    "Cured means that at most 5 % more are dead at the end than at the start: with ReLU at "
    "0.003, and with leaky ReLU at 0.3. In every case.",
    verdict=always,
)
def dying_relu(effort: Effort) -> Finding:
    measured, curves = Measurements(), []
    for place in _places(effort):
        for name in ("relu", "leaky_relu"):
            rates = _RATES if place.where["layers"] == "4" else (_SMALL, _LARGE)
            start, ends = _dead(name, place, rates, effort)
            where = dict(place.where)
            if name == "relu":
                small = ends[_SMALL] - start
                measured.mean("dead at 0.3", ends[_LARGE], where=where, at_least=_DIE)
                measured.mean("died at 0.003", small, where=where, at_most=_CURED)
            else:
                large = ends[_LARGE] - start
                measured.mean("died at 0.3, leaky", large, where=where, at_most=_CURED)
            if len(rates) > 2:
                label = f"{name}, {place.task}, {where['epochs']} epochs"
                curves.append(measured_curve(label, rates, [float(ends[r].mean()) for r in rates]))
    chart = Chart(
        "dead units at the end", "learning rate", "share", tuple(curves), scales=("log", "linear")
    )
    return Finding(measured.checks(), charts=[chart], seeds=len(effort.seeds(_SEEDS)))


def _places(effort: Effort) -> list[Arena]:
    budgets: dict[str, tuple[int, ...]] = effort.pick(
        {"digits": (2,)},
        {"digits": (4, 16), "spirals": (20, 60)},
        {"digits": (4, 60), "spirals": (20, 100)},
    )
    return [
        arena(task, (32,) * depth, epochs)
        for task in budgets
        for depth in effort.pick((2,), (2, 4), (2, 4))
        for epochs in budgets[task]
    ]


def _dead(
    name: str, place: Arena, rates: Sequence[float], effort: Effort
) -> tuple[DataArray, dict[float, DataArray]]:
    """By seed the share of units that are dead at the start, and by rate at the end."""
    found = networks_by_rate(name, place, rates, effort.seeds(_SEEDS), every_epoch=True)
    start = np.array([_share(one, 0) for one in found[rates[0]]])
    return start, {rate: np.array([_share(one, -1) for one in of]) for rate, of in found.items()}


def _share(one: Trained, epoch: int) -> float:
    """Over all hidden layers."""
    return float(np.mean(one.layers["dead"][epoch]))
