"""A new language and a new primitive, as somebody who extends ogive would write them.

The language is the part of JavaScript that is arithmetic and calls; the primitives are the
Gudermannian function, the logarithm of cosh, and a squasher with a kink.
"""

import math
from collections.abc import Sequence
from typing import ClassVar

from ogive.expr import Node, const
from ogive.expr.node import where
from ogive.expr.primitives import Primitive, call
from ogive.printers import Printer
from ogive.printers.machine import FLOAT64


class ScriptPrinter(Printer):
    language = "script"
    numbers = FLOAT64
    header = "const select = (condition, a, b) => condition ? a : b;"
    spell: ClassVar = {
        "abs": "Math.abs({0})",
        "sign": "Math.sign({0})",
        "min": "Math.min({0}, {1})",
        "max": "Math.max({0}, {1})",
        "where": "select({0}, {1}, {2})",
        "sqrt": "Math.sqrt({0})",
        "libm": lambda node, *args: f"Math.{node.value}({', '.join(args)})",
    }

    def function(self, name: str, inputs: Sequence[str], lines: list[str], result: str) -> str:
        body = "".join(f"  {line};\n" for line in (*lines, f"return {result}"))
        return f"function {name}({', '.join(inputs)}) {{\n{body}}}"

    def statement(self, name: str, text: str) -> str:
        return f"const {name} = {text}"

    def number(self, value: float) -> str:
        if math.isfinite(value):
            return repr(value)
        return "NaN" if math.isnan(value) else f"({'-' * (value < 0)}Infinity)"


def _soft_root(x: Node) -> Node:
    """x / (1 + sqrt(1 + |x|)), with a kink in its second derivative."""
    return where(abs(x) < math.inf, x / (1 + call("sqrt", 1 + abs(x))), x)


ROWS = (
    Primitive(
        "gd",
        1,
        None,
        lambda y, a: (call("sech", a),),
        lambda a: 2 * call("atan", call("tanh", a / 2)),
    ),
    Primitive(
        "logcosh",
        1,
        None,
        lambda y, a: (call("tanh", a),),
        lambda a: abs(a) + call("log1p", call("exp", -2 * abs(a))) - call("log", 2.0),
        latex=r"\log\cosh",
    ),
    Primitive(
        "softroot",
        1,
        None,
        lambda y, a: (const(0.5) / call("sqrt", 1 + abs(a)),),
        _soft_root,
    ),
)
