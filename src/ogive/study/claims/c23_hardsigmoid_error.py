"""Three straight lines stand for sigmoid in cheap hardware. Seed 004 and Keras take the slope 1/5,
torch 1/6. The largest error over the line is found by ball arithmetic. The slope's error is a
matter of its own: a straight piece has the slope 0 where sigmoid still learns.
"""

from __future__ import annotations

from ogive.study.claims.charts import Chart
from ogive.study.claims.checks import Check, generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.proofs import graph, range_of

_FORMS = {"1/5": "clip(0.2 * x + 0.5, 0, 1)", "1/6": "clip(x / 6 + 0.5, 0, 1)"}
_SLOPES = {
    "1/5": "sigmoid(x) * sigmoid(-x) - where(abs(x) < 2.5, 0.2, 0)",
    "1/6": "sigmoid(x) * sigmoid(-x) - where(abs(x) < 3, 1/6, 0)",
}
_CLOSE = 0.1


@claim(
    "C23",
    "Hard sigmoid is a piecewise linear approximation of sigmoid.",
    source="seed 004",
    criterion="An approximation is nowhere further off than a tenth of sigmoid's range, 0.1.",
    verdict=generally,
)
def hardsigmoid_error(effort: Effort) -> Finding:
    checks, numbers = [], {}
    for slope, form in _FORMS.items():
        low, high = range_of(f"sigmoid(x) - {form}")
        where = {"slope": slope}
        checks.append(Check("largest difference", high, at_most=_CLOSE, where=where))
        checks.append(Check("smallest difference", low, at_least=-_CLOSE, where=where))
        numbers[f"largest difference of slopes, slope {slope}"] = range_of(_SLOPES[slope])[1]
    curves = tuple(graph(s, f"sigmoid(x) - {form}", -6, 6) for s, form in _FORMS.items())
    chart = Chart("sigmoid minus hard sigmoid", "x", "difference", curves, lines=(-_CLOSE, _CLOSE))
    return Finding(checks, numbers, [chart])
