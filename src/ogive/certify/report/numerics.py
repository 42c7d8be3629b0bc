"""Where a function leaves the range of a dtype, and how exact its implementations were measured.

Beyond the last turning point a function is monotone, so that one crossing of the number at which
a dtype rounds to infinity, found by bisection with balls, says where every larger input overflows.
At a finite end of the domain the dtype's number next to it is the last one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ogive.certify.proof.budget import Unproved
from ogive.certify.proof.enclosure import Ball, ball
from ogive.certify.proof.search import crossing
from ogive.certify.proof.shape import Shape, shape
from ogive.certify.proof.under_proof import FunctionUnderProof, quantity_if_proved
from ogive.certify.quantity import NOT_PROVED, Quantity
from ogive.certify.reference import ulp
from ogive.printers.machine import BFLOAT16, FLOAT16, FLOAT32

#: By dtype narrower than Python's: the largest finite number, and where rounding becomes infinite.
LARGEST: Mapping[str, tuple[float, float]] = {
    format.name: (format.largest, format.largest + ulp(format.largest, format.name) / 2)
    for format in (FLOAT16, BFLOAT16, FLOAT32)
}


@dataclass(frozen=True)
class Overflow:
    """The inputs beyond which f rounds to infinity in a dtype, towards both ends.

    An end at which it does so for no input of the dtype has None.
    """

    left: Quantity | None
    right: Quantity | None


@dataclass(frozen=True)
class Numerics:
    """What floats make of a function.

    Attributes:
        overflow: by dtype, where the result is infinite though the input is not.
        errors: by dtype and engine the worst errors of f, f' and f'' that were recorded against 50
            digits: in units (see docs/generated/accuracy.md) those of float64 and float32, in
            units of the last place over all 65,536 numbers those of bfloat16 and float16; empty
            for what nobody measured.
    """

    overflow: Mapping[str, Overflow]
    errors: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)


def numerics(f: FunctionUnderProof) -> Numerics:
    """The overflow points of a function; nothing is measured here."""
    return Numerics(
        {
            dtype: Overflow(*(_beyond(f, shape(f), side, dtype) for side in (-1, 1)))
            for dtype in LARGEST
        }
    )


def _beyond(f: FunctionUnderProof, of: Shape, side: int, dtype: str) -> Quantity | None:
    limit, infinite = (of.right if side > 0 else of.left).value, LARGEST[dtype][1]
    largest = max(abs(of.range.low.low), abs(of.range.high.high))
    if abs(limit.value) < infinite or (of.bounded and largest < infinite):
        return None
    if not of.monotone or not math.isinf(limit.value):
        return NOT_PROVED

    def size(x: Ball) -> Ball:
        return abs(f.at(x))

    outermost = of.monotone[-1 if side > 0 else 0].interval
    start = (outermost.low if side > 0 else outermost.high).value
    low, high = (float(end) for end in (f.pieces[0].low, f.pieces[-1].high))
    outer = _outermost(high if side > 0 else low, side, dtype)
    if quantity_if_proved(lambda: size(ball(outer))).high < infinite:
        return None
    within = 0.0 if low < 0 < high else low + 1 if math.isfinite(low) else high - 1
    inner = start if math.isfinite(start) else within
    return quantity_if_proved(lambda: _crossing(size, ball(inner), ball(outer), infinite))


def _crossing(size: Callable[[Ball], Ball], inner: Ball, outer: Ball, level: float) -> Ball:
    if not size(inner) < level < size(outer):
        raise Unproved("a crossing")
    return crossing(size, outer, inner, level)


def _outermost(end: float, side: int, dtype: str) -> float:
    if math.isinf(end):
        return side * LARGEST[dtype][0]
    spacing = ulp(math.nextafter(end, -side * math.inf), dtype)
    return -side * spacing * (math.floor(-side * end / spacing) + 1)
