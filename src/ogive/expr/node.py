"""The one node class of the language.

Nodes are immutable and hash-consed: building the same expression twice gives the same object, so
common subexpressions are shared by construction and equality is identity. The constructors below
simplify only what is exact in real arithmetic and in IEEE arithmetic alike.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any, Union
from weakref import WeakValueDictionary

from ogive.expr.operators import Operators

Number = Union["Node", float, int]

_interned: WeakValueDictionary[tuple[Any, ...], Node] = WeakValueDictionary()


class Node(Operators):
    """An operation on other nodes, a constant (op ``const``) or a symbol (op ``symbol``)."""

    __slots__ = ("__weakref__", "args", "op", "value")
    op: str
    args: tuple[Node, ...]
    value: float | str | None

    def __new__(
        cls, op: str, args: tuple[Node, ...] = (), value: float | str | None = None
    ) -> Node:
        # repr keeps 0.0 apart from -0.0 and gives NaN one identity
        key = (op, tuple(map(id, args)), repr(value))
        node = _interned.get(key)
        if node is None:
            node = object.__new__(cls)
            node.op, node.args, node.value = op, args, value
            _interned[key] = node
        return node

    def __reduce__(self) -> tuple[Any, ...]:
        return Node, (self.op, self.args, self.value)

    def __repr__(self) -> str:
        from ogive.expr.text import to_text

        return to_text(self)

    def __bool__(self) -> bool:
        raise TypeError("a formula has no truth value; write where(condition, a, b) instead of if")

    @classmethod
    def _of(cls, op: str, *args: Any) -> Node:
        return written(op, tuple(map(as_node, args)))


def const(value: float) -> Node:
    return Node("const", (), float(value))


def symbol(name: str) -> Node:
    return Node("symbol", (), name)


ZERO, ONE = const(0.0), const(1.0)
# A constant that no float holds: kept as itself until a program is made for a machine.
PI = Node("pi")


def as_node(value: Number) -> Node:
    if isinstance(value, Node):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return const(value)
    raise TypeError(f"a formula is made of numbers and symbols, not of {type(value).__name__}")


def constant_value(node: Node) -> float | None:
    """The number that a ``const`` node holds, None for any other node."""
    return node.value if node.op == "const" else None  # type: ignore[return-value]


def _exact(op: Callable[[Any, Any], Any], a: Node, b: Node) -> Node | None:
    """``op`` of two constants when the result is a float exactly; None otherwise."""
    p, q = constant_value(a), constant_value(b)
    if p is None or q is None or not (math.isfinite(p) and math.isfinite(q)):
        return None
    if op is operator.truediv and q == 0:
        return None
    rounded = op(p, q)  # an IEEE double, with the sign of a zero
    exact = math.isfinite(rounded) and Fraction(rounded) == op(Fraction(p), Fraction(q))
    return const(rounded) if exact else None


_FOLDED = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv,
}  # fmt: skip


def _folded(op: str, a: Node, b: Node) -> Node:
    exact = _exact(_FOLDED[op], a, b)
    return Node(op, (a, b)) if exact is None else exact


def add(a: Node, b: Node) -> Node:
    if a is ZERO:
        return b
    if b is ZERO:
        return a
    if a is b:
        return mul(const(2.0), a)
    if b.op == "neg":
        return sub(a, b.args[0])
    if a.op == "neg":
        return sub(b, a.args[0])
    return _folded("add", a, b)


def sub(a: Node, b: Node) -> Node:
    if b is ZERO:
        return a
    if a is ZERO:
        return neg(b)
    if b.op == "neg":
        return add(a, b.args[0])
    return _folded("sub", a, b)


def neg(a: Node) -> Node:
    if a.op == "neg":
        return a.args[0]
    value = constant_value(a)
    return Node("neg", (a,)) if value is None else const(0.0 - value if value == 0 else -value)


def mul(a: Node, b: Node) -> Node:
    if a is ZERO or b is ZERO:
        return ZERO
    if b.op == "const" and a.op != "const":
        a, b = b, a
    if a is ONE:
        return b
    if a.op == "const" and a.value == -1.0:
        return neg(b)
    if a.op == "neg":
        return neg(mul(a.args[0], b))
    if b.op == "neg":
        return neg(mul(a, b.args[0]))
    if a.op == "const" and b.op == "mul" and b.args[0].op == "const":
        merged = _exact(operator.mul, a, b.args[0])
        if merged is not None:
            return mul(merged, b.args[1])
    return _folded("mul", a, b)


def div(a: Node, b: Node) -> Node:
    if a is ZERO:
        return ZERO
    if b is ONE:
        return a
    if a.op == "neg":
        return neg(div(a.args[0], b))
    if b.op == "neg":
        return neg(div(a, b.args[0]))
    return _folded("div", a, b)


def power(a: Node, b: Node) -> Node:
    """``a ** b``; small whole exponents become products, which every language has exactly.

    Negative ones are powers of 1/a: of 1/a**n the derivative would need a**(2 n), which overflows.
    """
    exponent = constant_value(b)
    if exponent == 0.5:
        return Node("sqrt", (a,))
    if exponent is None or not exponent.is_integer() or abs(exponent) > 16:
        return Node("pow", (a, b))
    return _whole_power(a if exponent >= 0 else div(ONE, a), abs(int(exponent)))


def _whole_power(a: Node, n: int) -> Node:
    if n == 0:
        return ONE
    half = _whole_power(a, n // 2)
    square = ONE if n < 2 else mul(half, half)
    return mul(square, a) if n % 2 else square


def comparison(op: str, a: Node, b: Node) -> Node:
    p, q = constant_value(a), constant_value(b)
    if p is not None and q is not None:
        return const(p < q if op == "lt" else p <= q)
    if op == "lt" and (p == math.inf or q == -math.inf):  # nothing lies beyond infinity
        return ZERO
    return Node(op, (a, b))


def where(condition: Number, a: Number, b: Number) -> Node:
    """``a`` where the condition holds, else ``b`` (also where it compares with NaN)."""
    c, p, q = as_node(condition), as_node(a), as_node(b)
    if p is q:
        return p
    if c.op == "const":
        return p if c.value else q
    if c.op not in ("lt", "le", "eq"):
        raise TypeError(f"where() needs a comparison such as x > 0 as its condition, not {c!r}")
    return Node("where", (c, p, q))


def written(op: str, args: tuple[Node, ...], value: float | str | None = None) -> Node:
    """An operation as a formula has it: 0 times or over something is not 0 where that is infinite
    or NaN. In a derivative, and for a parameter that is 0, it is: what is gone has no limit."""
    if (op == "mul" and ZERO in args) or (op == "div" and args[0] is ZERO):
        return _folded(op, *args)
    return build(op, args, value)


def build(op: str, args: tuple[Node, ...], value: float | str | None = None) -> Node:
    """A node of any operation through its simplifying constructor, where it has one."""
    constructor = _CONSTRUCTORS.get(op)
    return constructor(*args) if constructor else Node(op, args, value)


_CONSTRUCTORS: dict[str, Callable[..., Node]] = {
    "add": add,
    "sub": sub,
    "neg": neg,
    "mul": mul,
    "div": div,
    "pow": power,
    "where": where,
    "lt": partial(comparison, "lt"),
    "le": partial(comparison, "le"),
}


def walk(*roots: Node) -> Iterator[Node]:
    """Every node below the roots once, arguments before those who use them."""
    seen: set[Node] = set()
    begun: list[Node] = []
    stack: list[Node | None] = [*reversed(roots)]
    while stack:
        node = stack.pop()
        if node is None:  # what was begun last has all of its arguments
            yield begun.pop()
        elif node not in seen:
            seen.add(node)
            if node.args:
                begun.append(node)
                stack.append(None)
                stack.extend(node.args[::-1])
            else:
                yield node


def symbols(root: Node) -> set[Node]:
    return {node for node in walk(root) if node.op == "symbol"}
