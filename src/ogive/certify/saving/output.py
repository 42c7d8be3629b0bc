"""The mode ``output``: the result says where the input was, with a bit where f turns once."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ogive.certify.compiled import Array, numpy_function
from ogive.certify.proof.shape import Shape
from ogive.certify.proof.smoothness import Smoothness
from ogive.certify.saving.error import error
from ogive.certify.saving.inverse import Part, inverse
from ogive.certify.saving.mode import RESULT, Mode, NotLegal, mode
from ogive.expr import Program, const, symbol
from ogive.expr.node import where
from ogive.expr.primitives import call

#: A slope further off than this part of the largest is that of another branch.
WRONG = 2.0**-4


def output(program: Program, shape: Shape, smooth: Smoothness) -> Mode:
    """The slope in terms of the result; see ``inverse``."""
    (x,) = program.inputs
    extremes = abs(smooth.slopes.low.value), abs(smooth.slopes.high.value)
    if any(map(math.isnan, extremes)):
        raise NotLegal("the range of f' is not proved")
    scale = max(extremes)
    unbounded = math.isinf(scale)
    turn, parts = _turn(shape), _parts(shape, smooth)
    f, slope = numpy_function(program), numpy_function(program.vjp((0,)))

    def derivative(at: Array) -> Array:
        return slope(np.ones_like(at), at)[0]

    fitted = inverse(lambda at: f(at)[0], derivative, parts, turn, scale)
    kinks = tuple(j.place.value for j in smooth.breakpoints or () if j.order < 2)
    if turn is not None and turn in kinks:  # there the slope is neither branch's, but its own
        top, own = (float(of(np.array([turn]))[0]) for of in (lambda at: f(at)[0], derivative))
        fitted = where(call("eq", symbol(RESULT), const(top)), const(own), fitted)
    branch = None if turn is None else (where(symbol(x) > turn, const(1.0), const(0.0)), 1)
    ends = {e for p in parts for e in (p.low, p.high) if math.isfinite(e)}
    found = replace(
        mode("output", program, fitted, branch, result=True),
        relative=unbounded,
        places=tuple(sorted(ends)),
        kinks=kinks,
    )
    if error(program, found, "float64").most > WRONG * (1.0 if unbounded else scale):
        raise NotLegal("one result comes with different slopes")
    return found


def _turn(shape: Shape) -> float | None:
    turns = shape.turning_points
    if turns is None:
        raise NotLegal("its turning points are not proved")
    if len(turns) > 1:
        raise NotLegal(f"it turns {len(turns)} times, and a bit tells two branches apart")
    return turns[0].place.value if turns else None


def _parts(shape: Shape, smooth: Smoothness) -> list[Part]:
    """The line in intervals on which f is monotone and smooth, or constant."""
    if shape.monotone is None or smooth.breakpoints is None:
        raise NotLegal("where it rises and falls, or its breakpoints, are not proved")
    if shape.domain is None or len(shape.domain) > 1:
        raise NotLegal("it is not proved to be defined on one interval without holes")
    ends = {j.place.value for j in smooth.breakpoints}
    for interval in shape.monotone:
        ends |= {interval.interval.low.value, interval.interval.high.value}
    flat = [i.interval for i in shape.monotone if i.kind == "constant"]
    return [
        Part(low, high, any(i.low.value <= low and high <= i.high.value for i in flat))
        for low, high in pairwise(sorted(ends))
    ]
