"""A unit is dead when its derivative is 0 at every training row. The share of such units at the
end of the training is measured over learning rates, for ReLU and leaky ReLU, on two tasks and
with two budgets. Small is the rate at which AdamW is usually started, large is a hundred times
that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ogive.study.claims.charts import Chart, measured_curve
from ogive.study.claims.checks import always
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import Arena, arena, networks_by_rate, split_of
from ogive.study.claims.measurements import Measurements
from ogive.study.measures import dead_share
from ogive.study.outcome import Trained
from ogive.study.splitting import DataArray

_SMALL, _LARGE = 0.003, 0.3
_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
_DIE, _CURED = 0.2, 0.05


@claim(
    "C7",
    "ReLU units die under a large learning rate; a smaller one or a leaky form cures it.",
    source="seeds 000, 001 and 003",
    criterion="At the rate 0.3 of AdamW at least 20 % of ReLU's units are dead at the end. "
    "Cured means at most 5 % dead: at 0.003, and with leaky ReLU at 0.3. In every case.",
    verdict=always,
)
def dying_relu(effort: Effort) -> Finding:
    measured, curves = Measurements(), []
    for place in _places(effort):
        for name in ("relu", "leaky_relu"):
            rates = _RATES if place.where["layers"] == "4" else (_SMALL, _LARGE)
            shares = _dead(name, place, rates, effort)
            where = dict(place.where)
            if name == "relu":
                measured.mean("dead at 0.3", shares[_LARGE], where=where, at_least=_DIE)
                measured.mean("dead at 0.003", shares[_SMALL], where=where, at_most=_CURED)
            else:
                measured.mean("dead leaky", shares[_LARGE], where=where, at_most=_CURED)
            if len(rates) > 2:
                label = f"{name}, {place.task}, {where['epochs']} epochs"
                curves.append(measured_curve(label, rates, [np.mean(shares[r]) for r in rates]))
    chart = Chart(
        "dead units at the end", "learning rate", "share", tuple(curves), scales=("log", "linear")
    )
    return Finding(measured.checks(), charts=[chart], seeds=len(effort.seeds()))


def _places(effort: Effort) -> list[Arena]:
    budgets = effort.pick(
        {"digits": (2,)}, {"digits": (4, 16), "spirals": (20, 60)}, {"digits": (4, 60)}
    )
    return [
        arena(task, (32,) * depth, epochs)
        for task in budgets
        for depth in effort.pick((2,), (2, 4), (2, 4))
        for epochs in budgets[task]
    ]


def _dead(
    name: str, place: Arena, rates: Sequence[float], effort: Effort
) -> dict[float, DataArray]:
    """By rate and seed the share of units that are dead at the end."""
    found = networks_by_rate(name, place, rates, effort.seeds())
    return {
        rate: np.array([_share_of(one, place.task) for one in trained])
        for rate, trained in found.items()
    }


def _share_of(one: Trained, task: str) -> float:
    return dead_share(one.network, split_of(task, one.run.seed).train_x) or 0.0
