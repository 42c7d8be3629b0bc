"""Where a function is examined: special numbers, kinks and their neighbours, tails, and between."""

from __future__ import annotations

import math
import random
from functools import lru_cache

from ogive.expr import Node, Program, evaluate, walk

#: Numbers at which implementations go wrong, both signs of each.
SPECIAL = (
    0.0, 5e-324, 1e-323, 2.2250738585072014e-308, 1e-300, 1e-160, 1e-100, 1.4e-45,
    1.1754943508222875e-38, 1e-30, 1e-20, 1e-16, 1e-12, 1e-8, 1e-6, 1e-4, 1e-3, 0.01, 0.1, 0.25,
    0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 5.5, 6.0, 8.0, 8.4, 9.0, 10.0, 13.3, 16.75,
    17.0, 20.0, 30.0, 36.7, 37.4, 38.5, 50.0, 80.0,
    87.5, 88.8, 100.0, 103.9, 300.0, 700.0, 709.8, 745.1, 746.0, 1000.0, 1e4, 1e5, 1e6, 1e8, 1e12,
    1e16, 1e20, 1e30, 3.4e38, 1e100, 1e154, 1e160, 1e250, 1e300, 1.7976931348623157e308,
)  # fmt: skip


def kinks(program: Program, *parameters: float) -> list[float]:
    """The numbers that the formula compares with, at these parameters, both signs of each."""
    values = dict(zip(program.inputs[1:], parameters, strict=True))
    found = {0.0}
    for node in walk(*program.outputs):
        if node.op in ("lt", "le", "eq", "min", "max"):
            found |= {evaluate(a, **values) for a in node.args if _is_constant(a, values)}
    finite = {abs(v) for v in found if math.isfinite(v)}
    return sorted({s * v for v in finite for s in (1.0, -1.0)})


def points(program: Program, *parameters: float, count: int = 4000, seed: int = 0) -> list[float]:
    """``count`` finite arguments of a program's first input, the special ones among them."""
    near = {p for k in kinks(program, *parameters) for p in (k, _next(k, 1), _next(k, -1))}
    chosen = [s * v for v in SPECIAL for s in (1.0, -1.0)] + sorted(near)
    return [*chosen, *_drawn(count - len(chosen), seed)]


@lru_cache(maxsize=32)  # programs with as many kinks share theirs
def _drawn(count: int, seed: int) -> tuple[float, ...]:
    """One half near the middle of the line, the other of every size."""
    draw = random.Random(seed)
    middle = [draw.uniform(-9.0, 9.0) for _ in range(count // 2)]
    wide = [
        draw.choice((-1.0, 1.0)) * 10.0 ** draw.uniform(-12.0, 3.5)
        for _ in range(count - count // 2)
    ]
    return (*middle, *wide)


def _next(x: float, direction: int) -> float:
    return math.nextafter(x, direction * math.inf)


def _is_constant(node: Node, values: dict[str, float]) -> bool:
    return all(n.op != "symbol" or n.value in values for n in walk(node))
