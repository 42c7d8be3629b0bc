"""Three layers are inputs, one hidden layer and outputs. Hidden weights are drawn at random and
the output layer is solved by least squares, so that what is tested is what such a network can
be, not whether gradient descent finds it (claim C24 does that for circles). The scale of the
hidden weights is chosen among four on rows of its own. Two functions of one number and two of
two numbers are fitted, one of them the inside of a circle with a soft edge. Leshno et al.
(1993) proved when it works: for every function that is no polynomial. So two polynomials take
part.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import ogive
from ogive.study.claims.charts import Chart, measured_curve
from ogive.study.claims.checks import generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.measurements import Measurements
from ogive.study.data.splitting import DataArray

_FUNCTIONS: dict[str, tuple[int, Callable[[DataArray], DataArray]]] = {
    "sin(6 x)": (1, lambda x: np.sin(6 * x[:, 0])),
    "|x - 0.3|": (1, lambda x: np.abs(x[:, 0] - 0.3)),
    "x y": (2, lambda x: x[:, 0] * x[:, 1]),
    "circle": (2, lambda x: np.tanh(5 * (0.7 - np.hypot(x[:, 0], x[:, 1])))),
}
_ACTIVATIONS = ("sigmoid", "tanh", "relu", "gelu", "square", "ncu")
_SCALES = (1.0, 2.0, 4.0, 8.0)
_ROWS, _CLOSE = 2000, 0.05
#: What keeps least squares stable, in parts of the largest singular value.
_CUT = 1e-7


@claim(
    "C30",
    "With a nonlinear activation, three layers approximate any continuous function.",
    source="seed 004",
    criterion="With 256 hidden units the root mean square error on fresh points of the square "
    "is at most 5 % of the function's standard deviation, as the geometric mean over seeds, "
    "for each of four functions.",
    verdict=generally,
)
def three_layers(effort: Effort) -> Finding:
    widths = effort.pick((32, 256), (4, 16, 64, 256), (4, 16, 64, 256, 1024))
    measured, curves = Measurements(), []
    for activation in _ACTIVATIONS:
        worst = np.zeros(len(widths))
        for name in _FUNCTIONS:
            errors = np.array(
                [[_error(activation, name, w, seed) for seed in effort.seeds()] for w in widths]
            )
            where = {"activation": activation}
            measured.ratio(f"error of {name}", errors[-1], where=where, at_most=_CLOSE)
            worst = np.maximum(worst, errors.mean(1))
        curves.append(measured_curve(activation, widths, worst.tolist()))
    axes = ("hidden units", "error of the worst function")
    chart = Chart("approximation", *axes, tuple(curves), scales=("log", "log"), lines=(_CLOSE,))
    return Finding(measured.checks(), charts=[chart], seeds=len(effort.seeds()))


def _error(activation: str, name: str, width: int, seed: int) -> float:
    """The relative error on fresh points, with the scale that is best on points of its own."""
    size, function = _FUNCTIONS[name]
    random = np.random.default_rng((seed, width))
    x = random.uniform(-1, 1, (3, _ROWS, size))
    weights, biases = random.standard_normal((size, width)), random.uniform(-1, 1, width)
    found = []
    for scale in _SCALES:
        hidden = ogive.get(activation)(scale * (x @ weights + biases))
        features = np.concatenate([hidden, np.ones((3, _ROWS, 1))], axis=2)
        solution = np.linalg.lstsq(features[0], function(x[0]), rcond=_CUT)[0]
        chosen, fresh = (
            float(np.std(features[part] @ solution - function(x[part]))) for part in (1, 2)
        )
        found.append((chosen, fresh))
    return min(found)[1] / float(np.std(function(x[2])))
