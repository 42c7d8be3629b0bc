"""What is measured of an activation in a network besides the score.

Every measure works from the module alone, so it holds for every function, also for one that the
user has defined and for one whose parameters were learned.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ogive.study.network import Network, make_activation
from ogive.study.splitting import DataArray
from ogive.study.tasks import Split

DEAD_BELOW = 1e-6
FIELD_SIDE = 72
_LEVELS = 2**16 - 2  # even, so that one half is a level


def bytes_saved(module: nn.Module, rows: int, features: int) -> float:
    """Bytes that the module's forward keeps for its backward, per element of its input.

    Every storage counts once and in full, the input included where it is kept; the module's own
    parameters do not count, since they are there anyway.
    """
    kept: list[Tensor] = []

    def keep(saved: Tensor) -> Tensor:
        kept.append(saved)
        return saved

    x = torch.randn(rows, features, generator=torch.Generator().manual_seed(0)).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda saved: saved):
        module(x)
    own = {parameter.untyped_storage().data_ptr() for parameter in module.parameters()}
    storages = {saved.untyped_storage().data_ptr(): saved.untyped_storage() for saved in kept}
    return sum(s.nbytes() for address, s in storages.items() if address not in own) / x.numel()


def dead_share(network: Network, x: Tensor, kind: str) -> float | None:
    """Share of units whose derivative is below 1e-6 at every row of ``x``.

    None for a rowwise activation, where one unit's output depends on the others. A gated unit has
    two inputs and is dead when the derivative by both is.
    """
    if kind == "rowwise":
        return None
    network.eval()
    dead = [_dead_units(z, activation, kind) for z, activation in network.pre_activations(x)]
    return float(torch.cat(dead).double().mean())


def _dead_units(z: Tensor, activation: nn.Module, kind: str) -> Tensor:
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        (slope,) = torch.autograd.grad(activation(z).sum(), z)
    largest = slope.abs().amax(0)
    if kind == "gated":
        largest = largest.view(2, -1).amax(0)
    return largest < DEAD_BELOW


def function_digest(name: str) -> str:
    """A hash of what the activation does: its values on a grid, not its name.

    A definition that has changed gives another digest, so results of the old one are not reused.
    """
    module = make_activation(name).eval()
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        values = module(torch.linspace(-8, 8, 64).repeat(2, 1))
    learned = [parameter.detach().flatten() for parameter in module.parameters()]
    numbers = torch.cat([values.flatten(), *learned]).float().numpy()
    return hashlib.blake2b(numbers.tobytes(), digest_size=8).hexdigest()


def boundary_field(network: Network, split: Split) -> dict[str, Any]:
    """The probability of class 1 on a square grid over the plane, packed into text."""
    extent = 1.1 * float(torch.cat([split.train_x, split.test_x]).abs().max())
    side = torch.linspace(-extent, extent, FIELD_SIDE)
    grid = torch.cartesian_prod(side, side)[:, [1, 0]]
    with torch.no_grad():
        probability = network.eval()(grid).softmax(1)[:, 1]
    levels = (probability.nan_to_num(0.5).double().numpy() * _LEVELS).round().astype("<u2")
    return {"extent": extent, "levels": base64.b85encode(zlib.compress(levels.tobytes())).decode()}


def unpack_field(field: dict[str, Any]) -> DataArray:
    """The grid of probabilities that :func:`boundary_field` packed, lowest row first."""
    levels = np.frombuffer(zlib.decompress(base64.b85decode(field["levels"])), dtype="<u2")
    return levels.reshape(FIELD_SIDE, FIELD_SIDE) / _LEVELS
