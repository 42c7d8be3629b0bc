"""What all printers share: a program becomes the source of one function, text in and text out.

A printer is a table from primitive to spelling. It is strict: what it cannot spell it takes from
the primitive's definition, and what has none is an error here, not in the generated code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import ClassVar

from ogive.expr import Node, Program, expand, fold, walk
from ogive.expr.text import INFIX

Spelling = str | Callable[..., str]
ATOMS = ("const", "symbol", "pi")
#: For languages run by Python in which a branch that is not taken is never computed.
LAZY = """\
def lazy(compute):
    kept = []
    return lambda: kept[0] if kept else kept.append(compute()) or kept[0]
"""


class Printer:
    """Base of the printers; a language is a subclass in a file of its own.

    Attributes:
        language: the name under which ``source(language)`` finds the printer.
        header: the lines before the function.
        spell: primitive -> format string of its arguments, or a function (node, *texts) -> text.
    """

    language: ClassVar[str]
    header: ClassVar[str] = ""
    spell: ClassVar[Mapping[str, Spelling]]
    infix: ClassVar[Mapping[str, str]] = {
        op: row[0] for op, row in INFIX.items() if op not in ("mul0", "pow")
    }

    def source(self, program: Program, name: str | None = None) -> str:
        """The source of a function of the program's inputs that gives a tuple of its outputs."""
        outputs = self.outputs(program)
        body, results = self.body(outputs)
        results = [self.shaped(o, r, program) for o, r in zip(outputs, results, strict=True)]
        lines = [
            f"def {name or program.name}({', '.join(program.inputs)}):",
            *(f"    {line}" for line in body),
            f"    return ({', '.join(results)}{',' if len(results) == 1 else ''})",
        ]
        return (f"{self.header}\n\n\n" if self.header else "") + "\n".join(lines) + "\n"

    def spoken(self) -> set[str]:
        """The primitives the language has a spelling for."""
        return {*self.spell, *self.infix, "neg"}

    def outputs(self, program: Program) -> tuple[Node, ...]:
        """What is printed: limits guarded, in the language's primitives, constants folded."""
        return tuple(fold(expand(o, self.spoken())) for o in program.guarded)

    def shaped(self, output: Node, text: str, program: Program) -> str:
        """The text of an output; a language with arrays gives a constant its shape here."""
        return text

    def body(self, outputs: tuple[Node, ...]) -> tuple[list[str], list[str]]:
        """A statement for each value that is used more than once, and the outputs' texts."""
        uses = Counter(a for node in walk(*outputs) for a in node.args)
        uses.update(outputs)
        text: dict[Node, str] = {}
        lines: list[str] = []
        for node in walk(*outputs):
            text[node] = self.write(node, [text[a] for a in node.args])
            if uses[node] > 1 and node.op not in ATOMS:
                name = f"_t{len(lines)}"  # no input begins with an underscore
                lines.append(self.statement(name, _bare(text[node])))
                text[node] = self.mention(name)
        return lines, [_bare(text[o]) for o in outputs]

    def statement(self, name: str, text: str) -> str:
        return f"{name} = {text}"

    def mention(self, name: str) -> str:
        return name

    def write(self, node: Node, args: list[str]) -> str:
        """One operation in the language; infix results carry their parentheses."""
        if node.op == "symbol":
            return str(node.value)
        if node.op == "const":
            return self.number(float(node.value))  # type: ignore[arg-type]
        spelling = self.spell.get(node.op)
        if callable(spelling):
            return spelling(node, *args)
        if spelling is not None:
            return spelling.format(*args)
        if node.op == "neg":
            return f"(-{args[0]})"
        return f"({args[0]} {self.infix[node.op]} {args[1]})"

    def number(self, value: float) -> str:
        """A literal that reads back exactly."""
        return repr(value) if value - value == 0 else f"float('{value}')"


def _bare(text: str) -> str:
    """The text without a pair of parentheses around the whole of it."""
    if not text.startswith("("):
        return text
    depth = 0
    for i, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return text[1:-1] if i == len(text) - 1 else text
    return text
