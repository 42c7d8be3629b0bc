"""What each activation of a model is to be fed, and whose weights decide that.

The target is the second moment 1 after every activation. For relu that is the second moment 2
before it, and for any function f with E f(sZ)**2 = 1 at Z ~ N(0, 1) it is s**2. Where no s does it,
as for sigmoid, whose values are below 1, the activation is fed N(0, 1).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from ogive.nn.signal_step import SignalStep

#: How far a second moment may be from 1 and still be called that.
REACHED = 0.05
#: What a branch may make of a signal that it is added to, which it cannot make less: so little more
#: that a second branch still leaves it within the tolerance.
BRANCH_GROWTH = 1 + REACHED / 3
#: The second moments before an activation between which the target is looked for.
SQUARES = 1 / 16, 16.0
#: Steps whose result is proportional to what they are given.
PROPORTIONAL = ("keeping", "dropout", "pooling")
ACTIVATION_KINDS = ("activation", "gated")


@dataclass(frozen=True)
class ActivationTarget:
    """One call of an activation, and what sets the scale of its input.

    Attributes:
        name, call: the step's name, and which of its calls it is, from 1 on.
        weights: the parameters that its input is proportional to, or the part of a sum that is.
        own: the steps whose results are that part; empty if it is the whole input.
        reason: why there are no such weights; empty if there are.
    """

    name: str
    call: int
    weights: tuple[str, ...] = ()
    own: tuple[int, ...] = ()
    reason: str = ""


def targets_of(steps: list[SignalStep], free: Collection[str]) -> dict[int, ActivationTarget]:
    """The targets of a model's activations by their steps, if these weights are free to be set.

    A weight that several activations depend on is set for the first. A call before which nothing
    has parameters, as of the sines of positions, is no activation.
    """
    search, learned = _Search(steps, free), set[int]()
    found: dict[int, ActivationTarget] = {}
    calls: Counter[str] = Counter()
    for index, step in enumerate(steps):
        has_parameters = step.module is not None and any(True for _ in step.module.parameters())
        if step.weight or has_parameters or learned.intersection(step.inputs):
            learned.add(index)
        if step.kind in ACTIVATION_KINDS and (step.module is not None or index in learned):
            calls[step.name] += 1
            found[index] = search.target(step, calls[step.name])
            search.taken.update(dict.fromkeys(found[index].weights, step.name))
    return found


@dataclass
class _Search:
    """From activations back to the weights before them."""

    steps: list[SignalStep]
    free: Collection[str]
    taken: dict[str, str] = field(default_factory=dict)

    def target(self, step: SignalStep, call: int) -> ActivationTarget:
        """The target of one call."""
        if not step.inputs:
            return ActivationTarget(step.name, call, reason="it is fed what no step has made")
        weights, reason = self._all(step.inputs)
        if not reason:
            return ActivationTarget(step.name, call, weights)
        added = self.steps[step.inputs[0]]
        own: tuple[int, ...] = ()
        if len(step.inputs) == 1 and added.kind == "sum":
            own = tuple(index for index in added.inputs if not self.behind(index)[1])
        weights, reason = self._all(own)[0], "" if own else reason
        return ActivationTarget(step.name, call, weights, own, reason)

    def behind(self, index: int) -> tuple[tuple[str, ...], str]:
        """The weights that a step's result is proportional to; a reason if it is to none."""
        step = self.steps[index]
        if step.kind in ("layer", "norm"):
            if step.weight in self.taken:
                return (), f"{step.name} is set for {self.taken[step.weight]}"
            free = step.weight in self.free
            return ((step.weight,), "") if free else ((), f"{step.name} has no weight to set")
        linear = step.kind == "product" and len(step.inputs) == 1
        joined = step.kind in ("sum", "concatenation") and len(step.inputs) > 1
        if step.kind in PROPORTIONAL or linear or joined:
            return self._all(step.inputs)
        return (), f"{step.name} stands before it"

    def _all(self, steps: tuple[int, ...]) -> tuple[tuple[str, ...], str]:
        found = [self.behind(index) for index in steps]
        reason = next((why for _, why in found if why), "")
        return tuple(dict.fromkeys(w for weights, _ in found for w in weights)), reason


@dataclass
class FoundMoments:
    """Second moments of a model's signal, and what its weights were made for.

    Attributes:
        way: how they were found, "derived" or "measured".
        factors: of the weights that were set: of a layer's from N(0, 1 / fan), of a normalisation's
            as they were.
        fed: what each layer is fed, by its weight; None where it is not known.
        around: before and after each activation, by its step; None where it is not known.
        errors: the larger of their relative standard errors; None where it is not known.
        notes: by the step of an activation, why it is not as the target has it.
    """

    way: str
    factors: dict[str, float] = field(default_factory=dict)
    fed: dict[str, float | None] = field(default_factory=dict)
    around: dict[int, tuple[float | None, float | None]] = field(default_factory=dict)
    errors: dict[int, float | None] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Adjustable:
    """How an activation depends on a factor of the weights before it: second moments.

    Attributes:
        after: of its result, for a factor.
        added: of what the weights have no part in; 0 where there is nothing.
        own: of what the weights make, at the factor 1.
    """

    after: Callable[[float], float]
    added: float
    own: float


def factor_and_reason(part: Adjustable) -> tuple[float, str]:
    """The factor that the weights before an activation are to be multiplied by, and why the target
    is missed all the same; empty if it is not."""
    if not 0 < part.own < math.inf:
        return 1.0, "the weights before it make 0, or nothing finite"
    low, high = (math.sqrt(square / part.own) for square in SQUARES)
    alone = part.after(0.0) if part.added else 0.0
    low *= 1e-2 if part.added else 1
    want = max(1.0, BRANCH_GROWTH * alone)
    factor = _root(part.after, want, low, high)
    if math.isnan(factor):
        square = max(1 - part.added, (BRANCH_GROWTH - 1) * part.added)
        return math.sqrt(square / part.own), "no scale of its input gives it the second moment 1"
    crowded = f"{part.added:.3g} is added to what the weights before it make"
    return factor, crowded if want > 1 + REACHED else ""


def _root(f: Callable[[float], float], want: float, low: float, high: float) -> float:
    """The c with f(c) = want between two others; NaN if ``want`` is not between their values.

    Logarithms are nearly on a line for most activations; every third time the middle is tried.
    """

    def excess(c: float) -> float:
        return math.log(max(f(c), 1e-300) / want)

    ends, values = [low, high], [excess(low), excess(high)]
    if not values[0] < 0 < values[1]:
        return math.nan
    c = low
    for turn in range(60):
        share = 0.5 if turn % 3 == 2 else values[0] / (values[0] - values[1])
        c = ends[0] * (ends[1] / ends[0]) ** share
        found = excess(c)
        if abs(found) < 1e-6:
            break
        ends[found > 0], values[found > 0] = c, found
    return c


def bias_of(weight: str) -> str:
    """The name of the bias beside a weight."""
    return f"{weight.removesuffix('weight')}bias"
