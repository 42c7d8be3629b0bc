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

ComplexBall = Any
BallFunction = Callable[[ComplexBall, bool], ComplexBall]


def _number(value: Any) -> ComplexBall:
    return require("flint", "certify").acb(value)


def _nowhere() -> ComplexBall:
    return _number("nan")


def _defined(u: ComplexBall) -> bool:
    """Whether a root or logarithm of u can be real: false for a negative real number."""
    return bool(u.imag != 0 or not u.real < 0)


def _log(u: ComplexBall, analytic: bool) -> ComplexBall:
    return u.log(analytic=analytic) if _defined(u) else _nowhere()


def _log1p(u: ComplexBall, analytic: bool) -> ComplexBall:
    on_branch = _log(1 + u, analytic)
    return u.log1p() if on_branch.is_finite() else on_branch  # accurate for small u


def _sqrt(u: ComplexBall, analytic: bool) -> ComplexBall:
    return u.sqrt(analytic=analytic) if _defined(u) else _nowhere()


def _pow(u: ComplexBall, exponent: ComplexBall, analytic: bool) -> ComplexBall:
    if u.is_zero() and exponent.real > 0:
        return u  # a piece that is 0: its powers are analytic, unlike those of 0 + z
    whole = exponent.real.is_integer() and exponent.imag == 0
    return u.pow(exponent, analytic=analytic) if whole or _defined(u) else _nowhere()


def _off_cuts(u: ComplexBall, analytic: bool) -> bool:
    """Whether u is off the cuts of atan and asinh: i times a real number beyond 1 or -1."""
    return not analytic or bool((1 + u * u).sqrt(analytic=True).is_finite())


def _where(
    u: ComplexBall, above: ComplexBall, below: ComplexBall, at_zero: ComplexBall, analytic: bool
) -> ComplexBall:
    """One value where the real part of u is positive, one where it is negative, one at 0."""
    if u.real > 0:
        return above
    if u.real < 0:
        return below
    return _nowhere() if analytic else above.union(at_zero)  # which is below, or that is above


#: primitive -> (*arguments, analytic) -> ball; what is not here has a definition that is.
ON_BALLS: dict[str, Callable[..., ComplexBall]] = {
    **{  # those that python-flint has under the same name, analytic everywhere
        name: lambda u, w, name=name: getattr(u, name)()
        for name in ("exp", "expm1", "tanh", "sech", "sinh", "cosh", "erf", "erfc", "sin", "cos")
    },
    "pi": lambda w: _number(0).pi(),
    "add": lambda a, b, w: a + b,
    "sub": lambda a, b, w: a - b,
    "neg": lambda a, w: -a,
    "mul": lambda a, b, w: a * b,
    "mul0": lambda a, b, w: b if b.is_zero() else a * b,
    "div": lambda a, b, w: a / b,
    "pow": _pow,
    "abs": lambda a, w: a.real_abs(analytic=w),
    "sign": lambda a, w: a.real_sgn(analytic=w),
    "min": lambda a, b, w: a.real_min(b, analytic=w),
    "max": lambda a, b, w: a.real_max(b, analytic=w),
    "sqrt": _sqrt,
    "log": _log,
    "log1p": _log1p,
    "sigmoid": lambda a, w: 1 / (1 + (-a).exp()),
    "dsigmoid": lambda a, w: (a / 2).sech() ** 2 / 4,
    "softplus": lambda a, w: _log1p(a.exp(), w),
    "ndtr": lambda a, w: (-a / _number(2).sqrt()).erfc() / 2,
    "atan": lambda a, w: a.atan() if _off_cuts(a, w) else _nowhere(),
    "asinh": lambda a, w: a.asinh() if _off_cuts(a, w) else _nowhere(),
    "hypot1": lambda a, w: (1 + a * a).sqrt(analytic=w),
    "rhypot": lambda a, w: (1 + a * a).rsqrt(analytic=w),
    "algebraic": lambda a, w: a * (1 + a * a).rsqrt(analytic=w),
    "softsign": lambda a, w: a / (1 + a.real_abs(analytic=w)),
}
#: The conditions of ``where``: (a, b, value if it holds, value if not, analytic) -> ball. Whether a
#: single point belongs to a piece changes no integral.
CONDITIONS: dict[str, Callable[..., ComplexBall]] = {
    "lt": lambda a, b, p, q, w: _where(b - a, p, q, q, w),
    "le": lambda a, b, p, q, w: _where(b - a, p, q, q, w),
    "eq": lambda a, b, p, q, w: _where(b - a, q, q, p, w),
}
#: What makes pieces; a formula of the rest is analytic wherever it is finite.
PIECEWISE = ("where", "min", "max", "abs", "sign", "softsign")
SPOKEN = {*ON_BALLS, *CONDITIONS, "where"}


def supported(expression: Node) -> bool:
    """Whether every operation of the formula is known here, or has a definition that is."""
    return all(
        node.op in SPOKEN or node.op in ("const", "symbol") or PRIMITIVES[node.op].definition
        for node in walk(expression)
    )


def on_balls(expression: Node, variable: str = "x") -> BallFunction:
    """The formula as a function of a complex ball and the flag ``analytic``."""
    acb = require("flint", "certify").acb
    nodes = list(walk(expand(expression, SPOKEN)))
    place = {node: i for i, node in enumerate(nodes)}
    steps = [(node, tuple(place[a] for a in node.args)) for node in nodes]
    fixed = [acb(node.value) if node.op == "const" else None for node in nodes]

    def evaluate(at: ComplexBall, analytic: bool) -> ComplexBall:
        values = list(fixed)
        for i, (node, arguments) in enumerate(steps):
            if node.op == "symbol":
                values[i] = at
            elif node.op == "where":
                condition, (_, p, q) = node.args[0], arguments
                ends = (values[place[a]] for a in condition.args)
                values[i] = CONDITIONS[condition.op](*ends, values[p], values[q], analytic)
            elif node.op in ON_BALLS:
                values[i] = ON_BALLS[node.op](*(values[a] for a in arguments), analytic)
        return values[-1]

    return evaluate
