"""The first of the two shares that softmax gives to (x, 0) is exp(x) / (exp(x) + 1). Algebra
(sympy) decides whether that is sigmoid; what the library computes is compared as well, over a
grid that reaches into both tails.
"""

from __future__ import annotations

import torch

import ogive
from ogive.errors import require
from ogive.study.claims.charts import Chart
from ogive.study.claims.checks import Check
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.estimates import exactly
from ogive.study.claims.proofs import graph


@claim(
    "C22",
    "Sigmoid is the softmax of two numbers of which the second is 0.",
    source="seed 004",
    criterion="The difference of the two formulas simplifies to 0, and the library's float64 "
    "results differ by at most 2^-51 of their size, two roundings, from -700 to 700.",
)
def sigmoid_softmax(effort: Effort) -> Finding:
    x = torch.linspace(-700, 700, 100_001, dtype=torch.float64)
    rows = torch.stack([x, torch.zeros_like(x)], dim=1)
    shares = ogive.get("softmax")(rows, dim=1)[:, 0]
    values = ogive.get("sigmoid")(x)
    relative = ((shares - values).abs() / values).max().item()
    checks = [
        Check("difference of the formulas", exactly(_algebra()), 0.0, 0.0),
        Check("relative difference of results", exactly(relative), at_most=2.0**-51),
    ]
    curves = (
        graph("sigmoid(x)", "sigmoid(x)", -6, 6),
        graph("1 - sigmoid(x)", "sigmoid(-x)", -6, 6),
    )
    return Finding(checks, charts=[Chart("the two shares of (x, 0)", "x", "share", curves)])


def _algebra() -> float:
    sympy = require("sympy", "certify")
    x = sympy.Symbol("x", real=True)
    share = sympy.exp(x) / (sympy.exp(x) + sympy.exp(0))
    return float(sympy.simplify(share - 1 / (1 + sympy.exp(-x))))
