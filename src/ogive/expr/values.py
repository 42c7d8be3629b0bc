"""What the primitives compute, as IEEE doubles: infinities and NaN where Python's math raises."""

from __future__ import annotations

import math
from collections.abc import Callable


def ieee(function: Callable[..., float]) -> Callable[..., float]:
    """The function with NaN for NaN, NaN outside its domain, and infinity where it overflows."""

    def evaluate(*args: float) -> float:
        if any(math.isnan(a) for a in args):
            return math.nan
        try:
            return function(*args)
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return evaluate


def divide(a: float, b: float) -> float:
    if b == 0:
        sign = math.copysign(1, a) * math.copysign(1, b)
        return math.nan if a == 0 or math.isnan(a) else sign * math.inf
    return a / b


def raised(a: float, b: float) -> float:
    """C's pow, with infinities where Python's raises: at a pole, and beyond the largest number."""
    odd = b % 2 == 1 if math.isfinite(b) else False
    try:
        return math.pow(a, b)
    except ValueError:
        if a != 0:
            return math.nan
    except OverflowError:
        pass
    return math.copysign(math.inf, a) if odd else math.inf


def absorbing(a: float, b: float) -> float:
    return 0.0 if b == 0 and math.isinf(a) else a * b


def sign(x: float) -> float:
    return x if math.isnan(x) else float((x > 0) - (x < 0))


def log(x: float) -> float:
    return -math.inf if x == 0 else math.log(x)


def log1p(x: float) -> float:
    return -math.inf if x == -1 else math.log1p(x)


def sinh(x: float) -> float:
    return math.copysign(math.inf, x) if abs(x) > 711 else math.sinh(x)


def erfinv(x: float) -> float:
    """Newton's method on erf; only constants are folded with it."""
    if abs(x) >= 1:
        return math.copysign(math.inf, x) if abs(x) == 1 else math.nan
    y = 0.0
    for _ in range(100):
        step = (math.erf(y) - x) * math.sqrt(math.pi) / 2 * math.exp(y * y)
        y -= max(-1.0, min(1.0, step))
    return y
