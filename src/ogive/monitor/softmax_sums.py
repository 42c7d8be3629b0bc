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
from ogive.monitor.summing import sum_dtype, summing

_Floats = NDArray[np.float64]
#: The rows of a softmax: how many rows of the tensor were looked at, the sum of their entropies
#: over the largest there can be, how many are one number, sums of squares of the Jacobian.
SOFTMAX_ROWS = (
    "count", "entropy", "collapsed", "jacobian", "numbers", "z", "z2", "f", "f2", "zero",
)  # fmt: skip
#: Logits below it are masked, whatever number says so: -inf, the least of a format, -10,000.
MASKED_BELOW = -9e3
_LARGEST = 1.7e308


#: Sums along each row, from which those are made: of how many logits it chooses, these and their
#: squares, the probabilities, squares and cubes, how many are 0, and the entropy.
ALONG_ROWS = ("numbers", "z", "z2", "f", "f2", "zero", "f3", "entropy")


@lru_cache(maxsize=1)
def _along() -> Program:
    """The rows of ``ALONG_ROWS``."""
    x, total = symbol("x"), symbol("total")
    p = mathematics.exp(x - total)
    above, finite = call("lt", as_node(MASKED_BELOW), x), call("lt", abs(x), as_node(_LARGEST))
    real = mathematics.where(above, mathematics.where(finite, 1.0, 0.0), 0.0)
    kept = mathematics.where(call("eq", real, as_node(1.0)), x, 0.0)
    gone = call("eq", p, as_node(0.0))
    zero = mathematics.where(gone, real, 0.0)
    entropy = mathematics.where(gone, 0.0, p * (total - x))
    rows = real, kept, kept * kept, p, p * p, zero, p * p * p, entropy
    outputs = tuple(as_node(row) for row in rows)
    return Program("softmax_health", ("x", "total"), outputs, (DATA_SAMPLES, DATA_SAMPLES))


def sums_along(z: Tensor, dim: int) -> Tensor:
    """The sums of ``ALONG_ROWS`` of logits along a dimension: a number for each of their rows."""
    wide = z.movedim(dim, -1).to(sum_dtype(z))
    wide = wide.reshape(-1, wide.shape[-1])
    given = wide, torch.logsumexp(wide, -1, keepdim=True)
    return summing(_along(), (len(wide), 1), given)(*given).squeeze(-1)


def softmax_sums(along: _Floats, length: int, threshold: float) -> _Floats:
    """The rows of ``SOFTMAX_ROWS``, (10, 1), of sums along rows.

    Args:
        along: what ``sums_along`` gives, outside of the device.
        length: that of the rows.
        threshold: the entropy over its maximum below which a row is one number.
    """
    numbers, square, cube, entropy = (along[ALONG_ROWS.index(n)] for n in _MADE_OF)
    with np.errstate(invalid="ignore", over="ignore"):
        choice = numbers > 1
        share = entropy[choice] / np.log(numbers[choice])
        jacobian = (square - 2 * cube + square * square).sum() / length
        first = len(share), share.sum(), (share < threshold).sum(), jacobian
        return np.array([*first, *along[:6].sum(axis=1)], np.float64)[:, None]


_MADE_OF = "numbers", "f2", "f3", "entropy"
