"""The networks of a study: where an activation stands in each, and how large they are.

Apart from how their weights are drawn (``initial.py``) and from training. A gated activation halves
its input, so the layer before it is twice as wide; where an activation returns another number of
features than it was given, the next layer takes them all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ogive.errors import unknown
from ogive.nn.imported import imported
from ogive.nn.named import NamedActivation
from ogive.study.errors import StudyError
from ogive.study.networks.blocks import (
    Last,
    LongShortTermMemory,
    MeanOfPositions,
    Positions,
    Rearranged,
    Residual,
    SelfAttention,
)
from ogive.study.settings import NORMS, Settings


class ActivationFactory:
    """Makes the activations of one network, and remembers them in order."""

    def __init__(self, named: NamedActivation) -> None:
        self.named = named
        self.made: list[nn.Module] = []
        #: how many times the width the layer before an activation has
        self.blocks = 2 if named.kind == "gated" else 1

    def __call__(self, dim: int = -1) -> nn.Module:
        """A module of its own; gated and rowwise activations work along ``dim``."""
        self.made.append(self.named.module(dim))
        return self.made[-1]

    def after(self, module: nn.Module, features: int) -> int:
        """How many features the module makes of so many."""
        with torch.no_grad():
            return int(module(torch.zeros(2, features)).shape[-1])


@dataclass(frozen=True)
class Inputs:
    """What a network is given: the shape of a row, and how many tokens there are, if they are."""

    shape: tuple[int, ...]
    tokens: int | None = None

    @property
    def features(self) -> int:
        """The numbers in a row."""
        return math.prod(self.shape)

    @classmethod
    def of(cls, x: Tensor, outputs: int) -> Inputs:
        """Of rows; whole numbers are tokens, of which there are as many as outputs, or more."""
        tokens = None if x.is_floating_point() else max(outputs, int(x.max()) + 1)
        return cls(tuple(x.shape[1:]), tokens)


_Build = Callable[[ActivationFactory, Inputs, int, Settings], nn.Module]


def mlp(make: ActivationFactory, inputs: Inputs, outputs: int, settings: Settings) -> nn.Module:
    """Linear, activation, linear, activation, ..., linear."""
    modules, features = _entrance(inputs, settings.hidden[0])
    for width in settings.hidden:
        block, after = _dense(make, features, width, settings.norm)
        modules.append(Residual(block) if settings.residual and after == features else block)
        features = after
    return nn.Sequential(*modules, nn.Linear(features, outputs))


def _entrance(inputs: Inputs, width: int) -> tuple[list[nn.Module], int]:
    """A row as a vector; tokens become vectors of up to eight numbers each."""
    if inputs.tokens is not None:
        size = min(8, width)
        flat = Rearranged((*inputs.shape, size), (inputs.features * size,))
        return [nn.Embedding(inputs.tokens, size), flat], inputs.features * size
    if len(inputs.shape) == 1:
        return [], inputs.features
    return [Rearranged(inputs.shape, (inputs.features,))], inputs.features


def _dense(
    make: ActivationFactory, features: int, width: int, norm: str
) -> tuple[nn.Sequential, int]:
    """A linear layer, its normalisation and its activation; how many features come out.

    Before batch normalisation a bias does nothing: its gradient is rounding, which adamw would
    make steps of as long as any other.
    """
    width *= make.blocks
    modules: list[nn.Module] = [nn.Linear(features, width, bias=norm != "batch")]
    if norm != "none":
        modules.append(nn.BatchNorm1d(width) if norm == "batch" else nn.LayerNorm(width))
    activation = make()
    return nn.Sequential(*modules, activation), make.after(activation, width)


def cnn(make: ActivationFactory, inputs: Inputs, outputs: int, settings: Settings) -> nn.Module:
    """3-wide convolutions with ``hidden`` channels, halved by pooling while 4 pixels remain."""
    seen = _Image(inputs)
    modules: list[nn.Module] = [seen.entrance]
    channels, side = seen.channels, seen.side
    for width in settings.hidden:
        block, after = _convolution(make, seen, channels, width, settings.norm)
        same = settings.residual and after == channels
        modules.append(Residual(block) if same else block)
        channels = after
        if side >= 4:
            modules.append(seen.pool(2))
            side //= 2
    features = channels * side**seen.dimensions
    flat = Rearranged((channels, *(side,) * seen.dimensions), (features,))
    return nn.Sequential(*modules, flat, nn.Linear(features, outputs))


def resnet(make: ActivationFactory, inputs: Inputs, outputs: int, settings: Settings) -> nn.Module:
    """Blocks x + conv(activation(norm(conv(x)))) of ``hidden`` channels, and the mean of pixels."""
    seen = _Image(inputs)
    channels = settings.hidden[0]
    modules: list[nn.Module] = [seen.entrance]
    modules.append(seen.convolution(seen.channels, channels, 3, padding=1))
    for width in settings.hidden:
        if width != channels:
            modules.append(seen.convolution(channels, width, 1))
            channels = width
        block, after = _convolution(make, seen, channels, width, settings.norm)
        block.append(seen.convolution(after, channels, 3, padding=1))
        modules.append(Residual(block))
    flat = Rearranged((channels, *(1,) * seen.dimensions), (channels,))
    return nn.Sequential(*modules, seen.mean(1), flat, nn.Linear(channels, outputs))


class _Image:
    """Rows as images: squares where the number of features is one, else lines."""

    def __init__(self, inputs: Inputs) -> None:
        if inputs.tokens is not None:
            raise StudyError("this task has tokens for inputs; take model mlp, transformer or lstm")
        side, shape = math.isqrt(inputs.features), inputs.shape
        if len(shape) == 1:
            square = side >= 4 and side**2 == inputs.features
            shape = (1, side, side) if square else (1, *shape)
        if len(shape) not in (2, 3) or len({*shape[1:]}) > 1:
            raise StudyError(f"rows of shape {inputs.shape} are no square images; take model mlp")
        self.channels, self.side, self.dimensions = shape[0], shape[1], len(shape) - 1
        self.entrance = Rearranged(inputs.shape, shape)
        plane = self.dimensions == 2
        self.convolution = nn.Conv2d if plane else nn.Conv1d
        self.batch_norm = nn.BatchNorm2d if plane else nn.BatchNorm1d
        self.pool = nn.MaxPool2d if plane else nn.MaxPool1d
        self.mean = nn.AdaptiveAvgPool2d if plane else nn.AdaptiveAvgPool1d


def _convolution(
    make: ActivationFactory, seen: _Image, channels: int, width: int, norm: str
) -> tuple[nn.Sequential, int]:
    """A convolution, its normalisation and its activation along the channels."""
    width *= make.blocks
    bias = norm != "batch"
    modules: list[nn.Module] = [seen.convolution(channels, width, 3, padding=1, bias=bias)]
    if norm != "none":
        modules.append(seen.batch_norm(width) if norm == "batch" else nn.GroupNorm(1, width))
    activation = make(dim=1)
    with torch.no_grad():
        after = activation(torch.zeros(2, width, *(4,) * seen.dimensions)).shape[1]
    return nn.Sequential(*modules, activation), int(after)


class _Sequence:
    """Rows as sequences: the lines of a square image, equal parts of other rows, or tokens."""

    def __init__(self, inputs: Inputs, width: int) -> None:
        shape = inputs.shape
        if inputs.tokens is not None:
            self.steps, self.features = inputs.features, width
            self.entrance: nn.Module = nn.Embedding(inputs.tokens, width)
            return
        if len(shape) != 2:
            part = next(
                d for d in range(math.isqrt(inputs.features), 0, -1) if inputs.features % d == 0
            )
            shape = (inputs.features // part, part)
        self.steps, self.features = shape
        self.entrance = Rearranged(inputs.shape, shape)


def transformer(
    make: ActivationFactory, inputs: Inputs, outputs: int, settings: Settings
) -> nn.Module:
    """Blocks of attention and of linear, activation, linear on sequences; the mean of the steps."""
    width = settings.hidden[0]
    seen = _Sequence(inputs, width)
    modules = [seen.entrance, nn.Linear(seen.features, width), Positions(seen.steps, width)]
    for _ in settings.hidden:
        heads = next(heads for heads in (4, 2, 1) if width % heads == 0)
        modules.append(_with_norm(SelfAttention(width, heads), width, settings.norm))
        block, after = _dense(make, width, 2 * width, "none")
        block.append(nn.Linear(after, width))
        modules.append(_with_norm(block, width, settings.norm))
    return nn.Sequential(*modules, MeanOfPositions(), nn.Linear(width, outputs))


def _with_norm(inner: nn.Module, width: int, norm: str) -> nn.Module:
    return Residual(nn.Sequential(nn.LayerNorm(width), inner) if norm == "layer" else inner)


def lstm(make: ActivationFactory, inputs: Inputs, outputs: int, settings: Settings) -> nn.Module:
    """Layers of LSTM cells; the activation stands in the place of tanh, the gates are sigmoid."""
    return _lstm(make, inputs, outputs, settings, nn.Sigmoid, make)


def lstm_gates(
    make: ActivationFactory, inputs: Inputs, outputs: int, settings: Settings
) -> nn.Module:
    """Layers of LSTM cells; the activation stands in the place of the gates' sigmoid."""
    return _lstm(make, inputs, outputs, settings, make, nn.Tanh)


