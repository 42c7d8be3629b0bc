"""A function is moved and nothing else: tanh and tanh plus 1 have the same slopes, and weights are
matched to each. What the non-zero mean costs is seen after a short and after a long training,
with batch normalisation between layer and activation, and without.
"""

from __future__ import annotations

from ogive.study.claims.checks import generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import POINT, arena, tuned_scores
from ogive.study.claims.measurements import Measurements

_PAIRS = {"tanh": ("tanh", "tanh(x) + 1"), "softsign": ("softsign", "softsign(x) + 1")}


@claim(
    "C10",
    "A non-zero mean of activations slows learning, and batch normalisation cures it.",
    source="seeds 000 and 002",
    criterion="Slows means: without normalisation the raised function is at least one point of "
    "test accuracy behind the centred one. Cures means: with batch normalisation it is at most "
    "one point behind.",
    verdict=generally,
)
def mean_shift(effort: Effort) -> Finding:
    measured = Measurements()
    for name, (centred, raised) in _PAIRS.items():
        for norm in ("none", "batch"):
            for depth in effort.pick((2,), (2, 6), (2, 6)):
                for epochs in effort.pick((2,), (2, 16), (2, 60)):
                    place = arena("digits", (32,) * depth, epochs, norm=norm)
                    one, other = (tuned_scores(f, place, effort) for f in (centred, raised))
                    where = {"function": name} | dict(place.where)
                    bound = {"at_least": POINT} if norm == "none" else {"at_most": POINT}
                    measured.mean(f"cost of raising {name}", one - other, where=where, **bound)
    return Finding(measured.checks(), seeds=len(effort.seeds()))
