"""The noise of stochastic entries, drawn from torch's generators."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

#: Not the ``_like`` forms: those fill memory in its own order, so that the noise would depend on
#: strides, and torch 2.13 merges two calls of randn_like when it compiles.
DRAWS: dict[str, Callable[..., Tensor]] = {"uniform": torch.rand, "normal": torch.randn}


def draw(noise: Mapping[str, str], like: Tensor, generator: torch.Generator | None) -> list[Tensor]:
    """One tensor of the shape of ``like`` for each noise input, in float32 or float64.

    ``uniform`` noise lies in [0, 1), as torch.rand's does.
    """
    dtype = torch.float64 if like.dtype == torch.float64 else torch.float32
    source = {} if generator is None else {"generator": generator}
    return [
        DRAWS[kind](like.shape, dtype=dtype, device=like.device, **source)
        for kind in noise.values()
    ]
