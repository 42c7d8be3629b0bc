"""The words a formula is written in: numbers, symbols, arithmetic and functions.

Each primitive that has a name rather than a sign is a function here, by its row in the table:
``functions.tanh(x)``; ``abs_``, ``min_`` and ``max_`` leave Python's own alone. The rest is made of
them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ogive.expr.node import ONE, PI, Node, Number, as_node, const
from ogive.expr.node import where as where
from ogive.expr.primitives import PRIMITIVES, call
from ogive.expr.text import INFIX

Word = Callable[..., Node]
pi = PI


def __getattr__(name: str) -> Word:
    primitives = _primitives()
    if (found := primitives.get(name.removesuffix("_"))) is None:
        raise AttributeError(f"module {__name__!r} has no function {name!r}")
    return found[0]


def _primitives() -> dict[str, tuple[Word, int]]:
    """The primitives that have a name, with the number of arguments."""
    signs = {*INFIX, "neg"}
    rows = (row for row in PRIMITIVES.values() if row.arity and row.name not in signs)
    return {row.name: (partial(call, row.name), row.arity) for row in rows}


def clip(x: Number, low: Number, high: Number) -> Node:
    """x kept within [low, high]; the derivative at both ends is 0, as torch's hardtanh has it."""
    return call("min", call("max", x, low), high)


def clamp(x: Number, low: Number, high: Number) -> Node:
    """x kept within [low, high]; the derivative at both ends is that of x, as with torch.clamp."""
    return call("min", high, call("max", low, x))


def relu(x: Number) -> Node:
    """max(x, 0); the derivative at 0 is 0."""
    return call("max", x, 0.0)


def silu(x: Number) -> Node:
    """x * sigmoid(x)."""
    return as_node(x) * call("sigmoid", x)


def gelu_tanh(x: Number) -> Node:
    """x times the normal distribution function approximated by a tanh of a cubic.

    (1 + tanh(u)) / 2 is written as sigmoid(2 u), which keeps the left tail.
    """
    x = as_node(x)
    return x * call("sigmoid", 2 * (call("sqrt", 2 / PI) * (x * (1 + 0.044715 * (x * x)))))


def tanhshrink(x: Number) -> Node:
    """x - tanh(x), where the difference as written would lose its digits near 0."""
    x = as_node(x)
    return where(abs(x) < 1, _tanhshrink_near(x), x - call("tanh", x))


def _tanhshrink_near(x: Node) -> Node:
    """x - tanh(x) by Lambert's continued fraction of tanh, whose terms are all positive.

    The fraction is kept as one quotient above / below until the end.
    """
    square = x * x
    above, below = const(19.0), ONE
    for odd in range(17, 1, -2):
        above, below = odd * above + square * below, above
    return x * (square * below / (above + square * below))


CONSTANTS = {"pi": PI, "e": call("exp", ONE), "inf": const(float("inf"))}


def vocabulary() -> dict[str, tuple[Word, int]]:
    """What the parser of formulas accepts, with the number of arguments."""
    made: dict[str, tuple[Word, int]] = {"relu": (relu, 1), "silu": (silu, 1), "clip": (clip, 3)}
    return _primitives() | made | {"where": (where, 3)}
