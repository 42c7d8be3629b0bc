"""The slope of sigmoid is sigmoid(x) sigmoid(-x). Its supremum over the line and over the part
beyond 3 is found by ball arithmetic; by symmetry one side is enough. What the slope means for a
deep network is claim C3.
"""

from __future__ import annotations

from ogive.study.claims.charts import Chart
from ogive.study.claims.checks import Check
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.proofs import graph, range_of

_SLOPE = "sigmoid(x) * sigmoid(-x)"
_SMALL = 0.05


@claim(
    "C2",
    "The slope of sigmoid is at most 1/4, and small outside (-3, 3).",
    source="seed 000, S-shaped functions",
    criterion="The supremum of the slope is 1/4 and is proved. Small means at most a fifth of "
    "that, 0.05, everywhere beyond 3.",
)
def sigmoid_slope(effort: Effort) -> Finding:
    largest = range_of(_SLOPE)[1]
    beyond = range_of(_SLOPE, low=3.0)[1]
    return Finding(
        checks=[
            Check("largest slope", largest, at_least=0.25, at_most=0.25),
            Check("largest slope beyond 3", beyond, at_most=_SMALL),
        ],
        numbers={"largest slope beyond 5": range_of(_SLOPE, low=5.0)[1]},
        charts=[
            Chart("slope of sigmoid", "x", "f'(x)", (graph("f'", _SLOPE, -8, 8),), lines=(_SMALL,))
        ],
    )
