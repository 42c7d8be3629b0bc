"""What can be computed about an entry: limits, saturation, symmetry, where it jumps and bends.

Each property is one function of the entry's spec, and a row of ``PROPERTIES``; adding one is adding
the other. They hold at the default parameters. None of them is proved: limits are read off at
points far outside every float, symmetry is checked at irrational points, both with 50 digits or
more. What follows from the formula alone (pieces, hard saturation) says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from ogive.catalogue import Spec
from ogive.catalogue._spec import FixedFormula
from ogive.certify import pieces
from ogive.certify.reference import exact, limit
from ogive.errors import OgiveError, nearest
from ogive.expr import Node, Program, bind, diff, substitute, symbol
from ogive.expr.node import ZERO

#: The kinds whose entries are functions of one number, and so have these properties.
KINDS = ("elementwise", "stochastic")
#: Irrational, of different sizes, and no multiples of one another.
PROBES = tuple(
    math.sqrt(p) * s for p, s in ((2, 0.01), (3, 0.1), (5, 0.3), (7, 1), (11, 1), (13, 4))
)
NEGLIGIBLE = 1e-40
#: A jump is looked for this far on both sides of a joint, relative to the joint if that is not 0
#: (a few dozen floats away, so that a rounded joint lies between), and counts if larger than JUMP.
NEAR, NEAR_ZERO, JUMP = 1e-14, 1e-40, 1e-6
#: ``smooth`` looks at this many derivatives where pieces meet.
ORDERS = 4


def properties(spec: Spec) -> dict[str, object]:
    """Every property of an entry by name; none for gated and rowwise entries.

    Example:
        >>> from ogive.catalogue import entries
        >>> properties(entries()["sigmoid"])["saturates_left"]
        'soft'
    """
    return {name: property_of(spec, name) for name in PROPERTIES} if applies(spec) else {}


def applies(spec: Spec) -> bool:
    """Whether the entry is a function of one number."""
    return spec.kind in KINDS


@lru_cache(maxsize=16384)
def property_of(spec: Spec, name: str) -> object:
    """One property of an elementwise entry, or of a stochastic one's evaluation form.

    Raises:
        OgiveError: for a property there is not; the message lists those there are.
    """
    if name not in PROPERTIES:
        listed = ", ".join(PROPERTIES)
        raise OgiveError(f"no property {name!r}{nearest(name, PROPERTIES)} (there are {listed})")
    return PROPERTIES[name](spec)


def with_defaults(spec: Spec, values: Mapping[str, Any]) -> Spec:
    """The entry with other defaults, as a qualified name such as ``keras:leaky_relu`` implies."""
    if not values:
        return spec
    changed = tuple(replace(p, default=values.get(p.name, p.default)) for p in spec.parameters)
    return replace(spec, body=FixedFormula(spec.expression, changed), evaluation=None)


@lru_cache(maxsize=4096)
def function_of_one_number(spec: Spec) -> Spec:
    """The entry itself; for a gated one the function of its gate that is left at value = 1.

    Raises:
        OgiveError: for a rowwise entry, whose every output depends on the whole row.
    """
    if spec.kind == "rowwise":
        raise OgiveError(
            f"{spec.name} works on rows, so it is no function of one number and has no curve; "
            f"look at its outputs instead: ogive.get({spec.name!r})(x, dim=-1) for a tensor x"
        )
    if spec.kind != "gated":
        return spec
    value, gate = spec.data
    formula = substitute(spec.expression, {value: 1.0, gate: symbol("x")})
    return replace(spec, kind="elementwise", body=FixedFormula(formula, spec.parameters))


def defaults(spec: Spec) -> dict[str, float]:
    """Every symbol of the formula but the data, with its default."""
    return {s: v for p in spec.parameters for s, v in zip(p.symbols, p.defaults, strict=True)}


@lru_cache(maxsize=4096)
def joints(spec: Spec) -> tuple[float, ...]:
    """Where the pieces of the formula meet, with the parameters at their defaults."""
    return pieces.joints(_bound(spec))


def value(spec: Spec, at: float, order: int = 0) -> Any:
    """The function or a derivative at a point, exact to 50 digits; NaN where it is not defined."""
    try:
        return exact(_program(spec, order), at, *_finite(spec))[0]
    except ZeroDivisionError:
        return math.nan


def _program(spec: Spec, order: int) -> Program:
    """The program of a derivative; infinite defaults become part of it, being no numbers."""
    infinite = {n: v for n, v in defaults(spec).items() if not math.isfinite(v)}
    program = (spec.derived(order) if order else spec).program
    return program.bind(infinite) if infinite else program


def _finite(spec: Spec) -> list[float]:
    return [v for v in defaults(spec).values() if math.isfinite(v)]


def _bound(spec: Spec) -> Node:
    return bind(spec.expression, defaults(spec))


def _limit(spec: Spec, order: int, sign: float) -> float:
    try:
        return limit(_program(spec, order), sign, *_finite(spec))
    except (TypeError, ZeroDivisionError):  # a complex number: the function is not defined there
        return math.nan


def limit_left(spec: Spec) -> float:
    """The limit at -inf, NaN where there is none. A finite one is no proof that f is bounded."""
    return _limit(spec, 0, -1.0)


def limit_right(spec: Spec) -> float:
    """The limit at +inf, NaN where there is none. A finite one is no proof that f is bounded."""
    return _limit(spec, 0, 1.0)


def slope_left(spec: Spec) -> float:
    """The limit of the derivative at -inf, NaN where there is none."""
    return _limit(spec, 1, -1.0)


def slope_right(spec: Spec) -> float:
    """The limit of the derivative at +inf, NaN where there is none."""
    return _limit(spec, 1, 1.0)


def saturates_left(spec: Spec) -> str:
    """``no``, ``soft`` or ``hard`` towards -inf; see ``saturates_right``."""
    return _saturates(spec, -1.0, property_of(spec, "slope_left"))


def saturates_right(spec: Spec) -> str:
    """``soft`` if the derivative tends to 0 towards +inf, ``hard`` if it is 0 beyond some point
    (Gulcehre et al. 2016, arXiv:1603.00391). Hard follows from the outermost piece's formula."""
    return _saturates(spec, 1.0, property_of(spec, "slope_right"))


