"""What a function's own derivative says of a sample: is it flat there, straight, or at work.

One rule serves every function. A sample is flat where abs(f') is below a share of its supremum;
whether that is to the left or to the right of the function's middle is known from where f' becomes
so small for good. A side is quiet where the function is off, as relu's left: there to be flat is
what it is made for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ogive.catalogue import Spec
from ogive.certify.shipped import key, shipped
from ogive.certify.signal.theory import Field, field
from ogive.certify.univariate import function_of_one_number
from ogive.expr import Node, Program, bind, diff, symbol
from ogive.expr import functions as mathematics
from ogive.expr.node import as_node
from ogive.expr.primitives import call
from ogive.expr.program import DATA_SAMPLES
from ogive.monitor.thresholds import Thresholds

#: What is added up over the samples of each unit, in the order of the rows of a sum; how many they
#: are is the same for all units.
SLOPE_ROWS = ("count", "z", "z2", "f", "f2", "slope", "slope2", "left", "right", "linear", "zero")
#: So far from 0 functions are looked at.
REACH = 50.0
_TINY = 1e-6


@dataclass(frozen=True)
class SlopeJudge:
    """What is asked of each sample of an activation.

    Attributes:
        entry: the name of the activation.
        learned: the parameters that are given with every call, as training changes them.
        program: the rows of a sum but the first, of x and the learned parameters.
        supremum: the largest abs(f').
        middle: flat samples below it are to the left.
        edges: where the function begins to be flat for good, to the left and to the right;
            infinite where it never does.
        quiet: whether the left, the right side is where the function is off.
        straight: whether f' is the same everywhere.
        gate: whether its values are from 0 to 1, so that it opens and closes something.
        gated: whether it is the gate of a gated unit.
        field: f and f' on arrays, for predictions.
    """

    entry: str
    learned: tuple[str, ...]
    program: Program
    supremum: float
    middle: float
    edges: tuple[float, float]
    quiet: tuple[bool, bool]
    straight: bool
    gate: bool
    gated: bool
    field: Field


@lru_cache(maxsize=512)
def slope_judge(
    spec: Spec, learned: tuple[str, ...], thresholds: Thresholds, name: str = ""
) -> SlopeJudge:
    """The judge of an entry, at its default parameters where they are not learned."""
    one = function_of_one_number(spec)
    f = field(one)
    x = np.linspace(-REACH, REACH, 20001)
    with np.errstate(all="ignore"):
        value, slope = f.function(x), np.abs(f.derivative(x))
    supremum = _supremum(spec, x, slope)
    flat = slope < thresholds.slope * supremum
    live = x[~flat]
    sides = _flat_for_good(x, flat)
    ends = value[0], value[-1]
    at_zero = float(f.function(np.zeros(1))[0])
    off = [abs(end) < _TINY for end in ends]
    quiet = tuple(
        sides[k] and off[k] and (not sides[1 - k] or abs(at_zero) < _TINY) for k in (0, 1)
    )
    middle = _middle(sides, live)
    return SlopeJudge(
        entry=name or spec.name,
        learned=learned,
        program=_program(one, learned, thresholds, supremum, middle),
        supremum=supremum,
        middle=middle,
        edges=_edges(sides, live),
        quiet=(bool(quiet[0]), bool(quiet[1])),
        straight=bool(np.ptp(slope[np.isfinite(slope)]) < _TINY * supremum),
        gated=spec.kind == "gated",
        gate=spec.kind == "gated" or (all(sides) and off[0] and abs(ends[1] - 1) < _TINY),
        field=f,
    )


def _supremum(spec: Spec, x: Any, slope: Any) -> float:
    """The certificate's, where it is shipped and finite; else the largest, where it does not grow
    any more far out; else that of what lies near 0."""
    known = shipped(key(spec)) or {}
    proved = (known.get("smoothness") or {}).get("lipschitz") or {}
    value = proved.get("value")
    if isinstance(value, (int, float)) and 0 < value < math.inf:
        return float(value)
    inner, whole = (_largest(slope[np.abs(x) <= reach]) for reach in (REACH / 2, REACH))
    if 0 < whole <= inner * (1 + _TINY):
        return whole
    near = slope[np.abs(x) <= 3]
    near = near[np.isfinite(near)]
    return float(near.max()) if near.size and near.max() > 0 else 1.0


def _largest(slope: Any) -> float:
    return float(np.max(slope[np.isfinite(slope)], initial=0.0))


def _flat_for_good(x: Any, flat: Any) -> tuple[bool, bool]:
    """Whether the function is flat all the way to the left, to the right."""
    far = REACH * 0.8
    return bool(flat[x < -far].all()), bool(flat[x > far].all())


def _middle(sides: tuple[bool, bool], live: Any) -> float:
    if sides[0] and sides[1] and live.size:
        return float(live[0] + live[-1]) / 2
    return math.inf if sides[0] else -math.inf if sides[1] else 0.0


def _edges(sides: tuple[bool, bool], live: Any) -> tuple[float, float]:
    if not live.size:
        return math.inf, -math.inf
    left = float(live[0]) if sides[0] else -math.inf
    return left, float(live[-1]) if sides[1] else math.inf


def _program(
    one: Spec, learned: tuple[str, ...], thresholds: Thresholds, supremum: float, middle: float
) -> Program:
    fixed = {
        s: v
        for p in one.parameters
        for s, v in zip(p.symbols, p.defaults, strict=True)
        if p.name not in learned
    }
    x = symbol("x")
    f = bind(one.expression, fixed)
    slope = diff(f, x)
    flat = _indicator("lt", abs(slope), thresholds.slope * supremum)
    left = mathematics.where(call("lt", x, as_node(middle)), flat, 0.0)
    straight = _indicator("lt", abs(diff(slope, x)), thresholds.bend * supremum)
    rows = (x, x * x, f, f * f, slope, slope * slope, left, flat - left, straight * (1 - flat))
    zero = _indicator("eq", f, 0.0)
    outputs = tuple(as_node(row) for row in (*rows, zero))
    numbers = {s: v for p in one.parameters for s, v in zip(p.symbols, p.defaults, strict=True)}
    inputs = tuple(s for p in one.parameters if p.name in learned for s in p.symbols)
    samples = tuple((float(numbers[s]), 0.0) for s in inputs)
    name = f"{one.name}_health"
    return Program(name, ("x", *inputs), outputs, (DATA_SAMPLES, *samples), plain=True)


def _indicator(op: str, a: Any, b: Any) -> Node:
    return as_node(mathematics.where(call(op, as_node(a), as_node(b)), 1.0, 0.0))
