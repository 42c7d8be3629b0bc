"""What is beyond its threshold: each kind of finding is one function of what was measured.

None of them knows why; that is told afterwards, by what theory predicts (``causes.py``). Thresholds
are compared with what healthy training shows too: a few samples leave many units without a live
one, deep networks of relu have units that are rarely on, and the last softmax may be certain.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ogive.monitor.finding import SEVERITIES
from ogive.monitor.history import History
from ogive.monitor.observer import INPUT
from ogive.monitor.slopes import SlopeJudge
from ogive.monitor.thresholds import Thresholds
from ogive.monitor.windows import PlaceWindow, place_statistics, unit_statistics

_Array = NDArray[np.float64]
#: Gates are told to be stuck when they have not moved for so many windows.
PATIENCE = 2
#: A share that is worth a note.
WORTH_A_NOTE = 0.05
#: Behind so many activations the mean is what the layers before have left of the samples.
EARLY = 4
#: A ratio within this factor of its threshold was there before it was crossed.
NEAR_LIMIT = 10.0
#: Shares, and multiples of a threshold, from which on a warning is an error.
_GRAVE_SHARE, _GRAVE = 0.5, 10.0


@dataclass(frozen=True)
class Symptom:
    """What is beyond its threshold, without why; the fields are those of ``HealthFinding``.

    Attributes:
        units: which are concerned.
    """

    kind: str
    place: str
    severity: str
    share: float
    evidence: Mapping[str, float]
    since: int
    entry: str = ""
    units: tuple[int, ...] = ()


@dataclass(frozen=True)
class Course:
    """All that was measured.

    Attributes:
        windows: by place, in the order of their first use; the input among them.
        history: how it went.
        thresholds: what it is compared with.
        window: measured steps that findings look back on.
        learned: by place and parameter, the values of learned parameters, and their ranges.
    """

    windows: Mapping[str, PlaceWindow]
    history: History
    thresholds: Thresholds
    window: int
    learned: Mapping[tuple[str, str], LearnedValues]

    def since(self, place: str, condition: Any) -> int:
        """The first of the last steps in which a condition on statistics has held throughout."""
        names = self.history.statistics(place)
        columns = {n: self.history.series(place, n) for n in names}
        steps = next(iter(columns.values()))[0]
        with np.errstate(all="ignore"):
            held = np.asarray(condition({n: c[1] for n, c in columns.items()}))
        first = len(steps) - 1
        while first > 0 and held[first - 1]:
            first -= 1
        return int(steps[first])

    @property
    def start(self) -> int:
        """The first measured step."""
        firsts = [int(self.history.series(p, n)[0][0])
                  for p in self.history.places for n in self.history.statistics(p)[:1]]  # fmt: skip
        return min(firsts, default=0)


@dataclass(frozen=True)
class LearnedValues:
    """The values of a learned parameter, where it began by default, and its range."""

    values: _Array
    default: float
    low: float
    high: float


def symptoms(course: Course) -> Iterator[Symptom]:
    """Everything that is beyond its threshold."""
    for place, window in course.windows.items():
        if not window.halves or not window.sums[0].sum() > 0:
            continue
        if not np.isfinite(window.sums).all():
            yield _overflow(course, place, window)
        elif place == INPUT:
            yield from _input(course, window)
        elif window.judge is None:
            yield from _collapsed(course, place, window)
        else:
            yield from _units(course, place, window, window.judge)
            yield from _near_the_largest(course, place, window)
        yield from _underflow(course, place, window)
    yield from _fading(course)
    yield from _frozen(course)


def _severity(value: float, threshold: float, grave: float) -> str:
    return SEVERITIES[int(value >= threshold) + int(value >= grave)]


# --- units ----------------------------------------------------------------------------------------


def _units(course: Course, place: str, window: PlaceWindow, judge: SlopeJudge) -> Iterator[Symptom]:
    units, limits = unit_statistics(window), course.thresholds
    count = window.sums[0]
    seen = count > 0
    if not seen.any() or judge.straight:
        return
    units = {name: row[seen] for name, row in units.items()}
    dead = units["dead"] > 0
    index = np.flatnonzero(seen)
    yield from _dead(course, place, window, judge, units, index)
    yield from _saturated(course, place, judge, units, dead, index)
    straight = (units["slope_std"] <= limits.bend * judge.supremum) & ~dead
    share = float(straight.mean())
    if share >= _GRAVE_SHARE and not judge.gate:
        scatter = _slope_scatter(window)
        straight_all = scatter <= limits.bend * judge.supremum / 4 and count.max() >= 30
        severity = "warning" if share >= limits.linear and straight_all else "note"
        evidence = {
            "share": share, "threshold": limits.linear,
            "deviation of f'": scatter,
            "std of z": float(np.median(units["std_z"])),
        }  # fmt: skip
        since = course.since(place, lambda s: s["linear"] + s["saturated_left"] >= 0)
        yield Symptom("linear", place, severity, share, evidence, since, judge.entry)
    yield from _off_centre(course, place, judge, {n: row[~dead] for n, row in units.items()})
    yield from _drift(course, place, window)


def _slope_scatter(window: PlaceWindow) -> float:
    """The standard deviation of f' over all samples of all units."""
    row = dict(zip(window.rows, window.sums.sum(axis=1), strict=True))
    mean = row["slope"] / row["count"]
    return math.sqrt(max(row["slope2"] / row["count"] - mean**2, 0.0))


