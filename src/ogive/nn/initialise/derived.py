"""Second moments that follow from a model's steps, for wide layers and an input from N(0, 1).

A signal is followed as far as its distribution is known. Behind a layer it is normal, and stays so
through normalisations and sums of independent parts; dropout makes a share of it 0. An activation's
result follows from a normal input only. What padding, pooling or parts that depend on one another
make of a signal is not known: 1 is then what weights are made for, and nothing is stated.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from torch import Tensor, nn

from ogive.catalogue import Spec
from ogive.certify.signal import theory
from ogive.nn.initialise.signal_step import SignalStep
from ogive.nn.initialise.targets import ACTIVATION_KINDS, ActivationTarget, WeightScales, bias_of


@dataclass(frozen=True)
class SignalMoment:
    """What is known of a signal.

    Attributes:
        square: its second moment, or what it is taken for.
        doubt: why that is not known; empty if it is.
        normal: the share of it that is normal with mean 0, while the rest is 0; NaN where its
            distribution is not known.
        centred: whether its mean is 0.
        sources: what it depends on; signals are independent where they have none in common.
    """

    square: float = 1.0
    doubt: str = ""
    normal: float = math.nan
    centred: bool = False
    sources: frozenset[str] = frozenset()


def derive(
    steps: list[SignalStep],
    targets: Mapping[int, ActivationTarget],
    layers: Collection[str],
    parameters: Mapping[str, Tensor],
) -> WeightScales:
    """Derives the moments at targets, and the scales of weights that give them."""
    walk = _Walk(steps, targets, layers, parameters)
    for _ in range(2):  # what is read before its factor is known is right the second time
        walk.all()
    return walk.found


@dataclass
class _Walk:
    """From step to step, with the scales that are found meanwhile."""

    steps: list[SignalStep]
    targets: Mapping[int, ActivationTarget]
    layers: Collection[str]
    parameters: Mapping[str, Tensor]
    found: WeightScales = field(default_factory=WeightScales)
    #: of what layers make, and of the weights of normalisations
    scales: dict[str, float] = field(default_factory=dict)

    def all(self) -> None:
        """Every step."""
        moments: list[SignalMoment] = []
        for index, step in enumerate(self.steps):
            target = self.targets.get(index)
            fed = [moments[i] for i in step.inputs] or [
                SignalMoment(doubt="what it is fed is no step's result")
            ]
            if target is not None and target.weights:
                fed = self._set(step, target, fed, [moments[i] for i in target.own])
            moments.append(self._after(step, fed))
            if target is not None:
                _state(target, fed, moments[-1])
            if step.kind == "layer":
                self.found.fed[step.weight] = None if fed[0].doubt else fed[0].square
                scale = self.scales.get(step.weight, 1.0)
                self.found.factors[step.weight] = scale / math.sqrt(fed[0].square)

    def _set(
        self,
        step: SignalStep,
        target: ActivationTarget,
        fed: list[SignalMoment],
        own: list[SignalMoment],
    ) -> list[SignalMoment]:
        """What an activation is fed when the weights before it are set."""
        parts = [sum(m.square for m in own)] if own else [m.square for m in fed]
        likely = fed if own else [_as_if_normal(m) for m in fed]

        def scaled(c: float, moments: list[SignalMoment]) -> list[SignalMoment]:
            pairs = zip(moments, parts, strict=True)
            return [replace(m, square=m.square + (c * c - 1) * part) for m, part in pairs]

        def after(c: float) -> float:
            made = _activation(step, scaled(c, likely))
            return math.nan if made.doubt else made.square

        factor = target.factor(after, fed[0].square - parts[0], parts[0])
        for weight in target.weights:
            self.scales[weight] = factor * self.scales.get(weight, 1.0)
            if weight not in self.layers:
                self.found.factors[weight] = self.scales[weight]
        return scaled(factor, fed)

    def _after(self, step: SignalStep, fed: list[SignalMoment]) -> SignalMoment:
        """What is known of a step's result."""
        if step.kind == "input":
            return SignalMoment(normal=1.0, centred=True, sources=frozenset({step.name}))
        if step.kind == "layer" and step.weight in self.layers:
            doubt = fed[0].doubt or _edges(step)
            square, sources = self.scales.get(step.weight, 1.0) ** 2, frozenset({step.weight})
            return SignalMoment(square, doubt, 1.0, True, sources)
        if step.kind == "norm":
            return self._normalised(step, fed[0])
        if step.kind in ACTIVATION_KINDS:
            return _activation(step, fed)
        if step.kind == "dropout":
            kept = replace(fed[0], normal=fed[0].normal / step.factor)
            return replace(kept, square=fed[0].square * step.factor)
        if step.kind == "keeping":
            return fed[0]
        return _combined(step, fed)

    def _normalised(self, step: SignalStep, fed: SignalMoment) -> SignalMoment:
        """Behind a normalisation: 1, and what its own numbers make of it."""
        own = [self.parameters.get(n) for n in (step.weight, bias_of(step.weight))]
        weight, bias = (math.nan if p is None else p.square().mean().item() for p in own)
        square = (weight if weight == weight else 1.0) + (bias if bias > 0 else 0.0)
        normal = 1.0 if fed.normal == 1 and not bias > 0 else math.nan
        centred = not (isinstance(step.module, nn.RMSNorm) or "rms" in step.name)
        scale = self.scales.get(step.weight, 1.0)
        return SignalMoment(square * scale**2, "", normal, centred, fed.sources)


