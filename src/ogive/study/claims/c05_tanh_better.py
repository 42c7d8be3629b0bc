"""Networks that differ in nothing but the function in their hidden layers, on two tasks, with two
and six hidden layers, after a short and a long training.
"""

from __future__ import annotations

from ogive.study.claims.checks import always
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import POINT, arenas, compare_scores
from ogive.study.claims.measurements import Measurements


@claim(
    "C5",
    "Tanh is always better than sigmoid in hidden layers.",
    source="seed 001",
    criterion="Better means at least one point of test accuracy, and always means in every one "
    "of the cases: two tasks, two depths, two budgets, learning rates tuned for each.",
    verdict=always,
)
def tanh_better(effort: Effort) -> Finding:
    measured = Measurements()
    pairs = [("tanh", "sigmoid")]
    compare_scores(measured, pairs, arenas(effort), effort, at_least=POINT)
    return Finding(measured.checks(), seeds=len(effort.seeds()))
