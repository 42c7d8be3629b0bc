"""Three things are said of softmax. Its Jacobian is computed by sympy for four numbers and
compared with diag(y) - y y^T. Shifting all numbers changes nothing: algebra again, and the
library's results for shifts up to 1e6, which overflow without the subtraction of the largest
number. "Robust to large and small inputs" is taken at its word: rows of normal numbers are
multiplied by 10 or by 1/10, and the two distributions are compared. That no share moves by more
than 1/4 of what one input moves follows from the Jacobian: its diagonal is y (1 - y).
"""

from __future__ import annotations

import numpy as np
import torch

import ogive
from ogive.errors import require
from ogive.study.claims.charts import Chart
from ogive.study.claims.checks import Check, generally
from ogive.study.claims.claim import Effort, Finding, claim
from ogive.study.claims.estimates import exactly
from ogive.study.claims.measurements import Measurements
from ogive.study.claims.proofs import graph_of
from ogive.study.data.splitting import DataArray

_STABLE = 0.1
_SCALES = (0.1, 10.0)


@claim(
    "C19",
    "Softmax has the Jacobian diag(y) - y y^T, does not change when all inputs are shifted, "
    "and is robust: its distribution stays about the same when inputs become larger or smaller.",
    source="seeds 000 and 003",
    criterion="Jacobian and shift: the differences simplify to 0, and in float64 are below "
    "1e-9 for shifts to 1e6. Robust: multiplying rows of ten normal numbers by 10 or by 1/10 "
    "changes the distribution by at most 0.1 in total variation, in the mean.",
    verdict=generally,
)
def softmax_facts(effort: Effort) -> Finding:
    jacobian, shift = _algebra()
    checks = [
        Check("difference of the formulas", exactly(jacobian), 0.0, 0.0, {"fact": "Jacobian"}),
        Check("difference of the formulas", exactly(shift), 0.0, 0.0, {"fact": "shift"}),
        Check("difference of results", exactly(_shifted()), at_most=1e-9, where={"fact": "shift"}),
    ]
    measured = Measurements()
    rows = {
        seed: np.random.default_rng(seed).standard_normal((1000, 10)) for seed in effort.seeds()
    }
    for scale in _SCALES:
        moved = [_moved(x, scale) for x in rows.values()]
        where = {"fact": f"times {scale:g}"}
        measured.mean("total variation", moved, where=where, at_most=_STABLE)
    grid = np.geomspace(0.01, 100, 61)
    moves = graph_of("", lambda g: np.array([_moved(rows[effort.first_seed], s) for s in g]), grid)
    axes = ("factor on the inputs", "total variation")
    chart = Chart(
        "how far softmax moves", *axes, (moves,), scales=("log", "linear"), lines=(_STABLE,)
    )
    return Finding([*checks, *measured.checks()], charts=[chart], seeds=len(rows))


def _algebra() -> tuple[float, float]:
    """What is left of the Jacobian minus its formula, and of a shifted softmax minus itself."""
    sympy = require("sympy", "certify")
    x, c = sympy.symbols("a b c d", real=True), sympy.Symbol("shift", real=True)
    total = sum(map(sympy.exp, x))
    y = sympy.Matrix([sympy.exp(v) / total for v in x])
    expected = sympy.diag(*y) - y * y.T
    shifted = y.subs({v: v + c for v in x}, simultaneous=True)
    left = sympy.simplify(y.jacobian(x) - expected), sympy.simplify(shifted - y)
    return float(sum(map(abs, left[0]))), float(sum(map(abs, left[1])))


def _shifted() -> float:
    x = torch.randn(1000, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    softmax = ogive.get("softmax")
    moved = (softmax(x + c, dim=1) - softmax(x, dim=1) for c in (1e-3, 1.0, 1e3, 1e6))
    return max(float(difference.abs().max()) for difference in moved)


def _moved(x: DataArray, scale: float) -> float:
    """The mean total variation between the softmax of rows and of their multiples."""
    softmax = ogive.get("softmax")
    return float(np.abs(softmax(x, dim=1) - softmax(scale * x, dim=1)).sum(axis=1).mean() / 2)
