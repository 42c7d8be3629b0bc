"""What can be seen of a function without proof, at 50 digits: proofs are compared with it.

Limits are read off far outside every float, symmetry at irrational points, jumps from a few dozen
floats on both sides of a joint.
"""

import math

from ogive.certify import exact, limit, tail
from ogive.certify.function import defaults, joints
from ogive.expr import bind, diff, symbol
from ogive.expr.node import ZERO

#: Irrational, of different sizes, and no multiples of one another.
PROBES = [math.sqrt(p) * s for p, s in ((2, 0.01), (3, 0.1), (5, 0.3), (7, 1), (11, 1), (13, 4))]


def _program(spec, order):
    """The program of a derivative; infinite defaults become part of it, being no numbers."""
    infinite = {n: v for n, v in defaults(spec).items() if not math.isfinite(v)}
    program = (spec.derived(order) if order else spec).program
    return program.bind(infinite) if infinite else program


def _numbers(spec):
    return [v for v in defaults(spec).values() if math.isfinite(v)]


def value(spec, at, order=0):
    """The function or a derivative at a point; NaN where it is not defined."""
    try:
        return exact(_program(spec, order), at, *_numbers(spec))[0]
    except ZeroDivisionError:
        return math.nan


def far(spec, sign, order=0):
    """The limit of the function or of a derivative, NaN where there is none."""
    try:
        return limit(_program(spec, order), sign, *_numbers(spec))
    except (TypeError, ZeroDivisionError):  # a complex number: it is not defined there
        return math.nan


def saturates(spec, sign):
    """``hard`` if the outermost piece's formula is constant, ``soft`` if the slope tends to 0."""
    if diff(tail(bind(spec.expression, defaults(spec)), sign), symbol("x")) is ZERO:
        return "hard"
    return "soft" if far(spec, sign, 1) == 0 else "none"


def steps(spec, order):
    """Where a derivative steps, among the points where pieces meet."""
    return [at for at in joints(spec) if _is_step(spec, at, order)]


def _is_step(spec, at, order):
    gap = 1e-14 * abs(at) or 1e-40
    below, above = (value(spec, side, order) for side in (at - gap, at + gap))
    return bool(abs(above - below) > 1e-6 * max(1, abs(below)))


def symmetric(spec, sign):
    """Whether f(-x) = sign * f(x) to 40 digits; a product would be rounded to those of a float."""
    pairs = [(value(spec, -p), value(spec, p)) for p in PROBES]
    apart = [(a - b if sign > 0 else a + b, b) for a, b in pairs]
    return all(abs(difference) <= 1e-40 * max(1, abs(b)) for difference, b in apart)
