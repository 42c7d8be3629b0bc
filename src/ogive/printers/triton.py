"""Triton's language: what the GPU engine compiles, and its interpreter runs.

A program becomes a device function of blocks of numbers, straight down the page, and so does each
primitive in it, by the project's own approximations: every fused multiply-add is written as one and
nothing else may be fused, so a float32 result is the same number on every GPU and in the
interpreter. What is rounded to 16 bits in the end may come from the processor's own exponential and
reciprocal, whose last digits no 16-bit number has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar

from ogive.expr import (
    Node,
    Program,
    const,
    expand,
    fold,
    rebuild,
    shared_subexpressions,
    symbol,
    walk,
)
from ogive.expr.node import constant_value
from ogive.expr.rewrite import shared_form
from ogive.printers.approximations import approximation
from ogive.printers.approximations.exponentials import exp as _exponential
from ogive.printers.base import Printer
from ogive.printers.llvm.forms import of_operations, with_forms
from ogive.printers.llvm.printer import LLVMPrinter, fused
from ogive.printers.machine import FLOAT32, FLOAT64, Format, Value
from ogive.printers.triton_operations import (
    ADDITION,
    BY_FORMAT,
    DEVICE_FUNCTIONS,
    QUICK_FORMS,
    SPELLED,
    names_in,
)
from ogive.printers.triton_sines import SINES

#: How accurate the arithmetic is: as the formula says; with what a GPU has of its own, for 16 bits;
#: with exponentials that lose less, or whose arguments are float64; in float64, for float32.
PRECISE, QUICK, CLOSE, WIDER, SHORT = "", "quick", "close", "wider", "short"
_NUMBERS = ("const", "pi")
#: Primitives with a quick form, that are written out otherwise.
LOGISTIC = ("sigmoid", "dsigmoid", "softplus")


class TritonPrinter(Printer):
    """Programs in Triton for one arithmetic.

    Args:
        format: of the inputs and outputs of the function, float32 or float64.
        forms: ``quick`` for results of 16 bits; ``close`` and ``wider`` of more accurate float32;
            ``short`` for float64 that is rounded to float32.
    """

    language = "triton"
    header = (
        "import triton\nimport triton.language as tl\nfrom triton.language.extra import libdevice"
    )
    spell: ClassVar = SPELLED

    def __init__(self, format: Format = FLOAT32, forms: str = PRECISE) -> None:
        self.format, self._forms = format, forms
        self._formats: dict[Node, Format] = {}

    def spoken(self) -> set[str]:
        named = LLVMPrinter(self.format).spoken() - {"gelu", "gelu_tanh"}
        return {n for n in named if not n.endswith("_slope")} | {"pi", *self.spell}

    def outputs(self, program: Program) -> tuple[Node, ...]:
        """The outputs in what Triton, the approximations and the operations below can say."""
        return _printed(program, self.format, self._forms)

    def has_polynomials(self, program: Program) -> bool:
        """Whether functions in it are approximated here, and not by the processor."""
        if self._forms == QUICK:
            return False
        return any(node.op not in _WRITTEN for node in walk(*self.outputs(program)))

    def source(self, program: Program, name: str | None = None) -> str:
        """The module: the operations and primitives in use, and a function for the program."""
        functions = self.functions(program, name or program.name)
        header = self.header if "libdevice." in functions else self.header.rpartition("\n")[0]
        return "\n\n\n".join([header, *[ADDITION] * ("SUM" in functions), functions])

    def functions(self, program: Program, name: str) -> str:
        """The functions without what they import."""
        outputs = self.outputs(program)
        lines, results = self.body(outputs)
        primitives = self.helpers(outputs)
        results = [self.shaped(o, r, program) for o, r in zip(outputs, results, strict=True)]
        main = self.function(name, program.inputs, lines, self.several(results))
        written = [*primitives.values(), main]
        return "\n\n\n".join([*operations("\n".join(written)), *written]) + "\n"

    def function(self, name: str, inputs: Sequence[str], lines: list[str], result: str) -> str:
        body = "".join(f"    {line}\n" for line in (*lines, f"return {result}"))
        return f"@triton.jit\ndef {name}({', '.join(inputs)}):\n{body}".rstrip()

    def several(self, results: list[str]) -> str:
        return ", ".join(results)

    def shaped(self, output: Node, text: str, program: Program) -> str:
        """A number gets the type of the others; stores give it its shape."""
        return _typed(text, self.format) if output.op in _NUMBERS else text

    def helpers(self, outputs: tuple[Node, ...]) -> dict[str, str]:
        """Functions of the primitives, each after those that it calls."""
        found: dict[str, str] = {}
        for node in walk(*outputs):
            if node.op in _WRITTEN:
                continue
            if self._forms == QUICK and node.op in QUICK_FORMS:
                found[node.op] = QUICK_FORMS[node.op].strip()
            elif node.op not in found:
                printer = TritonPrinter(self._taken(node), self._forms)
                graph = _approximated(node, self._formats[node], self._forms)
                turn = SINES.get(node.op.removesuffix("_short"))
                if turn is not None:  # what is far is left to a function of its own
                    graph = graph.args[2]
                lines, (result,) = printer.body((graph,))
                if turn is not None:
                    result = f"_unless_far_{self.format.bits}(a, {result}, {turn})"
                found |= printer.helpers((graph,))
                found[node.op] = self.function(
                    f"_{node.op}", "abc"[: len(node.args)], lines, result
                )
        return found

    # numbers, which take the format of what they meet

    def body(self, outputs: tuple[Node, ...]) -> tuple[list[str], list[str]]:
        for node in walk(*outputs):
            self._formats[node] = self._format_of(node)
        return super().body(outputs)

    def _format_of(self, node: Node) -> Format:
        if node.op == "symbol":
            return self.format
        if node.op in ("widen", "libm"):
            return FLOAT64
        if node.op == "narrow" or node.op.endswith("_of_wide"):
            return FLOAT32
        known = [self._formats[a] for a in node.args if a.op not in _NUMBERS]
        return known[-1] if known else self.format

    def _taken(self, node: Node) -> Format:
        """The format of a function's arguments."""
        return FLOAT64 if node.op.endswith("_of_wide") else self._formats[node]

    def write(self, node: Node, args: list[str]) -> str:
        format = self._met(node)
        by_function = node.op in BY_FORMAT and not (node.op == "div" and self._forms == QUICK)
        plain = node.op in self.infix and not by_function  # where a number takes the other's type
        given = [
            _literal(a, format, plain) if a.op in _NUMBERS else text
            for a, text in zip(node.args, args, strict=True)
        ]
        if node.op == "pi":
            return repr(math.pi)
        if by_function:
            return f"_{node.op}_{format.bits}({', '.join(given)})"
        return super().write(node, given)

    def _met(self, node: Node) -> Format:
        """The format of a node's arguments."""
        known = [self._formats[a] for a in node.args if a.op not in _NUMBERS]
        return known[-1] if known else self.format


