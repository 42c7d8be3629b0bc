"""The table of primitives: what each computes, its derivative, its definition in simpler rows.

The set is closed under differentiation, and its members are stable: none cancels or overflows where
its value is an ordinary number. A printer spells the rows its language has and takes the definition
for those it lacks, so a new row needs no printer to change.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ogive.expr.node import (
    ONE,
    PI,
    ZERO,
    Node,
    Number,
    as_node,
    build,
    const,
    power,
    symbols,
    where,
)

Partials = Callable[..., tuple[Node, ...]]


@dataclass(frozen=True)
class Primitive:
    """One row: the derivative takes (node, *arguments) and gives one partial for each argument."""

    name: str
    arity: int
    value: Callable[..., float]
    partials: Partials
    definition: Callable[..., Node] | None = None


def _ieee(function: Callable[..., float], overflow: float = math.inf) -> Callable[..., float]:
    """``function`` of floats with IEEE results where Python's math raises."""

    def evaluate(*args: float) -> float:
        if any(math.isnan(a) for a in args):
            return math.nan
        try:
            return function(*args)
        except OverflowError:
            return overflow
        except ValueError:
            return math.nan

    return evaluate


def _divide(a: float, b: float) -> float:
    if b == 0:
        sign = math.copysign(1, a) * math.copysign(1, b)
        return math.nan if a == 0 or math.isnan(a) else sign * math.inf
    return a / b


def _sign(x: float) -> float:
    return x if math.isnan(x) else float((x > 0) - (x < 0))


def _extreme(choose: Callable[..., float]) -> Callable[..., float]:
    return lambda a, b: math.nan if math.isnan(a) or math.isnan(b) else choose(a, b)


def _log(x: float) -> float:
    return -math.inf if x == 0 else math.log(x)


def _log1p(x: float) -> float:
    return -math.inf if x == -1 else math.log1p(x)


def _sigmoid(x: float) -> float:
    e = math.exp(-abs(x))
    return (e if x < 0 else 1.0) / (1.0 + e)


def _dsigmoid(x: float) -> float:
    e = math.exp(-abs(x))
    return e / (1.0 + e) ** 2


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def _rhypot(x: float) -> float:
    return 1.0 / math.hypot(1.0, x)


def _algebraic(x: float) -> float:
    return math.copysign(1.0, x) if math.isinf(x) else x / math.hypot(1.0, x)


def _softsign(x: float) -> float:
    return math.copysign(1.0, x) if math.isinf(x) else x / (1.0 + abs(x))


def _sech(x: float) -> float:
    e = math.exp(-abs(x))
    return 2.0 * e / (1.0 + e * e)


def _erfinv(x: float) -> float:
    """Newton's method on erf; only constants are folded with it."""
    if abs(x) >= 1:
        return math.copysign(math.inf, x) if abs(x) == 1 else math.nan
    y = 0.0
    for _ in range(100):
        step = (math.erf(y) - x) * math.sqrt(math.pi) / 2 * math.exp(y * y)
        y -= max(-1.0, min(1.0, step))
    return y


def _mul0(a: float, b: float) -> float:
    return 0.0 if b == 0 and math.isinf(a) else a * b


def _mul0_definition(a: Node, b: Node) -> Node:
    """0 for an infinite first factor: a NaN stays one.

    Where b is a function of all that a depends on, an a that is NaN comes with such a b, and 0 need
    not be told from other numbers.
    """
    if b is ZERO:
        return where(call("le", abs(a), math.inf), ZERO, a)
    product = Node("mul", (a, b))
    absorbed = where(call("eq", b, ZERO), ZERO, product)
    if symbols(a) <= symbols(b):
        return absorbed
    return where(call("eq", abs(a), math.inf), absorbed, product)


def _bell(x: Node, scale: Node) -> Node:
    return scale * call("exp", -(x * x))


def call(name: str, *args: Number) -> Node:
    """The primitive ``name`` applied to the arguments."""
    return build(name, tuple(as_node(a) for a in args))


def _sqrt_of(value: Node) -> Node:
    return call("sqrt", value)


def _gauss(x: Node) -> Node:
    """The density of the standard normal distribution."""
    return call("exp", const(-0.5) * x * x) / _sqrt_of(2 * PI)


def _sigmoid_definition(x: Node) -> Node:
    e = call("exp", -abs(x))
    return where(x < 0, e, ONE) / (1 + e)


def _dsigmoid_definition(x: Node) -> Node:
    """sigmoid(x) sigmoid(-x), from the exponential that sigmoid(x) needs as well."""
    e = call("exp", -abs(x))
    return e / ((1 + e) * (1 + e))


def _sech_definition(x: Node) -> Node:
    e = call("exp", -abs(x))
    return 2 * e / (1 + e * e)


def _pow_partials(y: Node, a: Node, b: Node) -> tuple[Node, ...]:
    return b * power(a, b - 1), y * call("log", a)


