"""The table of primitives: a row is all that the language, its printers and its proofs know of one.

The set is closed under differentiation, and its members are stable: none cancels or overflows where
its value is an ordinary number. A printer spells the rows its language has and takes the definition
for those it lacks, so a new row needs no printer, parser or proof to change.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

from ogive.expr import values
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
    symbol,
    symbols,
    walk,
    where,
)
from ogive.expr.values import ieee

Partials = Callable[..., tuple[Node, ...]]
Far = Node | Callable[[Node], Node]


@dataclass(frozen=True)
class Primitive:
    """One row.

    Attributes:
        computed: what it computes, of IEEE doubles; at infinity its limit, NaN where it has none. By
            default that is what its definition computes.
        partials: (node, *arguments) -> its derivative with respect to each argument.
        definition: the same in simpler rows.
        latex: how people write it: the function, or a pattern in which # is the argument; as the
            name of an operator if empty.
        rises: 1 if it rises and -1 if it falls wherever it is defined, or for an even one from 0
            on; 0 if neither is so.
        parity: 1 for an even function, -1 for an odd one.
        domain: where it is defined; of a power, where the base may lie.
        left, right: what it is towards -inf and inf: its limit, which it approaches monotonically
            from 0 on, or the same function in words that show how it grows or decays.
    """

    name: str
    arity: int
    computed: Callable[..., float] | None
    partials: Partials
    definition: Callable[..., Node] | None = None
    latex: str = ""
    rises: int = 0
    parity: int = 0
    domain: tuple[float, float] = (-math.inf, math.inf)
    left: Far | None = None
    right: Far | None = None

    @cached_property
    def value(self) -> Callable[..., float]:
        """What it computes, of IEEE doubles."""
        if self.computed is not None:
            return self.computed
        assert self.definition is not None, f"{self.name} has neither a value nor a definition"
        names = "abc"[: self.arity]
        nodes = tuple(walk(self.definition(*map(symbol, names))))
        return lambda *args: evaluate_all(nodes, dict(zip(names, args, strict=True)))[nodes[-1]]

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The values between which those of a function that rises or falls lie; else infinities."""
        if not self.rises:
            return -math.inf, math.inf
        first = 0.0 if self.parity > 0 else self.domain[0]
        low, high = sorted((self.value(first), self.value(self.domain[1])))
        return low, high


def evaluate_all(nodes: Iterable[Node], values: Mapping[str, float]) -> dict[Node, float]:
    """The nodes as IEEE doubles; arguments come before those who use them."""
    result: dict[Node, float] = {}
    for node in nodes:
        if node.op == "const":
            result[node] = float(node.value)  # type: ignore[arg-type]
        elif node.op == "symbol":
            result[node] = values[str(node.value)]
        else:
            result[node] = PRIMITIVES[node.op].value(*(result[a] for a in node.args))
    return result


def call(name: str, *args: Number) -> Node:
    return build(name, tuple(as_node(a) for a in args))


_exp, _expm1, _log, _log1p, _sigmoid, _sech, _tanh, _sqrt, _hypot1 = (
    partial(call, name)
    for name in ("exp", "expm1", "log", "log1p", "sigmoid", "sech", "tanh", "sqrt", "hypot1")
)


def _extreme(choose: Callable[..., float]) -> Callable[..., float]:
    return lambda a, b: math.nan if math.isnan(a) or math.isnan(b) else choose(a, b)


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
    return scale * _exp(-(x * x))


def _gauss(x: Node) -> Node:
    return _exp(const(-0.5) * x * x) / _sqrt(2 * PI)


def _sigmoid_definition(x: Node) -> Node:
    e = _exp(-abs(x))
    return where(x < 0, e, ONE) / (1 + e)


def _dsigmoid_definition(x: Node) -> Node:
    """sigmoid(x) sigmoid(-x), from the exponential that sigmoid(x) needs as well."""
    e = _exp(-abs(x))
    return e / ((1 + e) * (1 + e))


def _sech_definition(x: Node) -> Node:
    e = _exp(-abs(x))
    return 2 * e / (1 + e * e)


def _hypot1_definition(x: Node) -> Node:
    """Scaled by the larger side, so that no square overflows."""
    big, small = call("max", abs(x), ONE), call("min", abs(x), ONE)
    ratio = small / big
    return big * _sqrt(1 + ratio * ratio)


def _algebraic_definition(x: Node) -> Node:
    """x over hypot1, with the quotient inf/inf replaced by its limit."""
    return where(abs(x) < math.inf, x / _hypot1(x), call("sign", x))


