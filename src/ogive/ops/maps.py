"""Maps of rows that have kernels: which ones, what is kept, and the same as torch operators.

Softmax keeps its result for the backward pass, and so does log-softmax; but of 16-bit numbers
log-softmax keeps the input, because the logarithm of a share has too few digits there for the
share. Logsumexp and L2 normalisation keep their input, which holds what their results have lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from ogive.engine.cpu.rowwise import Kernel

#: 16-bit numbers are computed in float32.
WIDE = {torch.float16: torch.float32, torch.bfloat16: torch.float32}


@dataclass(frozen=True)
class Map:
    """A map of rows. What its methods are given and give as torch operators is float32 or wider.

    Attributes:
        name: the entry's.
        kernel: what computes it.
        given: its tau or eps; where it is a tensor, torch's operators serve.
        engine: what runs it whatever is set; None leaves that to the setting.
    """

    name: str
    kernel: Kernel
    given: float | Tensor = 1.0
    engine: str | None = None

    def number(self, dtype: torch.dtype) -> float | Fraction:
        """The number that its kernels are given."""
        return 1

    def kept(self, x: Tensor, y: Tensor) -> Tensor:
        """What the backward pass needs."""
        return x

    def slope_kernel(self, kept: Tensor) -> Kernel:
        """The kernel of its gradient."""
        return Kernel(f"{self.kernel.name}_backward")

    def by_torch(self, x: Tensor, dim: int) -> Tensor:
        """The map."""
        raise NotImplementedError

    def slope_by_torch(self, kept: Tensor, gradient: Tensor, dim: int) -> Tensor:
        """The gradient with respect to x."""
        raise NotImplementedError

    def tangent_by_torch(self, kept: Tensor, tangent: Tensor, dim: int) -> Tensor:
        """The tangent of the result: the same where the Jacobian is symmetric."""
        return self.slope_by_torch(kept, tangent, dim)


@dataclass(frozen=True)
class Softmax(Map):
    """Softmax of x, -x or x / tau."""

    def number(self, dtype: torch.dtype) -> float | Fraction:
        """What the logits are multiplied by; tau no nearer to 0 or infinity than numbers go."""
        if not self.kernel.tempered:
            return -1 if self.kernel.negated else 1
        tiny = torch.finfo(dtype).tiny
        return 1 / Fraction(min(max(float(self.given), tiny), 1 / tiny))

    def kept(self, x: Tensor, y: Tensor) -> Tensor:
        return y

    def slope_kernel(self, kept: Tensor) -> Kernel:
        """Softmin's has the factor -1."""
        return Kernel("softmax_backward", tempered=self.kernel.negated or self.kernel.tempered)

    def by_torch(self, x: Tensor, dim: int) -> Tensor:
        if not self.kernel.tempered:
            return torch.softmax(-x if self.kernel.negated else x, dim)
        # the largest is subtracted before the division, so that no tau > 0 overflows
        return torch.softmax((x - x.detach().amax(dim, keepdim=True)) / self.given, dim)

    def slope_by_torch(self, kept: Tensor, gradient: Tensor, dim: int) -> Tensor:
        inner = (gradient * kept).sum(dim, keepdim=True)
        return kept * (gradient - inner) * float(self.number(kept.dtype))


@dataclass(frozen=True)
class LogSoftmax(Map):
    """The logarithm of softmax."""

    def kept(self, x: Tensor, y: Tensor) -> Tensor:
        return x if x.dtype in WIDE else y

    def slope_kernel(self, kept: Tensor) -> Kernel:
        return Kernel(f"log_softmax_backward{'_of_x' if kept.dtype in WIDE else ''}")

    def by_torch(self, x: Tensor, dim: int) -> Tensor:
        return torch.log_softmax(x, dim)

    def slope_by_torch(self, kept: Tensor, gradient: Tensor, dim: int) -> Tensor:
        # softmax of its logarithm is softmax, too
        return gradient - torch.softmax(kept, dim) * gradient.sum(dim, keepdim=True)

    def tangent_by_torch(self, kept: Tensor, tangent: Tensor, dim: int) -> Tensor:
        return tangent - (torch.softmax(kept, dim) * tangent).sum(dim, keepdim=True)


@dataclass(frozen=True)
class LogSumExp(Map):
    """log(sum(exp(x))), without the dimension."""

    def by_torch(self, x: Tensor, dim: int) -> Tensor:
        return torch.logsumexp(x, dim)

    def slope_by_torch(self, kept: Tensor, gradient: Tensor, dim: int) -> Tensor:
        return torch.softmax(kept, dim) * gradient.unsqueeze(dim)

    def tangent_by_torch(self, kept: Tensor, tangent: Tensor, dim: int) -> Tensor:
        return (torch.softmax(kept, dim) * tangent).sum(dim)


@dataclass(frozen=True)
class L2Normalize(Map):
    """x / max(|x|, eps)."""

    def number(self, dtype: torch.dtype) -> float | Fraction:
        """Eps, no nearer to 0 or infinity than numbers go."""
        limits = torch.finfo(WIDE.get(dtype, dtype))
        return min(max(float(self.given), limits.smallest_normal * limits.eps), limits.max)

    def by_torch(self, x: Tensor, dim: int) -> Tensor:
        direction, size, _ = self._parts(x, dim)
        return direction / size

    def slope_by_torch(self, kept: Tensor, gradient: Tensor, dim: int) -> Tensor:
        direction, size, scale = self._parts(kept, dim)
        y = direction / size
        inner = (gradient * y).sum(dim, keepdim=True)
        whole = length(direction, dim) >= self.given / scale
        return (gradient - y * torch.where(whole, inner, 0.0)) / size / scale

    def _parts(self, x: Tensor, dim: int) -> tuple[Tensor, Tensor, Tensor]:
        """x over its largest size, what that is to be divided by, and the largest size."""
        scale = largest_size(x, dim, torch.finfo(x.dtype).tiny)
        direction = x / scale
        return direction, torch.maximum(length(direction, dim), self.given / scale), scale


def largest_size(x: Tensor, dim: int, least: float) -> Tensor:
    """The largest absolute value of each row, at least ``least``, as a constant."""
    return x.detach().abs().amax(dim, keepdim=True).clamp(min=least)


def length(x: Tensor, dim: int) -> Tensor:
    """The Euclidean length of each row."""
    length: Tensor = torch.linalg.vector_norm(x, dim=dim, keepdim=True)
    return length


SOFTMAX = Softmax("softmax", Kernel("softmax"))
SOFTMIN = Softmax("softmin", Kernel("softmax", negated=True))
LOG_SOFTMAX = LogSoftmax("log_softmax", Kernel("log_softmax"))
LOGSUMEXP = LogSumExp("logsumexp", Kernel("logsumexp"))


def gumbel(tau: float | Tensor) -> Map:
    """Softmax at a temperature."""
    return Softmax("gumbel_softmax", Kernel("softmax", tempered=True), tau)


def l2_normalize(eps: float | Tensor) -> Map:
    """L2 normalisation."""
    return L2Normalize("l2_normalize", Kernel("l2_normalize"), eps)


#: Entry -> the map for values of its parameters, or None if no kernel gives what is asked for.
MAPS: dict[str, Callable[..., Map | None]] = {
    "softmax": lambda: SOFTMAX,
    "softmin": lambda: SOFTMIN,
    "log_softmax": lambda: LOG_SOFTMAX,
    "logsumexp": lambda keepdim: None if keepdim else LOGSUMEXP,
    "l2_normalize": l2_normalize,
}
