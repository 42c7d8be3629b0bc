"""Gains by name, what they rest on, and the initialisation that follows.

Three numbers are called "the gain" of an activation. They differ, so each has its own name here:
the one that keeps the second moment, the one that keeps the standard deviation, and the one that
``torch.nn.init.calculate_gain`` gives by convention.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ogive.catalogue import Spec
from ogive.certify.quantity import NOT_PROVED, Quantity, computed
from ogive.certify.signal.moments import Moments, moments
from ogive.certify.univariate import defaults

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
    """The gains of an entry at its default parameters, or of a gated entry's gate.

    Example:
        >>> from ogive.catalogue import entries
        >>> round(gains(entries()["silu"]).second_moment.value, 5)
        1.67653
    """
    return gains_of(moments(spec), convention(spec.name, defaults(spec)))


def gains_of(found: Moments, conventional: float | None = None) -> Gains:
    """The gains that moments give; not proved where a moment is not, or is 0."""
    return Gains(_inverse_root(found.second), _inverse_root(found.variance), conventional)


def _inverse_root(square: Quantity) -> Quantity:
    return computed(lambda v: v.rsqrt(), square) if square.low > 0 else NOT_PROVED


def convention(name: str, parameters: Mapping[str, float] | None = None) -> float | None:
    """What ``torch.nn.init.calculate_gain`` gives for an entry; None where it has no answer.

    Example:
        >>> convention("leaky_relu", {"negative_slope": 0.2})
        1.3867504905630728
    """
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
    """The criticality that moments at N(0, 1) give.

    Example:
        >>> from ogive.catalogue import entries
        >>> round(criticality(moments(entries()["gelu"])).length_slope.value, 4)
        1.1441
    """
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
        _on_inputs(what.kernel_at_zero.value),
    ]
    return Recommendation(gain, "fan_in", "; ".join(s for s in said if s) + ".")


def _on_lengths(slope: float) -> str:
    if slope > 1 + 1e-9:
        return (
            f"an error of the length grows {slope:.4g}-fold per layer, so deep networks need "
            f"normalisation"
        )
    if slope < 1 - 1e-9:
        return f"an error of the length shrinks to {slope:.4g} of it per layer"
    return "an error of the length stays as it is"


def _on_gradients(chi: float) -> str:
    if abs(chi - 1) <= 1e-9:
        return "gradients keep their size"
    layers = math.log(10) / abs(math.log(chi)) if chi > 0 else 0.0
    verb = "grow" if chi > 1 else "shrink"
    return f"gradients {verb} tenfold in square over {layers:.3g} layers (chi = {chi:.4g})"


def _on_inputs(at_zero: float) -> str:
    if at_zero > 0.5:
        return f"unrelated inputs get the correlation {at_zero:.3g} in one layer: centre the output"
    return ""
