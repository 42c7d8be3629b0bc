"""Second moments measured on an example batch, and weights scaled until activations have theirs.

In the manner of layer-sequential unit-variance initialisation (D. Mishkin and J. Matas 2016,
arXiv:1511.06422): the model runs in training mode, a layer's weights are divided by the scale of
what it makes, and at every activation the weights before it are multiplied by the factor at which
its result has the second moment 1, found by calling it. The run goes on with what the new weights
make, so that one run sets all layers; further ones correct what was read too early.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ogive.nn.initialise.recorder import Listener, ModelCall, record_run, signals_in
from ogive.nn.initialise.signal_step import SignalStep
from ogive.nn.initialise.targets import ActivationTarget, WeightScales, bias_of

#: Runs that scale at most, and the change of weights below which no other is needed.
RUNS, UNCHANGED = 5, 0.005
#: Standard errors of a batch's moment by which that of another one of its size differs at most, 19
#: times in 20: both scatter.
COVERING = 1.96 * math.sqrt(2)


def measure(
    model: nn.Module,
    example: Any,
    steps: list[SignalStep],
    targets: Mapping[int, ActivationTarget],
    layers: Collection[str],
) -> WeightScales:
    """Scales a model's weights, and measures the moments at targets that it has then."""
    tuner = _Tuner(dict(model.named_parameters()), steps, targets, layers)
    for _ in range(RUNS):
        tuner.begin(scaling=True)
        record_run(model, example, tuner)
        if tuner.change < UNCHANGED:
            break
    tuner.begin(scaling=False)
    record_run(model, example, tuner)
    return tuner.found


def mean_square(tensors: list[Tensor]) -> float:
    """The second moment of the numbers in some tensors."""
    numbers = [t if t.is_floating_point() else t.double() for t in tensors]
    norms = [torch.linalg.vector_norm(t, dtype=torch.float64).item() for t in numbers]
    return math.fsum(n * n for n in norms) / max(1, sum(t.numel() for t in tensors))


class _Tuner(Listener):
    """Scales weights while a model runs, and what they have made; and measures."""

    def __init__(
        self,
        parameters: Mapping[str, Tensor],
        steps: list[SignalStep],
        targets: Mapping[int, ActivationTarget],
        layers: Collection[str],
    ) -> None:
        self.parameters, self.targets, self.layers = parameters, targets, frozenset(layers)
        self.found = WeightScales(factors=dict.fromkeys(layers, 1.0))
        aimed = {weight for target in targets.values() for weight in target.weights}
        #: layers that no activation needs at a scale of its own
        self.others = self.layers - aimed
        self.sums = {steps[i].inputs[0]: target.own for i, target in targets.items() if target.own}

    def begin(self, scaling: bool) -> None:
        """Before a run."""
        self.scaling, self.change = scaling, 0.0
        self.pending = set(self.others) if scaling else set()
        self.own: dict[int, Tensor] = {}
        self.found.fed.clear()

    def before(self, steps: list[SignalStep], step: SignalStep, call: ModelCall) -> None:
        """At a sum, what weights add in it; at an activation, the weights before it."""
        index = len(steps)
        if step.kind == "layer":
            self.found.fed.setdefault(step.weight, _if_finite(mean_square(call.inputs)))
        if self.scaling and step.kind == "sum" and (own := self.sums.get(index)):
            zeros = [torch.zeros_like(t) for t in call.inputs]
            pairs = zip(step.inputs, call.inputs, strict=True)
            theirs = [t.clone() if i in own else torch.zeros_like(t) for i, t in pairs]
            self.own[index] = call.again(*theirs) - call.again(*zeros)
        target = self.targets.get(index)
        if target is not None and target.name == step.name:
            if self.scaling and target.weights:
                self._aim(target, call, self.own.pop(step.inputs[0], None))
            target.before = _if_finite(mean_square(call.inputs))
            target.error = _scatter(call.inputs)

    def _aim(self, target: ActivationTarget, call: ModelCall, own: Tensor | None) -> None:
        """The weights before an activation; ``own`` is their part of its input if not all of it."""

        def scaled(c: float) -> list[Tensor]:
            return [x * c if own is None else x + own * (c - 1) for x in call.inputs]

        def after(c: float) -> float:
            return mean_square(signals_in(call.again(*scaled(c))))

        added = 0.0 if own is None else mean_square(scaled(0.0))
        made = mean_square(call.inputs if own is None else [own])
        factor = target.factor(after, added, made)
        if target.note and own is None and self.layers.issuperset(target.weights):
            # a few outputs may have fallen on the side where the activation is flat
            reason, turned = target.note, target.factor(lambda c: after(-c), added, made)
            factor, target.note = (factor, reason) if target.note else (-turned, "")
        for weight in target.weights:
            self._scale(weight, factor)
        for x, new in zip(call.inputs, scaled(factor), strict=True):
            if 0 not in x.stride():  # one that is expanded is right in the next run
                x.copy_(new)

    def after(self, steps: list[SignalStep], step: SignalStep, result: Any) -> None:
        """What an activation makes; and a layer that no activation needs at a scale of its own."""
        tensors = signals_in(result)
        target = self.targets.get(len(steps) - 1)
        if target is not None and target.name == step.name:
            target.after = _if_finite(mean_square(tensors))
            if target.after is None:
                target.note = "what it makes of the example is not finite"
            errors = [e for e in (target.error, _scatter(tensors)) if e is not None]
            target.error = max(errors, default=None)
        square = mean_square(tensors) if step.weight in self.pending else 0.0
        if 0 < square < math.inf:
            self.pending.discard(step.weight)
            self._scale(step.weight, square**-0.5)
            for tensor in tensors:
                tensor.mul_(square**-0.5)

    def _scale(self, weight: str, factor: float) -> None:
        for name in (weight, bias_of(weight)):
            if name in self.parameters:
                self.parameters[name].mul_(factor)
        self.found.factors[weight] = factor * self.found.factors.get(weight, 1.0)
        self.change = max(self.change, abs(math.log(abs(factor))))


def _if_finite(square: float) -> float | None:
    return square if math.isfinite(square) else None


def _scatter(tensors: list[Tensor]) -> float | None:
    """By how much of a second moment that of another batch may differ, as the items scatter."""
    first = next((t for t in tensors if t.dim() > 1 and t.is_floating_point()), None)
    if first is None or len(first) < 2:
        return None
    squares = torch.linalg.vector_norm(first.flatten(1), dim=1, dtype=torch.float64).square()
    return COVERING * float(squares.std() / squares.mean()) / math.sqrt(len(squares))
