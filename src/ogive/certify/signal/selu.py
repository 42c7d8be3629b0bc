"""SELU's constants for any fixed point of mean and variance, not only for (0, 1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ogive.certify.quantity import INTEGRAL_BITS, Quantity, quantity
from ogive.errors import OgiveError, require


@dataclass(frozen=True)
class SeluConstants:
    """alpha and the scale of SELU: scale * (x if x > 0 else alpha * (exp(x) - 1))."""

    alpha: Quantity
    scale: Quantity


@lru_cache(maxsize=256)
def selu_constants(mean: float = 0.0, variance: float = 1.0) -> SeluConstants:
    """SELU's constants for which N(mean, variance) is mapped to this mean and variance.

    With A, B the parts of the mean that the two pieces bring and P, M those of the second moment,
    scale (A + alpha B) = mean and scale**2 (P + alpha**2 M) = variance + mean**2, which is
    quadratic in alpha (G. Klambauer et al. 2017, arXiv:1706.02515).

    Raises:
        OgiveError: for a variance that is not positive, and where no positive constants exist.

    Example:
        >>> round(selu_constants().alpha.value, 8), round(selu_constants().scale.value, 8)
        (1.67326324, 1.05070099)
    """
    if not (variance > 0 and math.isfinite(mean) and math.isfinite(variance)):
        raise OgiveError(
            f"a fixed point has a finite mean and a variance > 0, not {mean!r} and {variance!r}"
        )
    with require("flint", "certify").ctx.workprec(4 * INTEGRAL_BITS):
        found = _selu_roots(*_selu_parts(mean, variance), mean, variance)
    if found is None:
        raise OgiveError(f"no SELU with alpha, scale > 0 keeps mean {mean} and variance {variance}")
    return SeluConstants(*map(quantity, found))


def _selu_parts(mean: float, variance: float) -> tuple[Any, Any, Any, Any]:
    """E of x and x**2 above 0, and of exp(x) - 1 and its square below 0."""
    arb = require("flint", "certify").arb
    m, v = arb(mean), arb(variance)
    s = v.sqrt()

    def below(k: int) -> Any:
        """E exp(k x) below 0."""
        return (k * m + k * k * v / 2).exp() * ((m + k * v) / s / arb(2).sqrt()).erfc() / 2

    density = (-m * m / v / 2).exp() / (2 * arb.pi()).sqrt()
    above = 1 - below(0)
    first = m * above + s * density
    second = (m * m + v) * above + m * s * density
    return first, second, below(1) - below(0), below(2) - 2 * below(1) + below(0)


def _selu_roots(
    a: Any, p: Any, b: Any, m: Any, mean: float, variance: float
) -> tuple[Any, Any] | None:
    """(alpha, scale), both positive, the root with the smaller alpha first."""
    arb = require("flint", "certify").arb
    mean, total = arb(mean), arb(mean) * mean + variance
    # (a + alpha b)**2 total = mean**2 (p + alpha**2 m)
    square, half, rest = (
        b * b * total - mean * mean * m,
        a * b * total,
        a * a * total - mean * mean * p,
    )
    root = (half * half - square * rest).nonnegative_part().sqrt() if mean != 0 else arb(0)
    for alpha in ((-half - root) / square, (-half + root) / square):
        scale = (total / (p + alpha * alpha * m)).sqrt()
        kept = scale * (a + alpha * b) - mean
        if alpha > 0 and abs(kept) < 1e-9:
            return alpha, scale
    return None
