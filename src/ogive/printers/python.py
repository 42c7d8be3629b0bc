"""What the languages that Python runs have in common: how they write a function."""

from __future__ import annotations

from collections.abc import Sequence

from ogive.expr import Node, Program, expand
from ogive.printers.base import Printer

#: For languages in which a branch that is not taken is never computed.
LAZY = """\
def lazy(compute):
    kept = []
    return lambda: kept[0] if kept else kept.append(compute()) or kept[0]
"""


class PythonPrinter(Printer):
    """Base of the languages that Python runs; see ``ogive.printers.python_function``."""

    def function(self, name: str, inputs: Sequence[str], lines: list[str], result: str) -> str:
        body = "".join(f"    {line}\n" for line in (*lines, f"return {result}"))
        return f"def {name}({', '.join(inputs)}):\n{body}".rstrip()

    def several(self, results: list[str]) -> str:
        return f"({', '.join(results)}{',' if len(results) == 1 else ''})"

    def number(self, value: float) -> str:
        return repr(value) if value - value == 0 else f"float('{value}')"


class ExactPrinter(PythonPrinter):
    """Base of the languages of the judge: constants are exact, and nothing needs a guard.

    Shared values are lazy, so that a branch that does not hold is never computed.
    """

    def outputs(self, program: Program) -> tuple[Node, ...]:
        return tuple(expand(o, self.spoken()) for o in program.outputs)

    def statement(self, name: str, text: str) -> str:
        return f"{name} = lazy(lambda: {text})"

    def mention(self, name: str) -> str:
        return f"{name}()"