def _dead(
    course: Course, place: str, window: PlaceWindow, judge: SlopeJudge,
    units: Mapping[str, _Array], index: Any,
) -> Iterator[Symptom]:  # fmt: skip
    limits, dead = course.thresholds, units["dead"] > 0
    share = float(dead.mean())
    if not share:
        return
    expected = expected_dead(judge, units, float(np.median(window.sums[0])))
    severity = _severity(share - expected, limits.dead, _GRAVE_SHARE)
    never = window.ever_alive is not None and not window.ever_alive[index][dead].any()
    stuck = never and window.seen >= PATIENCE * course.window
    if judge.gate and not stuck:
        severity = "note"  # a gate may be meant to be off
    evidence = {
        "share": share, "expected": expected, "threshold": limits.dead, "slope": limits.slope,
        "samples": float(np.median(window.sums[0])), "revived": float(window.revived),
    }  # fmt: skip
    since = course.since(place, lambda s: s["dead"] >= min(share, expected + limits.dead))
    which = tuple(int(i) for i in index[dead])
    yield Symptom("dead", place, severity, share, evidence, since, judge.entry, which)


def expected_dead(judge: SlopeJudge, units: Mapping[str, _Array], samples: float) -> float:
    """The share of units without a live sample among so many, if units differ by chance alone.

    Their means scatter by as many of their own standard deviations as the quarter nearest to 0
    says, which broken ones do not change; samples are normal around them. Where most are dead, and
    chance is no reason, it is the quarter of those that live.
    """
    std, dead = units["std_z"], units["dead"] > 0
    judged = (std > 0) & ~dead if dead.mean() > _GRAVE_SHARE else std > 0
    if not judged.any():
        return 0.0
    distance = np.abs(units["mean_z"][judged] / std[judged])
    scatter = float(np.quantile(distance, 0.25)) / 0.3186
    shifts = np.linspace(-8, 8, 321)
    width = float(np.median(std[judged]))
    flat = _flat_share(judge, scatter * shifts * width, width)
    weight = np.exp(-0.5 * shifts**2)
    return float((flat**samples * weight).sum() / weight.sum())


def _flat_share(judge: SlopeJudge, mean: _Array, std: float) -> _Array:
    """P(flat) at z ~ N(mean, std**2)."""
    left, right = judge.edges
    return _below((left - mean) / std) + 1 - _below((right - mean) / std)


def _below(x: _Array) -> _Array:
    """P(Z < x)."""
    erf = np.vectorize(math.erf, otypes=[np.float64])
    found: _Array = 0.5 * (1 + erf(x / math.sqrt(2)))
    return found


