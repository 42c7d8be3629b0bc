"""Expressions of x over boxes: balls that hold every value of the function or of a derivative.

Apart because every search sees a function only through these enclosures. They presume a formula
without pieces (see ``partition``), which is differentiable wherever its derivative is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

from ogive.certify.proof.budget import Unproved, in_time
from ogive.errors import require
from ogive.expr import Node, Program, diff, symbol, walk
from ogive.printers import python_function

#: A ball of python-flint; the package has no types.
Ball = Any
X = symbol("x")
#: Bits of a ball's middle. Doubles have 53; the rest is for what cancels.
PROOF_BITS = 128
#: What has as many operations is not differentiated: its derivative has several times as many.
MOST_OPERATIONS = 10_000


@contextmanager
def ball_arithmetic() -> Iterator[Any]:
    """Balls of ``PROOF_BITS`` bits within the block, which is given the flint module."""
    flint = require("flint", "certify")
    with flint.ctx.workprec(PROOF_BITS):
        yield flint


def ball(value: float) -> Ball:
    """The ball that is a float exactly."""
    return require("flint", "certify").arb(value)


def between(low: Ball, high: Ball) -> Ball:
    """The ball that holds two balls and what lies between them."""
    return low.union(high)


def sign_of(value: Ball) -> int | None:
    """The sign that every number of a ball has: 1, -1, 0, or None where they differ."""
    return 1 if value > 0 else -1 if value < 0 else 0 if value == 0 else None


def coincide(a: Ball, b: Ball) -> bool:
    """Whether two balls may hold one number; infinite ones, whether they are equal."""
    return bool(a == b) if not (a.is_finite() and b.is_finite()) else bool(a.overlaps(b))


def max_of(values: Iterable[Ball]) -> Ball:
    first, *rest = values
    for value in rest:
        first = value if value > first else first if first > value else first.max(value)
    return first


@lru_cache(maxsize=8192)
def on_reals(outputs: tuple[Node, ...], inputs: tuple[str, ...] = ("x",)) -> Callable[..., Any]:
    """The expressions as one function of balls that gives a tuple of balls."""
    require("flint", "certify")
    return python_function(Program("enclosed", inputs, outputs, ((0.7,),) * len(inputs)), "arb")


def constant(node: Node) -> Ball:
    return on_reals((node,), ())()[0]


class Enclosure:
    """An expression of ``x`` without pieces, and its derivatives."""

    def __init__(self, node: Node) -> None:
        self.node = node

    @cached_property
    def slope(self) -> Enclosure:
        in_time()
        if sum(1 for _ in islice(walk(self.node), MOST_OPERATIONS)) == MOST_OPERATIONS:
            raise Unproved("a derivative of so many operations")
        return enclosed(diff(self.node, X))

    def derivative(self, order: int) -> Enclosure:
        return self if order == 0 else self.slope.derivative(order - 1)

    @cached_property
    def at(self) -> Callable[[Ball], Ball]:
        """The natural extension: right to nearly all bits where the ball is a point."""
        compute = on_reals((self.node,))
        return lambda x: compute(x)[0]

    @cached_property
    def _both(self) -> Callable[[Ball], tuple[Ball, Ball]]:
        return on_reals((self.node, self.slope.node))

    def with_slope(self, box: Ball) -> tuple[Ball, Ball]:
        """Every value and every slope over a box.

        The values are in the natural extension and, where the slope is bounded, in the mean value
        form f(m) + f'(box) (box - m); on a small box the second is tighter by far.
        """
        value, slope = self._both(box)
        if not slope.is_finite():
            return value, slope
        middle = box.mid()
        centred = self.at(middle) + slope * (box - middle)
        if not (value.is_finite() and centred.is_finite()):
            return (value if value.is_finite() else centred), slope
        return value.intersection(centred), slope


@lru_cache(maxsize=8192)
def enclosed(node: Node) -> Enclosure:
    """The curve of an expression; the same object for the same expression."""
    return Enclosure(node)
