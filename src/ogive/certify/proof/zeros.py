"""Where a function is exactly 0: every point and every interval, proved."""

from __future__ import annotations

from collections.abc import Iterable

from ogive.certify.proof.budget import Unproved
from ogive.certify.proof.enclosure import Ball, coincide, max_of
from ogive.certify.proof.under_proof import JOINED, FunctionUnderProof
from ogive.certify.proof.variation import Segment
from ogive.certify.quantity import ProvedInterval, quantity


def zeros_of(f: FunctionUnderProof) -> tuple[ProvedInterval, ...]:
    """The points and intervals where f is 0, in order.

    Raises:
        Unproved: where they cannot all be isolated.
    """
    found: list[tuple[Ball, Ball]] = []
    parts = f.segments(0)
    for i, part in enumerate(parts):
        if part.sign == 0:
            found.append((part.low, part.high))
        if i + 1 < len(parts) and _is_zero(f, part, parts[i + 1]):
            found.append((part.high, part.high))
    return tuple(_zero_interval(f, low, high) for low, high in touching(found))


def _is_zero(f: FunctionUnderProof, left: Segment, right: Segment) -> bool:
    """Whether f is 0 between two segments; for certain between two of one piece."""
    if left.piece is right.piece:
        return True
    value = f.at(left.high)
    if value.contains(0) and value.rad() > JOINED:
        raise Unproved("the value at a breakpoint that no float is")
    return bool(value.contains(0))


def touching(found: Iterable[tuple[Ball, Ball]]) -> list[tuple[Ball, Ball]]:
    """Intervals in the order of their lower ends, those that touch or overlap made one."""
    merged: list[tuple[Ball, Ball]] = []
    for low, high in found:
        if merged and (low <= merged[-1][1] or coincide(merged[-1][1], low)):
            merged[-1] = (merged[-1][0], max_of([merged[-1][1], high]))
        else:
            merged.append((low, high))
    return merged


def _zero_interval(f: FunctionUnderProof, low: Ball, high: Ball) -> ProvedInterval:
    closed = [end.is_finite() and bool(f.at(end).contains(0)) for end in (low, high)]
    return ProvedInterval(quantity(low), quantity(high), *closed)