def _lstm(
    make: ActivationFactory,
    inputs: Inputs,
    outputs: int,
    settings: Settings,
    gate: Callable[[], nn.Module],
    cell: Callable[[], nn.Module],
) -> nn.Module:
    if make.after(make.named.module(), 4) != 4:
        raise StudyError(f"{make.named.label} changes the number of features, which no cell allows")
    seen = _Sequence(inputs, settings.hidden[0])
    modules, features = [seen.entrance], seen.features
    for width in settings.hidden:
        modules.append(LongShortTermMemory(features, width, gate, cell))
        if settings.norm == "layer":
            modules.append(nn.LayerNorm(width))
        features = width
    return nn.Sequential(*modules, Last(), nn.Linear(features, outputs))


@dataclass(frozen=True)
class Architecture:
    """A kind of network: what builds it, and what it has where the user says nothing.

    Attributes:
        build: makes one.
        hidden: the widths; None takes the task's.
        norm: the normalisation that it usually has.
        norms: those that it can have.
        residual: whether the user may ask for residual connections.
    """

    build: _Build
    hidden: tuple[int, ...] | None = None
    norm: str = "none"
    norms: tuple[str, ...] = NORMS
    residual: bool = False

    def check(self, name: str, settings: Settings) -> None:
        """Raise if it cannot have what the settings ask for."""
        if settings.norm not in self.norms:
            raise StudyError(
                f"model {name} has no norm {settings.norm!r}; choose from {', '.join(self.norms)}"
            )
        if settings.residual and not self.residual:
            raise StudyError(f"model {name} takes no residual; mlp and cnn do")


