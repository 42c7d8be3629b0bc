"""The words a formula is written in: numbers, symbols, arithmetic and the functions below."""

from __future__ import annotations

from collections.abc import Callable

from ogive.expr.node import ONE, PI, Node, Number, as_node, const, where
from ogive.expr.primitives import call

__all__ = [
    "abs_", "algebraic", "asinh", "atan", "clip", "cos", "cosh", "dsigmoid", "erf", "erfc",
    "erfinv", "exp", "expm1", "hypot1", "log", "log1p", "max_", "min_", "ndtr", "pi", "relu",
    "rhypot", "sech",
    "sigmoid", "sign", "silu", "sin", "sinh", "softplus", "softsign", "sqrt", "tanh", "where",
]  # fmt: skip

pi = PI


def exp(x: Number) -> Node:
    return call("exp", x)


def expm1(x: Number) -> Node:
    """e**x - 1, accurate near 0."""
    return call("expm1", x)


def log(x: Number) -> Node:
    return call("log", x)


def log1p(x: Number) -> Node:
    """log(1 + x), accurate near 0."""
    return call("log1p", x)


def sqrt(x: Number) -> Node:
    return call("sqrt", x)


def sigmoid(x: Number) -> Node:
    """1 / (1 + e**-x)."""
    return call("sigmoid", x)


def dsigmoid(x: Number) -> Node:
    """The derivative of sigmoid: sigmoid(x) * sigmoid(-x)."""
    return call("dsigmoid", x)


def softplus(x: Number) -> Node:
    """log(1 + e**x)."""
    return call("softplus", x)


def tanh(x: Number) -> Node:
    return call("tanh", x)


def sech(x: Number) -> Node:
    """1 / cosh(x)."""
    return call("sech", x)


def sinh(x: Number) -> Node:
    return call("sinh", x)


def cosh(x: Number) -> Node:
    return call("cosh", x)


def erf(x: Number) -> Node:
    return call("erf", x)


def erfc(x: Number) -> Node:
    """1 - erf(x), accurate in the right tail."""
    return call("erfc", x)


def erfinv(x: Number) -> Node:
    return call("erfinv", x)


def ndtr(x: Number) -> Node:
    """The standard normal distribution function, accurate in the left tail."""
    return call("ndtr", x)


def sin(x: Number) -> Node:
    return call("sin", x)


def cos(x: Number) -> Node:
    return call("cos", x)


def atan(x: Number) -> Node:
    return call("atan", x)


def asinh(x: Number) -> Node:
    return call("asinh", x)


def rhypot(x: Number) -> Node:
    """1 / sqrt(1 + x**2)."""
    return call("rhypot", x)


def hypot1(x: Number) -> Node:
    """sqrt(1 + x**2)."""
    return call("hypot1", x)


def algebraic(x: Number) -> Node:
    """x / sqrt(1 + x**2)."""
    return call("algebraic", x)


def softsign(x: Number) -> Node:
    """x / (1 + |x|)."""
    return call("softsign", x)


def abs_(x: Number) -> Node:
    return abs(as_node(x))


def sign(x: Number) -> Node:
    """-1, 0 or 1."""
    return call("sign", x)


def min_(a: Number, b: Number) -> Node:
    return call("min", a, b)


def max_(a: Number, b: Number) -> Node:
    """The larger one; at a tie the derivative is that of ``b``."""
    return call("max", a, b)


def clip(x: Number, low: Number, high: Number) -> Node:
    """x kept within [low, high]; the derivative at both ends is 0, as torch's hardtanh has it."""
    return min_(max_(x, low), high)


def relu(x: Number) -> Node:
    """max(x, 0); the derivative at 0 is 0."""
    return max_(x, 0.0)


def silu(x: Number) -> Node:
    """x * sigmoid(x)."""
    return as_node(x) * sigmoid(x)


def gelu_tanh(x: Number) -> Node:
    """x times the normal distribution function approximated by a tanh of a cubic.

    (1 + tanh(u)) / 2 is written as sigmoid(2 u), which keeps the left tail.
    """
    x = as_node(x)
    return x * sigmoid(2 * (sqrt(2 / pi) * (x * (1 + 0.044715 * (x * x)))))


def tanhshrink(x: Number) -> Node:
    """x - tanh(x), where the difference as written would lose its digits near 0."""
    x = as_node(x)
    return where(abs(x) < 1, _tanhshrink_near(x), x - tanh(x))


def _tanhshrink_near(x: Node) -> Node:
    """x - tanh(x) by Lambert's continued fraction of tanh, whose terms are all positive.

    The fraction is kept as one quotient above / below until the end.
    """
    square = x * x
    above, below = const(19.0), ONE
    for odd in range(17, 1, -2):
        above, below = odd * above + square * below, above
    return x * (square * below / (above + square * below))


#: What the parser of formulas accepts, by the name it has there, with the number of arguments.
VOCABULARY: dict[str, tuple[Callable[..., Node], int]] = {
    "exp": (exp, 1), "expm1": (expm1, 1), "log": (log, 1), "log1p": (log1p, 1), "sqrt": (sqrt, 1),
    "sigmoid": (sigmoid, 1), "dsigmoid": (dsigmoid, 1), "softplus": (softplus, 1),
    "tanh": (tanh, 1), "sech": (sech, 1),
    "sinh": (sinh, 1), "cosh": (cosh, 1), "erf": (erf, 1), "erfc": (erfc, 1),
    "erfinv": (erfinv, 1), "ndtr": (ndtr, 1), "sin": (sin, 1), "cos": (cos, 1), "atan": (atan, 1),
    "asinh": (asinh, 1), "rhypot": (rhypot, 1), "hypot1": (hypot1, 1), "algebraic": (algebraic, 1),
    "softsign": (softsign, 1), "abs": (abs_, 1), "sign": (sign, 1), "relu": (relu, 1),
    "silu": (silu, 1), "min": (min_, 2), "max": (max_, 2), "clip": (clip, 3), "where": (where, 3),
}  # fmt: skip
CONSTANTS = {"pi": PI, "e": exp(ONE), "inf": const(float("inf"))}
