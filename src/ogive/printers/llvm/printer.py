"""LLVM's intermediate representation: what the CPU engine compiles.

A program becomes a function from vectors to vectors, straight down the page, and so does every
primitive in it, by the project's own approximation. A vector has one lane for each float32 in 64
bytes, which LLVM cuts to what the processor has: the text is the same everywhere, and since every
fused multiply-add is written as one and nothing may be reordered, so are the results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from functools import lru_cache
from typing import ClassVar

from ogive.expr import (
    Node,
    Program,
    expand_all,
    fold_all,
    rebuild,
    shared_subexpressions,
    symbols,
    walk,
)
from ogive.expr.node import constant_value
from ogive.printers.approximations import approximation
from ogive.printers.base import Printer
from ogive.printers.llvm.body import define_function
from ogive.printers.llvm.builder import Module
from ogive.printers.llvm.forms import OWN, of_functions, of_operations, with_forms
from ogive.printers.llvm.notation import vector
from ogive.printers.llvm.operations import INSTRUCTIONS
from ogive.printers.machine import FLOAT32, Format

APPROXIMATED = (
    *("exp", "expm1", "log", "log1p", "tanh", "sinh", "cosh", "pow"),
    *("erf", "erfc", "ndtr", "erfinv", "sin", "cos", "atan", "asinh"),
    *(own for name in OWN for own in (name, f"{name}_slope")),
)


class LLVMPrinter(Printer):
    """Programs in LLVM for one arithmetic, float32 or float64.

    Args:
        near: the inputs that are known not to be large.
        forms: which of several approximations is taken: with fewer roundings (``close``), or with
            no more digits than a float32 result needs (``short``).
    """

    language = "cpu"
    spell: ClassVar = {}

    def __init__(
        self, format: Format = FLOAT32, near: Collection[str] = (), forms: str = ""
    ) -> None:
        self.format = format
        self._near = frozenset(near)
        self._forms = forms

    def spoken(self) -> set[str]:
        named = {name for name in APPROXIMATED if approximation(name, self.format)}
        return {*INSTRUCTIONS, "pi"} | named

    def outputs(self, program: Program) -> tuple[Node, ...]:
        """The program's outputs with exponentials shared, in what LLVM and the table can say.

        Where nothing is large no limit at infinity needs a guard, and simpler forms do.
        """
        return _printed(program, self.format, self._near, self._forms)

    def printed(self, program: Program) -> tuple[Node, ...]:
        """``outputs``, found anew."""
        given = fold_all(program.outputs) if self._near else program.guarded
        for forms in of_functions():
            given = tuple(with_forms(o, forms, self.format, self._is_near) for o in given)
        given = tuple(map(shared_subexpressions, given))
        given = fold_all(expand_all(given, self.spoken()))
        for forms in of_operations():
            given = tuple(with_forms(o, forms, self.format, self._is_near) for o in given)
        return fused(tuple(rebuild(o, self._approximated) for o in given))

    def has_forms(self, program: Program) -> bool:
        """Whether there is an approximation in the program that is not the usual one."""
        return any(f"_{self._forms}" in node.op for node in walk(*self.outputs(program)))

    def _approximated(self, node: Node) -> Node | None:
        """The approximation of a primitive that is wanted, where there is one."""
        name = f"{node.op}_{self._forms}"
        wanted = self._forms in ("short", "close") and approximation(name, self.format)
        return Node(name, node.args) if wanted else None

    def _is_near(self, x: Node) -> bool:
        inputs = {n.value for n in symbols(x)} if self._near else set()
        return bool(inputs) and inputs <= self._near

    def source(self, program: Program, name: str | None = None) -> str:
        """The declarations, a function for each primitive in use, and one for the program."""
        name, module = name or program.name, Module()
        if approximation(name, self.format) is not None:
            name = f"{name}.program"
        define_function(module, name, program.inputs, self.outputs(program), vector(self.format))
        return module.text()


@lru_cache(maxsize=128)  # a program is tried in several arithmetics, for each dtype
def _printed(
    program: Program, format: Format, near: frozenset[str], forms: str
) -> tuple[Node, ...]:
    return LLVMPrinter(format, near, forms).printed(program)


def fused(outputs: tuple[Node, ...]) -> tuple[Node, ...]:
    """The outputs with each product that is only added, added before it is rounded."""
    uses = Counter(a for node in walk(*outputs) for a in node.args)
    uses.update(outputs)
    new: dict[Node, Node] = {}
    for node in walk(*outputs):
        args = tuple(new[a] for a in node.args)
        products = [new[a].op == "mul" and uses[a] == 1 for a in node.args]
        fused = _quotient(node, args, uses) if node.op == "mul" else _sum(node.op, args, products)
        new[node] = Node(node.op, args, node.value) if fused is None else fused
    return tuple(new[o] for o in outputs)


def _sum(op: str, args: tuple[Node, ...], products: list[bool]) -> Node | None:
    """A product and a summand, rounded once."""
    if op not in ("add", "sub") or not any(products):
        return None
    a, b = args
    if products[1]:
        factor = b.args[0] if op == "add" else _negative(b.args[0])
        return Node("fma", (factor, b.args[1], a))
    return Node("fma", (*a.args, b if op == "add" else _negative(b)))


def _quotient(node: Node, args: tuple[Node, ...], uses: Counter[Node]) -> Node | None:
    """a (1 / b) as a / b."""
    for i, (old, new) in enumerate(zip(node.args, args, strict=True)):
        if new.op == "div" and uses[old] == 1 and constant_value(new.args[0]) == 1.0:
            return Node("div", (args[1 - i], new.args[1]))
    return None


def _negative(node: Node) -> Node:
    return Node("const", (), -float(node.value or 0.0)) if node.op == "const" else -node
