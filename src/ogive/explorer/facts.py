"""What a certificate says, in the few numbers that pages draw, filter and compare by.

Nothing here is typed: a function without a certificate has no facts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ogive.catalogue import Spec
from ogive.certify.quantity import NOT_PROVED, ProvedInterval, Quantity
from ogive.certify.report.certificate import Certificate, certificate
from ogive.certify.report.criteria import VANISHED
from ogive.certify.report.page import said
from ogive.certify.report.properties import properties
from ogive.errors import OgiveError


@lru_cache(maxsize=1024)
def certificate_of(spec: Spec) -> Certificate | None:
    """The certificate at the default parameters; None where nothing can be proved here."""
    try:
        return certificate(spec)
    except OgiveError:
        return None


@dataclass(frozen=True)
class Zone:
    """A part of the line where the gradient is special.

    Attributes:
        kind: ``zero`` (f itself is 0), ``dead`` (f' is 0), ``saturated`` (|f'| < 1e-3 from there
            on) or ``linear`` (f'' is 0, f' is not).
    """

    kind: str
    low: float
    high: float


def zones(of: Certificate) -> tuple[Zone, ...]:
    """The zones that are proved, each point in one of them at most."""
    if not of.shape or not of.saturation:
        return ()
    zero = [_zone("zero", z) for z in of.saturation.zero or ()]
    flat = [_zone("dead", m.interval) for m in of.shape.monotone or () if m.kind == "constant"]
    dead = [z for z in flat if not any(_overlap(z, other) for other in zero)]
    straight = (m.interval for m in of.shape.convexity or () if m.kind == "linear")
    linear = [_zone("linear", i) for i in straight]
    linear = [z for z in linear if not any(_overlap(z, other) for other in (*zero, *flat))]
    known = [*zero, *dead, *linear]
    return (*known, *_saturated(of, [*zero, *flat]))


def _zone(kind: str, of: ProvedInterval) -> Zone:
    return Zone(kind, of.low.value, of.high.value)


def _overlap(a: Zone, b: Zone) -> bool:
    return max(a.low, b.low) < min(a.high, b.high)


def _saturated(of: Certificate, flat: list[Zone]) -> Iterator[Zone]:
    """From where |f'| stays small to the end, but what is flat there."""
    assert of.saturation
    for side, end in ((of.saturation.left, -math.inf), (of.saturation.right, math.inf)):
        place = side.below.get(VANISHED)
        if place is None or place == NOT_PROVED or math.isinf(place.value):
            continue
        low, high = sorted((place.value, end))
        for other in flat:
            if other.low <= low < other.high:
                low = other.high
            if other.low < high <= other.high:
                high = other.low
        if low < high:
            yield Zone("saturated", low, high)


#: Of what gallery and comparison show: name -> where it is in a certificate.
_COMPARED: Mapping[str, Callable[[Any], Any]] = {
    "range": lambda c: c.shape.range,
    "at_zero": lambda c: c.shape.at_zero,
    "left": lambda c: c.shape.left.value,
    "right": lambda c: c.shape.right.value,
    "smoothness": lambda c: c.smoothness.order,
    "lipschitz": lambda c: c.smoothness.lipschitz,
    "bend": lambda c: c.smoothness.bend.value,
    "saturates_left": lambda c: c.saturation.left.kind,
    "saturates_right": lambda c: c.saturation.right.kind,
    "mean": lambda c: c.signal.moments.first,
    "second_moment": lambda c: c.signal.moments.second,
    "sparsity": lambda c: c.signal.moments.sparsity,
    "gain": lambda c: c.signal.gains.second_moment,
    "chi": lambda c: c.signal.criticality.chi,
    "kernel_at_zero": lambda c: c.signal.criticality.kernel_at_zero,
    "operations": lambda c: c.cost.forward.operations,
    "transcendental": lambda c: c.cost.forward.transcendental,
}


def compared_facts(of: Certificate) -> dict[str, list[Any]]:
    """What a table of certificates shows: name -> [value, method]."""
    if of.rows:
        return {}
    return {name: _told(find(of)) for name, find in _COMPARED.items()}


def _told(value: Any) -> list[Any]:
    if isinstance(value, Quantity):
        return [value.value, value.method]
    if isinstance(value, ProvedInterval):
        return [_short(said(value)), value.low.method]
    return [NOT_PROVED.method if value is None else value, "symbolic"]


def _short(interval: str) -> str:
    """An interval for a narrow column: five digits, and signs as people write them."""
    five = re.sub(r"\d+\.\d+(?:e-?\d+)?", lambda found: f"{float(found[0]):.5g}", interval)
    return five.replace("inf", "∞").replace("-", "\N{MINUS SIGN}")


def edge(of: Certificate) -> list[list[float]]:
    """The points [sigma_b, sigma_w] of the edge of chaos that the certificate has, where lengths
    settle."""
    found = of.signal.edge if of.signal else ()
    stable = (e for e in found if e.length_slope is not None and abs(e.length_slope) <= 1 + 1e-9)
    return [[e.sigma_b, e.sigma_w.value] for e in stable]


def marks(of: Certificate) -> list[str]:
    """The properties by which the gallery is filtered, those that are proved."""
    if of.rows:
        known = {"nonnegative": of.rows.nonnegative, "sums_to_one": of.rows.sums_to_one}
        return [name for name, holds in {**known, "sparse": of.rows.sparse}.items() if holds]
    assert of.shape and of.signal
    answers, verdicts = properties(of), {c.name: c.verdict for c in of.criteria}
    low = of.shape.range.low
    holds: Mapping[str, bool] = {
        "smooth": answers["smooth"] is True,
        "kinkless": verdicts["differentiable"] == "yes",
        "monotone": verdicts["monotone"] == "yes",
        "bounded": of.shape.bounded is True,
        "nonnegative": low != NOT_PROVED and low.value >= 0,
        "centred": verdicts["zero-centred"] == "yes",
        "unsaturated": verdicts["unsaturated"] == "yes",
        "cheap": verdicts["cheap"] == "yes",
        "sparse": of.signal.moments.sparsity.low > 0.1,
        "piecewise_linear": answers["piecewise_linear"] is True,
        "odd": answers["odd"] is True,
        "even": answers["even"] is True,
    }
    return [name for name, found in holds.items() if found]
