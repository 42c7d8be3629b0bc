"""A Maxout unit is the largest of k affine functions. |x| and ReLU are such functions with k = 2.
A convex function lies above its tangents, so that k of them, at the middles of k equal
intervals, give a unit that is nowhere above it and whose error is largest where neighbouring
tangents cross: it is evaluated there. Then units with weights drawn at random learn |x|, ReLU
and a parabola by gradient descent, with a short and a long budget. A unit has k times the
weights of a linear one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

import ogive
from ogive.study.claims.charts import Chart
from ogive.study.claims.checks import Check
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.estimates import exactly
from ogive.study.claims.measurements import Measurements
from ogive.study.claims.proofs import graph_of
from ogive.study.claims.seeds import normal_draws

#: Convex functions on [-1, 1] with their derivatives and the pieces that they are given.
_CONVEX: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], int]] = {
    "|x|": (np.abs, np.sign, 2),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0, 2),
    "x^2": (np.square, lambda x: 2 * x, 16),
    "exp": (np.exp, np.exp, 16),
    "softplus(9 x)": (lambda x: np.logaddexp(0, 9 * x), lambda x: 9 / (1 + np.exp(-9 * x)), 32),
}
_LEARNED = {"|x|": 2, "relu": 2, "x^2": 8}
_CLOSE, _LEARNED_CLOSE = 0.01, 0.05


@claim(
    "C21",
    "A Maxout unit can be |x|, ReLU or any convex function, at the price of k times the weights.",
    source="seeds 001 and 002; Goodfellow et al. 2013",
    criterion="By construction the largest error on [-1, 1] is at most 1 % of the function's "
    "range, with 2 pieces for |x| and ReLU. Learned by gradient descent from random weights, "
    "the root mean square error is at most 5 % of the range, in the mean over seeds.",
)
def maxout_fits(effort: Effort) -> Finding:
    checks = [
        Check("largest error", exactly(_constructed(*parts)), at_most=_CLOSE, where=_where(name))
        for name, parts in _CONVEX.items()
    ]
    measured = Measurements()
    for name, pieces in _LEARNED.items():
        for steps in effort.pick((500,), (500, 3000), (500, 3000)):
            errors = _learned(name, pieces, steps, effort)
            where = _where(name) | {"steps": str(steps)}
            measured.mean("error", errors, where=where, at_most=_LEARNED_CLOSE)
    x = np.linspace(-1, 1, 81)
    curves = tuple(graph_of(name, parts[0], x) for name, parts in _CONVEX.items())
    chart = Chart("the functions", "x", "", curves)
    return Finding(
        [*checks, *measured.checks()],
        charts=[chart],
        seeds=len(effort.seeds(20)),
    )


def _where(name: str) -> dict[str, str]:
    return {"function": name}


def _constructed(f: Callable[[Any], Any], slope: Callable[[Any], Any], pieces: int) -> float:
    """The largest error of the unit made of tangents, over the function's range."""
    at = (np.arange(pieces) + 0.5) * 2 / pieces - 1
    weight, bias = slope(at), f(at) - slope(at) * at
    crossings = -np.diff(bias) / np.diff(weight)
    x = np.concatenate([[-1.0], crossings, [1.0]])
    unit = ogive.get("maxout")(x[:, None] * weight + bias, dim=1, k=pieces)[:, 0]
    return float(np.abs(f(x) - unit).max() / np.ptp(f(np.linspace(-1, 1, 1001))))


def _learned(name: str, pieces: int, steps: int, effort: Effort) -> list[float]:
    """By seed the root mean square error after training on 256 points, over the range."""
    x = torch.linspace(-1, 1, 256)[:, None]
    target = torch.from_numpy(_CONVEX[name][0](x.numpy()))[:, 0]
    weight = normal_draws(effort.seeds(20), 1, pieces).requires_grad_()
    bias = torch.zeros(len(weight), 1, pieces, requires_grad=True)
    optimizer = torch.optim.Adam([weight, bias], 0.03)

    def error() -> Tensor:
        unit = ogive.get("maxout")(x @ weight + bias, dim=-1, k=pieces)
        squares: Tensor = (unit[..., 0] - target).square()
        return squares.mean(1)

    for _ in range(steps):
        optimizer.zero_grad()
        torch.autograd.backward(error().sum())
        optimizer.step()
    scale = float(target.max() - target.min())
    return [math.sqrt(square) / scale for square in error().tolist()]
