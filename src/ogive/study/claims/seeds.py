"""Random numbers of paired seeds, stacked along a first dimension."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


def normal_draws(seeds: Iterable[int], *shape: int) -> Tensor:
    """(seeds, *shape): normal numbers, those of a seed from its own generator.

    Example:
        >>> bool((normal_draws([3, 5], 2)[1] == normal_draws([5], 2)[0]).all())
        True
    """
    generators = (torch.Generator().manual_seed(seed) for seed in seeds)
    return torch.stack([torch.randn(shape, generator=g) for g in generators])
