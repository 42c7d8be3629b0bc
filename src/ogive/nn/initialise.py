"""``ogive.init_``: weights for the activations around each layer, found by tracing the model.

The second moment of the signal is followed through the model: 1 at the input and after a
normalisation, E f**2 after an activation, sums and products as of independent numbers. Each layer
gets weights from N(0, gain**2 / fan_in) whose gain undoes the second moment of what it is fed, so
that every activation sees N(0, 1); one with f(a x) = a f(x), such as relu, sees the scale at which
its output has second moment 1. For a chain of relu layers that is K. He et al. (2015,
arXiv:1502.01852), for selu the initialisation of its authors.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import nn

from ogive.catalogue import Spec
from ogive.certify.signal.moments import expectation, mean_formula
from ogive.certify.univariate import function_of_one_number
from ogive.errors import OgiveError
from ogive.nn.trace import LAYERS, NORMS, OPAQUE, SignalStep, steps_of
from ogive.table import table
from ogive.torch_private import CONVOLUTION

#: How far apart scales are at which homogeneity is tried, and to what a square may be rounded.
SCALES, HOMOGENEOUS = (0.25, 4.0), 1e-9
#: What a signal passes on its way from a layer to the activation that follows.
PASSED = ("norm", "keeping", "sum", "concatenation")
#: The second moment after a step of those before it, as of independent numbers.
COMBINED: dict[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "product": math.prod,
    "concatenation": lambda values: sum(values) / len(values),
    "keeping": lambda values: values[0],
}


@dataclass(frozen=True)
class LayerRow:
    """What was done to one layer.

    Attributes:
        layer: its name in the model.
        activation: what follows it; empty if nothing does.
        square: the second moment of what it is fed.
        gain: std * sqrt(fan).
        mode, fan: fan_in, and the number of inputs that are added up.
        std: of its weights.
        note: what was assumed.
    """

    layer: str
    activation: str
    square: float
    gain: float
    mode: str
    fan: float
    std: float
    note: str = ""


@dataclass(frozen=True)
class InitReport:
    """What ``init_`` did: a row for each layer, and what was skipped, with the reason."""

    rows: tuple[LayerRow, ...]
    skipped: tuple[tuple[str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON's own types."""
        return {
            "rows": [asdict(row) for row in self.rows],
            "skipped": [{"module": name, "reason": reason} for name, reason in self.skipped],
        }

    def __str__(self) -> str:
        heads = ("layer", "activation", "E x^2", "gain", "mode", "fan", "std", "note")
        rows = (
            [r.layer, r.activation or "-", f"{r.square:.5g}", f"{r.gain:.5g}", r.mode,
             f"{r.fan:g}", f"{r.std:.5g}", r.note]
            for r in self.rows
        )  # fmt: skip
        return table(heads, rows, [f"skipped: {name}: {why}" for name, why in self.skipped])


def init_(
    model: nn.Module, example: Any = None, *, generator: torch.Generator | None = None
) -> InitReport:
    """Initialises a model's linear and convolution layers in place, and says what it did.

    Args:
        model: any module.
        example: an input, a tuple of arguments or a dict of named ones. With it the model is run
            once instead of being traced by torch.fx; models whose code depends on their input, such
            as torch's transformers, need it.
        generator: of the random numbers.

    Biases become 0. Normalisations, embeddings, attention and recurrent modules keep what they
    have, and so does a layer that shares its weight or that the trace does not reach.

    Raises:
        OgiveError: if the model cannot be traced without an example, or has no layer.

    Example:
        >>> import ogive
        >>> model = nn.Sequential(nn.Linear(64, 50), nn.GELU(), nn.Linear(50, 10))
        >>> print(ogive.init_(model))
        layer  activation  E x^2    gain    mode    fan  std      note
        0      gelu        1        1       fan_in  64   0.125
        2      -           0.42522  1.5335  fan_in  50   0.21687
    """
    steps = steps_of(model, example)
    skipped = _skipped(model, steps)
    rows: dict[str, LayerRow] = {}
    squares: list[_Square] = []
    for index, step in enumerate(steps):
        fed = [squares[i] for i in step.inputs] or [_Square(1.0)]
        if step.kind == "layer" and step.name not in {**skipped, **rows}:
            rows[step.name] = _row(steps, index, fed[0])
        squares.append(_square(steps, index, fed))
    if not rows:
        raise OgiveError(f"{type(model).__name__} has no linear or convolution layer to initialise")
    for name, row in rows.items():
        layer = model.get_submodule(name)
        nn.init.normal_(layer.get_parameter("weight"), 0.0, row.std, generator=generator)
        if layer.bias is not None:
            nn.init.zeros_(layer.get_parameter("bias"))
    return InitReport(tuple(rows.values()), tuple(skipped.items()))


@dataclass(frozen=True)
class _Square:
    """A second moment, and why it is not sure."""

    value: float
    doubt: str = ""