def _saturated(
    course: Course,
    place: str,
    judge: SlopeJudge,
    units: Mapping[str, _Array],
    dead: Any,
    index: Any,
) -> Iterator[Symptom]:
    quiet = judge.quiet
    limit = _beyond_usual(course.thresholds.saturated, judge)
    left = units["saturated_left"] * (not quiet[0])
    right = units["saturated_right"] * (not quiet[1])
    much = (left + right >= limit) & ~dead
    for name, here in (("left", much & (left >= right)), ("right", much & (right > left))):
        share = float(here.mean())
        if share < WORTH_A_NOTE:
            continue
        evidence = {
            "share": share, "threshold": limit, "slope": course.thresholds.slope,
            "flat samples": float((left + right)[here].mean()),
        }  # fmt: skip
        both = float(much.mean())
        # a hard gate is meant to be open or closed; one that never moves is dead
        many = course.thresholds.saturated
        severity = "note" if _hard_gate(judge) else _severity(both, many, 0.75)
        since = course.since(
            place, lambda s: s["saturated_left"] + s["saturated_right"] >= limit * limit
        )
        which = tuple(int(i) for i in index[here])
        yield Symptom(
            f"saturated_{name}", place, severity, share, evidence, since, judge.entry, which
        )


def _beyond_usual(limit: float, judge: SlopeJudge) -> float:
    """A share of saturated samples, counted from what the function has of N(0, 1): hardtanh is flat
    from 1 on, and so for a third of them."""
    (left, right), quiet = judge.edges, judge.quiet
    usual = 0.0 if quiet[0] else float(_below(np.array(left)))
    usual += 0.0 if quiet[1] else 1 - float(_below(np.array(right)))
    return limit + (1 - limit) * min(usual, 1.0)


def _hard_gate(judge: SlopeJudge) -> bool:
    """Whether it is a gate that is entirely open or closed beyond its edges."""
    if not judge.gate or not np.isfinite(judge.edges).all():
        return False
    beyond = np.array([judge.edges[0] - 1, judge.edges[1] + 1])
    return not judge.field.derivative(beyond).any()


def _off_centre(
    course: Course, place: str, judge: SlopeJudge, units: Mapping[str, _Array]
) -> Iterator[Symptom]:
    live = units["std_z"] > 0
    if judge.gate or live.sum() < 2:
        return
    limit = course.thresholds.centre
    distance = np.abs(units["mean_z"][live]) / units["std_z"][live]
    middle = float(np.median(distance))
    if middle < limit:
        return
    evidence = {"middle unit's mean / std": middle, "threshold": limit}
    places = [name for name, _ in chain(course)]
    late = place in places and places.index(place) >= EARLY
    severity = "note" if late else _severity(middle, limit, _GRAVE * limit)
    share = float((distance >= limit).mean())
    yield Symptom("off_centre", place, severity, share, evidence, course.start, judge.entry)


def _drift(course: Course, place: str, window: PlaceWindow) -> Iterator[Symptom]:
    if window.first is None or window.seen < 2:
        return
    first, now = place_statistics(window, window.first, steps=1), place_statistics(window)
    std, later = first["std_z"] or 0.0, now["std_z"] or 0.0
    if not (std > 0 and later > 0 and math.isfinite(std + later)):
        return
    moved = abs((now["mean_z"] or 0.0) - (first["mean_z"] or 0.0)) / std
    scaled = max(std / later, later / std)
    limit, reached = course.thresholds.drift, max(moved, scaled)
    if reached < limit:
        return
    evidence = {
        "mean moved by std": moved, "std changed by factor": scaled, "threshold": limit,
    }  # fmt: skip
    severity = "note" if reached < _GRAVE * limit and place != INPUT else "warning"
    since = course.since(
        place, lambda s: np.maximum(s["std_z"] / std, std / s["std_z"]) >= limit * 0.5
    )
    entry = "" if place == INPUT else window.entry
    yield Symptom("drift", place, severity, 1.0, evidence, since, entry)


