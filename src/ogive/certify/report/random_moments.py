"""The training form of a stochastic entry: means and variances over its noise, by quadrature."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from ogive.catalogue import Spec
from ogive.certify.pieces import breakpoints, deciders
from ogive.certify.quantity import NOT_PROVED, Quantity, computed
from ogive.certify.signal.quadrature import Array, ends, evaluator, integrate, normal, on_panels
from ogive.certify.univariate import defaults
from ogive.expr import bind

#: The inputs of the table.
_PLACES = (-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0)
#: Points on a panel of the noise, of two rules that are compared.
_POINTS = (16, 11)
#: The largest error of an integral that is reported, and what the difference of two rules counts.
_ACCEPTED, _CAUTION = 1e-6, 10.0
#: Rounding of a sum in floats, relative to it or to 1.
EPS = 4e-16
#: Panels of uniform noise halve towards 0 and 1, where logistic noise is infinite, so many times.
HALVINGS = 44
_GRADED = {0.0, 1.0, *(abs(end - 2.0**-k) for k in range(1, HALVINGS) for end in (0, 1))}
#: Borders of one condition that are looked for along the noise, and halvings that find each.
BORDERS, STEPS = 2, 54

Noisy = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class NoiseSpread:
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
        first, second, variance: of the output over the noise and inputs from N(0, 1).
        spread: mean and variance over the noise at a few inputs.
    """

    formula: str
    noise: Mapping[str, str]
    first: Quantity
    second: Quantity
    variance: Quantity
    spread: tuple[NoiseSpread, ...]


def training(spec: Spec) -> Training:
    """The training form of a stochastic entry, at its default parameters."""
    of = _OverNoise(spec)
    kinks = breakpoints(bind(spec.expression, defaults(spec)))
    first, second = of.expected(ends(kinks, 0.0, 1.0))
    return Training(
        formula=str(spec.training_expression),
        noise=dict(spec.noise),
        first=first,
        second=second,
        variance=computed(lambda m, s: s - m * m, first, second),
        spread=tuple(NoiseSpread(x, *of.spread(x)) for x in _PLACES),
    )


class _OverNoise:
    """A function of an input and a noise, integrated over the noise."""

    def __init__(self, spec: Spec) -> None:
        formula = bind(spec.training_expression, defaults(spec))
        ((noise, distribution),) = spec.noise.items()
        gaussian, inputs = distribution == "normal", ("x", noise)
        self.function: Noisy = evaluator(formula, inputs)
        self.conditions = [evaluator(d, inputs) for d in deciders(formula)]
        self.grid = np.array(ends((), 0.0, 1.0) if gaussian else sorted(_GRADED))
        self.density = normal(np.ones_like, 0.0, 1.0) if gaussian else np.ones_like

    def moments(self, x: Array, count: int) -> Array:
        """The rows mean and variance at every input, with so many points on a panel."""
        whole = np.broadcast_to(self.grid, (len(x), len(self.grid)))
        borders = [self._borders(condition, x) for condition in self.conditions]
        edges = np.sort(np.concatenate([whole, *borders], axis=1), axis=1)
        noise, weights = on_panels(edges, count)
        values = self.function(x[:, None, None], noise)
        weights = weights * self.density(noise)
        mean = (values * weights).sum(axis=(1, 2))
        away = values - mean[:, None, None]
        return np.stack([mean, (away * away * weights).sum(axis=(1, 2))])

    def _borders(self, condition: Noisy, x: Array) -> Array:
        """Up to ``BORDERS`` sign changes along the noise for each input, or the last number."""
        signs = np.sign(condition(x[:, None], self.grid[None, :]))
        changed = signs[:, 1:] != signs[:, :-1]
        cells = np.argsort(~changed, axis=1, kind="stable")[:, :BORDERS]
        low, high = self.grid[cells], self.grid[cells + 1]
        below = np.take_along_axis(signs, cells, axis=1)
        for _ in range(STEPS):
            middle = (low + high) / 2
            same = np.sign(condition(x[:, None], middle)) == below
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        border = np.where(below == 0, low, high)
        return np.where(np.take_along_axis(changed, cells, axis=1), border, self.grid[-1])

    def spread(self, at: float) -> tuple[Quantity, Quantity]:
        fine, coarse = (self.moments(np.array([at]), count)[:, 0] for count in _POINTS)
        mean, variance = (_settled(*pair, 0.0) for pair in zip(fine, coarse, strict=True))
        return mean, variance

    def expected(self, panels: list[float]) -> tuple[Quantity, Quantity]:
        """First and second moment at an input from N(0, 1) as well."""

        def first_and_second(count: int, x: Array) -> Array:
            mean, variance = self.moments(x, count)
            return np.stack([mean, variance + mean * mean])

        rows = (partial(first_and_second, count) for count in _POINTS)
        (fine, error), (coarse, _) = (integrate(normal(row, 0.0, 1.0), panels) for row in rows)
        first, second = (_settled(*row) for row in zip(fine, coarse, error, strict=True))
        return first, second


def _settled(fine: float, coarse: float, error: float) -> Quantity:
    """An integral with the difference of two rules and the error that it has besides."""
    total = float(_CAUTION * abs(fine - coarse) + error + EPS * max(1.0, abs(fine)))
    settled = total <= _ACCEPTED * max(1.0, abs(fine)) and math.isfinite(fine)
    return Quantity(float(fine), total, "quadrature") if settled else NOT_PROVED
