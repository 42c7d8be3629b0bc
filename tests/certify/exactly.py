"""A search at 120 digits for a point, or a limit, at which a certificate is wrong.

Apart from the search in floats because it looks where floats cannot: beside poles and jumps, at the
ends of domains, at values that are approached and not reached.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import combinations, pairwise
from typing import Any

import mpmath
import numpy as np

from ogive.certify.pieces import breakpoints, deciders
from ogive.certify.proof.shape import Shape
from ogive.certify.proof.smoothness import Smoothness
from ogive.certify.quantity import ProvedInterval
from ogive.expr import Node, Program, diff, symbol
from ogive.printers import python_function

DIGITS = 120
#: What 120 digits may be off by, relative to 1 or the size, and how near a slow limit must come.
SLACK, SLOW = mpmath.mpf(10) ** -60, 0.05
#: Where the reference cuts functions off: what is undefined because of that may be defined.
CUT = {"exp": 1e8, "sech": 1e8, "tanh": 1e8, "erf": 1e5, "erfc": 1e5, "ndtr": 1e5}
#: Where limits are looked for: far out, and so near to a place.
FAR, NEAR = (1e4, 1e6), (mpmath.mpf(10) ** -3, mpmath.mpf(10) ** -5)


class Exact:
    """A formula at any number: its value, None where it has none, NaN where nobody can tell."""

    def __init__(
        self, node: Node, choices: Iterable[Node] = (), places: Iterable[Any] = ()
    ) -> None:
        self.choices, self.places = [Exact(choice) for choice in choices], set(places)
        program = Program("f", ("x",), (node,), ((0.7, math.inf, -math.inf),))
        self.compute = python_function(program, "mpmath")
        self.floats = python_function(program, "numpy")
        self.is_cut = False
        names = self.compute.__globals__
        names |= {name: self._watched(names[name], limit) for name, limit in CUT.items()}

    def _watched(self, function: Any, limit: float) -> Any:
        def watched(x: Any) -> Any:
            self.is_cut |= bool(abs(x) > limit)
            return function(x)

        return watched

    def __call__(self, x: Any) -> Any:
        if x not in self.places and any(_close(choice(x)) for choice in self.choices):
            return mpmath.nan
        self.is_cut = False
        try:
            value = self.compute(mpmath.mpf(x))[0]
            known = mpmath.isfinite(value) and not (self.is_cut and value == 0)
            return mpmath.mpf(value) if known else mpmath.nan
        except (ZeroDivisionError, ValueError) as reason:  # or a comparison with what is no number
            with np.errstate(all="ignore"):
                found = float(self.floats(np.float64(x))[0])
            infinite = math.isinf(found) and isinstance(reason, ZeroDivisionError)
            undefined = (infinite or math.isnan(found)) and not self.is_cut
            return None if undefined else mpmath.nan
        except (TypeError, OverflowError):
            return mpmath.nan


def contradictions(node: Node, shape: Shape, smooth: Smoothness, seed: int = 0) -> list[str]:
    """What is wrong with the certificate of a formula on the whole line."""
    slope = diff(node, symbol("x"))
    with mpmath.workdps(DIGITS), _real():
        places = _places(shape, smooth, node)
        f = Exact(node, deciders(node), places)
        first, second = Exact(slope), Exact(diff(slope, symbol("x")))
        points = sorted({*_drawn(seed), *places, *_beside(places)})
        values = {x: f(x) for x in points}
        known = {x: v for x, v in values.items() if v is not None and not mpmath.isnan(v)}
        if shape.domain is not None:
            known = {x: v for x, v in known.items() if any(_within(x, i) for i in shape.domain)}
        return [
            *_domain(values, shape),
            *_range(known, places, shape),
            *_intervals(known, shape),
            *_inverse(known, shape),
            *_symmetry(f, known, shape),
            *_zeros(f, known, places, shape, smooth),
            *_limits(f, shape, smooth),
            *_missed(f, node, smooth),
            *_slopes(first, second, [x for x in known if x not in places], shape, smooth),
        ]


def _close(difference: Any) -> bool:
    """Whether a condition hangs on what these digits cannot tell from 0, as that of erf(20) < 1."""
    return difference is not None and bool(abs(difference) < SLACK)


@contextmanager
def _real() -> Iterator[None]:
    """Roots and logarithms of negative numbers raise ValueError within the block."""
    before, mpmath.mp.trap_complex = mpmath.mp.trap_complex, True
    try:
        yield
    finally:
        mpmath.mp.trap_complex = before


def _drawn(seed: int) -> list[float]:
    draw = random.Random(seed)
    sizes = [draw.choice((-1, 1)) * 10 ** draw.uniform(-6, 3) for _ in range(40)]
    return [*sizes, *(draw.uniform(-5, 5) for _ in range(40)), 0.0]


def _places(shape: Shape, smooth: Smoothness, node: Node) -> set[float]:
    """Every place that the certificate speaks of, or that pieces may meet at."""
    places = {*breakpoints(node), *(b.place.value for b in smooth.breakpoints or ())}
    intervals = [*(shape.domain or ()), *(shape.zeros or ())]
    intervals += [i.interval for i in shape.monotone or ()]
    places |= {end.value for i in intervals for end in (i.low, i.high)}
    return set(filter(math.isfinite, places))


def _beside(places: set[float]) -> Iterator[float]:
    for p in places:
        yield from (p + s * 10.0**-k for s in (-1, 1) for k in (1, 2, 4, 14))


def _within(x: float, interval: ProvedInterval) -> bool | None:
    """Whether a number lies in an interval; None at an end that is not known so well."""
    for end, closed in ((interval.low, interval.closed_low), (interval.high, interval.closed_high)):
        if x == end.value and end.error == 0:
            return closed
        if abs(x - end.value) <= end.error:
            return None
    return interval.low.value < x < interval.high.value


def _slack(value: Any) -> Any:
    return SLACK * (1 + abs(value))


def _domain(values: dict[float, Any], shape: Shape) -> Iterator[str]:
    for x, value in values.items() if shape.domain is not None else ():
        inside = [_within(x, interval) for interval in shape.domain]
        if any(x in (i.low.value, i.high.value) for i in shape.domain) and True not in inside:
            continue  # an infinite value on the way may have a limit in floats
        if value is None and True in inside:
            yield f"f is not defined at {x}, which is in the domain"
        defined = value is not None and not mpmath.isnan(value)
        if defined and not any(i is not False for i in inside):
            yield f"f({x}) = {float(value)} is outside of the domain"


def _range(known: dict[float, Any], places: set[float], shape: Shape) -> Iterator[str]:
    low, high = shape.range.low, shape.range.high
    for x, v in known.items():
        if v < low.low - _slack(v) or v > high.high + _slack(v):
            yield f"f({x}) = {float(v)} is outside of the range"
        for end, closed in ((low, shape.range.closed_low), (high, shape.range.closed_high)):
            if x in places and end.error == 0 and v == end.value and closed is False:
                yield f"f({x}) is {float(v)}, which is said not to be reached"


def _intervals(known: dict[float, Any], shape: Shape) -> Iterator[str]:
    """Values rise and fall where they are said to, ends that belong to an interval among them."""
    parts = [(i.kind, [x for x in known if _within(x, i.interval)]) for i in shape.monotone or ()]
    for kind, places in [*parts, (shape.direction, list(known))]:
        for a, b in pairwise(places):
            step = known[b] - known[a]
            wrong = {"increasing": step < 0, "decreasing": step > 0, "constant": step != 0}
            if wrong.get(kind) and abs(step) > _slack(known[a]):
                yield f"{kind}, but f({a}) = {float(known[a])} and f({b}) = {float(known[b])}"


def _inverse(known: dict[float, Any], shape: Shape) -> Iterator[str]:
    if not shape.invertible:
        return
    parts = [[known[x] for x in known if _within(x, i.interval)] for i in shape.monotone or ()]
    for one, other in combinations([p for p in parts if p], 2):
        if min(one) < max(other) and min(other) < max(one):
            yield "invertible, but two intervals share values"


def _symmetry(f: Exact, known: dict[float, Any], shape: Shape) -> Iterator[str]:
    sign = {"odd": -1, "even": 1}.get(shape.symmetry)
    for x, v in known.items():
        if sign and ((other := f(-x)) is None or abs(other - sign * v) > _slack(v)):
            yield f"{shape.symmetry}, but not at {x}"
        if shape.homogeneous and ((twice := f(2 * x)) is None or abs(twice - 2 * v) > _slack(v)):
            yield f"homogeneous, but not at {x}"


def _zeros(
    f: Exact, known: dict[float, Any], places: set[float], shape: Shape, smooth: Smoothness
) -> Iterator[str]:
    if shape.zeros is None:
        return
    for zero in shape.zeros:
        if zero.low == zero.high and zero.low.error == 0:
            value = f(zero.low.value)
            if value is None or abs(value) > SLACK:
                yield f"f({zero.low.value}) = {value}, which is said to be 0"
    for x, v in known.items():
        if v == 0 and x in places and all(_within(x, zero) is False for zero in shape.zeros):
            yield f"f({x}) = 0, which is not listed"
    if smooth.breakpoints is None or shape.domain is None:
        return
    cuts = [b.place.value for b in smooth.breakpoints if b.order == 0]
    cuts += [end.value for z in (*shape.zeros, *shape.domain) for end in (z.low, z.high)]
    for (a, u), (b, v) in pairwise(known.items()):
        opposite = u * v < 0 and min(abs(u), abs(v)) > SLACK
        if opposite and not any(a <= cut <= b for cut in cuts):
            yield f"f changes its sign between {a} and {b}, where no zero is listed"


def _limits(f: Exact, shape: Shape, smooth: Smoothness) -> Iterator[str]:
    """Limits at the ends of the domain and on both sides of jumps and poles."""
    wanted = []
    if shape.domain:
        ends = (shape.domain[0].low, 1, shape.left), (shape.domain[-1].high, -1, shape.right)
        wanted += [(end, side, limit.value) for end, side, limit in ends]
    for b in smooth.breakpoints or ():
        if b.order == 0:
            wanted += [(b.place, -1, b.below), (b.place, 1, b.above)]
    for place, side, limit in wanted:
        if math.isnan(limit.value) or place.error:
            continue
        far = math.isinf(place.value)
        steps = FAR if far else NEAR
        nearer = [f(-side * s if far else place.value + side * s) for s in steps]
        if None in nearer or any(map(mpmath.isnan, nearer)):
            continue
        one, two = nearer
        rising = abs(two) >= abs(one) and mpmath.sign(two) == mpmath.sign(limit.value)
        away = [abs(v - limit.value) for v in nearer]
        close = away[1] <= SLOW * (1 + abs(limit.value)) or away[1] <= 0.9 * away[0]
        if not (rising if math.isinf(limit.value) else close):
            yield f"towards {place.value} f is {float(one)}, {float(two)}, not {limit.value}"


def _missed(f: Exact, node: Node, smooth: Smoothness) -> Iterator[str]:
    """Jumps and kinks that are not listed, among the borders that were looked for in floats."""
    if smooth.breakpoints is None:
        return
    slope = Exact(diff(node, symbol("x")))
    for border in breakpoints(node):
        known = [b.order for b in smooth.breakpoints if abs(b.place.value - border) < 1e-9]
        for order, g in enumerate((f, slope)):
            below, above = g(border - 1e-20), g(border + 1e-20)
            if None in (below, above) or mpmath.isnan(below + above) or known:
                break
            if abs(above - below) > 1e-3 * (1 + abs(below)):
                yield f"derivative {order} steps at {border}, which is not listed"


def _slopes(
    first: Exact, second: Exact, places: list[float], shape: Shape, smooth: Smoothness
) -> Iterator[str]:
    """The derivatives stay within their bounds, and f bends to the side that is stated."""
    low, high, bend = smooth.slopes.low.low, smooth.slopes.high.high, smooth.bend.value.high
    sides = {"convex": 1, "concave": -1}
    for x in places:
        slope, turn = first(x), second(x)
        if slope is None or turn is None or mpmath.isnan(slope + turn):
            continue
        if not low - _slack(slope) <= slope <= high + _slack(slope):
            yield f"f'({x}) = {float(slope)} is outside of the slopes"
        if abs(turn) > bend + _slack(turn):
            yield f"f''({x}) = {float(turn)} is above the supremum of its size"
        for part in shape.convexity or ():
            wrong = turn * sides.get(part.kind, 0) < -_slack(turn)
            if _within(x, part.interval) and (
                wrong or (part.kind == "linear" and abs(turn) > SLACK)
            ):
                yield f"{part.kind}, but f''({x}) = {float(turn)}"
