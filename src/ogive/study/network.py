"""The network of a study: linear layers with one activation between them.

Apart from the training because of what pairing means: with the same seed, every activation
starts from the same drawn weights, whatever else differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

import ogive
from ogive.errors import OgiveError
from ogive.study.errors import StudyError

KINDS = ("elementwise", "gated", "stochastic", "rowwise")


@dataclass(frozen=True)
class Layer:
    """A linear map and the activation that follows it."""

    linear: nn.Linear
    activation: nn.Module


class Network(nn.Sequential):
    """Linear, activation, linear, activation, ..., linear."""

    def layers(self) -> Iterator[Layer]:
        """The pairs of linear map and activation, first to last."""
        modules = list(self)
        for linear, activation in zip(modules[0:-1:2], modules[1::2], strict=True):
            assert isinstance(linear, nn.Linear)
            yield Layer(linear, activation)

    def pre_activations(self, x: Tensor) -> Iterator[tuple[Tensor, nn.Module]]:
        """What each activation gets for the rows ``x``, with the activation."""
        for layer in self.layers():
            z = layer.linear(x)
            yield z, layer.activation
            x = layer.activation(z)


def build_network(
    name: str, inputs: int, hidden: tuple[int, ...], outputs: int, seed: int
) -> Network:
    """A network with the activation ``name``, its weights drawn by the seed alone.

    A gated activation halves its input, so its linear map has twice the rows. Where an activation
    returns another number of features than ``hidden`` says, the next layer takes them all.
    """
    modules: list[nn.Module] = []
    features = inputs
    for depth, width in enumerate(hidden):
        activation = make_activation(name)
        blocks = 2 if ogive.get(name).kind == "gated" else 1
        modules += [drawn_linear(features, width, blocks, seed, depth, gain=2.0), activation]
        features = _features_after(activation, width * blocks)
    modules.append(drawn_linear(features, outputs, 1, seed, len(hidden), gain=1.0))
    return Network(*modules)


def make_activation(name: str) -> nn.Module:
    """The module of an activation; a rowwise one works along the features."""
    activation = ogive.get(name)
    module: nn.Module
    module = activation.module(dim=-1) if activation.kind == "rowwise" else activation.module()
    return module


def drawn_linear(
    inputs: int, width: int, blocks: int, seed: int, depth: int, gain: float
) -> nn.Linear:
    """A linear map with weights from N(0, gain / inputs) and no bias at the start.

    The generator depends on the seed and the depth only, and the first block of a gated layer is
    drawn first: it equals the whole layer of an activation that is not gated.
    """
    generator = torch.Generator().manual_seed(1000 * seed + depth)
    draws = [torch.randn(width, inputs, generator=generator) for _ in range(blocks)]
    linear = nn.Linear(inputs, width * blocks, device="meta").to_empty(device="cpu")
    with torch.no_grad():
        linear.weight.copy_(torch.cat(draws) * (gain / inputs) ** 0.5)
        linear.bias.zero_()
    return linear


def check_activations(names: list[str], hidden: tuple[int, ...]) -> None:
    """Raise before any training if a name is unknown or does not fit into the network."""
    for name in names:
        _check(name, hidden)


def _check(name: str, hidden: tuple[int, ...]) -> None:
    kind = ogive.get(name).kind
    if kind not in KINDS:
        raise StudyError(f"{name} is {kind}; a study takes activations that are {', '.join(KINDS)}")
    try:
        network = build_network(name, 2, hidden, 1, seed=0)
        network(torch.ones(3, 2))
    except (OgiveError, RuntimeError, TypeError) as error:
        raise StudyError(
            f"{name} does not fit between layers of width {hidden}: {error}"
        ) from error


def _features_after(activation: nn.Module, features: int) -> int:
    with torch.no_grad():
        return int(activation(torch.zeros(1, features)).shape[-1])
