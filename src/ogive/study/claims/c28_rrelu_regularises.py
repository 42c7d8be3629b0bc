"""RReLU is compared with the leaky ReLU that has the mean of its slopes, 11/48, which is also what
it becomes in evaluation; that is checked exactly. Regularising shows where data are few:
networks are trained on 100 and on 300 digits, for a short and a long time. The gap is the
accuracy on the training rows minus that on test rows.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

import ogive
from ogive.study.claims.checks import Check, generally, told
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import POINT, arena, split_of, tuned_networks
from ogive.study.claims.estimates import exactly
from ogive.study.claims.measurements import Measurements, simultaneous
from ogive.study.data.datasets import find_task
from ogive.study.data.splitting import DataArray
from ogive.study.settings import Settings
from ogive.study.training.outcome import Trained

_SLOPE = 11 / 48


@claim(
    "C28",
    "RReLU regularises: its slopes are random in training and fixed in evaluation.",
    source="seeds 000 and 002; arXiv:1505.00853",
    criterion="In evaluation it is leaky ReLU with the middle of its slopes. Regularises "
    "means: against that leaky ReLU the gap between training and test accuracy is at least one "
    "point smaller.",
    verdict=generally,
)
def rrelu_regularises(effort: Effort) -> Finding:
    measured, tests = Measurements(), {}
    for rows in effort.pick((100,), (100, 300), (100, 300)):
        for epochs in effort.pick((10,), (20, 100), (20, 300)):
            place = arena("digits", (32, 32), epochs)
            settings = replace(place.settings, rows=rows)
            where = {"what": "training", "rows": str(rows)} | dict(place.where)
            random, fixed = (
                _accuracies(name, replace(settings, batch_size=32), effort)
                for name in ("rrelu", f"leaky_relu({_SLOPE!r})")
            )
            closed = (fixed[0] - fixed[1]) - (random[0] - random[1])
            measured.mean("gap that is closed", closed, where=where, at_least=POINT)
            tests[f"test accuracy gained ({told(where.items())})"] = random[1] - fixed[1]
    where = {"what": "evaluation"}
    check = Check("evaluation minus leaky ReLU", exactly(_evaluated()), 0.0, 0.0, where)
    gained = simultaneous(np.stack([*tests.values()], axis=1))
    numbers = dict(zip(tests, gained, strict=True))
    return Finding([check, *measured.checks()], numbers, seeds=len(effort.seeds()))


def _evaluated() -> float:
    x = torch.linspace(-5, 5, 101, dtype=torch.float64)
    fixed = ogive.get("leaky_relu")(x, negative_slope=_SLOPE)
    return float((ogive.get("rrelu").module().eval()(x) - fixed).abs().max())


def _accuracies(name: str, settings: Settings, effort: Effort) -> tuple[DataArray, DataArray]:
    """By seed the accuracy on the training rows and on the test rows."""
    trained = tuned_networks(name, "digits", settings, effort.seeds())
    pairs = np.array([_accuracy(one) for one in trained])
    return pairs[:, 0], pairs[:, 1]


@torch.no_grad()
def _accuracy(one: Trained) -> tuple[float, float]:
    split, task = split_of("digits", one.run.seed), find_task("digits")
    used, model = one.run.settings.rows, one.network.model.eval()
    rows = ((split.train_x[:used], split.train_y[:used]), (split.test_x, split.test_y))
    on_train, on_test = (task.score(model(x).nan_to_num(), y) or 0.0 for x, y in rows)
    return on_train, on_test
