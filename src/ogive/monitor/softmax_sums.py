"""What is added up of the logits of a softmax: how certain rows are, and what they let through.

The sums along a row are one program of the logits and the logarithm of their exponentials' sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import torch
from torch import Tensor

from ogive.expr import Node, Program, symbol
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
def _of_numbers() -> Program:
    """Along each row: the last six of ``SOFTMAX_ROWS``, the sum of cubes, and the entropy."""
    x, total = symbol("x"), symbol("total")
    p = mathematics.exp(x - total)
    above, finite = call("lt", as_node(MASKED_BELOW), x), call("lt", abs(x), as_node(_LARGEST))
    real = mathematics.where(above, mathematics.where(finite, 1.0, 0.0), 0.0)
    kept = mathematics.where(call("eq", real, as_node(1.0)), x, 0.0)
    gone = call("eq", p, as_node(0.0))
    zero = mathematics.where(gone, real, 0.0)
    entropy = mathematics.where(gone, 0.0, p * (total - x))
    outputs = real, kept, kept * kept, p, p * p, zero, p * p * p, entropy
    return _program("softmax_numbers", ("x", "total"), outputs)


@lru_cache(maxsize=16)
def _of_rows(threshold: float) -> Program:
    """The first four of ``SOFTMAX_ROWS``, the Jacobian's times the length of a row."""
    names = ("numbers", "square", "cube", "entropy")
    numbers, square, cube, entropy = map(symbol, names)
    choice = call("lt", as_node(1.5), numbers)
    largest = mathematics.log(call("max", numbers, as_node(2.0)))
    share = mathematics.where(choice, entropy / largest, 0.0)
    certain = mathematics.where(call("lt", share, as_node(threshold)), 1.0, 0.0)
    counted = (mathematics.where(choice, n, 0.0) for n in (1.0, share, certain))
    return _program("softmax_rows", names, (*counted, square - 2 * cube + square * square))


def _program(name: str, inputs: tuple[str, ...], outputs: Iterable[Node | float]) -> Program:
    nodes = tuple(as_node(output) for output in outputs)
    return Program(name, inputs, nodes, (DATA_SAMPLES,) * len(inputs))


def softmax_sums(z: Tensor, dim: int, threshold: float) -> Tensor:
    """The rows of ``SOFTMAX_ROWS``, of logits along a dimension.

    Args:
        threshold: the entropy over its maximum below which a row is one number.
    """
    wide = z.movedim(dim, -1).to(sum_dtype(z))
    wide = wide.reshape(-1, wide.shape[-1])
    numbers = wide, torch.logsumexp(wide, -1, keepdim=True)
    along = summing(_of_numbers(), (len(wide), 1), numbers)(*numbers).squeeze(-1)
    rows = along[0], along[4], along[6], along[7]
    first = summing(_of_rows(threshold), (1,), rows)(*rows)
    first[3] /= wide.shape[-1]
    return torch.cat([first, along[:6].sum(-1, keepdim=True)])
