"""The judge's values: mpmath, at 50 digits or as many more as the argument's size asks for.

An error is counted in units. One unit at x is the spacing of floats at the exact value, plus what
rounding the argument changes, plus what a factor that underflows changes once it is multiplied by
x: ulp(f) + eps |x f'| + tiny x^2. A value within a few units is as good as an evaluation in this
precision can be; away from zeros, steep places and the subnormals a unit is one or two ulp.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from ogive.errors import require
from ogive.expr import Program
from ogive.printers import python_function
from ogive.printers.machine import FLOATS

DIGITS = 50
#: Where a limit at infinity is looked for: far outside every float, and at no period's multiples.
_FAR = tuple(math.pi * 10.0**k for k in (30, 61, 92, 153, 214, 275))


@lru_cache(maxsize=4096)
def _on_numbers(program: Program) -> Callable[..., tuple[Any, ...]]:
    """The program as a function of mpmath numbers."""
    require("mpmath", "certify")
    return python_function(program, "mpmath")


def exact(program: Program, *arguments: float) -> tuple[Any, ...]:
    """The outputs at finite arguments, as mpmath numbers with at least 50 right digits."""
    mpmath = require("mpmath", "certify")
    with mpmath.workdps(_digits(arguments)):
        return tuple(+v for v in _on_numbers(program)(*map(mpmath.mpf, arguments)))


def _digits(arguments: Sequence[float]) -> int:
    """More digits for large and small arguments: x - tanh(x) at 1e-300 cancels 600 of them."""
    sizes = [abs(math.log10(abs(a))) for a in arguments if a and math.isfinite(a)]
    return DIGITS + 4 * int(max(sizes, default=0.0))


def limit(program: Program, sign: float, *parameters: float) -> float:
    """The limit of the first output as the first input goes to infinity; NaN if there is none."""
    values = [float(exact(program, sign * far, *parameters)[0]) for far in _FAR]
    last = values[-1]
    if all(abs(v - last) <= 1e-9 * max(1.0, abs(last)) for v in values[2:]):
        return 0.0 if abs(last) < 1e-9 else last
    growing = all(b > a or b == math.inf for a, b in pairwise(values))
    falling = all(b < a or b == -math.inf for a, b in pairwise(values))
    return math.inf if growing else -math.inf if falling else math.nan


def ulp(value: float, dtype: str = "float64") -> float:
    """The spacing of the dtype's numbers at a value."""
    eps, tiny = FLOATS[dtype]
    return max(math.ldexp(eps, math.frexp(value)[1] - 1), tiny) if value else tiny


def unit(value: float, argument: float, slope: float, dtype: str = "float64") -> float:
    """The unit in which an error at this argument is counted; see the module's text."""
    eps, tiny = FLOATS[dtype]
    underflow = tiny * min(argument * argument, 1e6)  # beyond |x| = 1000 no exponential is left
    return ulp(value, dtype) + eps * abs(argument * slope) + underflow
