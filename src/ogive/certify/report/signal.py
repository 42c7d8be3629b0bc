"""What a function does to a signal: moments, gains, correlations, and where deep networks settle.

The tables are short; ``theory``, ``phase`` and ``chaos`` compute any other point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ogive.catalogue import Spec
from ogive.certify.quantity import NOT_PROVED, Quantity, symbolic
from ogive.certify.signal.chaos import EdgeOfChaos, edge_of_chaos
from ogive.certify.signal.correlation import RULE
from ogive.certify.signal.gains import (
    Criticality,
    Gains,
    Recommendation,
    criticality,
    gains,
    recommended,
)
from ogive.certify.signal.moments import Moments, moments
from ogive.certify.signal.phase import UNSETTLED, Phase, phase_at
from ogive.certify.signal.theory import correlation_map, field, layer
from ogive.certify.univariate import of_normal

#: The correlations of the table, and the biases of the edge of chaos.
CORRELATIONS = (-1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 0.9, 0.99)
BIASES = (0.0, 0.1, 0.3)


@dataclass(frozen=True)
class Kept:
    """What a layer makes of the correlation of two inputs."""

    before: float
    after: Quantity


@dataclass(frozen=True)
class Critical:
    """The edge of chaos at a standard deviation of the biases, see ``chaos.EdgeOfChaos``.

    The length and its slope are None where no edge is found; the length 0 stands for its limit.
    """

    sigma_b: float
    sigma_w: Quantity
    length: float | None
    length_slope: float | None


@dataclass(frozen=True)
class Signal:
    """What a function does to pre-activations from N(mean, std**2), and in depth.

    Everything but the moments is about z -> f(mean + std z) at z from N(0, 1), so about layers
    whose pre-activations are standardised, scaled by std and moved by mean; with mean 0 and std 1
    it is f itself.

    Attributes:
        mean, std: of the pre-activations.
        moments, gains, criticality: see ``moments.Moments``, ``gains.Gains``,
            ``gains.Criticality``.
        correlation: the correlation map at the recommended gain, without bias.
        settled: the length, the correlation and the depth scales at that gain.
        edge: the edge of chaos sigma_w(sigma_b).
        recommendation: the initialisation that the moments speak for, with its reason.
    """

    mean: float
    std: float
    moments: Moments
    gains: Gains
    criticality: Criticality
    correlation: tuple[Kept, ...]
    settled: Phase
    edge: tuple[Critical, ...]
    recommendation: Recommendation


def signal(spec: Spec, mean: float = 0.0, std: float = 1.0) -> Signal:
    """The signal section of an entry's certificate, at its default parameters."""
    asked = moments(spec, mean, std)
    one = spec if (mean, std) == (0.0, 1.0) else of_normal(spec, mean, std)
    found, advice = moments(one), recommended(moments(one))
    f, known = field(one), math.isfinite(advice.gain)
    maps = ((c, correlation_map(f, c, 1.0, advice.gain, 0.0)) for c in CORRELATIONS if known)
    table = tuple(Kept(c, Quantity(v, RULE, "quadrature")) for c, v in maps)
    at_zero = criticality(found).kernel_at_zero.value
    what, settled = criticality(found), UNSETTLED
    if known:  # the gain is that which keeps the length 1
        kept = symbolic(1.0), what.length_slope, what.chi
        settled = phase_at(f, *kept, sigma_w=advice.gain, sigma_b=0.0)
    # where the proved moment or C(0) shows larger errors, nothing is claimed of correlations
    right = known and math.isclose(layer(f, 1.0).second, found.second.value, rel_tol=RULE)
    right = right and all(abs(k.after.value - at_zero) <= RULE for k in table if k.before == 0)
    if not right:
        table = tuple(Kept(row.before, NOT_PROVED) for row in table)
        settled = replace(settled, correlation=NOT_PROVED, correlation_depth=NOT_PROVED)
    return Signal(
        mean=float(mean),
        std=float(std),
        moments=asked,
        gains=gains(one),
        criticality=what,
        correlation=table,
        settled=settled,
        edge=tuple(_critical(b, edge_of_chaos(f, b) if right else None) for b in BIASES),
        recommendation=advice,
    )


def _critical(sigma_b: float, edge: EdgeOfChaos | None) -> Critical:
    if edge is None:
        return Critical(sigma_b, NOT_PROVED, None, None)
    return Critical(sigma_b, edge.sigma_w, edge.length, edge.length_slope)
