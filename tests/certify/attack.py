"""A random search in floats for a point at which a certificate is wrong.

Values come from the formula printed for NumPy, so from other code than the proof's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from ogive.certify.proof.enclosure import X
from ogive.certify.proof.saturation import THRESHOLDS, Saturation
from ogive.certify.proof.shape import Shape
from ogive.certify.proof.smoothness import Smoothness
from ogive.certify.proof.under_proof import FunctionUnderProof
from ogive.expr import Node, Program, diff
from ogive.printers import python_function

COUNT = 20_000
#: What a float's rounding and the cancelling of a few terms can add to a value.
ROUNDING = 1e-10
#: Where nothing saturates sooner, a formula in floats is itself off by more than that.
FLOATS = 1e-12


def compiled(node: Node) -> Callable[[np.ndarray], np.ndarray]:
    program = Program("f", ("x",), (node,), ((0.7, math.inf, -math.inf),))
    function = python_function(program, "numpy")

    def run(x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.broadcast_to(function(x)[0], x.shape)

    return run


@dataclass
class Attack:
    """A function and its derivatives at random points, and about where each is extreme."""

    function: FunctionUnderProof
    seed: int = 0
    count: int = COUNT

    def __post_init__(self) -> None:
        first = diff(self.function.node, X)
        self.orders = [compiled(n) for n in (self.function.node, first, diff(first, X))]
        self.draw = np.random.default_rng(self.seed)

    def points(self) -> np.ndarray:
        """Points of every size on both sides, inside the domain."""
        half = self.count // 2
        sizes = 10.0 ** self.draw.uniform(-9, 4, half) * self.draw.choice([-1.0, 1.0], half)
        low, high = self.function.domain
        x = np.concatenate([sizes, self.draw.uniform(-12, 12, self.count - half)])
        return np.sort(x[(low < x) & (x < high)])

    def extremes(self, order: int) -> Iterator[tuple[float, float]]:
        """(place, value) of the smallest and the largest value, refined about the best points and
        by a local search from the best of them."""
        for side in (-1, 1):
            x = self.points()
            for _ in range(4):
                values = side * self.orders[order](x)
                good = np.isfinite(values)
                if not good.any():
                    return
                best = x[good][np.argsort(values[good])[-5:]]
                gap = np.interp(best, x[:-1], np.diff(x)) + 1e-16
                spread = [
                    b + g * self.draw.uniform(-1, 1, 400) for b, g in zip(best, gap, strict=True)
                ]
                low, high = self.function.domain
                x = np.sort(np.concatenate([best, *spread]))
                x = x[(low < x) & (x < high)]
            values = self.orders[order](x)
            at = np.nanargmax(side * values)
            yield float(x[at]), float(values[at])
            yield self._climbed(
                order, side, float(x[max(at - 1, 0)]), float(x[min(at + 1, len(x) - 1)])
            )

    def _climbed(self, order: int, side: int, low: float, high: float) -> tuple[float, float]:
        """The end of a local search between two points."""

        def down(x: float) -> float:
            value = -side * float(self.orders[order](np.array([x]))[0])
            return value if math.isfinite(value) else math.inf

        found = minimize_scalar(down, bounds=sorted((low, high)), method="bounded")
        return float(found.x), -side * float(found.fun)


def slack(value: float) -> float:
    return ROUNDING * (1 + abs(value))


def violations(
    function: FunctionUnderProof,
    shape: Shape,
    smooth: Smoothness,
    flat: Saturation,
    count: int = COUNT,
) -> list[str]:
    """What a random search finds wrong with the certificates of a function."""
    attack = Attack(function, count=count)
    return [
        *_outside_of_range(attack, shape),
        *_too_steep(attack, smooth),
        *_wrong_stretches(attack, shape),
        *_wrong_turns(attack, shape),
        *_wrong_zeros(attack, shape, smooth),
        *_wrong_limits(attack, shape),
        *_too_steep_far_out(attack, flat),
    ]


def _outside_of_range(attack: Attack, shape: Shape) -> Iterator[str]:
    for place, value in attack.extremes(0):
        if value < shape.range.low.low - slack(value):
            yield f"f({place}) = {value} is below the range"
        if value > shape.range.high.high + slack(value):
            yield f"f({place}) = {value} is above the range"


def _too_steep(attack: Attack, smooth: Smoothness) -> Iterator[str]:
    for order, bound in ((1, smooth.slope.value), (2, smooth.bend.value)):
        for place, value in attack.extremes(order):
            if abs(value) > bound.high + slack(value):
                yield f"derivative {order} at {place} is {value}, above {bound.value}"


def _wrong_stretches(attack: Attack, shape: Shape) -> Iterator[str]:
    signs = {"increasing": 1, "decreasing": -1, "convex": 1, "concave": -1}
    for order, intervals in ((1, shape.monotone), (2, shape.convexity)):
        for interval in intervals or ():
            low, high = interval.interval.low.value, interval.interval.high.value
            x = attack.points()
            x = x[(low < x) & (x < high)]
            values = signs.get(interval.kind, 0) * attack.orders[order](x)
            wrong = values < -slack(0) if interval.kind in signs else abs(values) > slack(0)
            if np.any(wrong):
                yield f"{interval.kind} on ({low}, {high}), but not at {x[np.argmax(wrong)]}"


def _wrong_turns(attack: Attack, shape: Shape) -> Iterator[str]:
    """The function has the stated value where it turns; it may jump there, so not at the point."""
    for turn in shape.turning_points or ():
        x = turn.place.value + np.array([-1e-9, 0.0, 1e-9]) * (1 + abs(turn.place.value))
        values = attack.orders[0](x)
        if np.min(abs(values - turn.value.value)) > 1e-6 * (1 + abs(turn.value.value)):
            yield f"f is {values[1]} at {turn.place.value}, where it turns at {turn.value.value}"


def _wrong_limits(attack: Attack, shape: Shape) -> Iterator[str]:
    """Far out the function is near a finite limit, or large and of its sign."""
    for side, end in ((-1, shape.left), (1, shape.right)):
        if math.isnan(end.value.value) or not math.isinf(attack.function.domain[max(side, 0)]):
            continue
        values = attack.orders[0](side * np.array([1e100, 1e200, 1e300]))
        limit = end.value.value
        near = (
            abs(values - limit) < 1e-3
            if math.isfinite(limit)
            else np.sign(values) == np.sign(limit)
        )
        near |= values == limit
        if not np.all(near | np.isnan(values)):
            yield f"f is {values} far out, where its limit is {limit}"


def _wrong_zeros(attack: Attack, shape: Shape, smooth: Smoothness) -> Iterator[str]:
    """The sign of f changes only at a zero or at a jump."""
    if shape.zeros is None or smooth.jumps is None:
        return
    ends = {end.value for zero in shape.zeros for end in (zero.low, zero.high)}
    cuts = sorted(ends | {jump.value for jump in smooth.jumps})
    for low, high in zip([-math.inf, *cuts], [*cuts, math.inf], strict=True):
        x = attack.points()
        values = attack.orders[0](x[(low < x) & (x < high)])
        if np.any(values > slack(0)) and np.any(values < -slack(0)):
            yield f"f changes its sign in ({low}, {high}), where no zero is listed"


def _too_steep_far_out(attack: Attack, flat: Saturation) -> Iterator[str]:
    for side, found in ((-1, flat.left), (1, flat.right)):
        for name, place in found.below.items():
            if place is None or not math.isfinite(place.value) or THRESHOLDS[name] < FLOATS:
                continue
            x = place.value + side * np.concatenate([[1e-6], 10 ** attack.draw.uniform(-6, 6, 500)])
            sizes = abs(attack.orders[1](x))
            if np.any(sizes > THRESHOLDS[name] * (1 + 1e-6)):
                yield f"|f'| exceeds {name} beyond {place.value}, at {x[np.argmax(sizes)]}"