def _state(target: ActivationTarget, fed: list[SignalMoment], made: SignalMoment) -> None:
    """Writes down what is known before and after an activation."""
    if all(not m.doubt for m in fed):
        target.before = sum(m.square for m in fed) / len(fed)
    if made.doubt:
        target.note = f"{made.doubt}; pass an example to have it measured"
    else:
        target.after = made.square


def _as_if_normal(m: SignalMoment) -> SignalMoment:
    return replace(m, doubt="", normal=1.0 if math.isnan(m.normal) else m.normal)


def _edges(step: SignalStep) -> str:
    """Why a convolution's output depends on the size of its input; empty if it does not."""
    padding = getattr(step.module, "padding", 0)
    padded = any(padding) if isinstance(padding, tuple) else bool(padding)
    zeros = getattr(step.module, "padding_mode", "zeros") == "zeros"
    edges = (padded and zeros) or getattr(step.module, "transposed", False)
    return f"the edges of {step.name}'s output have fewer summands" if edges else ""


def _activation(step: SignalStep, fed: list[SignalMoment]) -> SignalMoment:
    """Behind an activation, or a gated unit of a value and a gate."""
    value, gate = fed[0], fed[-1]
    sources = value.sources | gate.sources
    doubt = value.doubt or gate.doubt
    if step.spec is None or math.isnan(gate.normal):
        doubt = doubt or f"the distribution before {step.name} is not known"
    if len(fed) > 1 and value.sources & gate.sources:
        doubt = doubt or f"value and gate of {step.name} depend on one another"
    if doubt or step.spec is None:
        return SignalMoment(doubt=doubt, sources=sources)
    outer = value.square if step.kind == "gated" else 1.0
    zero = (1 - gate.normal) * second_moment(step.spec, 0.0)
    square = gate.normal * second_moment(step.spec, gate.square / gate.normal) + zero
    if not math.isfinite(square):
        of = f"E {step.spec.name}(X)^2 is not finite for X ~ N(0, {gate.square:.3g})"
        return SignalMoment(doubt=of, sources=sources)
    return SignalMoment(outer * square, sources=sources)


@lru_cache(maxsize=4096)
def second_moment(spec: Spec, square: float) -> float:
    """E f(X)**2 for X ~ N(0, square)."""
    f = theory.field(spec)
    return theory.layer(f, square).second if square else float(f.function(np.zeros(1))[0]) ** 2


def _combined(step: SignalStep, fed: list[SignalMoment]) -> SignalMoment:
    """Behind a sum, a product or a concatenation of independent parts; else nothing is known."""
    sources = frozenset[str]().union(*(m.sources for m in fed))
    normal = 1.0 if all(m.normal == 1 for m in fed) else math.nan
    off_centre = sum(not m.centred for m in fed)
    known = SignalMoment(
        1.0, next((m.doubt for m in fed if m.doubt), ""), normal, not off_centre, sources
    )
    independent = len(sources) == sum(len(m.sources) for m in fed)
    if step.kind == "product" and len(fed) == 1 and not math.isnan(step.factor):
        return replace(fed[0], square=fed[0].square * step.factor**2)
    if step.kind == "product" and len(fed) > 1 and independent:
        square = math.prod(m.square for m in fed)
        return replace(known, square=square, normal=math.nan, centred=off_centre < len(fed))
    if step.kind == "sum" and len(fed) > 1 and independent and off_centre <= 1:
        return replace(known, square=sum(m.square for m in fed))
    if step.kind == "concatenation" and len({m.square for m in fed}) == 1:
        return replace(known, square=fed[0].square)
    return SignalMoment(doubt=f"it depends on what {step.name} makes of it", sources=sources)
