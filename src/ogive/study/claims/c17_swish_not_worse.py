"""Swish and ReLU in networks of six and twelve hidden layers, on two tasks, after a short and a
long training, each with its own initialisation and learning rate.
"""

from __future__ import annotations

from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import POINT, arenas, compare_scores
from ogive.study.claims.measurements import Measurements


@claim(
    "C17",
    "In deep networks Swish is never worse than ReLU.",
    source="seed 004; arXiv:1710.05941",
    criterion="Not worse means less than one point of test accuracy below, in every case.",
)
def swish_not_worse(effort: Effort) -> Finding:
    measured = Measurements()
    places = arenas(effort, depths=(6, 12))
    compare_scores(measured, [("swish", "relu")], places, effort, at_least=-POINT)
    return Finding(measured.checks(), seeds=len(effort.seeds()))
