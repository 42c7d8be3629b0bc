"""Networks are started with weights eight times as large as they should be, so that most units of
hard tanh are saturated and pass no gradient. The noisy form leaks and shakes there. Both are
trained for a short and a long time, in two and four layers, each with its own learning rate.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ogive.study.claims.checks import generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import arena, score_of, tuned_networks
from ogive.study.claims.measurements import Measurements

_TOO_LARGE, _BETTER = 8.0, 0.02


@claim(
    "C33",
    "Noisy activations leave saturation where their plain forms stay in it.",
    source="seed 002; arXiv:1603.00391",
    criterion="Started saturated, networks with noisy hard tanh score at least two points of "
    "test accuracy above those with hard tanh.",
    verdict=generally,
)
def noisy_saturation(effort: Effort) -> Finding:
    measured = Measurements()
    for depth in effort.pick((2,), (2, 4), (2, 4)):
        for epochs in effort.pick((2,), (4, 16), (4, 60)):
            for scale in effort.pick((_TOO_LARGE,), (1.0, _TOO_LARGE), (1.0, _TOO_LARGE)):
                place = arena("digits", (32,) * depth, epochs)
                settings = replace(place.settings, init_scale=scale)
                noisy, plain = (
                    np.array(
                        [
                            score_of(one, "digits")
                            for one in tuned_networks(name, "digits", settings, effort.seeds())
                        ]
                    )
                    for name in ("noisy_hardtanh", "hardtanh")
                )
                where = dict(place.where) | {"weights times": f"{scale:g}"}
                measured.mean("noisy minus plain", noisy - plain, where=where, at_least=_BETTER)
    return Finding(measured.checks(), seeds=len(effort.seeds()))
