"""GELU against ReLU and against ELU, on two tasks, with two and six hidden layers, after a short
and a long training, each with its own initialisation and learning rate.
"""

from __future__ import annotations

from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import POINT, arenas, compare_scores
from ogive.study.claims.measurements import Measurements


@claim(
    "C31",
    "GELU matches or beats ReLU and ELU.",
    source="seed 003; arXiv:1606.08415",
    criterion="Matches means less than one point of test accuracy below, in every case.",
)
def gelu_matches(effort: Effort) -> Finding:
    measured = Measurements()
    pairs = [("gelu", "relu"), ("gelu", "elu")]
    compare_scores(measured, pairs, arenas(effort), effort, at_least=-POINT)
    return Finding(measured.checks(), seeds=len(effort.seeds()))
