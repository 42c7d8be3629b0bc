"""``ogive.init_``: weights for the activations around each layer.

The model's steps are found by tracing it, or by running it on an example. Each layer gets weights
from N(0, gain**2 / fan_in), and what normalises before an activation is scaled, so that every
activation has the second moment 1 (``targets.py``). Moments are derived from the steps
(``derived.py``), or, with an example, measured (``measured.py``). For a chain of relu layers it is
K. He et al. (2015, arXiv:1502.01852), for selu the initialisation of its authors.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import nn

from ogive.errors import OgiveError
from ogive.nn.initialise.derived import derive
from ogive.nn.initialise.init_report import ActivationRow, InitReport, LayerRow
from ogive.nn.initialise.measured import measure
from ogive.nn.initialise.recorder import steps_of
from ogive.nn.initialise.signal_step import LEAVES, SignalStep, runs_torchs_forward
from ogive.nn.initialise.targets import (
    ACTIVATION_KINDS,
    REACHED,
    ActivationTarget,
    WeightScales,
    bias_of,
    targets_of,
)
from ogive.nn.places import check_module, is_scripted

#: What a signal passes on its way from a layer to the activation that follows.
PASSED = ("norm", "keeping", "dropout", "pooling", "sum", "concatenation")


def init_(
    model: nn.Module, example: Any = None, *, generator: torch.Generator | None = None
) -> InitReport:
    """Initialises a model's linear and convolution layers in place, and says what it did.

    Args:
        model: any module.
        example: an input, a tuple of arguments or a mapping of named ones: a batch as the model is
            trained with. With it the model is run in training mode instead of being traced by
            torch.fx, and second moments are measured instead of derived. Models whose code depends
            on their input, such as torch's transformers, need it.
        generator: of the random numbers.

    Biases become 0. The weight and bias of a normalisation right before an activation are
    multiplied by a number, other normalisations keep what they have, and so do embeddings,
    attention and recurrent modules, a layer that shares its weight, and one that is not reached.
    Buffers, flags, and torch's, NumPy's and Python's random numbers are as before, but for those
    that the weights are.

    Raises:
        OgiveError: if the model cannot be traced without an example, does not run on it, or has no
            layer.

    Example:
        >>> import ogive
        >>> model = nn.Sequential(nn.Linear(64, 50), nn.GELU(), nn.Linear(50, 10))
        >>> print(ogive.init_(model))
        layer  activation  E x^2  gain   mode    fan  std      found    note
        0      gelu        1      1.468  fan_in  64   0.1835   derived
        2      -           1      1      fan_in  50   0.14142  derived
        name  call  activation  before  after  +-  found    note
        1     1     gelu        2.1551  1          derived
    """
    check_module(model)
    if not isinstance(generator, (torch.Generator, type(None))):
        raise OgiveError(f"generator is a torch.Generator, not {type(generator).__name__}")
    steps = steps_of(model, example)
    own = _own_parameters(model)
    layers = {s.weight: s for s in reversed(steps) if s.kind == "layer" and s.weight in own}
    norms = {s.weight for s in steps if s.kind == "norm" and s.weight in own}
    targets = targets_of(steps, {*layers, *norms})
    skipped = _skipped(model, {*layers, *(w for t in targets.values() for w in t.weights)})
    if not layers:
        raise OgiveError(_why_nothing(model, skipped))
    if example is None:
        way, found = "derived", derive(steps, targets, layers, own)
        _draw(layers, own, generator, found.factors)
    else:
        _draw(layers, own, generator, {})
        way, found = "measured", measure(model, example, steps, targets, layers)
    rows = [_layer_row(steps, steps.index(s), found, way) for s in reversed(layers.values())]
    activations = [_activation_row(steps[i], target, way) for i, target in targets.items()]
    return InitReport(tuple(rows), tuple(activations), tuple(skipped.items()))


def _why_nothing(model: nn.Module, skipped: Mapping[str, str]) -> str:
    reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())[:300]
    nothing = f"{type(model).__name__} has no linear or convolution layer to initialise"
    return f"{nothing} ({reasons})" if reasons else nothing


def _own_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters by name that can be set, and stand in one module only."""
    times = Counter(id(p) for m in model.modules() for p in m._parameters.values())
    return {n: p for n, p in model.named_parameters() if times[id(p)] == 1 and not _why_fixed(p)}


