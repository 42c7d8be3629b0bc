"""Adaptive quadrature in floats, for what is no formula and for curves of many integrals.

Each panel is integrated by a Gauss-Legendre rule of 20 points and by a Gauss-Lobatto rule of 13,
which looks at its ends, where a jump could hide. The difference, far above the error of the larger
rule on a smooth panel, is taken tenfold as its error, because beside a singularity both rules err
alike. Panels that differ too much are halved. What has not settled when the panels run out keeps
its error, and a value that is no number makes the error infinite.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np

from ogive.certify.compiled import Array as Array
from ogive.certify.compiled import numpy_function
from ogive.certify.proof.budget import is_over
from ogive.certify.quantity import NOT_PROVED, Quantity
from ogive.expr import Node
from ogive.expr.program import program

#: Arguments in a row -> a row, or several, of values.
ArrayFunction = Callable[[Array], Array]

#: One even, one odd: two of a kind take half of a jump in the middle, and do not differ.
FINE, COARSE = 20, 13
#: The Lobatto rule's ends lie so far inside, in half panels: a kink at an end belongs to one side.
INSIDE = 1e-13
_CAUTION = 10.0
#: The far cut in standard deviations, where the density is below 1e-35, and the first panels'
#: width; no rational part of a period.
_CUT, WIDTH = 12.7, 0.7390851332151607
#: The same for what is known by its values alone: as far as the density is a float, and narrow.
_FAR, _NARROW = 37.0, 0.1831563888873418
#: What is wanted of an integral, relative to that of the absolute value or to 1.
_GOAL = 1e-12
#: Halvings of a panel, and panels of one round, after which it is given up.
ROUNDS, PANELS = 60, 20_000
#: A panel may always differ by this part of the goal, however small it is: jumps must end.
_LEAST = 1e-3
#: The largest error, against the integral of the absolute value, of what has settled.
SETTLED = 1e-7


@lru_cache(maxsize=8)
def legendre(count: int) -> tuple[Array, Array]:
    """Nodes and weights on [-1, 1] of the Gauss-Legendre rule of so many points."""
    return np.polynomial.legendre.leggauss(count)


@lru_cache(maxsize=1)
def _rules() -> tuple[tuple[Array, Array], ...]:
    """Nodes and weights on [-1, 1] of the fine and of the coarse rule."""
    polynomial = np.polynomial.legendre
    last = np.eye(COARSE)[-1]  # the polynomial of degree COARSE - 1
    nodes = np.concatenate([[-1.0], polynomial.legroots(polynomial.legder(last)), [1.0]])
    weights = 2 / (COARSE * (COARSE - 1) * polynomial.legval(nodes, last) ** 2)
    return legendre(FINE), (nodes * np.where(abs(nodes) < 1, 1, 1 - INSIDE), weights)


def evaluator(expression: Node, inputs: tuple[str, ...] = ("x",)) -> Callable[..., Array]:
    """A formula as a function of NumPy arrays; see ``on_arrays``."""
    compute = numpy_function(program("formula", expression, inputs, {}))
    return lambda *arrays: compute(*arrays)[0]


def on_panels(edges: Array, count: int) -> tuple[Array, Array]:
    """Points and weights of Gauss-Legendre rules on panels that differ in every row of edges."""
    nodes, weights = legendre(count)
    half = np.diff(edges, axis=1)[:, :, None] / 2
    return (edges[:, 1:] + edges[:, :-1])[:, :, None] / 2 + half * nodes, half * weights


def integrate(
    function: ArrayFunction, ends: Sequence[float], most: int = PANELS
) -> tuple[Array, Array]:
    """The integrals of the rows of ``function`` between the first and the last end, with errors.

    The ends between are where it may have kinks: panels begin there. With more than ``most`` panels
    in one round it is given up.
    """
    total, error = np.zeros(1), np.zeros(1)
    for _, _, value, differ in _settling(function, ends, most):
        total = total + value.sum(axis=1)
        error = error + differ.sum(axis=1) + 1e-15 * np.abs(value).sum(axis=1)
    return total, np.where(np.isfinite(total) & np.isfinite(error), error, np.inf)


def mesh(function: ArrayFunction, ends: Sequence[float]) -> tuple[float, ...]:
    """Where the panels begin that ``integrate`` comes to: dense where a function bends sharply."""
    found = {float(end) for low, _, _, _ in _settling(function, ends) for end in low}
    return tuple(sorted({*found, float(ends[-1])}))


def _settling(
    function: ArrayFunction, ends: Sequence[float], most: int = PANELS
) -> Iterator[tuple[Array, Array, Array, Array]]:
    """Round by round the panels that have settled: their ends, integrals and differences."""
    low, high = np.asarray(ends[:-1], float), np.asarray(ends[1:], float)
    whole, total = high[-1] - low[0], np.zeros(1)
    for round_ in range(ROUNDS):
        if is_over():  # whatever is left, there is one panel more, without a value
            fine, differ = _panels(function, low[:1], high[:1])
            yield low[:1], high[:1], np.full_like(fine, np.nan), differ
            break
        fine, differ = _panels(function, low, high)
        allowed = _CAUTION * _GOAL * np.maximum((high - low) / whole, _LEAST)
        size = max(1.0, float(np.max(np.abs(total + fine.sum(axis=1)), initial=0.0)))
        bad = ~(differ.max(axis=0) <= allowed * size)
        if round_ == ROUNDS - 1 or 2 * bad.sum() > most or not np.isfinite(size):
            bad[:] = False
        total = total + fine[:, ~bad].sum(axis=1)
        yield low[~bad], high[~bad], fine[:, ~bad], differ[:, ~bad]
        if not bad.any():
            break
        middle = (low[bad] + high[bad]) / 2
        low, high = np.concatenate([low[bad], middle]), np.concatenate([middle, high[bad]])


def _panels(function: ArrayFunction, low: Array, high: Array) -> tuple[Array, Array]:
    """The integral of every row on every panel by the fine rule, and how the coarse one differs."""
    results = []
    for nodes, weights in _rules():
        half = (high - low)[:, None] / 2
        x = (low + high)[:, None] / 2 + half * nodes
        with np.errstate(all="ignore"):
            values = np.atleast_2d(function(x.ravel())).reshape(-1, *x.shape)
            results.append((values * (half * weights)).sum(axis=-1))
    with np.errstate(all="ignore"):
        return results[0], _CAUTION * np.abs(results[0] - results[1])


def ends(
    breakpoints: Iterable[float], mean: float, std: float, cut: float = _CUT, width: float = WIDTH
) -> list[float]:
    """Where panels begin: a grid that has no symmetry, the breakpoints, and the far cuts."""
    count = math.ceil(2 * cut / width)
    grid = [mean + cut * std * (2 * (i + 0.3) / count - 1) for i in range(count)]
    reach = cut * std
    inside = [j for j in breakpoints if abs(j - mean) < reach]
    return sorted({mean - reach, *grid, *inside, mean + reach})


def normal(function: ArrayFunction, mean: float, std: float) -> ArrayFunction:
    """The rows of a function times the density of N(mean, std**2)."""

    def weighted(x: Array) -> Array:
        z = (x - mean) / std
        return function(x) * (np.exp(-0.5 * z * z) / (std * math.sqrt(2 * math.pi)))

    return weighted


def expectation(function: ArrayFunction, mean: float = 0.0, std: float = 1.0) -> Quantity:
    """E g(Z) at Z ~ N(mean, std**2), for a g of which nothing but its values is known.

    Not proved where it does not settle, where only cancellation makes an integral of it, as of 1/x,
    and where it grows so fast that what lies far out is not negligible. Features narrower than
    a hundredth of a standard deviation can be missed.
    """

    def with_size(x: Array) -> Array:
        row = np.asarray(function(x), float)
        return np.stack([row, np.abs(row)])

    weighted = normal(with_size, mean, std)
    values, errors = integrate(weighted, ends((), mean, std, _FAR, _NARROW))
    size, error = float(values[1]), float(errors.max())
    outside = mean + std * np.array([-_FAR, -_FAR + _NARROW, _FAR - _NARROW, _FAR])
    with np.errstate(all="ignore"):
        far = float(np.max(weighted(outside)[1]))
    small = math.isfinite(size) and far <= _GOAL * size
    settled = small and error <= SETTLED * max(size, 1e-3)
    return Quantity(float(values[0]), error, "quadrature") if settled else NOT_PROVED
