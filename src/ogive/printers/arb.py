"""python-flint's arb: a program as a function of balls, each result a ball that holds the true one.

A monotone primitive is taken at both ends of its
argument and an even one at both ends of |x|, which is far tighter on a wide ball than arb's own
propagation of the radius. A comparison of balls has three answers; where it is undecided, both
branches are computed and the result holds both.
"""

from __future__ import annotations

from typing import ClassVar

from ogive.expr import Node
from ogive.printers.base import by_name
from ogive.printers.python import LAZY, ExactPrinter


def _product(node: Node, a: str, b: str) -> str:
    """A square is no product of two balls that vary on their own."""
    return f"square({a})" if node.args[0] is node.args[1] else f"({a} * {b})"


class ArbPrinter(ExactPrinter):
    language = "arb"
    header = f"""\
from flint import arb


{LAZY}

def monotone(f):
    return lambda x: f(x.lower()).union(f(x.upper()))


def even(f):
    return lambda x: f(arb(x.abs_lower())).union(f(arb(x.abs_upper())))


def less(a, b):
    return True if a < b else False if a >= b else None


def at_most(a, b):
    return True if a <= b else False if a > b else None


def equal(a, b):
    return True if a == b else False if a != b else None


def where(condition, a, b):
    return a().union(b()) if condition is None else a() if condition else b()


def sign(x):
    return arb(1) if x > 0 else arb(-1) if x < 0 else arb(0) if x == 0 else arb(0, 1)


exp, expm1, log, log1p = map(monotone, (arb.exp, arb.expm1, arb.log, arb.log1p))
sqrt, tanh, sinh = map(monotone, (arb.sqrt, arb.tanh, arb.sinh))
erf, erfc, erfinv = map(monotone, (arb.erf, arb.erfc, arb.erfinv))
atan, asinh = map(monotone, (arb.atan, arb.asinh))
sigmoid = monotone(lambda x: 1 / (1 + (-x).exp()))
softplus = monotone(lambda x: x.max(0) + (-abs(x)).exp().log1p())
ndtr = monotone(lambda x: (-x / arb(2).sqrt()).erfc() / 2)
algebraic = monotone(lambda x: x / (1 + x * x).sqrt())
softsign = monotone(lambda x: x / (1 + abs(x)))
absolute = even(lambda x: x)
square = even(lambda x: x * x)
cosh = even(arb.cosh)
sech = even(arb.sech)
dsigmoid = even(lambda x: (x / 2).sech() ** 2 / 4)
hypot1 = even(lambda x: (1 + x * x).sqrt())
rhypot = even(lambda x: (1 + x * x).rsqrt())"""
    infix: ClassVar = {"add": "+", "sub": "-", "div": "/"}
    spell: ClassVar = {
        "pi": "arb.pi()",
        "mul": _product,
        "pow": "({0} ** {1})",
        "abs": "absolute({0})",
        "sign": "sign({0})",
        "min": "{0}.min({1})",
        "max": "{0}.max({1})",
        "lt": "less({0}, {1})",
        "le": "at_most({0}, {1})",
        "eq": "equal({0}, {1})",
        "where": "where({0}, lambda: {1}, lambda: {2})",
        **by_name("{0}.*()", "sin cos"),
        **by_name(
            "*({0})",
            "exp expm1 log log1p sqrt sigmoid dsigmoid softplus tanh sech sinh cosh erf erfc "
            "erfinv ndtr atan asinh algebraic hypot1 rhypot softsign",
        ),
    }

    def number(self, value: float) -> str:
        if value - value == 0:
            return f"arb({value!r})"
        return "arb.nan()" if value != value else f"({'-' * (value < 0)}arb.pos_inf())"