def _row(steps: list[SignalStep], index: int, fed: _Square) -> LayerRow:
    step, (activations, normalised) = steps[index], _following(steps, index)
    fan = fan_in(step.module) if step.module is not None else math.nan
    gain = _wanted(activations, normalised) / math.sqrt(fed.value)
    notes = [fed.doubt] if fed.doubt else []
    if normalised:
        notes.append("normalised before the activation")
    if len(activations) > 1:
        notes.append(f"also feeds {', '.join(map(_title, activations[1:]))}")
    name = _title(activations[0]) if activations else ""
    std = gain / math.sqrt(fan)
    return LayerRow(step.name, name, fed.value, gain, "fan_in", fan, std, "; ".join(notes))


def _title(step: SignalStep) -> str:
    return step.spec.name if step.spec is not None else step.name


def _wanted(activations: list[SignalStep], normalised: bool) -> float:
    """The standard deviation that a layer's output shall have."""
    first = activations[0] if activations else None
    if first is None or first.kind != "activation" or first.spec is None or normalised:
        return 1.0
    return second_moment(first.spec, 1.0) ** -0.5 if _is_homogeneous(first.spec) else 1.0


@lru_cache(maxsize=1024)
def _is_homogeneous(spec: Spec) -> bool:
    """Whether E f(a Z)**2 = a**2 E f(Z)**2, as it is for relu and its leaky kin."""
    square = second_moment(spec, 1.0)
    return square > 0 and all(
        abs(second_moment(spec, a) / (a * square) - 1) <= HOMOGENEOUS for a in SCALES
    )


@lru_cache(maxsize=4096)
def second_moment(spec: Spec, square: float) -> float:
    """E f(X)**2 for X ~ N(0, square); 1 where it is not proved."""
    f = mean_formula(function_of_one_number(spec))
    found = expectation(f * f, 0.0, math.sqrt(square))
    return found.value if found.low > 0 else 1.0


def _following(steps: list[SignalStep], index: int) -> tuple[list[SignalStep], bool]:
    """The activations that a layer's output reaches without passing another layer, and whether it
    is normalised before the first."""
    found: list[SignalStep] = []
    reached, normalised, first = {index}, set[int](), False
    for later in range(index + 1, len(steps)):
        step = steps[later]
        if not reached.intersection(step.inputs):
            continue
        if step.kind in ("activation", "gated"):
            first = bool(normalised.intersection(step.inputs)) if not found else first
            found.append(step)
        elif step.kind in PASSED:
            reached.add(later)
            if step.kind == "norm" or normalised.intersection(step.inputs):
                normalised.add(later)
    return found, first


def _square(steps: list[SignalStep], index: int, fed: list[_Square]) -> _Square:
    """The second moment of a step's output."""
    step, values = steps[index], [f.value for f in fed]
    doubt = next((f.doubt for f in fed if f.doubt), "")
    if step.kind in ("input", "norm"):
        return _Square(1.0)
    if step.kind == "layer":
        return _Square(_wanted(*_following(steps, index)) ** 2)
    if step.kind in ("activation", "gated") and step.spec is not None:
        outer = 1.0 if step.kind == "activation" else values[0]
        return _Square(outer * second_moment(step.spec, values[-1]), doubt)
    if step.kind in COMBINED:
        return _Square(COMBINED[step.kind](values) * step.factor**2, doubt)
    return _Square(1.0, f"E x^2 after {step.name} taken as 1")


def fan_in(layer: nn.Module) -> float:
    """How many products are added up in one output of a linear or convolution layer."""
    if isinstance(layer, nn.Linear):
        return float(layer.in_features)
    if not isinstance(layer, CONVOLUTION):
        raise OgiveError(f"{type(layer).__name__} is no linear or convolution layer")
    fan = layer.in_channels / layer.groups * math.prod(layer.kernel_size)
    return float(fan / math.prod(layer.stride) if layer.transposed else fan)


def _skipped(model: nn.Module, steps: list[SignalStep]) -> dict[str, str]:
    """Modules that keep what they have, with the reason."""
    reached = {step.name for step in steps if step.kind == "layer"}
    shared = Counter(id(p) for m in model.modules() for p in m._parameters.values())
    opaque = [n for n, m in model.named_modules() if isinstance(m, OPAQUE)]
    skipped = {}
    for name, module in model.named_modules():
        inside = any(name.startswith(f"{outer}.") for outer in opaque)
        reason = _reason(module, name in reached, shared)
        if reason and module._parameters and not inside:
            skipped[name or type(module).__name__] = reason
    return skipped


def _reason(module: nn.Module, reached: bool, shared: Counter[int]) -> str:
    if isinstance(module, OPAQUE):
        return f"{type(module).__name__} has an initialisation of its own"
    if isinstance(module, NORMS):
        return "a normalisation"
    if not isinstance(module, LAYERS):
        return "no linear or convolution layer"
    weight = module._parameters.get("weight")
    if weight is None:
        return "its weight is computed from other parameters"
    if isinstance(weight, nn.parameter.UninitializedParameter):
        return "it has no shape before the model has run once"
    if shared[id(weight)] > 1:
        return "it shares its weight with another module"
    return "" if reached else "not reached by the trace"
