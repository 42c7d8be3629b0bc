"""The safe parser: text to expression, nothing evaluated.

Python's own grammar reads the text into a syntax tree, and only the whitelisted kinds of node below
are taken over; anything else is refused with its position. Length, nesting and size are bounded
before and while the tree is read.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from textwrap import shorten
from typing import Any

from ogive.errors import FormulaError, OgiveError, briefly, nearest
from ogive.expr.functions import CONSTANTS, Word, vocabulary
from ogive.expr.node import ZERO, Node, build, const, symbol, walk, written

_CONDITIONS = ("lt", "le", "eq")
MAX_LENGTH, MAX_DEPTH, MAX_NODES = 2000, 40, 400
#: So much of the text is shown in an error.
SHOWN = 80

_BINARY = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow"}
_COMPARE = {
    ast.Lt: ("lt", False),
    ast.LtE: ("le", False),
    ast.Gt: ("lt", True),
    ast.GtE: ("le", True),
}


def parse(
    text: str, symbols: Iterable[str] = ("x",), others: Mapping[str, Word] | None = None
) -> Node:
    """The expression that ``text`` writes, over the given symbols.

    The grammar: numbers, ``+ - * / **``, parentheses, the constants pi, e and inf, comparisons as
    the first argument of ``where(condition, a, b)``, and the functions of the vocabulary (exp,
    log1p, sigmoid, softplus, tanh, erf, ndtr, sin, abs, min, max, clip ...).

    Args:
        text: what is written.
        symbols: the names that stand for numbers.
        others: further functions by name; they build expressions of expressions, and take named
            values, too: expressions, texts, and tuples of expressions.

    Raises:
        FormulaError: pointing at the position of what was refused.

    Example:
        >>> parse("x * sigmoid(beta * x)", ["x", "beta"])
        x * sigmoid(beta * x)
    """
    if not isinstance(text, str):
        raise FormulaError(f"a formula is text, not {type(text).__name__}")
    return check_size(_Reader(text, tuple(symbols), others or {}).read())


def check_size(node: Node) -> Node:
    """The formula, or a FormulaError if it has too many operations or is none."""
    if node.op in _CONDITIONS:
        raise FormulaError("a comparison is not a value; use where(condition, a, b)")
    size = sum(1 for _ in walk(node))
    if size > MAX_NODES:
        raise FormulaError(f"the formula has {size} distinct operations; {MAX_NODES} are allowed")
    return node


class _Reader:
    def __init__(self, text: str, symbols: tuple[str, ...], others: Mapping[str, Word]) -> None:
        # one line, so that a position is a position in what is shown
        self.text = text.translate({9: " ", 10: " ", 13: " "}).strip()
        self.symbols = symbols
        self.functions, self.others = vocabulary(), others

    def refuse(self, why: str, position: int = 0) -> FormulaError:
        start = max(0, position - SHOWN // 2)
        shown = self.text[start : start + SHOWN]
        before, after = "..." * bool(start), "..." * (start + SHOWN < len(self.text))
        mark = " " * (len(before) + position - start)
        where = f"{' at' if why.endswith('?') else ', at'} position {position}"
        return FormulaError(f"{why}{where}\n  {before}{shown}{after}\n  {mark}^")

    def read(self) -> Node:
        self._check_bounds()
        try:
            tree = ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            raise self.refuse(
                f"cannot read the formula: {error.msg}", self._offset(error)
            ) from None
        except (ValueError, MemoryError, RecursionError) as error:
            raise self.refuse(f"cannot read the formula: {error}") from None
        node = self.convert(tree, 0)
        if node.op in ("lt", "le"):
            raise self.refuse("a comparison is not a value; use where(condition, a, b)")
        return node

    def _offset(self, error: SyntaxError) -> int:
        """Python's offsets count from 1; none means the text ended too early."""
        return error.offset - 1 if error.offset else len(self.text)

    def _check_bounds(self) -> None:
        if not self.text:
            raise self.refuse("the formula is empty")
        if len(self.text) > MAX_LENGTH:
            raise self.refuse(
                f"the formula has {len(self.text)} characters of {MAX_LENGTH} allowed"
            )
        if not self.text.isascii():
            odd = next(i for i, c in enumerate(self.text) if not c.isascii())
            raise self.refuse(f"{self.text[odd]!r} is not allowed in a formula", odd)
        if "^" in self.text:
            raise self.refuse("a power is written **, not ^", self.text.index("^"))
        depth = 0
        for i, c in enumerate(self.text):
            depth += (c in "([{") - (c in ")]}")
            if depth > MAX_DEPTH:
                raise self.refuse(f"parentheses nest deeper than {MAX_DEPTH}", i)

    def convert(self, tree: ast.expr, depth: int) -> Node:
        here = tree.col_offset
        if depth > 4 * MAX_DEPTH:
            raise self.refuse("the formula nests too deeply", here)
        match tree:
            case ast.Constant(value=bool()):
                raise self.refuse("True and False are not numbers here", here)
            case ast.Constant(value=int() | float() as value):
                return self._number(value, here)
            case ast.Name(id=name):
                return self._name(name, here)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                node = self.value(operand, depth)
                return const(-0.0) if node is ZERO else -node
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.value(operand, depth)
            case ast.BinOp(op=op) if type(op) in _BINARY:
                return self._chain(tree, depth)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
                name, swapped = _COMPARE[type(op)]
                a, b = self.value(left, depth), self.value(right, depth)
                return build(name, (b, a) if swapped else (a, b))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
                _, arity = self.functions.get(name, (None, -1))
                if (keywords or len(args) != arity) and (other := self.others.get(name)):
                    return self._call_other(other, tree, depth)
                if not keywords:
                    return self._call(name, args, here, depth)
        raise self.refuse(f"{_describe(tree)} is not allowed in a formula", here)

    def value(self, tree: ast.expr, depth: int) -> Node:
        """A sub-formula that must be a number, not a comparison."""
        node = self.convert(tree, depth + 1)
        if node.op in ("lt", "le"):
            raise self.refuse("a comparison is only allowed as where's condition", tree.col_offset)
        return node

    def _chain(self, tree: ast.expr, depth: int) -> Node:
        """Operations from left to right: a sum is no deeper than the deepest of its parts."""
        steps = []
        while isinstance(tree, ast.BinOp) and type(tree.op) in _BINARY:
            steps.append((_BINARY[type(tree.op)], tree.right))
            tree = tree.left
        node = self.value(tree, depth)
        for op, right in reversed(steps):
            node = written(op, (node, self.value(right, depth)))
        return node

    def _number(self, value: float, here: int) -> Node:
        with suppress(OverflowError):
            if math.isfinite(value):
                return const(float(value))
        raise self.refuse("this number is too large for a float; infinity is written inf", here)

    def _name(self, name: str, here: int) -> Node:
        if name in self.symbols:
            return symbol(name)
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in self.functions or name in self.others:
            raise self.refuse(f"{name} is a function; write {name}(...)", here)
        known = shorten(", ".join(self.symbols), SHOWN, placeholder=" ...")
        hint = nearest(name, [*self.symbols, *CONSTANTS, *self.functions])
        raise self.refuse(
            f"unknown name {briefly(name)} (the symbols are {known}{hint}); "
            f"a parameter needs a default, as in define(..., {name[:SHOWN]}=1.0)",
            here,
        )

    def _call(self, name: str, args: list[ast.expr], here: int, depth: int) -> Node:
        if name not in self.functions:
            hint = nearest(name, [*self.functions, *self.others])
            raise self.refuse(f"unknown function {briefly(name)}{hint}", here)
        function, arity = self.functions[name]
        if len(args) != arity:
            takes = f"{arity} argument{'s' * (arity > 1)}"
            raise self.refuse(f"{name} takes {takes}, {len(args)} given", here)
        if name != "where":
            return function(*(self.value(a, depth) for a in args))
        condition = self.convert(args[0], depth + 1)
        if condition.op not in ("lt", "le", "const"):
            raise self.refuse("where needs a comparison as its first argument", args[0].col_offset)
        return function(condition, *(self.value(a, depth) for a in args[1:]))

    def _call_other(self, function: Word, tree: ast.Call, depth: int) -> Node:
        """A function that is no word of the language; what it does not take, it says itself."""
        values = [self._given(a, depth) for a in tree.args]
        named: dict[str, Any] = {}
        for keyword in tree.keywords:
            name = keyword.arg or "**"
            if name in named:
                raise self.refuse(f"{name} is given twice", keyword.value.col_offset)
            named[name] = self._given(keyword.value, depth)
        try:
            return function(*values, **named)
        except OgiveError as error:
            raise self.refuse(str(error), tree.col_offset) from None

    def _given(self, tree: ast.expr, depth: int) -> Any:
        """A value of such a function: an expression, a text, or a tuple of expressions."""
        match tree:
            case ast.Constant(value=str() as text):
                return text
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return tuple(self.value(part, depth) for part in parts)
        return self.value(tree, depth)


def _describe(tree: ast.expr) -> str:
    kinds: dict[type[ast.expr], str] = {
        ast.Attribute: "attribute access",
        ast.Subscript: "indexing",
        ast.Lambda: "lambda",
        ast.BoolOp: "and/or",
        ast.IfExp: "if/else (use where)",
        ast.Compare: "this comparison (write a < b, <=, > or >=, one at a time)",
        ast.Call: "this kind of call",
        ast.Constant: "this constant",
        ast.BinOp: "this operator",
    }
    return kinds.get(type(tree), type(tree).__name__)
