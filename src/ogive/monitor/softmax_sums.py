"""What is added up of the logits of a softmax: how certain rows are, and what they let through.

The sums along a row are one program of the logits and the logarithm of their exponentials' sum.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ogive.expr import Program, symbol
from ogive.expr import functions as mathematics
from ogive.expr.node import as_node
from ogive.expr.primitives import call
from ogive.expr.program import DATA_SAMPLES
from ogive.monitor.summing import summing

_Floats = NDArray[np.float64]
#: The rows of a softmax: how many rows of the tensor were looked at, the sum of their entropies
#: over the largest there can be, how many are one number, sums of squares of the Jacobian.
SOFTMAX_ROWS = (
    "count", "entropy", "collapsed", "jacobian", "numbers", "z", "z2", "f", "f2", "zero",
)  # fmt: skip
#: Logits below it are masked, whatever number says so: -inf, the least of a format, -10,000.
MASKED_BELOW = -9e3
_LARGEST = 1.7e308


#: Sums along each row, from which those are made: how many logits count, these and their squares;
#: of their exponentials over the largest e, e, squares, cubes, how many are 0, and e log e.
ALONG_ROWS = ("numbers", "z", "z2", "e", "e2", "e3", "zero", "e log e")


@lru_cache(maxsize=1)
def _along() -> Program:
    """The rows of ``ALONG_ROWS``, of a logit and the largest in its row."""
    x, largest = symbol("x"), symbol("largest")
    above, finite = call("lt", as_node(MASKED_BELOW), x), call("lt", abs(x), as_node(_LARGEST))
    real = mathematics.where(above, mathematics.where(finite, 1.0, 0.0), 0.0)
    counts = call("eq", real, as_node(1.0))
    kept, below = mathematics.where(counts, x, 0.0), mathematics.where(counts, x - largest, 0.0)
    e = mathematics.where(counts, mathematics.exp(x - largest), 0.0)
    zero = mathematics.where(call("eq", e, as_node(0.0)), real, 0.0)
    rows = real, kept, kept * kept, e, e * e, e * e * e, zero, e * below
    outputs = tuple(as_node(row) for row in rows)
    return Program("softmax_health", ("x", "largest"), outputs, (DATA_SAMPLES, DATA_SAMPLES))


def sums_along(z: Tensor, dim: int) -> Tensor:
    """The sums of ``ALONG_ROWS`` of logits along a dimension: a number for each of their rows, in
    float32 unless the logits are float64."""
    rows = z.movedim(dim, -1)
    rows = rows.reshape(-1, rows.shape[-1])
    given = rows, rows.amax(-1, keepdim=True)
    made = summing(_along(), (len(rows), 1), given)(*given).squeeze(-1)
    return made if z.dtype is torch.float64 else made.to(torch.float32)


def softmax_sums(along: _Floats, length: int, threshold: float) -> _Floats:
    """The rows of ``SOFTMAX_ROWS``, (10, 1), of sums along rows.

    Args:
        along: what ``sums_along`` gives, outside of the device.
        length: that of the rows.
        threshold: the entropy over its maximum below which a row is one number.
    """
    numbers, z, z2, e, e2, e3, zero, e_log_e = along.astype(np.float64)
    with np.errstate(all="ignore"):
        some, choice = numbers > 0, numbers > 1
        p, square, cube = e / e, e2 / e**2, e3 / e**3
        entropy = (np.log(e) - e_log_e / e)[choice] / np.log(numbers[choice])
        jacobian = (square - 2 * cube + square * square)[some].sum() / length
        plain = numbers.sum(), z.sum(), z2.sum(), p[some].sum(), square[some].sum(), zero.sum()
        first = len(entropy), entropy.sum(), (entropy < threshold).sum(), jacobian
        return np.array([*first, *plain], np.float64)[:, None]
