"""The noise of stochastic entries, drawn from torch's generators.

Triton's kernels make it themselves, forward and backward, from a seed that is drawn in its place
(engine/philox.py); elsewhere it is torch's, and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ogive.engine import philox, traced
from ogive.engine.selection import serving, state, wanted
from ogive.ops.arguments import Argument
from ogive.ops.record import transformed
from ogive.torch_private import modes

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


def in_kernel(x: Tensor, values: Mapping[str, Argument], engine: str | None) -> bool:
    """Whether a kernel that makes its own noise serves a call."""
    if wanted(engine) == "eager" or "triton" in state.broken or modes() or transformed():
        return False
    given = [x, *(v for v in values.values() if isinstance(v, Tensor))]
    return not traced() and serving(given, engine) == "triton"


def seeds(
    noise: Mapping[str, str], like: Tensor, generator: torch.Generator | None
) -> tuple[list[Tensor], tuple[str, ...]]:
    """A seed for each noise input, and the kind of noise that it is the seed of."""
    kinds = tuple([philox.kind_of(law, like.dtype) for law in noise.values()])
    return [philox.new_seed(like.device, generator) for _ in kinds], kinds
