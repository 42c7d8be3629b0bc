"""Three things are said of ELU: its mean is nearer to zero than ReLU's, which the certificates
decide for normal inputs; it learns faster, which is the test accuracy after a short training;
and it is robust to noise, which is how much accuracy a trained network loses when normal noise
of half the inputs' deviation is added to the test rows.
"""

from __future__ import annotations

import numpy as np
import torch

from ogive.study.claims.checks import Check, generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import POINT, Arena, arenas, split_of, tuned_networks, tuned_scores
from ogive.study.claims.estimates import Estimate, proved
from ogive.study.claims.measurements import Measurements
from ogive.study.claims.proofs import signal_of
from ogive.study.data.datasets import find_task
from ogive.study.data.splitting import DataArray
from ogive.study.training.outcome import Trained

_NOISE = 0.5


@claim(
    "C14",
    "ELU's mean is nearer to zero than ReLU's, so that it learns faster, and it is robust to "
    "noise.",
    source="seeds 000, 001 and 002; arXiv:1511.07289",
    criterion="The mean at normal inputs is at most half of ReLU's. Faster means at least one "
    "point of test accuracy ahead of ReLU after a short training. Robust means that noise "
    "costs it at least one point less.",
    verdict=generally,
)
def elu_mean(effort: Effort) -> Finding:
    means = [proved(signal_of(name).moments.first) for name in ("elu", "relu")]
    share = Estimate(
        *(end / means[1].value for end in (means[0].value, means[0].low, means[0].high))
    )
    checks = [Check("mean over ReLU's", share, at_most=0.5, where={"what": "mean"})]
    measured = Measurements()
    places = arenas(effort)
    for short, long in zip(places[::2], places[1::2] or places, strict=False):
        lead = tuned_scores("elu", short, effort) - tuned_scores("relu", short, effort)
        where = {"what": "speed"} | dict(short.where)
        measured.mean("elu minus relu", lead, where=where, at_least=POINT)
        saved = _cost("relu", long, effort) - _cost("elu", long, effort)
        where = {"what": "noise"} | dict(long.where)
        measured.mean("what noise costs relu more", saved, where=where, at_least=POINT)
    return Finding([*checks, *measured.checks()], seeds=len(effort.seeds()))


def _cost(name: str, place: Arena, effort: Effort) -> DataArray:
    """By seed how much accuracy noise on the test rows takes away."""
    trained = tuned_networks(name, place.task, place.settings, effort.seeds())
    return np.array([_loss(one, place.task) for one in trained])


@torch.no_grad()
def _loss(one: Trained, task: str) -> float:
    split, known = split_of(task, one.run.seed), find_task(task)
    draw = torch.Generator().manual_seed(one.run.seed)
    noise = torch.randn(split.test_x.shape, generator=draw) * split.train_x.std() * _NOISE
    model = one.network.model.eval()
    clean, noisy = (model(split.test_x + n) for n in (0.0, noise))
    found = [known.score(y.nan_to_num(), split.test_y) or 0.0 for y in (clean, noisy)]
    return found[0] - found[1]
