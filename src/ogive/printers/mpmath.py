"""mpmath: the reference. Scalars of any precision, every primitive by its own definition.

No guard is needed, because mpmath's exponents do not overflow.
"""

from __future__ import annotations

from typing import ClassVar

from ogive.printers.base import by_name
from ogive.printers.python import LAZY, ExactPrinter


class MpmathPrinter(ExactPrinter):
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
        **by_name("mp.*({0})", "sign sqrt log log1p erfinv sin cos atan asinh"),
        **by_name("*({0})", "exp softplus tanh sech erf erfc ndtr"),
        "pi": "(+mp.pi)",
        "abs": "abs({0})",
        "min": "min({0}, {1})",
        "max": "max({0}, {1})",
        "where": "where({0}, lambda: {1}, lambda: {2})",
        "pow": "({0} ** {1})",
        "expm1": "(mp.expm1({0}) if abs({0}) < 1 else exp({0}) - 1)",
        "sigmoid": "(1 / (1 + exp(-{0})))",
        "dsigmoid": "(sech({0} / 2) ** 2 / 4)",
        "sinh": "(mp.sinh({0}) if abs({0}) < 1 else (exp({0}) - exp(-{0})) / 2)",
        "cosh": "((exp({0}) + exp(-{0})) / 2)",
        "hypot1": "mp.hypot(1, {0})",
    }

    def number(self, value: float) -> str:
        return f"mpf({value!r})" if value - value == 0 else f"mpf('{value}')"
