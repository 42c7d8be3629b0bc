"""Sparse maps: what is above a threshold, which is such that the row's shares sum to 1."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ogive.ops.row_plan import RowPlan


class Sparsemax(RowPlan):
    """max(x - t, 0). Kernels look for t by Newton's method, torch's operators sort."""

    keeps_result = True

    def composed(self, *tensors: Tensor) -> Tensor:
        (x,) = tensors
        z = x - x.detach().amax(self.dim, keepdim=True)
        support = sparsemax_support(z.detach(), self.dim)
        total = z.masked_fill(~support, 0.0).sum(self.dim, keepdim=True)
        y = torch.relu(z - (total - 1.0) / support.sum(self.dim, keepdim=True))
        lost = y.isnan()  # relu passes the gradient there
        return torch.where(lost, x.masked_fill(~lost, 0.0) * math.nan, y)

    def slope_composed(self, kept: Tensor, gradient: Tensor) -> Tensor:
        outside = kept <= 0
        inside = gradient.masked_fill(outside, 0.0)
        mean = inside.sum(self.dim, keepdim=True) / (~outside).sum(self.dim, keepdim=True)
        return (inside - mean).masked_fill(outside, 0.0) + kept * 0.0  # NaN stays NaN


class Entmax15(RowPlan):
    """max(x/2 - t, 0)**2. With s = sqrt(y) its Jacobian is diag(s) - s s^T / sum(s)."""

    keeps_result = True

    def composed(self, *tensors: Tensor) -> Tensor:
        (x,) = tensors
        z = (x - x.detach().amax(self.dim, keepdim=True)) / 2.0
        support = entmax15_support(z.detach(), self.dim)
        size = support.sum(self.dim, keepdim=True)
        mean = z.masked_fill(~support, 0.0).sum(self.dim, keepdim=True) / size
        spread = (z - mean).masked_fill(~support, 0.0).square().sum(self.dim, keepdim=True)
        threshold = mean - ((1.0 - spread) / size).sqrt()
        return torch.relu(z - threshold).square()

    def slope_composed(self, kept: Tensor, gradient: Tensor) -> Tensor:
        outside = kept <= 0
        root = kept.masked_fill(outside, 1.0).sqrt().masked_fill(outside, 0.0)
        inner = (root * gradient).sum(self.dim, keepdim=True) / root.sum(self.dim, keepdim=True)
        return root * (gradient - inner)


def sparsemax_support(z: Tensor, dim: int) -> Tensor:
    """Which elements are above the threshold; the largest has been brought to 0.

    At most 1 below the largest one an element can have a share, so smaller ones are raised to that
    first: -inf and very small numbers then do no harm in the sums.
    """
    ordered = z.clamp(min=-1.0).sort(dim, descending=True).values
    size = _ranks(z, dim)
    inside = 1.0 + size * ordered > ordered.cumsum(dim)
    return z >= _last(ordered, inside, dim)


def entmax15_support(z: Tensor, dim: int) -> Tensor:
    """Which elements are above the threshold; as for sparsemax, with squares."""
    ordered = z.clamp(min=-1.0).sort(dim, descending=True).values
    size = _ranks(z, dim)
    mean = ordered.cumsum(dim) / size
    spread = ordered.square().cumsum(dim) - size * mean.square()
    threshold = mean - ((1.0 - spread) / size).clamp(min=0.0).sqrt()
    return z >= _last(ordered, threshold < ordered, dim)


def _ranks(z: Tensor, dim: int) -> Tensor:
    """1, 2, 3 ... along ``dim``."""
    shape = [1] * z.dim()
    shape[dim] = -1
    return torch.arange(1, z.shape[dim] + 1, device=z.device, dtype=z.dtype).view(shape)


def _last(ordered: Tensor, inside: Tensor, dim: int) -> Tensor:
    """The smallest element inside; an element equal to it is inside, too."""
    count = inside.sum(dim, keepdim=True).clamp(min=1)
    return ordered.gather(dim, count - 1)
