"""What is added up of the logits of a softmax: how certain rows are, and what they let through.

The sums along a row are one program of the logits and the logarithm of their exponentials' sum.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from ogive.expr import Program, symbol
from ogive.expr import functions as mathematics
from ogive.expr.node import as_node
from ogive.expr.primitives import call
from ogive.expr.program import DATA_SAMPLES
from ogive.monitor.summing import sum_dtype, summing

#: The rows of a softmax: how many rows of the tensor were looked at, the sum of their entropies
#: over the largest there can be, how many are one number, sums of squares of the Jacobian.
SOFTMAX_ROWS = (
    "count", "entropy", "collapsed", "jacobian", "numbers", "z", "z2", "f", "f2", "zero",
)  # fmt: skip
#: Logits below it are masked, whatever number says so: -inf, the least of a format, -10,000.
MASKED_BELOW = -9e3
_LARGEST = 1.7e308


@lru_cache(maxsize=1)
def _program() -> Program:
    x, total = symbol("x"), symbol("total")
    p = mathematics.exp(x - total)
    above, finite = call("lt", as_node(MASKED_BELOW), x), call("lt", abs(x), as_node(_LARGEST))
    real = mathematics.where(above, mathematics.where(finite, 1.0, 0.0), 0.0)
    kept = mathematics.where(call("eq", real, as_node(1.0)), x, 0.0)
    surprise = mathematics.where(call("eq", p, as_node(0.0)), 0.0, p * (total - x))
    zero = mathematics.where(call("eq", p, as_node(0.0)), real, 0.0)
    rows = real, kept, kept * kept, p, p * p, p * p * p, surprise, zero
    outputs = tuple(as_node(row) for row in rows)
    return Program("softmax_health", ("x", "total"), outputs, (DATA_SAMPLES, DATA_SAMPLES))


def softmax_sums(z: Tensor, dim: int, threshold: float) -> Tensor:
    """The rows of ``SOFTMAX_ROWS``, of logits along a dimension.

    Args:
        threshold: the entropy over its maximum below which a row is one number.
    """
    wide = z.movedim(dim, -1).to(sum_dtype(z))
    wide = wide.reshape(-1, wide.shape[-1]).contiguous()
    total = torch.logsumexp(wide, -1, keepdim=True)
    sums = summing(_program(), (len(wide), 1), (wide, total))(wide, total)
    numbers, z1, z2, p, square, cube, entropy, zero = sums.view(8, -1)
    choice = numbers > 1
    entropy = torch.where(choice, entropy / numbers.clamp(min=2).log(), 0.0)
    jacobian = (square - 2 * cube + square * square) / wide.shape[-1]
    certain = (choice & (entropy < threshold)).to(wide.dtype)
    rows = choice.to(wide.dtype), entropy, certain, jacobian, numbers, z1, z2, p, square, zero
    return torch.stack(rows).sum(-1, keepdim=True)
