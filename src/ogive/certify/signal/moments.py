"""Expectations of a formula under a normal distribution: what a layer makes of its signal.

Each is an integral by ball arithmetic between two far cuts, with every kink found by the
subdivision itself, and a proved bound of what lies beyond. Where it does not come to 1e-9, as at a
pole, at endless oscillation or where no expectation exists, nothing is claimed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ogive.catalogue import Spec
from ogive.certify.proof.budget import is_over, limited
from ogive.certify.quantity import INTEGRAL_BITS, NOT_PROVED, Quantity, computed, quantity
from ogive.certify.signal.analytic import on_balls, supported
from ogive.certify.signal.outside import beyond
from ogive.certify.signal.sparsity import zero_probability
from ogive.certify.univariate import defaults, function_of_one_number
from ogive.errors import OgiveError, require
from ogive.expr import Node, bind, diff, symbol

#: The cut lies this many standard deviations out, the next one where the tail is not small.
CUTS = (12.0, 24.0, 48.0)
#: What is wanted of an integral, absolutely and relatively, and of its tails.
_GOAL = 2.0**-46
#: The largest error that a small integral may have and still be reported.
_ACCEPTED = 1e-9
#: Evaluations after which an integral between two cuts is given up.
EVALUATIONS = 20_000


@dataclass(frozen=True)
class Moments:
    """Expectations at Z ~ N(mean, std**2) of a function f and its derivative.

    Attributes:
        first: E f(Z).
        second: E f(Z)**2, the length map q -> sigma_w**2 E f**2 + sigma_b**2 at sigma_w = 1.
        variance: second - first**2.
        chi_1: E f'(Z)**2 (chi_1 over sigma_w**2; S. Schoenholz et al. 2017, arXiv:1611.01232).
        chi_q: E (z**2 - 1) f(Z)**2 / (2 std) for the standardised z, which is E z f(Z) f'(Z) and
            std (E f'**2 + E f f'') where f does not jump: at std = 1 the slope of the length map
            over sigma_w**2.
        sparsity: P(f(Z) = 0).
    """

    first: Quantity
    second: Quantity
    variance: Quantity
    chi_1: Quantity
    chi_q: Quantity
    sparsity: Quantity


def mean_formula(spec: Spec) -> Node:
    """The entry's function of x with every parameter at its default; a gated one's gate."""
    one = function_of_one_number(spec)
    return bind(one.expression, defaults(one))


def moments(spec: Spec, mean: float = 0.0, std: float = 1.0) -> Moments:
    """The moments of an entry at N(mean, std**2): elementwise, in evaluation, or of its gate.

    Raises:
        OgiveError: for a rowwise entry, or a standard deviation that is not positive and finite.
    """
    return _moments(mean_formula(spec), mean, std)


@lru_cache(maxsize=1024)
@limited()
def _moments(f: Node, mean: float, std: float) -> Moments:
    slope, z = diff(f, symbol("x")), (symbol("x") - mean) / std
    first, second, chi_1, chi_q = (
        expectation(g, mean, std)
        for g in (f, f * f, slope * slope, (z * z - 1) * f * f / (2 * std))
    )
    variance = computed(lambda m, s: s - m * m, first, second)
    return Moments(first, second, variance, chi_1, chi_q, zero_probability(f, mean, std))


def expectation(g: Node, mean: float = 0.0, std: float = 1.0) -> Quantity:
    """E g(Z) for a formula of x at Z ~ N(mean, std**2).

    Raises:
        OgiveError: for a standard deviation that is not positive and finite.
    """
    if not (0 < std < math.inf and math.isfinite(mean)):
        raise OgiveError(
            f"a normal distribution has a finite mean and a standard deviation > 0, "
            f"not mean={mean!r}, std={std!r}"
        )
    return _enclosed(g, mean, std) if supported(g) else NOT_PROVED


def _enclosed(g: Node, mean: float, std: float) -> Quantity:
    """The expectation at the first cut whose tails are small enough."""
    near = [max(2.0, abs(mean) + c * std) for c in CUTS]  # tails are enclosed beyond 1
    last = abs(mean) + CUTS[-1] * max(1.0, std)  # beyond where formulas change their branches
    with require("flint", "certify").ctx.workprec(INTEGRAL_BITS):
        for cut in (*near, last):
            tails = beyond(g, mean, std, cut, 1) + beyond(g, mean, std, cut, -1)
            if tails <= _GOAL:
                held = _between(g, mean, std, cut) + tails.union(-tails)
                return quantity(held, near_zero=_ACCEPTED)
    return NOT_PROVED


def _between(g: Node, mean: float, std: float, cut: float) -> Any:
    """The integral of g times the density from -cut to cut; no finite ball if it is not real."""
    flint = require("flint", "certify")
    on_ball = on_balls(g)
    scale = 1 / (flint.arb(std) * (2 * flint.arb.pi()).sqrt())

    def integrand(x: Any, analytic: bool) -> Any:
        if is_over():
            return flint.acb("nan")
        z = (x - mean) / std
        return on_ball(x, analytic) * ((-z * z / 2).exp() * scale)

    goal = flint.arb(_GOAL)
    found = flint.acb.integral(
        integrand, -cut, cut, rel_tol=goal, abs_tol=goal, eval_limit=EVALUATIONS
    )
    return found.real if found.imag.contains(0) else flint.arb.nan()