def _saturates(spec: Spec, sign: float, slope: object) -> str:
    if diff(pieces.tail(_bound(spec), sign), symbol("x")) is ZERO:
        return "hard"
    return "soft" if slope == 0 else "no"


def zero_at_zero(spec: Spec) -> bool:
    """Whether f(0) is 0."""
    return bool(abs(value(spec, 0.0)) < NEGLIGIBLE)


def smooth(spec: Spec) -> bool:
    """Whether every derivative exists everywhere, as far as the formula and four orders tell.

    A formula without pieces is smooth where it is defined; where pieces meet, the function and its
    first four derivatives must not jump.
    """
    return not any(_jumps(spec, order) for order in range(ORDERS + 1))


def jumps(spec: Spec) -> tuple[float, ...]:
    """The points where the function itself jumps, among those where its pieces meet."""
    return _jumps(spec, 0)


def kinks(spec: Spec) -> tuple[float, ...]:
    """The points where the function is continuous and its derivative jumps."""
    return tuple(at for at in _jumps(spec, 1) if at not in _jumps(spec, 0))


@lru_cache(maxsize=16384)
def _jumps(spec: Spec, order: int) -> tuple[float, ...]:
    return tuple(at for at in joints(spec) if _is_jump(spec, at, order))


def _is_jump(spec: Spec, at: float, order: int) -> bool:
    step = NEAR * abs(at) or NEAR_ZERO
    below, above = (value(spec, side, order) for side in (at - step, at + step))
    return bool(abs(above - below) > JUMP * max(1, abs(below)))


def piecewise_linear(spec: Spec) -> bool:
    """Whether the second derivative is the constant 0 as a formula."""
    return diff(diff(_bound(spec), symbol("x")), symbol("x")) is ZERO


def odd(spec: Spec) -> bool:
    """Whether f(-x) = -f(x) at six irrational points, to 40 digits."""
    return all(_vanishes(value(spec, -p) + value(spec, p), value(spec, p)) for p in PROBES)


def even(spec: Spec) -> bool:
    """Whether f(-x) = f(x) at six irrational points, to 40 digits."""
    return all(_vanishes(value(spec, -p) - value(spec, p), value(spec, p)) for p in PROBES)


def _vanishes(difference: Any, scale: Any) -> bool:
    return bool(abs(difference) <= NEGLIGIBLE * max(1, abs(scale)))


def learnable(spec: Spec) -> bool:
    """Whether training adjusts a parameter of the formula."""
    return any(p.learnable for p in spec.parameters)


#: name -> function of a spec; the order is that of every report.
PROPERTIES: dict[str, Callable[[Spec], object]] = {
    f.__name__: f
    for f in (
        limit_left, limit_right, slope_left, slope_right, saturates_left, saturates_right,
        zero_at_zero, smooth, jumps, kinks, piecewise_linear, odd, even, learnable,
    )
}  # fmt: skip
