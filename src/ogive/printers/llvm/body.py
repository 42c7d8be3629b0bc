"""Expressions as the instructions of a function, each value written once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ogive.expr import Node, symbol, walk
from ogive.printers.approximations import approximation
from ogive.printers.llvm.builder import INLINED, Function, Module
from ogive.printers.llvm.notation import FORMAT_OF, VECTOR_BITS, Type, vector
from ogive.printers.llvm.operations import INSTRUCTIONS, each
from ogive.printers.llvm.typed_values import Register
from ogive.printers.machine import FLOAT32, FLOAT64, Format, Value

#: The format of an operation's arguments, where it is not that of its result.
_TAKEN = {"widen": FLOAT32, "narrow": FLOAT64}
_NUMBERS = ("const", "pi")


def define_function(
    module: Module,
    name: str,
    inputs: Sequence[str],
    outputs: Sequence[Node],
    type: Type,
    attributes: str = INLINED,
) -> str:
    """The function of vectors that computes expressions of its inputs."""

    def build(function: Function, *given: Register) -> list[Register]:
        return Body(function, type, dict(zip(inputs, given, strict=True))).values(outputs)

    return module.define(named(name), dict.fromkeys(inputs, type), build, attributes)


def named(function: str) -> str:
    """The global name of a function of the project, apart from the C library's."""
    return f"ogive.{function}"


class Body:
    """The part of a function that computes expressions of the inputs."""

    def __init__(self, function: Function, type: Type, inputs: Mapping[str, Register]) -> None:
        self._function = function
        self._type = type
        self._inputs = inputs
        self._known: dict[Node, Register] = {}
        self._formats: dict[Node, Format] = {}

    def values(self, outputs: Sequence[Node]) -> list[Register]:
        """The values of the expressions, after the instructions that compute them."""
        for output in outputs:
            self._compute(output)
        return [self._mention(o, FORMAT_OF[self._type.element]) for o in outputs]

    def _compute(self, root: Node) -> None:
        needed = _needed(root)
        for node in walk(root):
            if node in needed and node not in self._known and node.op not in _NUMBERS:
                format = self._formats[node] = self._format(node)
                self._known[node] = self._write(node, format)

    def _format(self, node: Node) -> Format:
        if node.op == "symbol":
            return FORMAT_OF[self._inputs[str(node.value)].type.element]
        if node.op in ("widen", "libm"):
            return FLOAT64
        if node.op == "narrow" or node.op.endswith("_of_wide"):
            return FLOAT32
        # the condition of a selection comes first, and has the format of what it compares
        formats = [self._formats[a] for a in node.args if a in self._known]
        return formats[-1] if formats else FORMAT_OF[self._type.element]

    def _mention(self, node: Node, format: Format) -> Register:
        """The value as an operand; a number takes the format of its neighbours."""
        if node.op in _NUMBERS:
            number = math.pi if node.op == "pi" else float(node.value or 0.0)
            return self._function.number(vector(format, self._type.lanes), number)
        return self._known[node]

    def _write(self, node: Node, format: Format) -> Register:
        """The instructions of one node whose arguments are written."""
        if node.op == "symbol":
            return self._inputs[str(node.value)]
        if node.op == "rarely":
            return self._rarely(node, format)
        given = [self._mention(a, _taken(node.op, format)) for a in node.args]
        if node.op == "libm":
            return each(str(node.value), *given)
        if node.op in INSTRUCTIONS:
            return INSTRUCTIONS[node.op](*given)
        return self._function.call(self._primitive(node.op, len(given)), *given)[0]

    def _rarely(self, node: Node, format: Format) -> Register:
        condition, slow, fast = node.args
        usual, outside = self._mention(fast, format), dict(self._known)

        def rare() -> list[Register]:
            self._compute(slow)
            return [self._mention(slow, format)]

        (result,) = self._function.rarely(self._known[condition], [usual], rare)
        self._known = outside  # what the branch computed is not known after it
        return result

    def _primitive(self, op: str, arity: int) -> str:
        """The function of a primitive, by its approximation."""
        name, module = _primitive(op, arity, self._type)
        self._function.module.include(module)
        return name


@lru_cache(maxsize=512)
def _primitive(op: str, arity: int, type: Type) -> tuple[str, Module]:
    """The name of a primitive's function, and the module of it and all that it calls."""
    module, format = Module(), FORMAT_OF[type.element]
    inputs = ("x", "y")[:arity]

    def build(function: Function, *given: Register) -> list[Register]:
        made = approximation(op, format)
        assert made is not None, op
        output = made(*(Value(symbol(i)) for i in inputs)).node
        return Body(function, type, dict(zip(inputs, given, strict=True))).values([output])

    # beside float32, a module has vectors of as many float64 numbers
    suffix = ".wide" if type.bits * type.lanes > VECTOR_BITS else ""
    taken = vector(_taken(op, format), type.lanes)
    return module.define(named(op + suffix), dict.fromkeys(inputs, taken), build), module


def _taken(op: str, format: Format) -> Format:
    """The format of the arguments of an operation whose result is in ``format``."""
    return FLOAT64 if op.endswith("_of_wide") else _TAKEN.get(op, format)


def _needed(root: Node) -> set[Node]:
    """The nodes that are computed whether or not a rare branch is taken."""
    seen: set[Node] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += [a for i, a in enumerate(node.args) if node.op != "rarely" or i != 1]
    return seen
