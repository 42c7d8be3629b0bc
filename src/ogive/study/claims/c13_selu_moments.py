"""SELU's two constants are chosen so that mean 0 and variance 1 are a fixed point for weights of
mean 0 and variance 1 / fan-in: E f(z) = 0 and E f(z)^2 = 1 are proved by the certificate, and
so is that the fixed point attracts (the length map's slope is below 1). Random networks of 100
layers and two widths are measured with the weights that the claim asks for, with two that
people use instead, and with inputs that are off. What the claim leaves out: the gradient's mean
square grows by E f'^2 with every layer, which stands below.
"""

from __future__ import annotations

from ogive.study.claims.charts import Chart, measured_curve
from ogive.study.claims.checks import generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.estimates import Estimate, proved
from ogive.study.claims.measurements import Measurements
from ogive.study.claims.proofs import signal_of
from ogive.study.claims.signals import WEIGHTS, passage

_DEPTH = 100
#: The mean and standard deviation of the inputs, by name.
_INPUTS = {"N(0, 1)": (0.0, 1.0), "N(1, 4)": (1.0, 2.0)}


@claim(
    "C13",
    "SELU keeps mean 0 and variance 1 through depth.",
    source="seed 000, SELU; arXiv:1706.02515",
    criterion="After 100 layers the mean over all units and rows lies within 0.1 of 0 and the "
    "variance between 0.8 and 1.25, in the mean over random networks.",
    verdict=generally,
)
def selu_moments(effort: Effort) -> Finding:
    measured, curves = Measurements(), []
    for weights in ("LeCun", "He", "torch"):
        for inputs, start in _INPUTS.items():
            for width in effort.pick((32,), (64, 256), (64, 256)):
                sigma = WEIGHTS[weights]
                seeds = effort.seeds()
                found = passage("selu", _DEPTH, sigma, seeds, width=width, start=start, rows=256)
                where = {"weights": weights, "inputs": inputs, "width": str(width)}
                measured.mean("mean", found.mean[:, -1], where=where, at_least=-0.1, at_most=0.1)
                measured.ratio(
                    "variance", found.variance[:, -1], where=where, at_least=0.8, at_most=1.25
                )
            name = f"{weights}, inputs {inputs}"
            curves.append(measured_curve(name, range(_DEPTH), found.variance.mean(0).tolist()))
    chart = Chart("variance by layer", "layer", "variance", tuple(curves), scales=("linear", "log"))
    return Finding(measured.checks(), _proved(), [chart], len(effort.seeds()))


def _proved() -> dict[str, Estimate]:
    signal = signal_of("selu")
    return {
        "E f": proved(signal.moments.first),
        "E f^2": proved(signal.moments.second),
        "slope of the length map": proved(signal.criticality.length_slope),
        "growth of the gradient's square per layer": proved(signal.moments.chi_1),
    }
