"""Layer by layer a ReLU network multiplies the mean square of its signal by sigma_w^2 / 2, where
the weights have the variance sigma_w^2 / fan-in: E relu(z)^2 = 1/2 is exact, by the
certificate. So it depends on the weights alone. Random networks of two widths and two depths
under four usual initialisations are measured as well; He's keeps the mean, with a scatter that
grows with depth and shrinks with width.
"""

from __future__ import annotations

from ogive.study.claims.charts import Chart, measured_curve
from ogive.study.claims.checks import generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.estimates import Estimate, proved
from ogive.study.claims.measurements import Measurements
from ogive.study.claims.proofs import signal_of
from ogive.study.claims.signals import WEIGHTS, passage

#: By name the standard deviation of sqrt(fan_in) * weights.
_INITIALISATIONS = {
    "torch's default": WEIGHTS["torch"],
    "Glorot": WEIGHTS["Glorot"],
    "He": WEIGHTS["He"],
    "N(0, 4 / fan-in)": 2.0,
}
_GROWS = 4.0


@claim(
    "C9",
    "ReLU does not squash, so that magnitudes grow with depth.",
    source="seed 000, ReLU",
    criterion="Grow means: behind the layers the mean square of the signal is at least 4 "
    "times, the root of it twice, that of the first layer.",
    verdict=generally,
)
def relu_magnitudes(effort: Effort) -> Finding:
    widths, depths = (
        effort.pick((32,), (64, 256), (64, 256)),
        effort.pick((10,), (10, 30), (10, 30)),
    )
    measured, curves = Measurements(), []
    for name, sigma in _INITIALISATIONS.items():
        for width in widths:
            square = passage("relu", depths[-1] + 1, sigma, effort.seeds(), width=width).square
            for depth in depths:
                where = {"weights": name, "depth": str(depth), "width": str(width)}
                growth = square[:, depth] / square[:, 0]
                measured.ratio("growth of the mean square", growth, where=where, at_least=_GROWS)
        layers = range(depths[-1] + 1)
        curves.append(measured_curve(name, layers, [(sigma**2 / 2) ** layer for layer in layers]))
    moment = proved(signal_of("relu").moments.second)
    numbers = {
        f"factor per layer, {name}": Estimate(*(sigma**2 * e for e in _ends(moment)))
        for name, sigma in _INITIALISATIONS.items()
    }
    axes = ("layer", "mean square over the first")
    chart = Chart("by theory", *axes, tuple(curves), scales=("linear", "log"), lines=(_GROWS,))
    return Finding(measured.checks(), numbers, [chart], len(effort.seeds()))


def _ends(estimate: Estimate) -> tuple[float, float, float]:
    return estimate.value, estimate.low, estimate.high
