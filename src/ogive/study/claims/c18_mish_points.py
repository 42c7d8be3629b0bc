"""The numbers come from one image task and one network. Here the same three functions meet on two
other tasks, in networks of two and six hidden layers, after a short and a long training: what
is tested is whether such a lead is something to count on.
"""

from __future__ import annotations

from ogive.study.claims.checks import generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import arenas, compare_scores
from ogive.study.claims.measurements import Measurements

#: What is claimed, in shares of right answers.
_LEADS = {"swish": 0.00494, "relu": 0.01671}


@claim(
    "C18",
    "Mish is more accurate than Swish by 0.494 points and than ReLU by 1.671.",
    source="seed 000; arXiv:1908.08681",
    criterion="The lead in test accuracy is at least the one that is claimed.",
    verdict=generally,
)
def mish_points(effort: Effort) -> Finding:
    measured = Measurements()
    for other, lead in _LEADS.items():
        compare_scores(measured, [("mish", other)], arenas(effort), effort, at_least=lead)
    return Finding(measured.checks(), seeds=len(effort.seeds()))
