"""Networks of 30 hidden layers of 16 or 32 units without normalisation or residual connections,
after a short and a long training, each with its own learning rate. They start with MSRA's
initialisation, which the sources name: He's. What other starts do is claim C12.
"""

from __future__ import annotations

from ogive.study.claims.checks import generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.contests import arena, tuned_scores
from ogive.study.claims.measurements import Measurements

_CONVERGED, _DEPTH, _SEEDS = 0.8, 30, 12


@claim(
    "C11",
    "Plain ReLU networks of 30 and more layers do not converge without normalisation; PReLU "
    "and ELU networks do.",
    source="seed 002",
    criterion="A network converges if it gets 80 % of the test digits right; networks of a "
    "kind converge if more than half of the seeds do, and do not if less than half do.",
    verdict=generally,
)
def deep_plain_relu(effort: Effort) -> Finding:
    measured = Measurements()
    for init in effort.pick(("he",), ("he",), ("he", "matched", "torch")):
        for width in effort.pick((16,), (16, 32), (16, 32)):
            for epochs in effort.pick((2,), (12, 40), (12, 60)):
                place = arena("digits", (width,) * _DEPTH, epochs, init=init)
                where = dict(place.where) | {"width": str(width)}
                for name in ("relu", "prelu", "elu"):
                    converged = tuned_scores(name, place, effort, _SEEDS) >= _CONVERGED
                    bound = {"at_most": 0.5} if name == "relu" else {"at_least": 0.5}
                    measured.share(f"{name} converges", converged, where=where, **bound)
    return Finding(measured.checks(), seeds=len(effort.seeds(_SEEDS)))
