"""mpmath: the reference. Scalars of any precision, every primitive by its own definition.

It prints the definition as it stands: constants are exact, and no guard is needed, because mpmath's
exponents do not overflow. Shared values are lazy, so that a branch not taken is never computed.
"""

from __future__ import annotations

from typing import ClassVar

from ogive.expr import Node, Program, expand
from ogive.printers.base import LAZY, Printer


class MpmathPrinter(Printer):
    language = "mpmath"
    # Beyond 1e8 an exponential is far outside every float, and exp(exp(x)) would never end; beyond
    # 1e5 so is erfc, which mpmath without gmpy2 refuses at huge arguments.
    header = f"""\
from mpmath import mp, mpf


{LAZY}

def exp(x):
    return mpf(0) if x < -1e8 else mp.exp(min(x, mpf(1e8)))


def sech(x):
    return mpf(0) if abs(x) > 1e8 else 2 / (exp(x) + exp(-x))


def tanh(x):
    return mp.sign(x) if abs(x) > 1e8 else mp.tanh(x)


def softplus(x):
    return max(x, mpf(0)) + mp.log1p(exp(-abs(x)))


def erf(x):
    return mp.sign(x) if abs(x) > 1e5 else mp.erf(x)


def erfc(x):
    return mpf(0 if x > 0 else 2) if abs(x) > 1e5 else mp.erfc(x)


def ndtr(x):
    return mpf(1 if x > 0 else 0) if abs(x) > 1e5 else mp.ncdf(x)


def where(condition, a, b):
    return a() if condition else b()"""
    spell: ClassVar = {
        "pi": "(+mp.pi)",
        "abs": "abs({0})",
        "sign": "mp.sign({0})",
        "min": "min({0}, {1})",
        "max": "max({0}, {1})",
        "where": "where({0}, lambda: {1}, lambda: {2})",
        "pow": "({0} ** {1})",
        "sqrt": "mp.sqrt({0})",
        "exp": "exp({0})",
        "expm1": "(mp.expm1({0}) if abs({0}) < 1 else exp({0}) - 1)",
        "log": "mp.log({0})",
        "log1p": "mp.log1p({0})",
        "sigmoid": "(1 / (1 + exp(-{0})))",
        "dsigmoid": "(sech({0} / 2) ** 2 / 4)",
        "softplus": "softplus({0})",
        "tanh": "tanh({0})",
        "sech": "sech({0})",
        "sinh": "(mp.sinh({0}) if abs({0}) < 1 else (exp({0}) - exp(-{0})) / 2)",
        "cosh": "((exp({0}) + exp(-{0})) / 2)",
        "erf": "erf({0})",
        "erfc": "erfc({0})",
        "ndtr": "ndtr({0})",
        "erfinv": "mp.erfinv({0})",
        "sin": "mp.sin({0})",
        "cos": "mp.cos({0})",
        "atan": "mp.atan({0})",
        "asinh": "mp.asinh({0})",
        "hypot1": "mp.hypot(1, {0})",
    }

    def outputs(self, program: Program) -> tuple[Node, ...]:
        return tuple(expand(o, self.spoken()) for o in program.outputs)

    def statement(self, name: str, text: str) -> str:
        return f"{name} = lazy(lambda: {text})"

    def mention(self, name: str) -> str:
        return f"{name}()"

    def number(self, value: float) -> str:
        return f"mpf({value!r})" if value - value == 0 else f"mpf('{value}')"
