"""Ten functions that people use, in networks of one and of two hidden layers of 16 units, after a
long training and one of twice that length, each with its own learning rate. The circles overlap
a little: points have a noise of 0.08 about radii 0.5 and 1, so that 99.9 % can be had.
"""

from __future__ import annotations

from ogive.study.claims.checks import always
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import arena, tuned_scores
from ogive.study.claims.measurements import Measurements

_COMMON = (
    *("sigmoid", "tanh", "softplus"),
    *("relu", "leaky_relu", "elu", "selu"),
    *("gelu", "swish", "mish"),
)
_SEPARATED = 0.97


@claim(
    "C25",
    "Every common activation separates the circles in the end.",
    source="seed 004",
    criterion="The mean test accuracy is at least 97 % after 100 and after 200 epochs, with "
    "each of ten functions in every case.",
    verdict=always,
)
def circles_in_the_end(effort: Effort) -> Finding:
    measured = Measurements()
    for hidden in effort.pick(((16,),), ((16,), (16, 16)), ((16,), (16, 16))):
        for epochs in effort.pick((20,), (100, 200), (100, 200)):
            place = arena("circles", hidden, epochs)
            for name in _COMMON:
                reached = tuned_scores(name, place, effort)
                where = {"activation": name} | dict(place.where)
                measured.mean("accuracy", reached, where=where, at_least=_SEPARATED)
    return Finding(measured.checks(), seeds=len(effort.seeds()))