# fmt: off
_ROWS = (
    # arithmetic
    Primitive("pi",       0, lambda: math.pi,                  lambda y: ()),
    Primitive("add",      2, lambda a, b: a + b,               lambda y, a, b: (ONE, ONE)),
    Primitive("sub",      2, lambda a, b: a - b,               lambda y, a, b: (ONE, -ONE)),
    Primitive("neg",      1, lambda a: -a,                     lambda y, a: (-ONE,)),
    Primitive("mul",      2, lambda a, b: a * b,               lambda y, a, b: (b, a)),
    Primitive("div",      2, _divide,                          lambda y, a, b: (1 / b, -y / b)),
    Primitive("pow",      2, _ieee(math.pow),                  _pow_partials),
    # a product whose second factor, once zero, absorbs an infinite first one: the limit of a growing
    # factor times a decaying one
    Primitive("mul0",     2, _mul0,                            lambda y, a, b: (b, a),
              _mul0_definition),
    # pieces
    Primitive("abs",      1, abs,                              lambda y, a: (call("sign", a),)),
    Primitive("sign",     1, _sign,                            lambda y, a: (ZERO,)),
    Primitive("min",      2, _extreme(min),                    lambda y, a, b: (where(a < b, ONE, ZERO), where(a < b, ZERO, ONE))),
    Primitive("max",      2, _extreme(max),                    lambda y, a, b: (where(a > b, ONE, ZERO), where(a > b, ZERO, ONE))),
    Primitive("lt",       2, lambda a, b: float(a < b),        lambda y, a, b: (ZERO, ZERO)),
    Primitive("le",       2, lambda a, b: float(a <= b),       lambda y, a, b: (ZERO, ZERO)),
    Primitive("eq",       2, lambda a, b: float(a == b),       lambda y, a, b: (ZERO, ZERO)),
    Primitive("where",    3, lambda c, a, b: a if c else b,    lambda y, c, a, b: (ZERO, where(c, ONE, ZERO), where(c, ZERO, ONE))),
    # roots, exponentials and logarithms
    Primitive("sqrt",     1, _ieee(math.sqrt),                 lambda y, a: (1 / (2 * y),)),
    Primitive("exp",      1, _ieee(math.exp),                  lambda y, a: (y,)),
    Primitive("expm1",    1, _ieee(math.expm1),                lambda y, a: (call("exp", a),)),
    Primitive("log",      1, _ieee(_log),                      lambda y, a: (1 / a,)),
    Primitive("log1p",    1, _ieee(_log1p),                    lambda y, a: (1 / (1 + a),)),
    # the logistic family: each derivative is a product of positive terms, so nothing cancels
    Primitive("sigmoid",  1, _ieee(_sigmoid),                  lambda y, a: (call("dsigmoid", a),), _sigmoid_definition),
    Primitive("dsigmoid", 1, _ieee(_dsigmoid),                 lambda y, a: (-(y * call("tanh", const(0.5) * a)),), _dsigmoid_definition),
    Primitive("softplus", 1, _ieee(_softplus),                 lambda y, a: (call("sigmoid", a),),
              lambda a: call("max", a, ZERO) + call("log1p", call("exp", -abs(a)))),
    Primitive("tanh",     1, _ieee(math.tanh),                 lambda y, a: (call("sech", a) * call("sech", a),)),
    Primitive("sech",     1, _ieee(_sech),                     lambda y, a: (-(y * call("tanh", a)),), _sech_definition),
    Primitive("sinh",     1, _ieee(math.sinh),                 lambda y, a: (call("cosh", a),)),
    Primitive("cosh",     1, _ieee(math.cosh),                 lambda y, a: (call("sinh", a),)),
    # the Gaussian family
    Primitive("erf",      1, _ieee(math.erf),                  lambda y, a: (_bell(a, 2 / _sqrt_of(PI)),)),
    Primitive("erfc",     1, _ieee(math.erfc),                 lambda y, a: (_bell(a, -2 / _sqrt_of(PI)),)),
    Primitive("ndtr",     1, _ieee(lambda a: math.erfc(-a / math.sqrt(2)) / 2), lambda y, a: (_gauss(a),),
              lambda a: const(0.5) * call("erfc", -a * _sqrt_of(const(0.5)))),
    Primitive("erfinv",   1, _ieee(_erfinv),                   lambda y, a: (_sqrt_of(PI) / 2 * call("exp", y * y),)),
    # trigonometric
    Primitive("sin",      1, _ieee(math.sin),                  lambda y, a: (call("cos", a),)),
    Primitive("cos",      1, _ieee(math.cos),                  lambda y, a: (-call("sin", a),)),
    Primitive("atan",     1, _ieee(math.atan),                 lambda y, a: (call("rhypot", a) * call("rhypot", a),)),
    Primitive("asinh",    1, _ieee(math.asinh),                lambda y, a: (call("rhypot", a),)),
    # algebraic squashers: x/sqrt(1+x^2), 1/sqrt(1+x^2) and x/(1+|x|), without overflow or cancellation
    Primitive("rhypot",   1, _ieee(_rhypot),                   lambda y, a: (-(call("algebraic", a) * (y * y)),),
              lambda a: 1 / call("hypot1", a)),
    Primitive("hypot1",   1, _ieee(lambda a: math.hypot(1.0, a)), lambda y, a: (call("algebraic", a),),
              lambda a: _hypot1_definition(a)),
    Primitive("algebraic", 1, _ieee(_algebraic),               lambda y, a: (power(call("rhypot", a), const(3)),),
              lambda a: _algebraic_definition(a)),
    Primitive("softsign", 1, _ieee(_softsign),                 lambda y, a: (power(1 / (1 + abs(a)), const(2)),),
              lambda a: _softsign_definition(a)),
)
# fmt: on


def _hypot1_definition(x: Node) -> Node:
    """Scaled by the larger side, so that no square overflows."""
    big, small = call("max", abs(x), ONE), call("min", abs(x), ONE)
    ratio = small / big
    return big * call("sqrt", 1 + ratio * ratio)


def _algebraic_definition(x: Node) -> Node:
    """x over hypot1, with the quotient inf/inf replaced by its limit."""
    return where(abs(x) < math.inf, x / call("hypot1", x), call("sign", x))


def _softsign_definition(x: Node) -> Node:
    return where(abs(x) < math.inf, x / (1 + abs(x)), call("sign", x))


PRIMITIVES: dict[str, Primitive] = {row.name: row for row in _ROWS}
