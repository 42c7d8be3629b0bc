"""Gains by name, what they rest on, and the initialisation that follows.

Three numbers are called "the gain" of an activation. They differ, so each has its own name here:
the one that keeps the second moment, the one that keeps the standard deviation, and the one that
``torch.nn.init.calculate_gain`` gives by convention.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ogive.catalogue import Spec
from ogive.certify.quantity import INTEGRAL_BITS, NOT_PROVED, Quantity, computed, quantity
from ogive.certify.signal.moments import Moments, moments
from ogive.certify.univariate import defaults
from ogive.errors import OgiveError, require

#: torch's names of linear layers, all with the gain 1.
LINEAR = (
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d",
)  # fmt: skip
#: torch's gains of entries that need no parameter.
CONVENTION = {
    **dict.fromkeys(LINEAR, 1.0),
    "identity": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


@dataclass(frozen=True)
class Gains:
    """The three gains of an activation, at pre-activations from N(0, 1).

    Attributes:
        second_moment: 1 / sqrt(E f**2): with weights of this gain lengths stay 1 (K. He et al.
            2015, arXiv:1502.01852).
        standard_deviation: 1 / std f, for layers whose output is centred (A. Brock et al. 2021,
            arXiv:2102.06171).
        conventional: torch's, where torch has one.
    """

    second_moment: Quantity
    standard_deviation: Quantity
    conventional: float | None


def gains(spec: Spec) -> Gains:
    """The gains of an entry at its default parameters, or of a gated entry's gate."""
    return gains_of(moments(spec), convention(spec.name, defaults(spec)))


def gains_of(found: Moments, conventional: float | None = None) -> Gains:
    """The gains that moments give; not proved where a moment is not, or is 0."""
    return Gains(_inverse_root(found.second), _inverse_root(found.variance), conventional)


def _inverse_root(square: Quantity) -> Quantity:
    return computed(lambda v: v.rsqrt(), square) if square.low > 0 else NOT_PROVED


def convention(name: str, parameters: Mapping[str, float] | None = None) -> float | None:
    """What ``torch.nn.init.calculate_gain`` gives for an entry; None where it has no answer."""
    if name == "leaky_relu":
        slope = (parameters or {}).get("negative_slope", 0.01)
        return math.sqrt(2 / (1 + slope**2))
    return CONVENTION.get(name)


@dataclass(frozen=True)
class Criticality:
    """What a layer with the second-moment gain does besides keeping lengths at 1, without bias.

    Attributes:
        chi: chi_1 = E f'**2 / E f**2, the factor of a gradient's square, and of the square distance
            of near inputs, per layer.
        length_slope: chi_q = E z f f' / E f**2, the slope of the length map, so the factor of a
            small relative error of the length.
        kernel_at_zero: (E f)**2 / E f**2 (C(0)), the correlation that unrelated inputs get.
    """

    chi: Quantity
    length_slope: Quantity
    kernel_at_zero: Quantity


def criticality(found: Moments) -> Criticality:
    """The criticality that moments at N(0, 1) give."""
    if not found.second.low > 0:
        return Criticality(NOT_PROVED, NOT_PROVED, NOT_PROVED)
    return Criticality(
        computed(lambda a, b: a / b, found.chi_1, found.second),
        computed(lambda a, b: a / b, found.chi_q, found.second),
        computed(lambda a, b: a * a / b, found.first, found.second),
    )


@dataclass(frozen=True)
class Recommendation:
    """An initialisation and why.

    Attributes:
        gain: weights have the standard deviation gain / sqrt(fan).
        mode: ``fan_in``, or empty where nothing can be recommended.
        reason: sentences for people.
    """

    gain: float
    mode: str
    reason: str


def recommended(found: Moments) -> Recommendation:
    """The initialisation that moments at N(0, 1) speak for.

    The forward pass decides, so the mode is ``fan_in``: a length that is off saturates or explodes,
    while a gradient's scale is divided out by most optimisers.
    """
    if not found.second.low > 0:
        return Recommendation(math.nan, "", "E f(Z)**2 is not proved to be finite and above 0.")
    gain, what = _inverse_root(found.second).value, criticality(found)
    said = [
        f"Weights of standard deviation {gain:.5g}/sqrt(fan_in) keep the second moment at 1",
        _on_lengths(what.length_slope.value),
        _on_gradients(what.chi.value),
    ]
    if (known := what.kernel_at_zero.value) > 0.5:
        said.append(
            f"unrelated inputs get the correlation {known:.3g} in one layer: centre the output"
        )
    return Recommendation(gain, "fan_in", "; ".join(filter(None, said)) + ".")


