"""The training form of a stochastic entry: mean and variance over its noise, by quadrature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ogive.catalogue import Spec
from ogive.certify.pieces import joints
from ogive.certify.properties import defaults
from ogive.certify.quantity import NOT_PROVED, Quantity
from ogive.certify.signal.quadrature import Array, Function, compiled, ends, integrate, normal
from ogive.expr import bind, const, substitute, symbol

#: The inputs of the table.
PLACES = (-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0)
#: The largest error of an integral that is reported, and how many panels the unit interval has.
ACCEPTED, PANELS = 1e-6, 64
#: Rounding of a value in floats.
EPS = 4e-16


@dataclass(frozen=True)
class Spread:
    """Mean and variance of the output at an input, over the noise."""

    at: float
    mean: Quantity
    variance: Quantity


@dataclass(frozen=True)
class Training:
    """The training form.

    Attributes:
        formula: with the noise by name.
        noise: its distributions: ``uniform`` on (0, 1) or ``normal``.
        spread: mean and variance at a few inputs.
    """

    formula: str
    noise: Mapping[str, str]
    spread: tuple[Spread, ...]


def training(spec: Spec, values: Mapping[str, float] | None = None) -> Training:
    """The training form of a stochastic entry; ``values`` stand in the place of defaults.

    Example:
        >>> from ogive.catalogue import entries
        >>> round(training(entries()["stochastic_gelu"]).spread[5].mean.value, 6)
        0.841345
    """
    known = {**defaults(spec), **(values or {})}
    formula = bind(spec.training_expression, known)
    (noise,) = spec.noise
    rows = []
    for at in PLACES:
        of_noise = bind(substitute(formula, {"x": const(at), noise: symbol("x")}), {})
        panels = _panels(spec.noise[noise], joints(of_noise))
        rows.append(Spread(at, *_moments(compiled(of_noise), spec.noise[noise], panels)))
    return Training(str(spec.training_expression), dict(spec.noise), tuple(rows))


def _panels(distribution: str, kinks: Iterable[float]) -> list[float]:
    """Where panels begin, at the kinks among others: a jump inside of one can be overlooked."""
    if distribution == "normal":
        return ends(kinks, 0.0, 1.0)
    return sorted({i / PANELS for i in range(PANELS + 1)} | {k for k in kinks if 0 < k < 1})


def _moments(
    function: Function, distribution: str, panels: list[float]
) -> tuple[Quantity, Quantity]:
    """Mean and variance of a function of a noise."""
    mean = _expectation(function, distribution, panels)
    if mean.method == "not proved":
        return mean, mean
    found = _expectation(lambda u: (function(u) - mean.value) ** 2, distribution, panels)
    rounding = (mean.error + EPS * abs(mean.value)) ** 2
    return mean, replace(found, error=found.error + rounding)


def _expectation(function: Function, distribution: str, panels: list[float]) -> Quantity:
    def row(u: Array) -> Array:
        return np.broadcast_to(np.asarray(function(u), float), u.shape)

    weighted = row if distribution == "uniform" else normal(row, 0.0, 1.0)
    value, error = integrate(weighted, panels)
    settled = error[0] <= ACCEPTED * max(1.0, abs(value[0]))
    return Quantity(float(value[0]), float(error[0]), "quadrature") if settled else NOT_PROVED
