"""What claims about formulas are decided by: ball arithmetic over the line, and graphs of formulas.

Apart from the claims because each asks the same of other formulas; the proofs themselves are those
of the certificates.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

import ogive
from ogive.catalogue import user_spec
from ogive.certify.proof.budget import Budget
from ogive.certify.proof.enclosure import ball, ball_arithmetic
from ogive.certify.proof.enclosure import enclosed as enclosure_of
from ogive.certify.proof.search import supremum
from ogive.certify.proof.shape import shape
from ogive.certify.proof.under_proof import FunctionUnderProof
from ogive.certify.quantity import quantity
from ogive.certify.report.signal import Signal
from ogive.certify.signal.quadrature import ArrayFunction, evaluator
from ogive.expr import Node
from ogive.study.claims.charts import ChartCurve
from ogive.study.claims.estimates import Estimate, proved
from ogive.study.data.splitting import DataArray

_POINTS = 161


def signal_of(name: str) -> Signal:
    """What is proved of an entry's signal at normal pre-activations."""
    found = ogive.get(name).certificate().signal
    assert found is not None  # rowwise entries alone have none
    return found


@lru_cache(maxsize=256)
def _expression(formula: str) -> Node:
    return user_spec("formula", formula, {}).expression


def range_of(
    formula: str, low: float = -math.inf, high: float = math.inf
) -> tuple[Estimate, Estimate]:
    """The infimum and the supremum of a formula in x over an interval, proved.

    Example:
        >>> range_of("sigmoid(x) * sigmoid(-x)")[1].value
        0.25
    """
    found = shape(FunctionUnderProof(_expression(formula), (low, high))).range
    return proved(found.low), proved(found.high)


def largest_on(formula: str, low: float, high: float) -> Estimate:
    """The largest value of a formula without pieces on a bounded interval, by branch and bound."""
    with ball_arithmetic():
        of = enclosure_of(_expression(formula))
        return proved(quantity(supremum(of, ball(low), ball(high), Budget())))


def graph(name: str, formula: str, low: float, high: float) -> ChartCurve:
    """The curve of a formula."""
    return graph_of(name, evaluator(_expression(formula)), np.linspace(low, high, _POINTS))


def graph_of(name: str, function: ArrayFunction, x: DataArray) -> ChartCurve:
    """The curve of a function of arrays, with four digits, which is what can be seen."""
    y = np.broadcast_to(function(x), x.shape)
    return ChartCurve(name, _rounded(x), _rounded(y))


def _rounded(values: DataArray) -> tuple[float, ...]:
    return tuple(float(f"{value:.4g}") for value in values)
