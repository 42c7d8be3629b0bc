"""Networks with bounded functions (sigmoid, tanh, hard tanh) and with unbounded ones (ReLU, ELU,
GELU) are trained by stochastic gradient descent at rates from 0.01 to 10, each about three times
the one before. Two numbers are read from that for each seed: the rate with the best test
accuracy, and the largest rate at which the accuracy is still within five points of the best.
"""

from __future__ import annotations

import numpy as np

from ogive.study.claims.charts import Chart, measured_curve
from ogive.study.claims.checks import generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import Arena, arena, networks_by_rate, score_of
from ogive.study.claims.measurements import Measurements
from ogive.study.data.splitting import DataArray

_BOUNDED, _UNBOUNDED = ("sigmoid", "tanh", "hardtanh"), ("relu", "elu", "gelu")
_RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_LARGER, _NEAR = 2.0, 0.05


@claim(
    "C29",
    "Bounded outputs make training more stable; unbounded ones want a smaller learning rate.",
    source="seed 002",
    criterion="Stable: the largest rate at which a network is within five points of its best "
    "accuracy is at least twice as large with the bounded functions. Smaller: so is the best "
    "rate. Both as geometric means over three functions of each kind and over seeds.",
    verdict=generally,
)
def bounded_outputs(effort: Effort) -> Finding:
    measured, curves = Measurements(), []
    for depth in effort.pick((2,), (2, 4), (2, 4)):
        for epochs in effort.pick((2,), (3, 12), (3, 60)):
            place = arena("digits", (32,) * depth, epochs, optimizer="sgd")
            tables = {n: _table(n, place, effort) for n in (*_BOUNDED, *_UNBOUNDED)}
            for what, read in {"stable": _largest, "best": _best}.items():
                logs = {n: np.log([read(row) for row in table]) for n, table in tables.items()}
                bounded, unbounded = (
                    np.mean([logs[n] for n in names], axis=0) for names in (_BOUNDED, _UNBOUNDED)
                )
                where = {"rate": what} | dict(place.where)
                ratio = np.exp(bounded - unbounded)
                measured.ratio("bounded over unbounded", ratio, where=where, at_least=_LARGER)
            if depth == 2:
                curves += [measured_curve(n, _RATES, t.mean(axis=0)) for n, t in tables.items()]
    scales = ("log", "linear")
    shown = tuple(curves[-len(tables) :])
    chart = Chart(
        "two layers, long training", "learning rate", "test accuracy", shown, scales=scales
    )
    return Finding(measured.checks(), charts=[chart], seeds=len(effort.seeds()))


def _table(name: str, place: Arena, effort: Effort) -> DataArray:
    """(seeds, rates): the test accuracies."""
    found = networks_by_rate(name, place, _RATES, effort.seeds())
    return np.array([[score_of(one, place.task) for one in of] for of in found.values()]).T


def _best(row: DataArray) -> float:
    return _RATES[int(row.argmax())]


def _largest(row: DataArray) -> float:
    return _RATES[int(np.flatnonzero(row >= row.max() - _NEAR)[-1])]
