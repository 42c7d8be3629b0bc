"""How the networks of a study start: the same drawn numbers, scaled for the activation.

``matched`` takes the standard deviation of every layer from :func:`ogive.init_`. Where that derives
it from the network's steps, it does not depend on what was drawn, and every seed's weights are
drawn here: from generators that depend on the seed and the layer alone, so that every activation
has the same ones, times its own deviation. Where a network has to be run for it, ``ogive.init_``
draws and measures on the first training rows of the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

import ogive
from ogive.errors import OgiveError
from ogive.nn.imported import imported
from ogive.study.errors import StudyError
from ogive.study.networks.blocks import LongShortTermMemory

EXAMPLE_ROWS = 256
#: What has weights to draw.
LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def initialise(
    networks: Sequence[nn.Module],
    seeds: Sequence[int],
    init: str,
    examples: Sequence[Tensor],
    blocks: int = 1,
) -> None:
    """Set the weights of networks of one architecture, one for each seed.

    Args:
        networks: as they were made.
        seeds: what the draws depend on.
        init: as :class:`ogive.study.Settings` says.
        examples: training rows of each seed.
        blocks: how many times wider a layer before an activation is than usual (gated ones: 2);
            its first block is drawn first, and equals the whole layer of the others.
    """
    if init == "matched":
        _matched(networks, seeds, examples, blocks)
    elif init == "he":
        for network, seed in zip(networks, seeds, strict=True):
            _draw(network, seed, _he(network), blocks)
    elif init != "torch":
        _by_function(networks, seeds, _function(init))
    for network in networks:
        for module in network.modules():
            if isinstance(module, LongShortTermMemory):
                module.open_forget_gates()


def _function(name: str) -> Callable[[nn.Module], Any]:
    unknown = StudyError(f"init {name!r} is no function; write module:function, as inits:small")
    found: Callable[[nn.Module], Any] = imported(name, unknown)
    return found


def _by_function(
    networks: Sequence[nn.Module], seeds: Sequence[int], function: Callable[[nn.Module], Any]
) -> None:
    for network, seed in zip(networks, seeds, strict=True):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            function(network)


def _matched(
    networks: Sequence[nn.Module], seeds: Sequence[int], examples: Sequence[Tensor], blocks: int
) -> None:
    first = networks[0]
    before = {name: value.clone() for name, value in first.state_dict().items()}
    try:
        report = ogive.init_(first, generator=torch.Generator().manual_seed(0))
    except OgiveError:
        _measured(networks, seeds, examples)
        return
    deviations = {_weight_of(row.layer): row.std for row in report.rows}
    if not deviations.keys() <= dict(first.named_parameters()).keys():
        _measured(networks, seeds, examples)  # a layer that does not call its weight so
        return
    after = first.state_dict().items()
    others = {n: v.clone() for n, v in after if not torch.equal(v, before[n])}
    for network, seed in zip(networks, seeds, strict=True):
        network.load_state_dict(others, strict=False)
        _draw(network, seed, deviations, blocks)


def _measured(
    networks: Sequence[nn.Module], seeds: Sequence[int], examples: Sequence[Tensor]
) -> None:
    for network, seed, rows in zip(networks, seeds, examples, strict=True):
        generator = torch.Generator().manual_seed(seed)
        try:
            ogive.init_(network, rows[:EXAMPLE_ROWS], generator=generator)
        except OgiveError as error:
            raise StudyError(
                f"init='matched' cannot set this network's weights: {error}; init='torch' keeps "
                f"what its modules start with"
            ) from error


def _he(network: nn.Module) -> dict[str, float]:
    """Variance 2 / fan_in before activations, 1 / fan_in in the last layer."""
    layers = [name for name, _ in _layers(network)]
    gains = [2.0] * (len(layers) - 1) + [1.0]
    fans = [module.weight[0].numel() for _, module in _layers(network)]
    return {
        _weight_of(name): (gain / fan) ** 0.5
        for name, gain, fan in zip(layers, gains, fans, strict=True)
    }


def _weight_of(layer: str) -> str:
    """The name of its weight; the layer that is a whole model has no name."""
    return f"{layer}.weight".lstrip(".")


def _layers(network: nn.Module) -> Iterator[tuple[str, Any]]:
    return ((name, m) for name, m in network.named_modules() if isinstance(m, LAYERS))


@torch.no_grad()
def _draw(network: nn.Module, seed: int, deviations: dict[str, float], blocks: int) -> None:
    """Normal weights of the given deviations; biases become 0."""
    parameters = dict(network.named_parameters())
    for number, (name, deviation) in enumerate(deviations.items()):
        weight = parameters[name]
        generator = torch.Generator().manual_seed(1000 * seed + number)
        last = number == len(deviations) - 1
        weight.copy_(_drawn(weight, 1 if last else blocks, generator) * deviation)
        if (bias := parameters.get(f"{name.removesuffix('weight')}bias")) is not None:
            bias.zero_()


def _drawn(like: Tensor, blocks: int, generator: torch.Generator) -> Tensor:
    if len(like) % blocks:
        blocks = 1
    shape = (len(like) // blocks, *like.shape[1:])
    return torch.cat([torch.randn(shape, generator=generator) for _ in range(blocks)])


@torch.no_grad()
def scale_weights(network: nn.Module, factor: float) -> None:
    """Multiply the weights of all layers; biases and normalisations stay."""
    for _, module in _layers(network):
        module.weight.mul_(factor)
