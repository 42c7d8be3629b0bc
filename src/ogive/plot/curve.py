"""The numbers behind a picture: samples of a function or a derivative, with its jumps left open.

Apart from the drawing because a figure, a sheet and the terminal draw the same curves, and a test
can compare the numbers with the formula. They come from the NumPy program; no torch here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

import numpy as np

from ogive.catalogue import Spec
from ogive.certify.univariate import breakpoints_of, defaults, function_of_one_number, with_defaults
from ogive.errors import OgiveError
from ogive.expr import Program
from ogive.printers import python_function

Array: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Span: TypeAlias = tuple[float, float]
_POINTS = 1201
#: The sides of a jump are taken this far from it, as a share of the interval.
ASIDE = 1e-9
#: A step between the two sides counts as a jump if it is larger than this share of the curve.
JUMP = 1e-6
#: A window reaches no further than this many times the interval, so that exp leaves it.
_REACH = 1.5


class HasSpec(Protocol):
    """What can be drawn beside a spec: an activation, with the parameters its name implies."""

    @property
    def name(self) -> str: ...

    @property
    def spec(self) -> Spec: ...


@dataclass(frozen=True)
class Code:
    """Code of which only values are known: what it is called, and its derivatives at points."""

    name: str
    values: Callable[[int, Array], Array]


Drawable: TypeAlias = Spec | HasSpec | Code
#: Of a longer name the end is left out.
LONGEST_CAPTION = 48


@dataclass(frozen=True, eq=False)
class Curve:
    """Samples in order of x; y is NaN at a jump, so that no line is drawn across it.

    Attributes:
        jumps: for each jump the point, the values on both sides and the value there.
    """

    x: Array
    y: Array
    jumps: tuple[tuple[float, float, float, float], ...]


def spec_of(activation: Spec | HasSpec) -> Spec:
    """The function of one number that is drawn for an activation.

    Raises:
        OgiveError: for a rowwise entry.
    """
    if isinstance(activation, Spec):
        return function_of_one_number(activation)
    preset = getattr(activation, "preset", {})
    return function_of_one_number(with_defaults(activation.spec, preset))


def caption(activation: Drawable) -> str:
    """The name, and which of several forms of the entry is drawn."""
    if isinstance(activation, Code):
        return short_name(activation.name)
    spec = activation if isinstance(activation, Spec) else activation.spec
    form = {"gated": " (gate, at value = 1)", "stochastic": " (evaluation)"}
    preset = getattr(activation, "preset", {})
    listed = ", ".join(f"{name}={value}" for name, value in preset.items())
    return (
        short_name(activation.name) + (f" ({listed})" if listed else "") + form.get(spec.kind, "")
    )


def short_name(name: str) -> str:
    """A name that fits beside a curve: that of a formula is its text, and may be long."""
    return name if len(name) <= LONGEST_CAPTION else f"{name[: LONGEST_CAPTION - 3]}..."


def sample(
    activation: Drawable, order: int = 0, interval: Span = (-6.0, 6.0), points: int = _POINTS
) -> Curve:
    """A curve of the activation's derivative of that order, 0 being the function itself."""
    low, high = check_interval(interval)
    known = () if isinstance(activation, Code) else breakpoints_of(spec_of(activation))
    inside = [at for at in known if low <= at <= high]
    aside = ASIDE * (high - low)
    x = np.linspace(low, high, points)
    x = np.union1d(x, [at + side for at in inside for side in (-aside, 0.0, aside)])
    y = values_of(activation, order, x)
    y = np.where(np.isnan(values_of(activation, 0, x)), math.nan, y)
    scale = _scale(y)
    jumps = []
    for at in inside:
        i = int(np.searchsorted(x, at))
        below, there, above = map(float, y[i - 1 : i + 2])
        # the value alone can be apart, where the sides agree
        if not max(abs(above - below), min(abs(there - below), abs(there - above))) <= JUMP * scale:
            jumps.append((at, below, above, there))
            y[i] = math.nan
    return Curve(x, y, tuple(jumps))


def values_of(activation: Drawable, order: int, x: Array) -> Array:
    """The derivative of that order at the points, 0 being the function itself."""
    if isinstance(activation, Code):
        return activation.values(order, x)
    return values(spec_of(activation), order, x)


def values(spec: Spec, order: int, x: Array) -> Array:
    """The derivative of that order at the points, with the parameters at their defaults."""
    program = (spec.derived(order) if order else spec).program
    with np.errstate(all="ignore"):
        # NumPy numbers, because a Python float raises where IEEE arithmetic divides by zero
        (y,) = _compiled(program)(x, *map(np.float64, defaults(spec).values()))
    return np.array(np.broadcast_to(y, x.shape), dtype=np.float64)


@lru_cache(maxsize=1024)
def _compiled(program: Program) -> Callable[..., tuple[Array]]:
    return python_function(program, "numpy")


def _scale(y: Array) -> float:
    finite = np.abs(y[np.isfinite(y)])
    return max(1e-300, float(finite.max())) if finite.size else 1.0


def window(curves: list[Curve], interval: Span) -> Span:
    """The range of y to show: all the curves hold, unless they leave the picture's reach."""
    reach = _REACH * max(map(abs, interval))
    held = [y for curve in curves for y in curve.y[np.isfinite(curve.y)]]
    held = [min(max(float(y), -reach), reach) for y in held] or [0.0]
    low, high = min(held), max(held)
    if high - low < 1e-9 * max(1.0, abs(high)):  # a constant: a flat line in the middle
        low, high = low - 1.0, high + 1.0
    return low, high


def check_interval(interval: Span) -> Span:
    """The interval as floats, or an OgiveError that says what is wrong with it."""
    low, high = map(float, interval)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise OgiveError(f"an interval is two finite numbers, low < high, not {low:g} and {high:g}")
    return low, high
