"""What all printers share: a program becomes the source of one function, text in and text out.

A printer is a table from primitive to spelling, and how its language writes a function. It is
strict: what it cannot spell it takes from the shared approximations, if they are for its numbers,
or from the primitive's definition; what has neither is an error here, not in the generated code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from ogive.expr import PRIMITIVES, Node, Program, expand_all, fold_all, symbol, walk
from ogive.expr.text import INFIX
from ogive.printers.approximations import approximation
from ogive.printers.machine import Format, Value
from ogive.printers.portable import PORTABLE

Spelling = str | Callable[..., str]
ATOMS = ("const", "symbol", "pi")
#: Parentheses that nest deeper are cut off into a statement of their own: Python reads 200.
DEEP = 60
#: Every printer, by its language.
PRINTERS: dict[str, type[Printer]] = {}


class Printer:
    """Base of the printers; a language is a subclass in a file of its own.

    Attributes:
        language: the name under which ``source(language)`` finds the printer.
        header: the lines before the functions.
        numbers: the format of its numbers, if they have one: what the language lacks is then taken
            from the approximations, as functions before the program's.
        spell: primitive -> format string of its arguments, or a function (node, *texts) -> text.
    """

    language: ClassVar[str]
    header: ClassVar[str] = ""
    numbers: ClassVar[Format | None] = None
    spell: ClassVar[Mapping[str, Spelling]]
    infix: ClassVar[Mapping[str, str]] = {
        op: row[0] for op, row in INFIX.items() if op not in ("mul0", "pow")
    }

    def __init_subclass__(cls) -> None:
        if "language" in vars(cls):
            PRINTERS[cls.language] = cls

    def function(self, name: str, inputs: Sequence[str], lines: list[str], result: str) -> str:
        """A function of numbers: its statements, and the text of what it returns."""
        raise NotImplementedError(f"the printer for {self.language} writes no functions")

    def several(self, results: list[str]) -> str:
        return f"[{', '.join(results)}]"

    def source(self, program: Program, name: str | None = None) -> str:
        """The source of a function of the program's inputs that gives a tuple of its outputs."""
        outputs = self.outputs(program)
        lines, results = self.body(outputs)
        results = [self.shaped(o, r, program) for o, r in zip(outputs, results, strict=True)]
        given = name or program.name
        main = self.function(given, program.inputs, lines, self.several(results))
        parts = [self.header, *self.helpers(outputs).values(), main]
        return "\n\n\n".join(filter(None, parts)) + "\n"

    def spoken(self) -> set[str]:
        return {*self.spell, *self.infix, "neg", "rarely"}

    def outputs(self, program: Program) -> tuple[Node, ...]:
        """What is printed: limits guarded, in what the language can say, constants folded."""
        known = self.spoken() | self.approximated()
        return fold_all(expand_all(program.guarded, known))

    def approximated(self) -> set[str]:
        """The primitives that the shared approximations give the language."""
        return {n for n in PRIMITIVES if self.numbers and approximation(n, self.numbers)}

    def helpers(self, outputs: tuple[Node, ...]) -> dict[str, str]:
        """Functions of what the language lacks, by operation, each after those that it calls."""
        found: dict[str, str] = {}
        for node in walk(*outputs):
            if node.op not in {*self.spoken(), *ATOMS, *found}:
                names = ("a", "b", "c")[: len(node.args)]
                graph = self._built(node)(*(Value(symbol(n)) for n in names)).node
                lines, (result,) = self.body((graph,))
                found |= self.helpers((graph,))
                found[node.op] = self.function(f"_{node.op}", names, lines, result)
        return found

    def _built(self, node: Node) -> Callable[..., Value]:
        build = PORTABLE.get(node.op) or (self.numbers and approximation(node.op, self.numbers))
        if not build:
            lacking = f"{node.op} ({node.value})" if node.value else node.op
            raise NotImplementedError(
                f"the printer for {self.language} needs a spelling of {lacking}: nothing defines it"
            )
        return build

    def shaped(self, output: Node, text: str, program: Program) -> str:
        """The text of an output; a language with arrays gives a constant its shape here."""
        return text

    def body(self, outputs: tuple[Node, ...]) -> tuple[list[str], list[str]]:
        """A statement for each value that is used more than once, or is deep, and the outputs'
        texts."""
        uses = Counter(a for node in walk(*outputs) for a in node.args)
        uses.update(outputs)
        text: dict[Node, str] = {}
        depth: dict[Node, int] = {}
        lines: list[str] = []
        for node in walk(*outputs):
            text[node] = self.write(node, [text[a] for a in node.args])
            depth[node] = 1 + max((depth[a] for a in node.args), default=0)
            if (uses[node] > 1 or depth[node] >= DEEP) and node.op not in ATOMS:
                depth[node] = 0
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
        spelling = self.spell.get("where" if node.op == "rarely" else node.op)
        if callable(spelling):
            return spelling(node, *args)
        if spelling is not None:
            return spelling.format(*args)
        if node.op == "neg":
            return f"(-{args[0]})"
        if node.op in self.infix:
            return f"({args[0]} {self.infix[node.op]} {args[1]})"
        return f"_{node.op}({', '.join(args)})"

    def number(self, value: float) -> str:
        """A literal that reads back exactly."""
        return repr(value)


def by_name(form: str, names: str) -> dict[str, Spelling]:
    """The spellings of primitives that the language knows by our names, * in the form."""
    return {name: form.replace("*", name) for name in names.split()}


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
