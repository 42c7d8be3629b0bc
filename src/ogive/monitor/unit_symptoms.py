"""What is beyond its threshold among the units of one activation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ogive.monitor.chain_symptoms import chain
from ogive.monitor.course import GRAVE, GRAVE_SHARE, WORTH_A_NOTE, Course, Symptom, severity_of
from ogive.monitor.expected import expected_at
from ogive.monitor.slopes import SlopeJudge
from ogive.monitor.windows import PlaceWindow, unit_statistics

_Array = NDArray[np.float64]
#: Gates are told to be stuck when they have not moved for so many windows.
PATIENCE = 2
#: Behind so many activations the mean is what the layers before have left of the samples.
EARLY = 4
#: So many times their scatter chance puts no unit off.
NOT_BY_CHANCE = 4.0
#: So many samples of a unit tell how much it varies.
ENOUGH = 30


def units_beyond(
    course: Course, place: str, window: PlaceWindow, judge: SlopeJudge
) -> Iterator[Symptom]:
    """Units that are dead, saturated, straight or off centre."""
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
    if share >= GRAVE_SHARE and not judge.gate:
        scatter = _slope_scatter(window)
        straight_all = scatter <= limits.bend * judge.supremum / 4 and count.max() >= ENOUGH
        severity = "warning" if share >= limits.linear and straight_all else "note"
        evidence = {
            "share": share, "threshold": limits.linear,
            "deviation of f'": scatter,
            "std of z": float(np.median(units["std_z"])),
        }  # fmt: skip
        since = course.since(place, lambda s: s["straight"] >= GRAVE_SHARE)
        yield Symptom("linear", place, severity, share, evidence, since, judge.entry)
    yield from _off_centre(course, place, judge, {n: row[~dead] for n, row in units.items()})


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
    samples = float(np.median(window.sums[0]))
    scatter = _scatter(units)
    expected = expected_dead(judge, units, samples, scatter)
    beyond = beyond_chance(units, samples, scatter, expected)
    severity = severity_of(beyond, limits.dead, GRAVE_SHARE)
    never = window.ever_alive is not None and not window.ever_alive[index][dead].any()
    stuck = never and window.seen >= PATIENCE * course.window
    if (judge.gate and not stuck) or place == course.output:
        severity = "note"  # a gate may be meant to be off
    evidence = {
        "share": share, "expected": expected, "beyond chance": beyond, "threshold": limits.dead,
        "slope": limits.slope, "samples": samples, "revived": float(window.revived),
    }  # fmt: skip
    since = course.since(place, lambda s: s["dead"] >= min(share, expected + limits.dead))
    which = tuple(int(i) for i in index[dead])
    yield Symptom("dead", place, severity, share, evidence, since, judge.entry, which)


def _judged(units: Mapping[str, _Array]) -> Any:
    """The units by which chance is told: where most are dead, and chance is no reason, those that
    live."""
    varied, dead = units["std_z"] > 0, units["dead"] > 0
    return varied & ~dead if dead.mean() > GRAVE_SHARE else varied


def _scatter(units: Mapping[str, _Array]) -> float:
    """How far the units' means lie from 0, in their own standard deviations: as the quarter that is
    nearest says, which broken units do not change."""
    judged = _judged(units)
    if not judged.any():
        return 0.0
    distance = np.abs(units["mean_z"][judged] / units["std_z"][judged])
    return float(np.quantile(distance, 0.25)) / 0.3186


def beyond_chance(
    units: Mapping[str, _Array], samples: float, scatter: float, expected: float
) -> float:
    """The share of units that are dead and not by chance: those that chance does not put so far
    off, and what the others are more than are expected, and than that varies by."""
    dead, std = units["dead"] > 0, units["std_z"]
    far = np.abs(units["mean_z"]) > NOT_BY_CHANCE * scatter * std
    far &= samples >= ENOUGH  # fewer do not tell how much a unit varies
    near = float((dead & ~far).mean())
    varies = 2 * math.sqrt(expected * (1 - expected) / len(dead))
    return float((dead & far).mean()) + max(0.0, near - expected - varies)


def expected_dead(
    judge: SlopeJudge, units: Mapping[str, _Array], samples: float, scatter: float
) -> float:
    """The share of units without a live sample among so many, if units differ by chance alone:
    their means are normal with this scatter, and samples around them."""
    judged = _judged(units)
    if not judged.any():
        return 0.0
    shifts = np.linspace(-8, 8, 321)
    width = float(np.median(units["std_z"][judged]))
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
    limit, sides = _beyond_usual(course.thresholds.saturated, judge), _saturating(judge)
    left = units["saturated_left"] * sides[0]
    right = units["saturated_right"] * sides[1]
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
        meant = _hard_gate(judge) or place == course.output
        severity = "note" if meant else severity_of(both, many, 0.75)
        since = course.since(
            place, lambda s: s["saturated_left"] + s["saturated_right"] >= limit * limit
        )
        which = tuple(int(i) for i in index[here])
        yield Symptom(
            f"saturated_{name}", place, severity, share, evidence, since, judge.entry, which
        )


def _beyond_usual(limit: float, judge: SlopeJudge) -> float:
    """A share of saturated samples, counted from what ideal weights give the function, which make
    its results as large as N(0, 1) is: hardtanh is flat from 1 on, and so for half of them."""
    second = expected_at(judge.field, 0.0, 1.0).second_f
    std = max(1.0, second**-0.5) if second > 0 else 1.0
    (left, right), sides = judge.edges, _saturating(judge)
    usual = float(_below(np.array(left / std))) * sides[0]
    usual += (1 - float(_below(np.array(right / std)))) * sides[1]
    return limit + (1 - limit) * min(usual, 1.0)


def _saturating(judge: SlopeJudge) -> tuple[bool, bool]:
    """Whether the function saturates to the left, to the right: it is flat there for good, and not
    because it is off. What is flat in the middle alone, as a shrinkage, is off there."""
    ends = map(math.isfinite, judge.edges)
    left, right = (end and not off for end, off in zip(ends, judge.quiet, strict=True))
    return left, right


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
    severity = "note" if late else severity_of(middle, limit, GRAVE * limit)
    share = float((distance >= limit).mean())
    since = course.since(place, lambda s: s["off_centre"] >= GRAVE_SHARE)
    yield Symptom("off_centre", place, severity, share, evidence, since, judge.entry)
