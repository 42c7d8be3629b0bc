"""A formula on complex balls: python-flint's ``acb``, piecewise analytic off the real line.

Apart because rigorous integration asks two things of an integrand: an enclosure of its values on a
ball, and, when the flag ``analytic`` is set, no finite answer on a ball where it is not analytic.
A choice of pieces follows the sign of the real part, so that each piece is continued analytically
and kinks, those that nobody listed too, are found by the subdivision that they force
(F. Johansson, arXiv:1802.07942).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ogive.errors import require
from ogive.expr import PRIMITIVES, Node, expand, walk

Ball = Any
Function = Callable[[Ball, bool], Ball]


def _nowhere() -> Ball:
    return require("flint", "certify").acb("nan")


def _defined(u: Ball) -> bool:
    """Whether a root or logarithm of u can be real: false for a negative real number."""
    return bool(u.imag != 0 or not u.real < 0)


def _log(u: Ball, analytic: bool) -> Ball:
    return u.log(analytic=analytic) if _defined(u) else _nowhere()


def _log1p(u: Ball, analytic: bool) -> Ball:
    on_branch = _log(1 + u, analytic)
    return u.log1p() if on_branch.is_finite() else on_branch  # accurate for small u


def _sqrt(u: Ball, analytic: bool) -> Ball:
    return u.sqrt(analytic=analytic) if _defined(u) else _nowhere()


def _pow(u: Ball, exponent: Ball, analytic: bool) -> Ball:
    if u.is_zero() and exponent.real > 0:
        return u  # a piece that is 0: its powers are analytic, unlike those of 0 + z
    whole = exponent.real.is_integer() and exponent.imag == 0
    return u.pow(exponent, analytic=analytic) if whole or _defined(u) else _nowhere()


def _off_cuts(u: Ball, analytic: bool) -> bool:
    """Whether u is off the cuts of atan and asinh: i times a real number beyond 1 or -1."""
    return not analytic or bool((1 + u * u).sqrt(analytic=True).is_finite())


def _where_positive(difference: Ball, above: Ball, below: Ball, analytic: bool) -> Ball:
    """``above`` where the real part is positive, ``below`` where it is negative."""
    if difference.real > 0:
        return above
    if difference.real < 0:
        return below
    return _nowhere() if analytic else above.union(below)


def _where_zero(difference: Ball, there: Ball, elsewhere: Ball, analytic: bool) -> Ball:
    if difference.real > 0 or difference.real < 0:
        return elsewhere
    return _nowhere() if analytic else there.union(elsewhere)


def _softplus(u: Ball, analytic: bool) -> Ball:
    return _log1p(u.exp(), analytic)


def _algebraic(u: Ball, analytic: bool) -> Ball:
    return u * (1 + u * u).rsqrt(analytic=analytic)


def _root_two() -> Ball:
    return require("flint", "certify").acb(2).sqrt()


def _pi() -> Ball:
    return require("flint", "certify").acb.pi()


def _absorbing(a: Ball, b: Ball, analytic: bool) -> Ball:
    return b if b.is_zero() else a * b


#: primitive -> (*arguments, analytic) -> ball; what is not here has a definition that is.
FUNCTIONS: dict[str, Callable[..., Ball]] = {
    "pi": lambda w: _pi(),
    "add": lambda a, b, w: a + b,
    "sub": lambda a, b, w: a - b,
    "neg": lambda a, w: -a,
    "mul": lambda a, b, w: a * b,
    "mul0": _absorbing,
    "div": lambda a, b, w: a / b,
    "pow": _pow,
    "abs": lambda a, w: a.real_abs(analytic=w),
    "sign": lambda a, w: a.real_sgn(analytic=w),
    "min": lambda a, b, w: a.real_min(b, analytic=w),
    "max": lambda a, b, w: a.real_max(b, analytic=w),
    "sqrt": _sqrt,
    "exp": lambda a, w: a.exp(),
    "expm1": lambda a, w: a.expm1(),
    "log": _log,
    "log1p": _log1p,
    "sigmoid": lambda a, w: 1 / (1 + (-a).exp()),
    "dsigmoid": lambda a, w: (a / 2).sech() ** 2 / 4,
    "softplus": _softplus,
    "tanh": lambda a, w: a.tanh(),
    "sech": lambda a, w: a.sech(),
    "sinh": lambda a, w: a.sinh(),
    "cosh": lambda a, w: a.cosh(),
    "erf": lambda a, w: a.erf(),
    "erfc": lambda a, w: a.erfc(),
    "ndtr": lambda a, w: (-a / _root_two()).erfc() / 2,
    "sin": lambda a, w: a.sin(),
    "cos": lambda a, w: a.cos(),
    "atan": lambda a, w: a.atan() if _off_cuts(a, w) else _nowhere(),
    "asinh": lambda a, w: a.asinh() if _off_cuts(a, w) else _nowhere(),
    "hypot1": lambda a, w: (1 + a * a).sqrt(analytic=w),
    "rhypot": lambda a, w: (1 + a * a).rsqrt(analytic=w),
    "algebraic": _algebraic,
    "softsign": lambda a, w: a / (1 + a.real_abs(analytic=w)),
}
#: The conditions of ``where``: (a, b, value if it holds, value if not, analytic) -> ball. Whether a
#: single point belongs to a piece changes no integral.
CONDITIONS: dict[str, Callable[..., Ball]] = {
    "lt": lambda a, b, p, q, w: _where_positive(b - a, p, q, w),
    "le": lambda a, b, p, q, w: _where_positive(b - a, p, q, w),
    "eq": lambda a, b, p, q, w: _where_zero(b - a, p, q, w),
}
#: What makes pieces; a formula of the rest is analytic wherever it is finite.
CHOICES = ("where", "min", "max", "abs", "sign", "softsign")
SPOKEN = {*FUNCTIONS, *CONDITIONS, "where"}


def supported(expression: Node) -> bool:
    """Whether every operation of the formula is known here, or has a definition that is."""
    return all(
        node.op in SPOKEN or node.op in ("const", "symbol") or PRIMITIVES[node.op].definition
        for node in walk(expression)
    )


def on_balls(expression: Node, variable: str = "x") -> Function:
    """The formula as a function of a complex ball and the flag ``analytic``.

    Example:
        >>> from flint import acb
        >>> from ogive.expr import parse
        >>> on_balls(parse("x * abs(x)", ["x"]))(acb(-3), True)
        -9.00000000000000
    """
    acb = require("flint", "certify").acb
    nodes = list(walk(expand(expression, SPOKEN)))
    place = {node: i for i, node in enumerate(nodes)}
    steps = [(node, tuple(place[a] for a in node.args)) for node in nodes]
    fixed = [acb(node.value) if node.op == "const" else None for node in nodes]

    def evaluate(at: Ball, analytic: bool) -> Ball:
        values = list(fixed)
        for i, (node, arguments) in enumerate(steps):
            if node.op == "symbol":
                values[i] = at
            elif node.op == "where":
                condition, (_, p, q) = node.args[0], arguments
                ends = (values[place[a]] for a in condition.args)
                values[i] = CONDITIONS[condition.op](*ends, values[p], values[q], analytic)
            elif node.op in FUNCTIONS:
                values[i] = FUNCTIONS[node.op](*(values[a] for a in arguments), analytic)
        return values[-1]

    return evaluate