def _softsign_definition(x: Node) -> Node:
    return where(abs(x) < math.inf, x / (1 + abs(x)), call("sign", x))


def _pow_partials(y: Node, a: Node, b: Node) -> tuple[Node, ...]:
    return b * power(a, b - 1), y * _log(a)


# fmt: off
_ROWS = (
    # arithmetic
    Primitive("pi",       0, lambda: math.pi,             lambda y: ()),
    Primitive("add",      2, lambda a, b: a + b,          lambda y, a, b: (ONE, ONE)),
    Primitive("sub",      2, lambda a, b: a - b,          lambda y, a, b: (ONE, -ONE)),
    Primitive("neg",      1, lambda a: -a,                lambda y, a: (-ONE,), rises=-1, parity=-1),
    Primitive("mul",      2, lambda a, b: a * b,          lambda y, a, b: (b, a)),
    Primitive("div",      2, values.divide,               lambda y, a, b: (1 / b, -y / b)),
    Primitive("pow",      2, values.raised,                _pow_partials, domain=(0.0, math.inf)),
    # a product whose second factor, once zero, absorbs an infinite first one: the limit of a growing
    # factor times a decaying one
    Primitive("mul0",     2, values.absorbing,            lambda y, a, b: (b, a), _mul0_definition),
    # pieces
    Primitive("abs",      1, abs,                         lambda y, a: (call("sign", a),), latex=r"\left|#\right|", rises=1, parity=1),
    Primitive("sign",     1, values.sign,                 lambda y, a: (ZERO,), latex=r"\operatorname{sgn}", rises=1, parity=-1),
    Primitive("min",      2, _extreme(min),               lambda y, a, b: (where(a < b, ONE, ZERO), where(a < b, ZERO, ONE)), latex=r"\min"),
    Primitive("max",      2, _extreme(max),               lambda y, a, b: (where(a > b, ONE, ZERO), where(a > b, ZERO, ONE)), latex=r"\max"),
    Primitive("lt",       2, lambda a, b: float(a < b),   lambda y, a, b: (ZERO, ZERO)),
    Primitive("le",       2, lambda a, b: float(a <= b),  lambda y, a, b: (ZERO, ZERO)),
    Primitive("eq",       2, lambda a, b: float(a == b),  lambda y, a, b: (ZERO, ZERO)),
    Primitive("where",    3, lambda c, a, b: a if c else b, lambda y, c, a, b: (ZERO, where(c, ONE, ZERO), where(c, ZERO, ONE))),
    # roots, exponentials and logarithms; expm1(x) = exp(x) - 1 and log1p(x) = log(1 + x) keep their digits near 0
    Primitive("sqrt",     1, ieee(math.sqrt),             lambda y, a: (1 / (2 * y),), latex=r"\sqrt{#}", rises=1, domain=(0.0, math.inf)),
    Primitive("exp",      1, ieee(math.exp),              lambda y, a: (y,), latex="e^{#}", rises=1, left=ZERO),
    Primitive("expm1",    1, ieee(math.expm1),            lambda y, a: (_exp(a),), latex="e^{#} - 1", rises=1,
              left=-ONE, right=lambda v: _exp(v) * -_expm1(-v)),
    Primitive("log",      1, ieee(values.log),            lambda y, a: (1 / a,), latex=r"\log", rises=1, domain=(0.0, math.inf)),
    Primitive("log1p",    1, ieee(values.log1p),          lambda y, a: (1 / (1 + a),), latex=r"\log\left(1 + #\right)", rises=1,
              domain=(-1.0, math.inf), right=lambda v: _log(1 + v)),
    # the logistic family: each derivative is a product of positive terms, so nothing cancels;
    # sigmoid(x) = 1 / (1 + exp(-x)), dsigmoid is its derivative, softplus(x) = log(1 + exp(x)), sech = 1 / cosh
    Primitive("sigmoid",  1, None,                        lambda y, a: (call("dsigmoid", a),), _sigmoid_definition, latex=r"\sigma", rises=1,
              left=lambda v: _exp(v) * _sigmoid(-v), right=ONE),
    Primitive("dsigmoid", 1, None,                        lambda y, a: (-(y * _tanh(const(0.5) * a)),), _dsigmoid_definition,
              latex=r"\sigma'", rises=-1, parity=1,
              left=lambda v: _exp(v) * _sigmoid(-v) * _sigmoid(-v), right=lambda v: _exp(-v) * _sigmoid(v) * _sigmoid(v)),
    Primitive("softplus", 1, None,                        lambda y, a: (_sigmoid(a),), lambda a: call("max", a, ZERO) + _log1p(_exp(-abs(a))),
              rises=1, left=lambda v: _log1p(_exp(v)), right=lambda v: v + _log1p(_exp(-v))),
    Primitive("tanh",     1, ieee(math.tanh),             lambda y, a: (_sech(a) * _sech(a),), latex=r"\tanh", rises=1, parity=-1,
              left=-ONE, right=ONE),
    Primitive("sech",     1, None,                        lambda y, a: (-(y * _tanh(a)),), _sech_definition, rises=-1, parity=1,
              left=lambda v: 2 * _exp(v) * _sigmoid(-2 * v), right=lambda v: 2 * _exp(-v) * _sigmoid(2 * v)),
    Primitive("sinh",     1, ieee(values.sinh),           lambda y, a: (call("cosh", a),), latex=r"\sinh", rises=1, parity=-1,
              left=lambda v: const(0.5) * _exp(-v) * _expm1(2 * v), right=lambda v: const(0.5) * _exp(v) * -_expm1(-2 * v)),
    Primitive("cosh",     1, ieee(math.cosh),             lambda y, a: (call("sinh", a),), latex=r"\cosh", rises=1, parity=1,
              left=lambda v: const(0.5) * _exp(-v) * (1 + _exp(2 * v)), right=lambda v: const(0.5) * _exp(v) * (1 + _exp(-2 * v))),
    # the Gaussian family: erfc(x) = 1 - erf(x) keeps its digits in the right tail, and ndtr in the left;
    # ndtr is the distribution function of the standard normal distribution
    Primitive("erf",      1, ieee(math.erf),              lambda y, a: (_bell(a, 2 / _sqrt(PI)),), rises=1, parity=-1, left=-ONE, right=ONE),
    Primitive("erfc",     1, ieee(math.erfc),             lambda y, a: (_bell(a, -2 / _sqrt(PI)),), rises=-1, left=const(2.0), right=ZERO),
    Primitive("ndtr",     1, None,                        lambda y, a: (_gauss(a),), lambda a: const(0.5) * call("erfc", -a * _sqrt(const(0.5))),
              latex=r"\Phi", rises=1, left=ZERO, right=ONE),
    Primitive("erfinv",   1, ieee(values.erfinv),         lambda y, a: (_sqrt(PI) / 2 * _exp(y * y),), latex=r"\operatorname{erf}^{-1}",
              rises=1, parity=-1, domain=(-1.0, 1.0)),
    # trigonometric functions, and inverse ones
    Primitive("sin",      1, ieee(math.sin),              lambda y, a: (call("cos", a),), latex=r"\sin", parity=-1),
    Primitive("cos",      1, ieee(math.cos),              lambda y, a: (-call("sin", a),), latex=r"\cos", parity=1),
    Primitive("atan",     1, ieee(math.atan),             lambda y, a: (call("rhypot", a) * call("rhypot", a),), latex=r"\arctan",
              rises=1, parity=-1, left=-(PI / 2), right=PI / 2),
    Primitive("asinh",    1, ieee(math.asinh),            lambda y, a: (call("rhypot", a),), latex=r"\operatorname{arsinh}", rises=1, parity=-1,
              left=lambda v: -_log(_hypot1(v) - v), right=lambda v: _log(v + _hypot1(v))),
    # algebraic squashers, which neither overflow nor cancel:
    # hypot1(x) = sqrt(1 + x**2), rhypot = 1 / hypot1, algebraic(x) = x / hypot1(x), softsign(x) = x / (1 + |x|)
    Primitive("rhypot",   1, None,                        lambda y, a: (-(call("algebraic", a) * (y * y)),), lambda a: 1 / _hypot1(a),
              latex=r"\frac{1}{\sqrt{1 + #^2}}", rises=-1, parity=1, left=lambda v: 1 / _hypot1(v), right=lambda v: 1 / _hypot1(v)),
    Primitive("hypot1",   1, None,                        lambda y, a: (call("algebraic", a),), _hypot1_definition, latex=r"\sqrt{1 + #^2}",
              rises=1, parity=1, left=lambda v: -v * _hypot1(1 / v), right=lambda v: v * _hypot1(1 / v)),
    Primitive("algebraic", 1, None,                       lambda y, a: (power(call("rhypot", a), const(3)),), _algebraic_definition,
              rises=1, parity=-1, left=-ONE, right=ONE),
    Primitive("softsign", 1, None,                        lambda y, a: (power(1 / (1 + abs(a)), const(2)),), _softsign_definition,
              rises=1, parity=-1, left=-ONE, right=ONE),
)
# fmt: on
PRIMITIVES: dict[str, Primitive] = {row.name: row for row in _ROWS}