def _on_lengths(slope: float) -> str:
    if math.isnan(slope):
        return ""
    if abs(slope) <= 1e-9:
        return "an error of the length is gone after a layer"
    if abs(slope) > 1 + 1e-9:
        return (
            f"an error of the length grows {abs(slope):.4g}-fold per layer, so deep networks need "
            f"normalisation"
        )
    if abs(slope) < 1 - 1e-9:
        return f"an error of the length shrinks to {abs(slope):.4g} of it per layer"
    return "an error of the length stays as it is"


def _on_gradients(chi: float) -> str:
    if math.isnan(chi):
        return ""
    if abs(chi - 1) <= 1e-9:
        return "gradients keep their size"
    if chi <= 0:
        return "no gradient passes (chi = 0)"
    layers = math.log(10) / abs(math.log(chi))
    verb = "grow" if chi > 1 else "shrink"
    return f"gradients {verb} tenfold in square over {layers:.3g} layers (chi = {chi:.4g})"


@dataclass(frozen=True)
class SeluConstants:
    """alpha and the scale of SELU: scale * (x if x > 0 else alpha * (exp(x) - 1))."""

    alpha: Quantity
    scale: Quantity


@lru_cache(maxsize=256)
def selu_constants(mean: float = 0.0, variance: float = 1.0) -> SeluConstants:
    """SELU's constants for which N(mean, variance) is mapped to this mean and variance.

    With A, B the parts of the mean that the two pieces bring and P, M those of the second moment,
    scale (A + alpha B) = mean and scale**2 (P + alpha**2 M) = variance + mean**2, which is
    quadratic in alpha (G. Klambauer et al. 2017, arXiv:1706.02515).

    Raises:
        OgiveError: for a variance that is not positive, and where no positive constants exist.
    """
    if not (variance > 0 and math.isfinite(mean) and math.isfinite(variance)):
        raise OgiveError(
            f"a fixed point has a finite mean and a variance > 0, not {mean!r} and {variance!r}"
        )
    with require("flint", "certify").ctx.workprec(4 * INTEGRAL_BITS):
        found = _selu_roots(*_selu_parts(mean, variance), mean, variance)
    if found is None:
        raise OgiveError(f"no SELU with alpha, scale > 0 keeps mean {mean} and variance {variance}")
    return SeluConstants(*map(quantity, found))


def _selu_parts(mean: float, variance: float) -> tuple[Any, Any, Any, Any]:
    """E of x and x**2 above 0, and of exp(x) - 1 and its square below 0."""
    arb = require("flint", "certify").arb
    m, v = arb(mean), arb(variance)
    s = v.sqrt()

    def below(k: int) -> Any:
        """E exp(k x) below 0."""
        return (k * m + k * k * v / 2).exp() * ((m + k * v) / s / arb(2).sqrt()).erfc() / 2

    density = (-m * m / v / 2).exp() / (2 * arb.pi()).sqrt()
    above = 1 - below(0)
    first = m * above + s * density
    second = (m * m + v) * above + m * s * density
    return first, second, below(1) - below(0), below(2) - 2 * below(1) + below(0)


def _selu_roots(
    a: Any, p: Any, b: Any, m: Any, mean: float, variance: float
) -> tuple[Any, Any] | None:
    """(alpha, scale), both positive, the root with the smaller alpha first."""
    arb = require("flint", "certify").arb
    mean, total = arb(mean), arb(mean) * mean + variance
    # (a + alpha b)**2 total = mean**2 (p + alpha**2 m)
    square, half, rest = (
        b * b * total - mean * mean * m,
        a * b * total,
        a * a * total - mean * mean * p,
    )
    root = (half * half - square * rest).nonnegative_part().sqrt() if mean != 0 else arb(0)
    for alpha in ((-half - root) / square, (-half + root) / square):
        scale = (total / (p + alpha * alpha * m)).sqrt()
        kept = scale * (a + alpha * b) - mean
        if alpha > 0 and abs(kept) < 1e-9:
            return alpha, scale
    return None