def _input(course: Course, window: PlaceWindow) -> Iterator[Symptom]:
    found, limits = place_statistics(window), course.thresholds
    mean, std = found["mean_z"] or 0.0, found["std_z"] or 0.0
    distance = abs(mean) / std if std > 0 else 0.0
    size = math.hypot(mean, std)
    if distance >= limits.centre_of_input or size >= limits.scale:
        evidence = {
            "mean": mean, "std": std, "mean / std": distance, "threshold": limits.centre_of_input,
            "largest scale": limits.scale,
        }  # fmt: skip
        yield Symptom("off_centre", INPUT, "warning", 1.0, evidence, course.start)
    yield from _drift(course, INPUT, window)


# --- numbers --------------------------------------------------------------------------------------


def _overflow(course: Course, place: str, window: PlaceWindow) -> Symptom:
    since = course.since(place, lambda s: ~np.isfinite(s["mean_z"]))
    evidence = {"mean of z": float(window.sums[1].sum()), "threshold": math.inf}
    entry = "" if place == INPUT else window.entry
    return Symptom("overflow", place, "error", 1.0, evidence, since, entry)


def _near_the_largest(course: Course, place: str, window: PlaceWindow) -> Iterator[Symptom]:
    if not window.sixteen or window.largest <= 0:
        return
    found = place_statistics(window)
    size = math.hypot(found["mean_z"] or 0.0, found["std_z"] or 0.0)
    limit = window.largest / 16
    if size >= limit:
        evidence = {"root mean square of z": size, "threshold": limit, "largest": window.largest}
        since = course.since(place, lambda s: np.hypot(s["mean_z"], s["std_z"]) >= limit)
        yield Symptom("overflow", place, "warning", 1.0, evidence, since, window.entry)


def _underflow(course: Course, place: str, window: PlaceWindow) -> Iterator[Symptom]:
    if not window.sixteen or not window.gradients:
        return
    limit = course.thresholds.lost
    _, count, nonzero, subnormal = window.gradient[1]
    if not count:
        return
    lost = subnormal / nonzero if nonzero else 1.0
    if lost < limit:
        return
    evidence = {"subnormal": lost, "zero": 1 - nonzero / count, "threshold": limit}
    severity = _severity(lost, limit, 0.9)
    yield Symptom("underflow", place, severity, float(lost), evidence, course.start, window.entry)


def _collapsed(course: Course, place: str, window: PlaceWindow) -> Iterator[Symptom]:
    found, limits = place_statistics(window), course.thresholds
    share, std = found["collapsed"] or 0.0, found["std_z"] or 0.0
    cold = window.entry == "gumbel_softmax" and window.temperature <= 0.1
    softmaxes = [p for p, w in course.windows.items() if w.judge is None]
    allowed = limits.logits * (
        3 if place == softmaxes[-1] and place == [*course.windows][-1] else 1
    )
    if share < limits.collapsed or not (std >= allowed or cold):
        return
    evidence = {
        "entropy": found["entropy"] or 0.0, "threshold": limits.entropy, "std of logits": std,
        "allowed": allowed,
    }  # fmt: skip
    if cold:
        evidence["temperature"] = window.temperature
    since = course.since(place, lambda s: s["collapsed"] >= limits.collapsed)
    severity = _severity(share, limits.collapsed, 0.9)
    yield Symptom("collapsed", place, severity, share, evidence, since, window.entry)


# --- the whole model ------------------------------------------------------------------------------


def chain(course: Course) -> list[tuple[str, PlaceWindow]]:
    """The activations that follow one another: no gates, no rows."""
    return [
        (place, w)
        for place, w in course.windows.items()
        if place != INPUT and w.judge is not None and not w.judge.gated and w.halves
        and np.isfinite(w.sums).all() and w.gradient[1][1] > 0
    ]  # fmt: skip


def _fading(course: Course) -> Iterator[Symptom]:
    """Gradients between the ends of the model; signals, where gradients are well."""
    places = chain(course)
    if len(places) < 2:
        return
    gradients = [math.sqrt(w.gradient[1][0] / w.measured) for _, w in places]
    signals = [(place_statistics(w)["std_z"] or 0.0) for _, w in places]
    if signals[-1] > signals[0]:
        signals = [_spread(w) for _, w in places]
    found = [
        *_between(course, places, "gradient_out", gradients[::-1]),
        *_between(course, places, "std_z", signals),
    ]
    yield from found[:1]