#: Operations that need no function of a primitive.
_WRITTEN = {*SPELLED, *TritonPrinter.infix, *BY_FORMAT, *_NUMBERS, "symbol", "rarely"}


def operations(text: str) -> list[str]:
    """The functions that a text calls, each after those that it calls itself."""
    found: dict[str, str] = {}

    def add(names: Sequence[str]) -> None:
        for name in names:
            if name not in found:
                add(names_in(DEVICE_FUNCTIONS[name]))
                found[name] = DEVICE_FUNCTIONS[name].strip()

    add(names_in(text))
    return list(found.values())


def _literal(node: Node, format: Format, plain: bool) -> str:
    """A literal of a format; Triton reads others as float32, or as float64 if they are small."""
    value = math.pi if node.op == "pi" else float(node.value or 0.0)
    text = f'float("{value}")' if value - value != 0 else repr(value)
    other = format is FLOAT64 or 0 < abs(value) < 2.0**-126
    return _typed(text, format) if other and not plain else text


def _typed(text: str, format: Format) -> str:
    return f"tl.full((), {text}, tl.{format.name})"


def _approximated(node: Node, format: Format, forms: str) -> Node:
    if forms in (CLOSE, WIDER) and node.op == "decay":  # by the exponential, whose rest is not lost
        return _exponential(format, -Value(symbol("a"))).node
    own = "_quick" if forms == QUICK else "_smooth"
    build = approximation(node.op + own, format) or approximation(node.op, format)
    assert build is not None, node.op
    return build(*(Value(symbol(n)) for n in "abc"[: len(node.args)])).node


@lru_cache(maxsize=256)
def _printed(program: Program, format: Format, forms: str) -> tuple[Node, ...]:
    if format is FLOAT64:
        return LLVMPrinter(format, (), forms).outputs(program)
    known = TritonPrinter(format).spoken()
    if forms == QUICK:
        shared = (rebuild(o, _quotient) for o in program.guarded)
        return fused(tuple(fold(expand(o, {*known, *LOGISTIC})) for o in shared))
    given = tuple(fold(expand(shared_subexpressions(o), known)) for o in program.guarded)
    exponentials, wide = of_operations()
    for rows in (exponentials, wide) if forms == WIDER else (exponentials,):
        given = tuple(with_forms(o, rows, format, lambda x: False) for o in given)
    return fused(given)


def _quotient(node: Node) -> Node | None:
    """A quotient of sums of exponentials, whose divisor is no extreme number; one by a number."""
    if (made := shared_form(node)) is not None:
        return Node("over", made.args)
    divisor = constant_value(node.args[1]) if node.op == "div" else None
    return node.args[0] * const(1.0 / divisor) if divisor else None
