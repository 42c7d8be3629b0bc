"""The argument is made with the series of exp, whose second term holds products of features.
Sigmoid itself is odd about 1/2, so that at 0 its second term is zero; with a bias b it is
f''(b)/2, and the product w1 w2 x1 x2 has the coefficient f''(b) w1 w2. The first part is exact:
derivatives at the bias by mpmath. The second part asks what it is worth: one sigmoid unit with
weights of size 0.1 and a bias, its linear part taken away by least squares, is compared with
the product on normal inputs.
"""

from __future__ import annotations

import numpy as np

import ogive
from ogive.certify.reference import exact
from ogive.study.claims.charts import Chart
from ogive.study.claims.checks import Check, generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.estimates import exactly
from ogive.study.claims.measurements import Measurements
from ogive.study.claims.proofs import graph_of
from ogive.study.data.splitting import DataArray

_BIASES = (0.0, 1.0, 2.0)
_WEIGHT = 0.1


@claim(
    "C26",
    "Sigmoid combines features: its second-order terms hold their products.",
    source="seed 002",
    criterion="At the bias b of a unit the second-order coefficient is not 0, and of what a "
    "unit with weights of 0.1 adds to a linear function at least half the variance lies in "
    "second-order terms.",
    verdict=generally,
)
def sigmoid_products(effort: Effort) -> Finding:
    curvature = ogive.get("sigmoid").derivative(2)
    checks, measured = [], Measurements()
    for bias in _BIASES:
        where = {"bias": f"{bias:g}"}
        coefficient = abs(float(exact(curvature.spec.program, bias)[0]) / 2)
        checks.append(Check("size of f''(b)/2", exactly(coefficient), at_least=1e-6, where=where))
        shares = [_share(bias, seed) for seed in effort.seeds()]
        measured.mean("share of second order", shares, where=where, at_least=0.5)
    shown = graph_of("f''(b)/2", lambda b: curvature(b) / 2, np.linspace(-6, 6, 121))
    chart = Chart("coefficient of the second-order terms", "bias b", "", (shown,))
    return Finding([*checks, *measured.checks()], charts=[chart], seeds=len(effort.seeds()))


def _share(bias: float, seed: int) -> float:
    """How much of the unit's nonlinear part squares and the product explain."""
    x = np.random.default_rng(seed).standard_normal((4000, 2))
    unit = ogive.get("sigmoid")(x @ [_WEIGHT, _WEIGHT] + bias)
    linear = np.column_stack([np.ones(len(x)), x])
    second = np.column_stack([x[:, 0] ** 2, x[:, 1] ** 2, x[:, 0] * x[:, 1]])
    rest = _residual(linear, unit)
    return float(1 - _residual(np.column_stack([linear, second]), unit).var() / rest.var())


def _residual(columns: DataArray, y: DataArray) -> DataArray:
    return y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