def _why_fixed(parameter: nn.Parameter) -> str:
    """Why a parameter's numbers cannot be set; empty if they can."""
    if isinstance(parameter, nn.parameter.UninitializedParameter):
        return "it has no shape before the model has run once"
    if not parameter.is_floating_point():
        return f"its weight is {parameter.dtype}"
    if parameter.is_inference() and not torch.is_inference_mode_enabled():
        return "its weight was made in inference mode"
    return ""


@torch.no_grad()
def _draw(
    layers: dict[str, SignalStep],
    parameters: Mapping[str, nn.Parameter],
    generator: torch.Generator | None,
    factors: Mapping[str, float],
) -> None:
    """Draws layers' weights, and multiplies those of normalisations."""
    for weight, step in reversed(layers.items()):
        std = factors.get(weight, 1.0) / math.sqrt(step.fan)
        parameters[weight].normal_(0.0, std, generator=generator)
        if (bias := parameters.get(bias_of(weight))) is not None:
            bias.zero_()
    for weight in factors.keys() - layers.keys():
        for name in {weight, bias_of(weight)} & parameters.keys():
            parameters[name].mul_(factors[weight])


def _layer_row(steps: list[SignalStep], index: int, found: WeightScales, way: str) -> LayerRow:
    step, activations = steps[index], [_title(s) for s in _following(steps, index)]
    gain, fed = abs(found.factors[step.weight]), found.fed.get(step.weight)
    notes = [f"also feeds {', '.join(activations[1:])}"] if len(activations) > 1 else []
    if fed is None:
        notes.append("what it is fed is not known: pass an example to have it measured")
    name, std = activations[0] if activations else "", gain / math.sqrt(step.fan)
    return LayerRow(step.name, name, fed, gain, "fan_in", step.fan, std, way, "; ".join(notes))


def _activation_row(step: SignalStep, target: ActivationTarget, way: str) -> ActivationRow:
    after, note = target.after, target.note or "the weights before it serve others too"
    if after is not None and abs(after - 1) <= REACHED:
        note = ""
    moments = target.before, after, target.error
    name = step.name or _title(step)
    return ActivationRow(name, target.call, _title(step), *moments, way, target.weights, note)


def _title(step: SignalStep) -> str:
    """The entry; of channels with values of their own, the class."""
    return step.spec.name if step.spec is not None else type(step.module).__name__


def _following(steps: list[SignalStep], index: int) -> list[SignalStep]:
    """The activations that a layer's output reaches without passing another layer."""
    found, reached = [], {index}
    for later in range(index + 1, len(steps)):
        step = steps[later]
        if reached.intersection(step.inputs):
            if step.kind in ACTIVATION_KINDS:
                found.append(step)
            elif step.kind in PASSED:
                reached.add(later)
    return found


def _skipped(model: nn.Module, done: Collection[str]) -> dict[str, str]:
    """Modules with parameters that keep what they have, with the reason."""
    skipped: dict[str, str] = {}
    closed: list[str] = []
    for name, module in model.named_modules():
        own = {f"{name}.{n}".lstrip(".") for n, p in module._parameters.items() if p is not None}
        computed = isinstance(module, LEAVES["layer"]) and "weight" not in module._parameters
        whole = computed or is_scripted(module)
        inside = any(name.startswith(outer) for outer in closed)
        if (own or whole) and not inside and not own & {*done}:
            skipped[name or type(module).__name__] = _reason(module, model)
        if whole or isinstance(module, LEAVES["unknown"]):
            closed.append(f"{name}." if name else "")
    return skipped


def _reason(module: nn.Module, model: nn.Module) -> str:
    if is_scripted(module):
        return "torch.jit has made it a program of its own"
    if isinstance(module, LEAVES["unknown"]):
        return f"{type(module).__name__} has an initialisation of its own"
    if isinstance(module, LEAVES["norm"]):
        return "a normalisation"
    if not isinstance(module, LEAVES["layer"]):
        return "no linear or convolution layer"
    weight = module._parameters.get("weight")
    if weight is None:
        parts = (name for name, _ in module.named_parameters() if name != "bias")
        return f"its weight is computed from {', '.join(parts)}"
    if reason := _why_fixed(weight):
        return reason
    if sum(any(p is weight for p in m._parameters.values()) for m in model.modules()) > 1:
        return "it shares its weight with another module"
    own = runs_torchs_forward(module)
    return "it is not reached" if own else "its forward does not multiply by its weight itself"
