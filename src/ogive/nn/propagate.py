"""``ogive.propagate``: what theory says of a deep network, beside what a random one does.

Theory holds for infinite width. Random networks of a finite width scatter around it, more with
every layer; several of them give the mean and its standard error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Any

import numpy as np

from ogive.certify.signal.quadrature import Array
from ogive.certify.signal.theory import Field, Prediction, field, predict
from ogive.errors import OgiveError, ParameterError, briefly
from ogive.nn.array_functions import callable_of, on_arrays, slope_on_arrays
from ogive.nn.recognise import recognise
from ogive.ops import whole
from ogive.table import table

#: The rows of a printed table, at most, and the layers, their width and the networks.
MOST_ROWS, MOST_COUNTED = 11, 10_000


@dataclass(frozen=True)
class MeasuredSignal:
    """Means over random networks, layer by layer, with the standard errors of the means."""

    length: tuple[float, ...]
    correlation: tuple[float, ...]
    gradient: tuple[float, ...]
    length_error: tuple[float, ...]
    correlation_error: tuple[float, ...]
    gradient_error: tuple[float, ...]


@dataclass(frozen=True)
class Propagation:
    """Length, correlation and gradient by depth: predicted for infinite width, and measured.

    Attributes:
        name: of the activation.
        depth, sigma_w, sigma_b, width, networks, seed: what was asked for.
        predicted: at the pre-activations of every layer, from the first to the last.
        measured: the same of ``networks`` random networks.
    """

    name: str
    depth: int
    sigma_w: float
    sigma_b: float
    width: int
    networks: int
    seed: int
    predicted: Prediction
    measured: MeasuredSignal

    def to_dict(self) -> dict[str, Any]:
        """The result in JSON's own types."""
        return asdict(self)

    def __str__(self) -> str:
        heads = ("layer", "q", "measured", "c", "measured", "gradient^2", "measured")
        layers = sorted({round(i * self.depth / (MOST_ROWS - 1)) for i in range(MOST_ROWS)})
        return table(heads, ([str(layer), *self._cells(layer)] for layer in layers))

    def _cells(self, layer: int) -> list[str]:
        cells = []
        for name in ("length", "correlation", "gradient"):
            mean = getattr(self.measured, name)[layer]
            error = getattr(self.measured, f"{name}_error")[layer]
            cells += [f"{getattr(self.predicted, name)[layer]:.4g}", f"{mean:.4g} +- {error:.1g}"]
        return cells


def propagate(
    activation: Any,
    depth: int,
    sigma_w: float,
    sigma_b: float = 0.0,
    *,
    width: int = 500,
    networks: int = 8,
    length: float = 1.0,
    correlation: float = 0.5,
    seed: int = 0,
) -> Propagation:
    """Follows two signals and a gradient through ``depth`` random layers.

    A layer is h -> W f(h) + b with W from N(0, sigma_w**2 / width) and b from N(0, sigma_b**2). The
    first pre-activations are two normal vectors of this mean square and correlation; the gradient
    comes from a random direction behind the last layer.

    Args:
        activation: a name, a module, an activation, or an elementwise function of tensors.
        depth: the number of layers.
        sigma_w, sigma_b: standard deviations of sqrt(width) * weights and of biases.
        width, networks, seed: of the random networks that are measured.
        length, correlation: of the first pre-activations.

    Raises:
        OgiveError: for a number outside its range, and for rowwise and gated activations.

    Example:
        >>> import ogive
        >>> found = ogive.propagate("tanh", 20, 1.5, 0.05, width=100, networks=2)
        >>> [round(found.predicted.length[layer], 4) for layer in (0, 20)]
        [1.0, 0.7984]
    """
    _check_counts({"depth": (depth, 1), "width": (width, 2), "networks": (networks, 2)}, seed)
    sigma_w, sigma_b = _number("sigma_w", sigma_w), _number("sigma_b", sigma_b)
    length, correlation = _number("length", length), _number("correlation", correlation)
    if not (0 < length < math.inf and -1 <= correlation <= 1):
        raise OgiveError(
            f"length is a number > 0 and correlation one in [-1, 1], not {length} and {correlation}"
        )
    name, f = _field(activation, length)
    predicted = predict(f, depth, sigma_w, sigma_b, length, correlation)
    sigmas, start = (sigma_w, sigma_b), (length, correlation)
    with np.errstate(all="ignore"):  # a signal may explode
        seeds = range(seed * networks, (seed + 1) * networks)
        measured = _summary(
            np.stack([_one_network(f, depth, sigmas, width, start, s) for s in seeds])
        )
    return Propagation(name, depth, sigma_w, sigma_b, width, networks, seed, predicted, measured)


