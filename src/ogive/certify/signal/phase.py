"""Where deep networks settle: fixed points of length and correlation, and the depth scales.

The slopes of the maps at their fixed points say over how many layers a signal, a difference of two
signals and a gradient can be seen (S. Schoenholz et al. 2017, arXiv:1611.01232).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ogive.certify.quantity import NOT_PROVED, Quantity
from ogive.certify.signal.correlation import correlated
from ogive.certify.signal.theory import (
    VANISHING,
    Field,
    LayerMoments,
    check_sigmas,
    correlation_map,
    layer,
    length_map,
)

#: Lengths below are 0 and lengths above infinite, as far as anybody can tell.
SMALLEST, _LARGEST = 1e-12, 1e12
#: A residual that rounding alone can make, relative to the length.
RESIDUAL = 1e-11
#: The highest correlation below 1 that a fixed point is looked for at.
NEARLY_ONE = 1 - 1e-6


def fixed_point(f: Field, sigma_w: float, sigma_b: float) -> Quantity:
    """The length q* that layers keep, the one next to 1 in the direction in which 1 moves.

    Where 1 is kept it is 1 (for relu at sigma_w**2 = 2 every length is); 0 where lengths shrink to
    it; not proved where they grow without end.
    """
    check_sigmas(sigma_w, sigma_b)

    def moved(q: float) -> float:
        return length_map(f, q, sigma_w, sigma_b) - q

    start = moved(1.0)
    if abs(start) <= RESIDUAL:
        return Quantity(1.0, RESIDUAL, "quadrature")
    if not math.isfinite(start):
        return NOT_PROVED
    factor, q = (2.0 if start > 0 else 0.5), 1.0
    while SMALLEST < q < _LARGEST and (moved(q) > 0) == (start > 0):
        q *= factor
    if q <= SMALLEST:
        return Quantity(0.0, q, "quadrature")
    if not q < _LARGEST:
        return NOT_PROVED
    return _settled(f, bisected(moved, *sorted((q, q / factor))), sigma_w)


def _settled(f: Field, q: float, sigma_w: float) -> Quantity:
    """The root with the error that those of the integrals make in it."""
    found = layer(f, q)
    away = abs(1 - sigma_w**2 * found.chi_q)
    error = (sigma_w**2 * found.errors[0] + 4e-16 * q) / away if away else math.inf
    return Quantity(q, error, "quadrature") if error <= 1e-6 * q else NOT_PROVED


def bisected(
    function: Callable[[float], float], low: float, high: float, width: float = 0.0
) -> float:
    """Where a function changes its sign between low and high, to a width or to the last float."""
    below = function(low) > 0
    while high - low > width and low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if (function(middle) > 0) == below else (low, middle)
    return (low + high) / 2


@dataclass(frozen=True)
class Phase:
    """What deep layers settle to at (sigma_w, sigma_b), and over how many layers.

    Attributes:
        length: q*, see ``fixed_point``.
        length_slope: chi_q = sigma_w**2 (E f'(u)**2 + E f(u) f''(u)), the slope of the length map
            at q*; below 1 it is stable.
        chi: chi_1 = sigma_w**2 E f'(u)**2, the factor of a gradient's square per layer; above 1
            near inputs separate (chaos), below 1 they collapse (order).
        correlation: c*, the fixed point of the correlation map that two inputs tend to.
        length_depth: xi_q = 1 / |log chi_q|, the layers over which a deviation of the length
            changes by a factor e.
        correlation_depth: xi_c = 1 / |log C'(c*)|, those of a deviation of the correlation.
        gradient_depth: 1 / |log chi_1|, those of a gradient's square.
    """

    length: Quantity
    length_slope: Quantity
    chi: Quantity
    correlation: Quantity
    length_depth: Quantity
    correlation_depth: Quantity
    gradient_depth: Quantity


UNSETTLED = Phase(*[NOT_PROVED] * 7)


def phase(f: Field, sigma_w: float, sigma_b: float) -> Phase:
    """Where a network with these weights and biases settles; not proved where it does not.

    Example:
        >>> from ogive.catalogue import entries
        >>> from ogive.certify.signal.theory import field
        >>> round(phase(field(entries()["tanh"]), 1.5, 0.05).chi.value, 4)
        1.1367
    """
    length = fixed_point(f, sigma_w, sigma_b)
    if length.method == "not proved":
        return UNSETTLED
    slope, chi = (_at(f, length, sigma_w, name) for name in ("chi_q", "chi_1"))
    settled = _settled_correlation(f, length.value, sigma_w, sigma_b, chi)
    contraction = _contraction(f, length.value, sigma_w, settled, chi)
    return Phase(
        length,
        slope,
        chi,
        settled,
        depth_scale(slope),
        depth_scale(contraction),
        depth_scale(chi),
    )


def _at(f: Field, length: Quantity, sigma_w: float, name: str) -> Quantity:
    """sigma_w**2 times an expectation at the fixed point, with the error that q* has too."""
    place = LayerMoments._fields.index(name)
    points = (length.value, length.low, length.high)
    found = [layer(f, max(q, VANISHING)) for q in points]
    values = [sigma_w**2 * float(row[place]) for row in found]  # type: ignore[arg-type]
    error = sigma_w**2 * found[0].errors[place] + abs(values[2] - values[1])
    return Quantity(values[0], error, "quadrature") if math.isfinite(error) else NOT_PROVED


def depth_scale(factor: Quantity) -> Quantity:
    """Layers until a quantity that is multiplied by ``factor`` in each has changed by e.

    Infinite where the factor is 1 within its error, 0 where it is 0.
    """
    if factor.method == "not proved":
        return NOT_PROVED
    low, high = sorted((abs(factor.low), abs(factor.high)))
    if low <= 1 <= high:
        return Quantity(math.inf, 0.0, factor.method)
    if low <= 0:
        return Quantity(0.0, 0.0, factor.method) if factor.value == 0 else NOT_PROVED
    value, *ends_ = (1 / abs(math.log(v)) for v in (abs(factor.value), low, high))
    return Quantity(value, max(abs(e - value) for e in ends_) + 1e-15 * value, factor.method)


def _settled_correlation(
    f: Field, q: float, sigma_w: float, sigma_b: float, chi: Quantity
) -> Quantity:
    """c*: 1 in the ordered phase, else where the correlation map meets the diagonal below 1."""
    if chi.value <= 1 + RESIDUAL or q <= SMALLEST:
        return Quantity(1.0, 0.0, "quadrature")

    def moved(c: float) -> float:
        return correlation_map(f, c, q, sigma_w, sigma_b) - c

    if moved(1e-9) <= 0:
        return Quantity(0.0, 1e-9, "quadrature")
    if moved(NEARLY_ONE) > 0:
        return Quantity(1.0, 1 - NEARLY_ONE, "quadrature")
    return Quantity(bisected(moved, 0.0, NEARLY_ONE, 1e-9), 1e-9, "quadrature")


def _contraction(f: Field, q: float, sigma_w: float, c: Quantity, chi: Quantity) -> Quantity:
    """The slope of the correlation map at c*."""
    if c.value == 1.0:
        return chi
    value = sigma_w**2 * correlated(f.derivative, f.breakpoints, q, c.value)
    return Quantity(value, 1e-8 * max(1.0, value), "quadrature")
