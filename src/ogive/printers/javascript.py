"""JavaScript: float64 in a browser, the source of the explorer's functions.

Functions of the language that are accurate to the last place or two are taken as they are; what it
lacks, such as erfc, comes from the shared approximations. The source is plain enough for any page:
a classic script, no module, nothing evaluated at run time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from ogive.expr import Node
from ogive.printers.base import Printer, by_name
from ogive.printers.machine import FLOAT64

#: Of C's pow the language's own differs where the result is 1 whatever the exponent.
LIBM = {"pow": "({0} === 1 || ({0} === -1 && Math.abs({1}) === Infinity) ? 1 : Math.pow({0}, {1}))"}
_WORDS = """
arguments boolean byte case catch char const debugger default delete do double enum eval export
extends final float function goto implements instanceof int interface let long native new null
package private protected public short static super switch synchronized this throw throws
transient true false typeof undefined var void volatile Infinity Math NaN
"""
#: Names that a parameter may have in Python, but no variable of the language, or none that would
#: not hide what functions use.
RESERVED = frozenset(_WORDS.split())


class JavaScriptPrinter(Printer):
    language = "javascript"
    numbers = FLOAT64
    spell: ClassVar = {
        **by_name(
            "Math.*({0})",
            "abs sign sqrt exp expm1 log log1p tanh sinh cosh sin cos atan asinh",
        ),
        **by_name("Math.*({0}, {1})", "min max"),
        "eq": "({0} === {1})",
        "where": "({0} ? {1} : {2})",
        "libm": lambda node, *args: LIBM.get(node.value, "Math.{name}({args})").format(
            *args, name=node.value, args=", ".join(args)
        ),
    }

    def function(self, name: str, inputs: Sequence[str], lines: list[str], result: str) -> str:
        body = "".join(f"  {line};\n" for line in (*lines, f"return {result}"))
        return f"function {_variable(name)}({', '.join(map(_variable, inputs))}) {{\n{body}}}"

    def write(self, node: Node, args: list[str]) -> str:
        return _variable(str(node.value)) if node.op == "symbol" else super().write(node, args)

    def statement(self, name: str, text: str) -> str:
        return f"const {name} = {text}"

    def number(self, value: float) -> str:
        if math.isfinite(value):
            return repr(value)
        return "NaN" if math.isnan(value) else f"({'-' * (value < 0)}Infinity)"


def _variable(name: str) -> str:
    """The name, or one that no formula has: $ is no letter of Python's."""
    return f"{name}$" if name in RESERVED else name
