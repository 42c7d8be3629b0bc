"""Where the pre-activations of a place lie, over its own activation and that one's derivative."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ogive.monitor.health import HealthReport
from ogive.monitor.page.finding_words import percent
from ogive.monitor.page.usual_flatness import curve_of, flat_below
from ogive.ops import ActivationFunction
from ogive.plot.curve import Array, Curve, sample, window

_BINS = 48
#: The picture shows at least from -_LEAST to _LEAST, and all but this share of z on either side.
_LEAST, _CUT = 3.0, 1e-3
_POINTS = 161
#: A change of the slope below this one is not seen.
_STRAIGHT = 1e-3


@dataclass(frozen=True)
class ZPicture:
    """The parts of a picture: a function, its slope, and how often each z was met.

    Attributes:
        interval: the ends of the axis of z.
        function, slope: the activation and its derivative.
        edges, counts: the histogram of z in the interval.
        flat: the pieces of the axis where the slope is below the threshold.
        in_flat: the share of z that lies there.
    """

    place: str
    entry: str
    interval: tuple[float, float]
    function: Curve
    slope: Curve
    edges: Array
    counts: Array
    flat: tuple[tuple[float, float], ...]
    in_flat: float

    @property
    def summary(self) -> str:
        """The picture in one sentence, for those who do not see it."""
        low, high = self.interval
        flat = f", {percent(self.in_flat)} of them where it is flat" if self.flat else ""
        return (
            f"{self.entry} at {self.place} and its derivative from {low:.3g} to {high:.3g}, with "
            f"the distribution of its inputs{flat}"
        )


def z_pictures(report: HealthReport) -> Iterator[ZPicture]:
    """A picture for each place whose activation is a function of one number."""
    for place, values in report.values.items():
        known = values[np.isfinite(values)]
        entry = report.places[place].entry if place in report.places else ""
        activation = curve_of(entry) if entry else None
        if activation is not None and known.size:
            yield _picture(place, entry, activation, known)


def _picture(place: str, entry: str, activation: ActivationFunction, values: Array) -> ZPicture:
    interval = _interval(values)
    function, slope = (sample(activation, order, interval, _POINTS) for order in (0, 1))
    counts, edges = np.histogram(values, _BINS, interval)
    flat = tuple(_flat(slope, flat_below(entry)))
    inside = sum(np.count_nonzero((values >= a) & (values <= b)) for a, b in flat)
    return ZPicture(
        place, entry, interval, function, slope, edges, counts.astype(float), flat,
        float(inside / values.size),
    )  # fmt: skip


def _interval(values: Array) -> tuple[float, float]:
    """All but the rarest values, and the middle of the function."""
    low, high = np.quantile(values, (_CUT, 1 - _CUT))
    return min(-_LEAST, _rounded(low, math.floor)), max(_LEAST, _rounded(high, math.ceil))


def _rounded(value: float, towards: Callable[[float], int]) -> float:
    """To two digits, outwards."""
    if value == 0:
        return 0.0
    scale = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    return towards(value / scale) * scale


def _flat(slope: Curve, threshold: float) -> Iterator[tuple[float, float]]:
    """Where the slope stays below the threshold, piece by piece."""
    low = np.abs(slope.y) < threshold
    changes = np.flatnonzero(np.diff(np.concatenate(([False], low, [False])).astype(int)))
    for start, end in zip(changes[::2], changes[1::2], strict=True):
        yield float(slope.x[start]), float(slope.x[end - 1])


# drawing

#: Points of the drawing: its width, and the heights of the upper and the lower panel.
_WIDTH, _UPPER, _LOWER, _GAP, _EDGE = 340.0, 130.0, 70.0, 22.0, 6.0


@dataclass(frozen=True)
class Panel:
    """One of the two panels in points of the drawing.

    Attributes:
        top, height: where it is.
        line: the curve, as the path of an SVG.
        zero: the height of y = 0, if that is in the panel.
        bars: the histogram, as a path.
        label: what is drawn.
    """

    top: float
    height: float
    line: str
    zero: float | None
    bars: str
    label: str


def panels_of(picture: ZPicture) -> tuple[Panel, Panel]:
    """The function and its derivative, each over the histogram."""
    upper = _panel(picture, picture.function, _EDGE, _UPPER, "f")
    lower = _panel(picture, picture.slope, _EDGE + _UPPER + _GAP, _LOWER, "f\N{PRIME}")
    return upper, lower


def across(picture: ZPicture, x: float) -> float:
    """A point of the axis of z in points of the drawing."""
    low, high = picture.interval
    return round(_EDGE + (x - low) / (high - low) * (_WIDTH - 2 * _EDGE), 1)


def _panel(picture: ZPicture, curve: Curve, top: float, height: float, label: str) -> Panel:
    low, high = window([curve], picture.interval)
    low, high = min(low, 0.0), max(high, 0.0)
    margin = 0.06 * (high - low)
    low, high = low - margin, high + margin

    def down(y: float) -> float:
        return round(top + (high - y) / (high - low) * height, 1)

    line = "".join(_path(picture, curve, down, top, height))
    zero = down(0.0) if low < 0 < high else None
    return Panel(top, height, line, zero, "".join(_bars(picture, top, height)), label)


def _path(
    picture: ZPicture, curve: Curve, down: Callable[[float], float], top: float, height: float
) -> Iterator[str]:
    """The curve as lines; it begins anew after a jump, and where it is straight needs no points."""
    known = np.isfinite(curve.y)
    bent = np.abs(np.diff(np.diff(curve.y) / np.diff(curve.x))) > _STRAIGHT
    needed = np.concatenate(([True], bent | ~known[2:] | ~known[:-2], [True]))
    pen = "M"
    for x, y, inside, kept in zip(curve.x, curve.y, known, needed, strict=True):
        if not inside:
            pen = "M"
        elif kept or pen == "M":
            at = min(max(down(float(y)), top - 2), top + height + 2)
            yield f"{pen}{across(picture, float(x)):g} {at:g}"
            pen = "L"


def _bars(picture: ZPicture, top: float, height: float) -> Iterator[str]:
    most = picture.counts.max() or 1.0
    edges = picture.edges.tolist()
    for count, left, right in zip(picture.counts.tolist(), edges[:-1], edges[1:], strict=True):
        if count:
            tall = round(max(0.9 * height * count / most, 0.5), 1)
            x = across(picture, left)
            width = round(across(picture, right) - x, 1)
            yield f"M{x} {top + height:g}v-{tall:g}h{width:g}v{tall:g}z"