def _spread(window: PlaceWindow) -> float:
    """How much units differ from sample to sample; that their means differ is no signal."""
    deviations = unit_statistics(window)["std_z"]
    known = deviations[np.isfinite(deviations)]
    return float(np.sqrt(np.mean(known**2))) if known.size else 0.0


def _between(
    course: Course, places: list[tuple[str, PlaceWindow]], statistic: str, sizes: list[float]
) -> Iterator[Symptom]:
    """What becomes of something from one end of the model to the other, if it is too much: a
    finding at the end where it arrives."""
    if not (sizes[0] > 0 and math.isfinite(sizes[0])):
        return
    limits, layers = course.thresholds, len(places) - 1
    ratio = sizes[-1] / sizes[0]
    growth = limits.growth if statistic == "std_z" else 1 / limits.fading
    each = ratio ** (1 / layers)
    kind, limit = ("vanishing", limits.fading) if ratio < 1 else ("exploding", growth)
    steep = each <= limits.per_layer or each >= 1 / limits.per_layer
    allowed = limit * (10 if ratio < 1 else 0.1) if steep else limit
    if (ratio > allowed) if ratio < 1 else (ratio < allowed):
        return
    place, window = places[-1] if statistic == "std_z" else places[0]
    beyond = max(ratio / allowed, allowed / ratio) if ratio else math.inf
    word = "signal last / first" if statistic == "std_z" else "gradient first / last"
    evidence = {word: ratio, "threshold": allowed, "per layer": each, "layers": layers + 1.0}
    passed = [abs(math.log(s / sizes[0])) > math.log(10) for s in sizes if s > 0]
    severity = "error" if beyond >= _GRAVE else "warning"
    since = _ratio_since(course, statistic, allowed, kind)
    share = float(np.mean(passed))
    yield Symptom(kind, place, severity, share, evidence, since, window.entry)


def _ratio_since(course: Course, statistic: str, limit: float, kind: str) -> int:
    """The step from which on the ratio of the ends has been near a limit or beyond it."""
    places = [p for p, _ in chain(course)]
    first, last = (course.history.series(p, statistic) for p in (places[0], places[-1]))
    size = min(len(first[0]), len(last[0]))
    with np.errstate(all="ignore"):
        ratio = last[1][-size:] / first[1][-size:]
        ratio = ratio if statistic == "std_z" else 1 / ratio
        beyond = ratio <= limit * NEAR_LIMIT if kind == "vanishing" else ratio >= limit / NEAR_LIMIT
    start = size - 1
    while start > 0 and beyond[start - 1]:
        start -= 1
    return int(first[0][-size:][start])


def _frozen(course: Course) -> Iterator[Symptom]:
    for (place, name), learned in course.learned.items():
        limit = course.thresholds.range_end
        scale = abs(learned.default) or 1.0
        ends = [end for end in (learned.low, learned.high) if math.isfinite(end)] or [0.0]
        near = np.any([np.abs(learned.values - end) <= limit * scale for end in ends], axis=0)
        share = float(near.mean())
        if share < WORTH_A_NOTE or place not in course.windows:
            continue
        evidence = {
            name: float(np.median(learned.values)), "end": ends[0], "threshold": limit * scale,
        }  # fmt: skip
        severity = _severity(share, 0.25, 2.0)
        entry = course.windows[place].entry
        which = tuple(int(i) for i in np.flatnonzero(near))
        yield Symptom(
            "frozen_parameter", place, severity, share, evidence, course.start, entry, which
        )  # fmt: skip


def learned_values(module: nn.Module, attribute: str) -> _Array:
    """The numbers of a learned parameter."""
    value = getattr(module, attribute)
    with torch.no_grad():
        local = value.to_local() if hasattr(value, "to_local") else value
        found: _Array = local.detach().to("cpu", torch.float64).reshape(-1).numpy()
        return found
