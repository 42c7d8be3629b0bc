"""Seven things that are commonly asked of an activation, each with the number that decides it.

An activation should be nonlinear, differentiable, cheap, free of saturation, monotone, of few
parameters, and centred at zero. No good activation meets them all; each line says what is the case.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ogive.catalogue import Spec
from ogive.certify.proof.saturation import Saturation
from ogive.certify.proof.shape import Shape
from ogive.certify.proof.smoothness import Smoothness
from ogive.certify.quantity import NOT_PROVED, Quantity, symbolic
from ogive.certify.report.cost import Cost
from ogive.certify.report.signal import Signal

#: A gradient below this counts as vanished where saturation is judged.
VANISHED = "1e-3"
ENDS = ("left", "right")


@dataclass(frozen=True)
class Criterion:
    """A verdict.

    Attributes:
        name: what is asked.
        verdict: ``yes``, ``partly``, ``no`` or ``not proved``.
        number: what decides it.
        reason: the number in words.
    """

    name: str
    verdict: str
    number: Quantity
    reason: str


@dataclass(frozen=True)
class Evidence:
    """What the verdicts rest on."""

    spec: Spec
    shape: Shape
    smoothness: Smoothness
    saturation: Saturation
    signal: Signal
    cost: Cost


#: A verdict, what decides it, and that in words.
Judgement = tuple[str, Quantity, str]
_UNKNOWN: Judgement = ("not proved", NOT_PROVED, "what decides it is not proved")


def criteria(evidence: Evidence) -> tuple[Criterion, ...]:
    """The seven verdicts, in the order of ``CRITERIA``."""
    return tuple(Criterion(name, *judge(evidence)) for name, judge in CRITERIA.items())


def nonlinear(of: Evidence) -> Judgement:
    """Whether layers do not collapse into one: the derivative is no constant."""
    bend, breakpoints = of.smoothness.bend.value, of.smoothness.breakpoints
    if bend.low > 0:
        return "yes", bend, "the supremum of |f''| is above 0"
    breaks = [j for j in breakpoints or () if j.order <= 1]
    if not breaks and (breakpoints is None or bend.method == "not proved"):
        return _UNKNOWN
    reason = f"points where the slope or the value steps: {len(breaks)}"
    return "yes" if breaks else "no", symbolic(len(breaks)), reason


def differentiable(of: Evidence) -> Judgement:
    """Whether every point has a gradient."""
    breakpoints = of.smoothness.breakpoints
    if breakpoints is None:
        return _UNKNOWN
    jumps = sum(j.order == 0 for j in breakpoints)
    kinks = sum(j.order == 1 for j in breakpoints)
    verdict = "no" if jumps else "partly" if kinks else "yes"
    reason = f"jumps: {jumps}, kinks: {kinks}"
    return verdict, symbolic(jumps + kinks), reason


def cheap(of: Evidence) -> Judgement:
    """Whether it needs no exponential or the like."""
    work = of.cost.forward
    reason = f"transcendental evaluations: {work.transcendental}, operations: {work.operations}"
    verdict = "no" if work.transcendental else "yes"
    return verdict, symbolic(work.transcendental), reason


def unsaturated(of: Evidence) -> Judgement:
    """Whether its gradient vanishes towards neither end."""
    sides = (of.saturation.left, of.saturation.right)
    kinds = [side.kind for side in sides]
    if "not proved" in kinds:
        return _UNKNOWN
    count = sum(kind != "none" for kind in kinds)
    verdict = ("yes", "partly", "no")[count]
    if count == 0:
        return verdict, symbolic(0), "f' does not tend to 0 at either end"
    places = [side.below[VANISHED] for side in sides if side.kind != "none"]
    known = [place for place in places if place is not None and place.method != "not proved"]
    number = min(known, key=lambda p: abs(p.value), default=symbolic(count))
    told = ", ".join(f"{kind} {name}" for kind, name in zip(kinds, ENDS, strict=True))
    far = " and ".join(f"{p.value:.5g}" for p in known if math.isfinite(p.value))
    if far:
        return verdict, number, f"{told}; |f'| < {VANISHED} beyond {far}"
    return verdict, number, f"{told}; |f'| < {VANISHED} everywhere" if known else told


def monotone(of: Evidence) -> Judgement:
    """Whether it rises or falls throughout."""
    turns, direction = of.shape.turning_points, of.shape.direction
    if turns is None and direction == "neither":
        return "no", of.smoothness.slopes.low, "the slope has both signs"
    if turns is None or direction == "not proved":
        return _UNKNOWN
    number = symbolic(len(turns))
    if turns:
        told = ", ".join(f"{t.kind} at {t.place.value:.5g}" for t in turns[:3])
        return "no", number, f"turning points: {len(turns)}, {told}"
    if direction == "neither":
        return "no", number, "it turns, or steps against its rise, at a jump or a pole"
    return "yes", number, "no turning points"


def few_parameters(of: Evidence) -> Judgement:
    """Whether training has few numbers of its own to find."""
    learned = sum(len(p.symbols) for p in of.spec.parameters if p.learnable)
    fixed = sum(len(p.symbols) for p in of.spec.parameters if not p.learnable)
    verdict = "yes" if learned == 0 else "partly" if learned == 1 else "no"
    reason = f"learned: {learned}, fixed: {fixed}"
    return verdict, symbolic(learned), reason


def centred(of: Evidence) -> Judgement:
    """Whether outputs of normal inputs have the mean 0."""
    mean, std = of.signal.moments.first, math.sqrt(max(of.signal.moments.variance.low, 0.0))
    if mean.method == "not proved":
        return _UNKNOWN
    verdict = "yes" if mean.low <= 0 <= mean.high else "no"
    share = f", {abs(mean.value) / std:.3g} standard deviations" if std else ""
    return verdict, mean, f"E f(Z) = {mean.value:.5g}{share}"


#: name -> judge, in the order of reports.
CRITERIA: dict[str, Callable[[Evidence], Judgement]] = {
    "nonlinear": nonlinear,
    "differentiable": differentiable,
    "cheap": cheap,
    "unsaturated": unsaturated,
    "monotone": monotone,
    "few parameters": few_parameters,
    "zero-centred": centred,
}
