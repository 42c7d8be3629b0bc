"""Softmax and its relatives: shares by exponentials, and the logarithms of their sums."""

from __future__ import annotations

import math
from fractions import Fraction

import torch
from torch import Tensor

from ogive.engine.call import RowFunction
from ogive.engine.eager import WIDE
from ogive.ops.row_plan import RowPlan


class Softmax(RowPlan):
    """Softmax of x, -x or x / tau."""

    @staticmethod
    def factor_of(function: RowFunction, given: float, dtype: torch.dtype) -> float | Fraction:
        """What the logits are multiplied by; tau no nearer to 0 or infinity than numbers go."""
        if not function.tempered:
            return -1 if function.negated else 1
        tiny = torch.finfo(dtype).tiny
        return 1 / Fraction(min(max(float(given), tiny), 1 / tiny))

    keeps_result = True

    @property
    def rounds_once(self) -> bool:
        return not self.function.tempered

    @property
    def slope_function(self) -> RowFunction:
        """Softmin's has the factor -1."""
        function = self.function
        return RowFunction("softmax_backward", tempered=function.negated or function.tempered)

    def composed(self, *tensors: Tensor) -> Tensor:
        (x,) = tensors
        if not self.function.tempered:
            return torch.softmax(-x if self.function.negated else x, self.dim)
        # the largest is subtracted before the division, so that no tau > 0 overflows
        return torch.softmax((x - x.detach().amax(self.dim, keepdim=True)) / self.given, self.dim)

    def slope_composed(self, kept: Tensor, gradient: Tensor) -> Tensor:
        inner = (gradient * kept).sum(self.dim, keepdim=True)
        return kept * (gradient - inner) * float(self.factor)


class LogSoftmax(RowPlan):
    """The logarithm of softmax."""

    rounds_once = True

    @property
    def keeps_result(self) -> bool:  # type: ignore[override]
        """Not of 16 bits."""
        return self.result not in WIDE

    @property
    def slope_function(self) -> RowFunction:
        """Of the input or of the result."""
        return RowFunction(f"log_softmax_backward{'' if self.keeps_result else '_of_x'}")

    def composed(self, *tensors: Tensor) -> Tensor:
        return torch.log_softmax(tensors[0], self.dim)

    def slope_composed(self, kept: Tensor, gradient: Tensor) -> Tensor:
        # softmax of its logarithm is softmax, too
        return gradient - torch.softmax(kept, self.dim) * gradient.sum(self.dim, keepdim=True)

    def tangent_composed(self, kept: Tensor, tangent: Tensor) -> Tensor:
        return tangent - (torch.softmax(kept, self.dim) * tangent).sum(self.dim, keepdim=True)


class LogSumExp(RowPlan):
    """log(sum(exp(x))), without the dimension."""

    def composed(self, *tensors: Tensor) -> Tensor:
        return torch.logsumexp(tensors[0], self.dim)

    def slope_composed(self, kept: Tensor, gradient: Tensor) -> Tensor:
        return torch.softmax(kept, self.dim) * gradient.unsqueeze(self.dim)

    def tangent_composed(self, kept: Tensor, tangent: Tensor) -> Tensor:
        return (torch.softmax(kept, self.dim) * tangent).sum(self.dim)


class SafeSoftmax(Softmax):
    """Softmax; 0 for a row of -inf."""

    rounds_once = False

    def composed(self, *tensors: Tensor) -> Tensor:
        (x,) = tensors
        masked = (x == -math.inf).all(self.dim, keepdim=True)
        return torch.softmax(x.masked_fill(masked, 0.0), self.dim).masked_fill(masked, 0.0)


class QuietSoftmax(Softmax):
    """Softmax with one more class, of logit 0."""

    rounds_once = False

    def composed(self, *tensors: Tensor) -> Tensor:
        (x,) = tensors
        nothing = torch.zeros_like(x.narrow(self.dim, 0, 1))
        shares = torch.softmax(torch.cat([x, nothing], self.dim), self.dim)
        return shares.narrow(self.dim, 0, x.shape[self.dim])


class ScaledSoftmax(Softmax):
    """Softmax of x times a positive number."""

    @staticmethod
    def factor_of(function: RowFunction, given: float, dtype: torch.dtype) -> float | Fraction:
        """The number itself."""
        return given

    def composed(self, *tensors: Tensor) -> Tensor:
        return torch.softmax(tensors[0] * self.given, self.dim)


class LogMeanExp(LogSumExp):
    """log(mean(exp(x))), without the dimension; the length of the row is given."""

    @staticmethod
    def factor_of(function: RowFunction, given: float, dtype: torch.dtype) -> float | Fraction:
        """The length of the row."""
        return given

    @property
    def slope_function(self) -> RowFunction:
        """Logsumexp's: a constant lies between the two."""
        return RowFunction("logsumexp_backward")

    def composed(self, *tensors: Tensor) -> Tensor:
        return super().composed(*tensors) - math.log(tensors[0].shape[self.dim])