def _check_counts(counts: Mapping[str, tuple[int, int]], seed: int) -> None:
    for name, (count, least) in counts.items():
        if whole(name, count, least) > MOST_COUNTED:
            raise ParameterError(f"{name} is at most {MOST_COUNTED}, not {count}")
    whole("seed", seed, 0)


def _number(name: str, value: Any) -> float:
    try:
        if isinstance(value, Real) and not isinstance(value, bool):
            return float(value)
    except OverflowError:  # a whole number beyond a float's
        pass
    raise ParameterError(f"{name} is a number, not {briefly(value)}")


def _field(activation: Any, length: float) -> tuple[str, Field]:
    """The activation's name, and its function and derivative on arrays."""
    name, f = _named_field(activation)
    x = math.sqrt(length) * np.linspace(-3, 3, 61)
    with np.errstate(all="ignore"):
        undefined = x[np.isnan(f.function(x))]
    if len(undefined):
        raise OgiveError(
            f"{name} is not a number at {undefined[0]:.3g}, and signals reach every number; "
            f"propagate a function of the whole line"
        )
    return name, f


def _named_field(activation: Any) -> tuple[str, Field]:
    spec = recognise(activation).with_values()
    if spec is None:
        name, function = callable_of(activation)
        return name, Field(on_arrays(function), slope_on_arrays(function))
    if spec.kind == "gated":
        raise OgiveError(
            f"{spec.name} takes a value and a gate, and halves the width; propagate its gate's "
            f"function instead: x -> ogive.get({spec.name!r})(torch.ones_like(x), x)"
        )
    return spec.name, field(spec)


def _one_network(
    f: Field,
    depth: int,
    sigmas: tuple[float, float],
    width: int,
    start: tuple[float, float],
    seed: int,
) -> Array:
    """(3, depth + 1): length, correlation and gradient of one random network.

    Weights are drawn anew for the way back, from the same seeds, so that they need no memory.
    """

    def weights(layer: int) -> Array:
        draw = np.random.default_rng((seed, layer))
        return draw.standard_normal((width, width)) * (sigmas[0] / math.sqrt(width))

    draw = np.random.default_rng((seed, depth))
    length, c = start
    first, second, gradient = draw.standard_normal((3, width))
    signals = math.sqrt(length) * np.stack([first, c * first + math.sqrt(1 - c * c) * second])
    passed = [signals]
    for layer in range(depth):
        bias = sigmas[1] * draw.standard_normal(width)
        signals = f.function(signals.ravel()).reshape(2, width) @ weights(layer).T + bias
        passed.append(signals)
    gradients = [gradient]
    for layer in reversed(range(depth)):
        gradients.append((gradients[-1] @ weights(layer)) * f.derivative(passed[layer][0]))
    squares = np.array([np.mean(g * g) for g in reversed(gradients)])
    products = np.einsum("liw,ljw->ijl", passed, passed) / width
    correlations = products[0, 1] / np.sqrt(products[0, 0] * products[1, 1])
    return np.stack([products[0, 0], correlations, squares / squares[-1]])


def _summary(runs: Array) -> MeasuredSignal:
    """Means over the networks with standard errors; runs are (networks, 3, layers)."""
    length, gradient = (_of_products(runs[:, row]) for row in (0, 2))
    correlation = runs[:, 1].mean(axis=0), runs[:, 1].std(axis=0, ddof=1) / math.sqrt(len(runs))
    means, errors = zip(length, correlation, gradient, strict=True)
    return MeasuredSignal(*(tuple(row.tolist()) for row in (*means, *errors)))


def _of_products(values: Array) -> tuple[Array, Array]:
    """The mean of positive numbers that are products of many factors, and its standard error.

    Such are log-normal, so a plain mean of a few misses the rare large ones, and its standard error
    with them: with m and v the mean and variance of the logarithms it is exp(m + v / 2).
    """
    count = len(values)
    logs = np.log(values)
    variance = logs.var(axis=0, ddof=1)
    mean = np.exp(logs.mean(axis=0) + variance / 2)
    relative = np.sqrt(variance / count + variance**2 / (2 * (count - 1)))
    gone = (values == 0).all(axis=0)
    return np.where(gone, 0.0, mean), np.where(gone, 0.0, mean * relative)
