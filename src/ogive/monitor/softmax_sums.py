"""What is added up of the logits of a softmax: how certain rows are, and what they let through."""

from __future__ import annotations

import torch
from torch import Tensor

#: The rows of a softmax: how many rows of the tensor were looked at, the sum of their entropies
#: over the largest there can be, how many are one number, sums of squares of the Jacobian.
SOFTMAX_ROWS = (
    "count", "entropy", "collapsed", "jacobian", "numbers", "z", "z2", "f", "f2", "zero",
)  # fmt: skip
#: Logits below it are masked, whatever number says so: -inf, the least of a format, -10,000.
MASKED_BELOW = -9e3


def softmax_sums(z: Tensor, dim: int, threshold: float) -> Tensor:
    """The rows of ``SOFTMAX_ROWS``, of logits along a dimension.

    Args:
        threshold: the entropy over its maximum below which a row is one number.
    """
    wide = z.movedim(dim, -1).to(torch.float32 if z.device.type == "mps" else torch.float64)
    wide = wide.reshape(-1, wide.shape[-1])
    real = torch.isfinite(wide) & (wide > MASKED_BELOW)
    valid = real.sum(-1)
    p = torch.softmax(wide, -1)
    entropy = torch.special.entr(p).sum(-1) / valid.clamp(min=2).to(wide.dtype).log()
    choice = valid > 1
    entropy = torch.where(choice, entropy, torch.zeros_like(entropy))
    square, cube = (p * p).sum(-1), (p * p * p).sum(-1)
    jacobian = (square - 2 * cube + square * square) / p.shape[-1]
    kept = torch.where(real, wide, torch.zeros_like(wide))
    numbers = torch.stack(
        [
            choice.sum(), entropy.sum(), (choice & (entropy < threshold)).sum(), jacobian.sum(),
            real.sum(), kept.sum(), (kept * kept).sum(), p.sum(), square.sum(),
            (real & (p == 0)).sum(),
        ]
    )  # fmt: skip
    return numbers.to(wide.dtype).reshape(-1, 1)
