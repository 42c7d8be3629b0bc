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
#: What a correlation that is kept can seem to move by.
_UNMOVED = 1e-7


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
    """A length that layers keep at (sigma_w, sigma_b), and what they make of signals of it.

    Attributes:
        length: q*, see ``fixed_point``.
        stable: whether lengths near q* tend to it; if not, only normalisation keeps it. None where
            that is not known, as at a slope of 1.
        length_slope: chi_q, the slope of the length map at q*, see ``LayerMoments``; stable is what
            lies between -1 and 1.
        chi: chi_1 = sigma_w**2 E f'(u)**2, the factor of a gradient's square per layer; unless f
            jumps, near inputs separate above 1 (chaos) and collapse below 1 (order).
        correlation: c*, the fixed point of the correlation map that two inputs tend to; not proved
            where every correlation is kept.
        length_depth: xi_q = 1 / |log chi_q|, the layers over which a deviation of the length
            changes by a factor e.
        correlation_depth: xi_c = 1 / |log C'(c*)|, those of a deviation of the correlation.
        gradient_depth: 1 / |log chi_1|, those of a gradient's square.
    """

    length: Quantity
    stable: bool | None
    length_slope: Quantity
    chi: Quantity
    correlation: Quantity
    length_depth: Quantity
    correlation_depth: Quantity
    gradient_depth: Quantity


UNSETTLED = Phase(NOT_PROVED, None, *[NOT_PROVED] * 6)


def phase(f: Field, sigma_w: float, sigma_b: float) -> Phase:
    """Where a network with these weights and biases settles; not proved where it does not."""
    length = fixed_point(f, sigma_w, sigma_b)
    if length.method == "not proved":
        return UNSETTLED
    slope, chi = (_at(f, length, sigma_w, name) for name in ("chi_q", "chi_1"))
    return phase_at(f, length, slope, chi, sigma_w, sigma_b)


def phase_at(
    f: Field, length: Quantity, slope: Quantity, chi: Quantity, sigma_w: float, sigma_b: float
) -> Phase:
    """The phase at a length that is kept, with the slope and the factor there; see ``Phase``."""

    def mapped(c: float) -> float:
        return correlation_map(f, c, length.value, sigma_w, sigma_b)

    settled = NOT_PROVED if length.value <= SMALLEST else _settled_correlation(mapped, chi)
    contraction = chi if settled.value == 1.0 else NOT_PROVED
    if settled.value < 1.0:
        found = sigma_w**2 * correlated(f.derivative, f.breakpoints, length.value, settled.value)
        contraction = _contraction(mapped, settled.value, found)
    return Phase(
        length=length,
        stable=_is_stable(slope),
        length_slope=slope,
        chi=chi,
        correlation=settled,
        length_depth=depth_scale(slope),
        correlation_depth=depth_scale(contraction),
        gradient_depth=depth_scale(chi),
    )


def _is_stable(slope: Quantity) -> bool | None:
    low, high = sorted((abs(slope.low), abs(slope.high)))
    crosses = slope.low < -1 < slope.high or slope.low < 1 < slope.high
    return None if crosses or low <= 1 <= high else high < 1


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
    if factor.low <= 0 <= factor.high:
        longest = 1 / abs(math.log(high)) if 0 < high < 1 else high
        return Quantity(0.0, longest, factor.method) if high < 1 else NOT_PROVED
    value, *ends_ = (1 / abs(math.log(v)) for v in (abs(factor.value), low, high))
    return Quantity(value, max(abs(e - value) for e in ends_) + 1e-15 * value, factor.method)


def _settled_correlation(mapped: Callable[[float], float], chi: Quantity) -> Quantity:
    """c*: where the correlation map meets the diagonal below 1, or 1 where it lies above it.

    The map is convex on [0, 1], so that its slope at 1 decides. That is chi unless f jumps or has
    infinite slopes; then the map falls below its tangent near 1.
    """

    def moved(c: float) -> float:
        return mapped(c) - c

    near = moved(NEARLY_ONE)
    if math.isnan(near) or all(abs(moved(c)) <= _UNMOVED for c in (0.25, 0.5)):
        return NOT_PROVED
    slope = 1.0 if chi.method == "not proved" else chi.value
    steep = near < min(0.0, (1 - slope) * (1 - NEARLY_ONE)) - _UNMOVED
    if near > 0 or (slope <= 1 + RESIDUAL and not steep):
        return Quantity(1.0, 1 - NEARLY_ONE, "quadrature")
    if moved(1e-9) <= 0:
        return Quantity(0.0, 1e-9, "quadrature")
    return Quantity(bisected(moved, 0.0, NEARLY_ONE, 1e-9), 1e-9, "quadrature")


def _contraction(mapped: Callable[[float], float], c: float, found: float) -> Quantity:
    """The slope of the correlation map at c* < 1, if it is what was found of derivatives."""
    step = 1e-3 * min(1.0, 1 - c)
    secant = (mapped(c + step) - mapped(c - step)) / (2 * step)
    if not abs(secant - found) <= 1e-3 * (1 + abs(found)):
        return NOT_PROVED
    return Quantity(found, 1e-8 * max(1.0, found), "quadrature")
