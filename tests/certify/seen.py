"""What can be seen of a function without proof, at 50 digits: proofs are compared with it.

Limits are read off far outside every float, symmetry at irrational points, jumps from a few dozen
floats on both sides of a breakpoint.
"""

import math

from ogive.certify import exact, limit
from ogive.certify.univariate import breakpoints_of, defaults
from ogive.expr import bind, const, diff, symbol, walk
from ogive.expr.node import ZERO, build
from ogive.expr.primitives import evaluate_all

#: Irrational, of different sizes, and no multiples of one another.
PROBES = [math.sqrt(p) * s for p, s in ((2, 0.01), (3, 0.1), (5, 0.3), (7, 1), (11, 1), (13, 4))]

#: A piece holds at infinity if it is the chosen one at both of these distances.
FAR = (1e9, 1e12)


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


def tail(expression, sign, variable="x"):
    """The expression with every choice of a piece replaced by the piece that holds far out."""
    values = [evaluate_all(walk(expression), {variable: sign * distance}) for distance in FAR]
    new = {}
    for node in walk(expression):
        near, far = (_chosen(node, value, new) for value in values)
        same = build(node.op, tuple(new[a] for a in node.args), node.value)
        new[node] = same if near is None or near is not far else near
    return new[expression]


def _chosen(node, value, new):
    """What is left of a node where the nodes have these values; None where nothing can be said."""
    args = node.args
    if node.op == "where":
        return new[args[1] if value[args[0]] else args[2]]
    if node.op in ("min", "max") and value[args[0]] != value[args[1]]:
        return next((new[a] for a in args if value[a] == value[node]), None)
    if node.op == "abs" and value[args[0]]:
        return new[args[0]] if value[args[0]] > 0 else -new[args[0]]
    if node.op == "sign" and value[args[0]]:
        return const(value[node])
    return None


def steps(spec, order):
    """Where a derivative steps, among the points where pieces meet."""
    return [at for at in breakpoints_of(spec) if _is_step(spec, at, order)]


def _is_step(spec, at, order):
    gap = 1e-14 * abs(at) or 1e-40
    below, above = (value(spec, side, order) for side in (at - gap, at + gap))
    return bool(abs(above - below) > 1e-6 * max(1, abs(below)))


def symmetric(spec, sign):
    """Whether f(-x) = sign * f(x) to 40 digits; a product would be rounded to those of a float."""
    pairs = [(value(spec, -p), value(spec, p)) for p in PROBES]
    apart = [(a - b if sign > 0 else a + b, b) for a, b in pairs]
    return all(abs(difference) <= 1e-40 * max(1, abs(b)) for difference, b in apart)
