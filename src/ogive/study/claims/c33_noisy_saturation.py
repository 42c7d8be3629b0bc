"""Networks are started with weights four and eight times as large as they should be, so that most
of what the units of hard tanh are given lies beyond -1 and 1, where it is saturated and passes no
gradient. The noisy form leaks and shakes there. Both are trained for a short and a long time, in
two and four layers, each with its own learning rate. How much is saturated is counted on the
training rows, over all hidden layers, after the training.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from ogive.study.claims.checks import generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import arena, score_of, split_of, tuned_networks
from ogive.study.claims.measurements import Measurements
from ogive.study.data.splitting import DataArray
from ogive.study.networks.layers import PROBED_ROWS
from ogive.study.networks.measures import inputs_of
from ogive.study.settings import Settings
from ogive.study.training.outcome import Trained

_LESS, _BETTER = 0.1, 0.02


@claim(
    "C33",
    "Noisy activations leave saturation where their plain forms stay in it.",
    source="seed 002; arXiv:1603.00391",
    criterion="Started saturated and trained, networks with noisy hard tanh give their units at "
    "least 10 points less saturating inputs than those with hard tanh, and score at least two "
    "points of test accuracy above them.",
    verdict=generally,
)
def noisy_saturation(effort: Effort) -> Finding:
    measured = Measurements()
    for where, settings in _places(effort):
        noisy, plain = (_ended(name, settings, effort) for name in ("noisy_hardtanh", "hardtanh"))
        less = plain[0] - noisy[0]
        measured.mean(
            "saturated, plain minus noisy", less, where=_of(where, "leaving"), at_least=_LESS
        )
        better = noisy[1] - plain[1]
        measured.mean(
            "accuracy, noisy minus plain", better, where=_of(where, "score"), at_least=_BETTER
        )
    return Finding(measured.checks(), seeds=len(effort.seeds()))


def _places(effort: Effort) -> Iterator[tuple[dict[str, str], Settings]]:
    """The settings of every case, and what they are in words."""
    depths = effort.pick((2,), (2, 4), (2, 4))
    budgets = effort.pick((2,), (4, 16), (4, 60))
    for depth, epochs, scale in product(
        depths, budgets, effort.pick((8.0,), (4.0, 8.0), (4.0, 8.0))
    ):
        place = arena("digits", (32,) * depth, epochs)
        where = dict(place.where) | {"weights times": f"{scale:g}"}
        yield where, replace(place.settings, init_scale=scale)


def _of(where: dict[str, str], what: str) -> dict[str, str]:
    return {"what": what} | where


def _ended(name: str, settings: Settings, effort: Effort) -> tuple[DataArray, DataArray]:
    """By seed the share of saturating inputs, and the test accuracy, after the training."""
    trained = tuned_networks(name, "digits", settings, effort.seeds())
    found = np.array([(_saturated(one), score_of(one, "digits")) for one in trained])
    return found[:, 0], found[:, 1]


def _saturated(one: Trained) -> float:
    """How much of what the units are given lies where hard tanh is flat."""
    rows = split_of("digits", one.run.seed).train_x[:PROBED_ROWS]
    given = [z for calls in inputs_of(one.network, rows) for z in calls]
    return float(np.mean([float((z.abs() >= 1).double().mean()) for z in given]))
