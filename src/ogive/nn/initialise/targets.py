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

from ogive.nn.initialise.signal_step import SignalStep

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


@dataclass
class ActivationTarget:
    """One call of an activation, what sets the scale of its input, and what is found there.

    Attributes:
        name, call: the step's name, and which of its calls it is, from 1 on.
        weights: the parameters that its input is proportional to, or the part of a sum that is.
        own: the steps whose results are that part; empty if it is the whole input.
        note: why there are no such weights, or why the target is missed all the same.
        before, after: second moments; None where they are not known.
        error: the part of them by which those of another batch may differ; None where it is not
            known.
    """

    name: str
    call: int
    weights: tuple[str, ...] = ()
    own: tuple[int, ...] = ()
    note: str = ""
    before: float | None = None
    after: float | None = None
    error: float | None = None

    def factor(self, after: Callable[[float], float], added: float, own: float) -> float:
        """The factor that the weights are to be multiplied by; notes why it misses the target.

        Args:
            after: the second moment of the result, for a factor.
            added: that of what the weights have no part in; 0 where there is nothing.
            own: that of what the weights make, at the factor 1.
        """
        if not 0 < own < math.inf:
            self.note = "the weights before it make 0, or nothing finite"
            return 1.0
        low, high = (math.sqrt(square / own) for square in SQUARES)
        want = max(1.0, BRANCH_GROWTH * after(0.0)) if added else 1.0
        factor = _root(after, want, low * (1e-2 if added else 1), high)
        if math.isnan(factor):
            self.note = "no scale of its input gives it the second moment 1"
            return math.sqrt(max(1 - added, (BRANCH_GROWTH - 1) * added) / own)
        crowded = f"{added:.3g} is added to what the weights before it make"
        self.note = crowded if want > 1 + REACHED else ""
        return factor


@dataclass
class WeightScales:
    """What weights are multiplied by, and what they are fed.

    Attributes:
        factors: by the weight, of a layer's from N(0, 1 / fan), of a normalisation's as they were.
        fed: the second moment of what a layer is fed, by its weight; None where it is not known.
    """

    factors: dict[str, float] = field(default_factory=dict)
    fed: dict[str, float | None] = field(default_factory=dict)


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
            return ActivationTarget(step.name, call, note="it is fed what no step has made")
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
