"""Swish is x sigmoid(beta x). At beta = 0 the formula is compared with x/2 over the whole line.
For large beta its largest distance from ReLU is found by ball arithmetic; substituting x/beta
shows that the distance is exactly that at beta = 1 divided by beta, so that four values show
the law. The other limit is not uniform: on the whole line no beta above 0 is near x/2, on [-1,
1] all small ones are.
"""

from __future__ import annotations

from ogive.study.claims.charts import Chart
from ogive.study.claims.checks import Check
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.estimates import Estimate
from ogive.study.claims.proofs import graph, largest_on, range_of

_LARGE = (1, 10, 100, 1000)
_SMALL = (0.1, 0.01, 0.001)


@claim(
    "C16",
    "Swish is x/2 at beta = 0 and becomes ReLU as beta grows: it lies between a line and ReLU.",
    source="seed 000, Swish; arXiv:1710.05941",
    criterion="At beta = 0 the difference from x/2 is proved to be 0. For beta = 1, 10, 100 "
    "and 1000 the largest distance from ReLU is at most 0.3 / beta, and for beta = 0.1, 0.01 "
    "and 0.001 the largest distance from x/2 on [-1, 1] is at most 0.3 beta.",
)
def swish_limits(effort: Effort) -> Finding:
    line = range_of("x * sigmoid(0 * x) - x / 2")
    checks = [Check("distance from x/2", end, 0.0, 0.0, {"beta": "0"}) for end in line]
    for beta in _LARGE:
        distance = _size(range_of(f"x * sigmoid({beta} * x) - relu(x)"))
        where = {"beta": str(beta)}
        checks.append(Check("distance from ReLU", distance, at_most=0.3 / beta, where=where))
    for small in _SMALL:
        distance = largest_on(f"x * sigmoid({small} * x) - x / 2", -1.0, 1.0)
        where = {"beta": str(small)}
        name = "distance from x/2 on [-1, 1]"
        checks.append(Check(name, distance, at_most=0.3 * small, where=where))
    shown = (0, 0.5, 1, 2, 10)
    curves = tuple(graph(f"beta = {b}", f"x * sigmoid({b} * x)", -4, 4) for b in shown)
    return Finding(checks, charts=[Chart("Swish between x/2 and ReLU", "x", "f(x)", curves)])


def _size(ends: tuple[Estimate, Estimate]) -> Estimate:
    low, high = ends
    return high if abs(low.value) <= abs(high.value) else Estimate(-low.value, -low.high, -low.low)
