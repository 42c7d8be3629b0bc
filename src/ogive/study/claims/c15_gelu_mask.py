"""GELU is what a ReLU-like gate gives in the mean if the gate is a coin that shows 1 with
probability Phi(x). The mean over the coin is an integral over a uniform number, computed with
mpmath at 50 digits from the training formula of `stochastic_gelu`, and sampled as well. The two
approximations are compared with the exact form over the whole line: the supremum of the
difference is found by ball arithmetic on [0, 8]; beyond 8 each form is within 1e-5 of x. The
difference is even, so that the left half needs no proof of its own.
"""

from __future__ import annotations

import numpy as np
import torch

import ogive
from ogive.certify.reference import exact
from ogive.errors import require
from ogive.study.claims.charts import Chart
from ogive.study.claims.checks import Check, generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.estimates import Estimate, exactly
from ogive.study.claims.measurements import Measurements
from ogive.study.claims.proofs import graph, largest_on

_FORMS = {
    "tanh": "x*ndtr(x) - x*sigmoid(2*sqrt(2/pi)*(x + 0.044715*x**3))",
    "sigmoid 1.702": "x*ndtr(x) - x*sigmoid(1.702*x)",
}
#: Half the spacing of bfloat16 numbers below 2.
_CLOSE = 2.0**-8
_POINTS = (-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0)


@claim(
    "C15",
    "GELU is the mean of x times a random 0/1 mask that is 1 with probability Phi(x); the tanh "
    "form and the form x sigmoid(1.702 x) are close to it.",
    source="seeds 000 and 003; arXiv:1606.08415",
    criterion="The mean over the mask is GELU to 1e-12 at eight points, and to the noise of "
    "sampling. A form is close if it is nowhere further off than bfloat16 rounds numbers "
    "between 1 and 2: 2^-8.",
    verdict=generally,
)
def gelu_mask(effort: Effort) -> Finding:
    off = max(_integrated(x) for x in _POINTS)
    checks = [Check("integral minus GELU", exactly(off), at_most=1e-12, where={"form": "mean"})]
    for form, difference in _FORMS.items():
        check = Check("largest error", _size(difference), at_most=_CLOSE, where={"form": form})
        checks.append(check)
    measured = _sampled(effort)
    curves = tuple(graph(form, text, -5, 5) for form, text in _FORMS.items())
    return Finding(
        checks=[*checks, *measured.checks()],
        charts=[Chart("exact GELU minus its approximations", "x", "difference", curves)],
        seeds=len(effort.seeds()),
    )


def _size(difference: str) -> Estimate:
    """The supremum of the size of a difference, on [0, 8] and for both signs."""
    sides = [largest_on(text, 0.0, 8.0) for text in (difference, f"-({difference})")]
    return max(sides, key=lambda side: side.value)


def _integrated(x: float) -> float:
    """How far the integral over the mask is from GELU at x."""
    mpmath = require("mpmath", "certify")
    masked = ogive.get("stochastic_gelu").spec.training_program
    with mpmath.workdps(30):
        edge = mpmath.ncdf(x)
        mean = mpmath.quad(lambda u: exact(masked, x, u)[0], [0, edge, 1])
        return float(abs(mean - exact(ogive.get("gelu").spec.program, x)[0]))


def _sampled(effort: Effort) -> Measurements:
    """The mean of many masks at the points, seed by seed."""
    draws = effort.pick(20_000, 200_000, 2_000_000)
    x = torch.tensor(_POINTS, dtype=torch.float64).repeat(draws, 1)
    module, expected = ogive.get("stochastic_gelu").module().train(), ogive.get("gelu")(x[0])
    off = []
    for seed in effort.seeds():
        torch.manual_seed(seed)
        off.append((module(x).mean(0) - expected).mean().item())
    measured = Measurements()
    noise = 5 / np.sqrt(draws * len(_POINTS))
    measured.mean(
        "sampled mean minus GELU", off, where={"form": "mean"}, at_least=-noise, at_most=noise
    )
    return measured
