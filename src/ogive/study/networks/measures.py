"""What is measured of an activation in a network besides the score and what its layers pass on.

Every measure works from the modules alone, so it holds for every function, also for one that the
user has defined and for one whose parameters were learned.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ogive.study.networks.layers import dead_units, recorded_inputs, share, slope_sizes
from ogive.study.networks.network import Network


def bytes_saved(network: Network, x: Tensor) -> float | None:
    """Bytes that the first activation's forward keeps for its backward, per element of its input.

    Every storage counts once and in full, the input included where it is kept; the module's own
    parameters do not count, since they are there anyway. None if it is never called.
    """
    given = inputs_of(network, x)[0]
    if not given:
        return None
    module, kept = network.activations[0], []

    def keep(saved: Tensor) -> Tensor:
        kept.append(saved)
        return saved

    z = given[0].detach().clone().requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda saved: saved):
        module.train()(z)
    own = {parameter.untyped_storage().data_ptr() for parameter in module.parameters()}
    storages = {saved.untyped_storage().data_ptr(): saved.untyped_storage() for saved in kept}
    return sum(s.nbytes() for address, s in storages.items() if address not in own) / z.numel()


def dead_share(network: Network, x: Tensor) -> float | None:
    """Share of units whose derivative is below 1e-6 at every row of ``x``.

    None for a rowwise activation, where one unit's output depends on the others. A gated unit has
    two inputs and is dead when the derivative by both is.
    """
    given = inputs_of(network, x)
    slopes = [
        slope_sizes(network.kind, module, z)
        for module, calls in zip(network.activations, given, strict=True)
        for z in calls
    ]
    return share(slopes, dead_units)


@torch.no_grad()
def inputs_of(network: Network, x: Tensor) -> list[list[Tensor]]:
    """What each activation is given in evaluation, call by call."""
    with recorded_inputs(network.activations) as given:
        network.model.eval()(x)
    return given
