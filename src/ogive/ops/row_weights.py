"""Functions of rows by weights and lengths: taylor_softmax, solu, squash and others."""

from __future__ import annotations

import math
from fractions import Fraction

import torch
from torch import Tensor

from ogive.engine.call import RowFunction
from ogive.engine.eager import WIDE
from ogive.ops.row_plan import RowPlan


class Shares(RowPlan):
    """Every weight over the sum of them all."""

    def weights(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The weights and their slopes, times any number a row."""
        raise NotImplementedError

    def composed(self, *tensors: Tensor) -> Tensor:
        return self._parts(tensors[0])[0]

    def slope_composed(self, kept: Tensor, gradient: Tensor) -> Tensor:
        y, slope = self._parts(kept)
        return slope * (gradient - (gradient * y).sum(self.dim, keepdim=True))

    def tangent_composed(self, kept: Tensor, tangent: Tensor) -> Tensor:
        y, slope = self._parts(kept)
        moved = slope * tangent
        return moved - y * moved.sum(self.dim, keepdim=True)

    def _parts(self, x: Tensor) -> tuple[Tensor, Tensor]:
        weights, slopes = self.weights(x)
        total = weights.sum(self.dim, keepdim=True)
        return weights / total, slopes / total


class SigSoftmax(Shares):
    """exp(x) sigmoid(x) as weights."""

    def weights(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Softmax of x + log(sigmoid(x)) has the sum 1 already."""
        y = torch.softmax(x + torch.nn.functional.logsigmoid(x), self.dim)
        return y, y * (1.0 + torch.sigmoid(-x))


class TaylorSoftmax(Shares):
    """1 + (1 + x)**2 as weights: positive terms, so nothing cancels."""

    def weights(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Scaled, so that squares do not overflow."""
        shifted = 1.0 + x
        scale = largest_size(shifted, self.dim, 1.0)
        ratio = shifted / scale
        return (1.0 / scale).square() + ratio.square(), 2.0 * ratio / scale


class SphericalSoftmax(Shares):
    """x**2 + eps as weights."""

    @staticmethod
    def factor_of(function: RowFunction, given: float, dtype: torch.dtype) -> float | Fraction:
        """Eps."""
        return min(float(given), torch.finfo(WIDE.get(dtype, dtype)).max)

    def weights(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Scaled, so that squares neither overflow nor vanish."""
        root = torch.as_tensor(self.given, dtype=x.dtype, device=x.device).sqrt()
        least = torch.finfo(x.dtype).tiny
        scale = torch.maximum(largest_size(x, self.dim, least), root.detach())
        ratio = x / scale
        return ratio.square() + (root / scale).square(), 2.0 * ratio / scale


class SoLU(RowPlan):
    """x softmax(x); 0 at -inf, the limit."""

    def composed(self, *tensors: Tensor) -> Tensor:
        (x,) = tensors
        return finite(x) * torch.softmax(x, self.dim)

    def slope_composed(self, kept: Tensor, gradient: Tensor) -> Tensor:
        x, share = finite(kept), torch.softmax(kept, self.dim)
        weighted = gradient * x
        return share * (gradient + weighted - (share * weighted).sum(self.dim, keepdim=True))

    def tangent_composed(self, kept: Tensor, tangent: Tensor) -> Tensor:
        share = torch.softmax(kept, self.dim)
        moved = share * tangent
        inner = moved.sum(self.dim, keepdim=True)
        return moved + finite(kept) * (moved - share * inner)


class Softpick(RowPlan):
    """max(exp(x) - 1, 0) over the sum of the sizes, all times exp(-c): c is the largest positive
    element, so nothing overflows."""

    @staticmethod
    def factor_of(function: RowFunction, given: float, dtype: torch.dtype) -> float | Fraction:
        """Eps."""
        return SphericalSoftmax.factor_of(function, given, dtype)

    def composed(self, *tensors: Tensor) -> Tensor:
        (x,) = tensors
        sizes, _, total = self._parts(x)
        return sizes.masked_fill(x <= 0, 0.0) / total

    def slope_composed(self, kept: Tensor, gradient: Tensor) -> Tensor:
        sizes, slope, total = self._parts(kept)
        positive = gradient.masked_fill(kept <= 0, 0.0)
        inner = (positive * sizes).sum(self.dim, keepdim=True) / total
        return slope / total * (positive - kept.sign() * inner)

    def tangent_composed(self, kept: Tensor, tangent: Tensor) -> Tensor:
        sizes, slope, total = self._parts(kept)
        moved = slope * tangent
        inner = (moved * kept.sign()).sum(self.dim, keepdim=True) / total
        return ((moved - sizes * inner) / total).masked_fill(kept <= 0, 0.0)

    def _parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The sizes, the exponentials, and what the sizes are to be divided by."""
        most = x.detach().amax(self.dim, keepdim=True).clamp(min=0.0)
        sizes = -torch.expm1(-x.abs()) * torch.exp(torch.relu(x) - most)
        sizes = sizes.masked_fill(x == -math.inf, 0.0)
        total = sizes.sum(self.dim, keepdim=True) + self.given * torch.exp(-most)
        return sizes, torch.exp(x - most), total


class Squash(RowPlan):
    """x |x| / (1 + |x|**2), from x over its largest size, so that the square does not overflow."""

    @staticmethod
    def factor_of(function: RowFunction, given: float, dtype: torch.dtype) -> float | Fraction:
        """The least length."""
        return 0

    def composed(self, *tensors: Tensor) -> Tensor:
        direction, size, scale = self._parts(tensors[0])
        return direction * size / ((1.0 / scale).square() + size.square())

    def slope_composed(self, kept: Tensor, gradient: Tensor) -> Tensor:
        direction, size, scale = self._parts(kept)
        one, square = (1.0 / scale).square(), size.square()
        inner = (gradient * direction).sum(self.dim, keepdim=True)
        large = one.clamp(max=torch.finfo(one.dtype).max / 4)
        bent = (large - square) / (large + square) / torch.where(size > 0, size, 1.0)
        return (gradient * size + direction * (inner * bent)) / (one + square) / scale

    def _parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x over its largest size, the length of that, and the largest size."""
        scale = largest_size(x, self.dim, torch.finfo(x.dtype).tiny)
        direction = x / scale
        return direction, row_length(direction, self.dim), scale


class L2Normalize(RowPlan):
    """x / max(|x|, eps)."""

    @staticmethod
    def factor_of(function: RowFunction, given: float, dtype: torch.dtype) -> float | Fraction:
        """Eps, no nearer to 0 or infinity than numbers go."""
        limits = torch.finfo(WIDE.get(dtype, dtype))
        return min(max(float(given), limits.smallest_normal * limits.eps), limits.max)

    def composed(self, *tensors: Tensor) -> Tensor:
        direction, size, _ = self._parts(tensors[0])
        return direction / size

    def slope_composed(self, kept: Tensor, gradient: Tensor) -> Tensor:
        direction, size, scale = self._parts(kept)
        y = direction / size
        inner = (gradient * y).sum(self.dim, keepdim=True)
        whole = row_length(direction, self.dim) >= self.given / scale
        return (gradient - y * torch.where(whole, inner, 0.0)) / size / scale

    def _parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x over its largest size, what that is to be divided by, and the largest size."""
        scale = largest_size(x, self.dim, torch.finfo(x.dtype).tiny)
        direction = x / scale
        return direction, torch.maximum(row_length(direction, self.dim), self.given / scale), scale


def finite(x: Tensor) -> Tensor:
    """x, and 0 for -inf."""
    return x.masked_fill(x == -math.inf, 0.0)


def largest_size(x: Tensor, dim: int, least: float) -> Tensor:
    """The largest absolute value of each row, at least ``least``, as a constant."""
    return x.detach().abs().amax(dim, keepdim=True).clamp(min=least)


def row_length(x: Tensor, dim: int) -> Tensor:
    """The Euclidean length of each row."""
    length: Tensor = torch.linalg.vector_norm(x, dim=dim, keepdim=True)
    return length