ARCHITECTURES = {
    "mlp": Architecture(mlp, residual=True),
    "cnn": Architecture(cnn, (16, 32), residual=True),
    "resnet": Architecture(resnet, (16, 16, 16), norm="batch"),
    "transformer": Architecture(transformer, (32, 32), norm="layer", norms=("none", "layer")),
    "lstm": Architecture(lstm, (32,), norms=("none", "layer")),
    "lstm-gates": Architecture(lstm_gates, (32,), norms=("none", "layer")),
}


def find_architecture(name: str) -> Architecture:
    """The architecture of this name, or that of the user's ``module:function``.

    Raises:
        StudyError: if there is none.
    """
    if name in ARCHITECTURES:
        return ARCHITECTURES[name]
    none = StudyError(unknown("model", name, [*ARCHITECTURES, "module:function"]))
    if ":" in name:
        return of_function(imported(name, none))
    raise none


def of_function(function: Callable[..., Any]) -> Architecture:
    """The architecture of networks that ``function(activation, inputs, outputs)`` returns.

    ``activation`` makes a module when called, ``inputs`` is the number of features, or the shape
    of a row where it has more than one dimension.
    """

    def build(
        make: ActivationFactory, inputs: Inputs, outputs: int, settings: Settings
    ) -> nn.Module:
        shape = inputs.shape if len(inputs.shape) != 1 else inputs.shape[0]
        made = function(make, shape, outputs)
        if not isinstance(made, nn.Module):
            raise StudyError(
                f"the model function returned {type(made).__name__}; it must return a torch module"
            )
        return made

    return Architecture(build, (1,), norms=("none",))
