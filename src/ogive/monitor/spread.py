"""Sums of a tensor that is spread over devices: each device adds up its part."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def gathered(sums: Tensor, samples: float, z: Any, dim: int) -> tuple[Tensor, float]:
    """The sums of the whole of a distributed tensor, of those of the part that is here, and of how
    many samples of each unit.

    Args:
        sums: (rows, units that are here).
        samples: how many of each unit.
        z: the tensor.
        dim: the dimension of the units.
    """
    if getattr(z, "device_mesh", None) is None:
        return sums, samples
    from torch.distributed.tensor import DTensor, Partial, Replicate, Shard

    placements = [
        Shard(1) if p.is_shard(dim) else Partial() if p.is_shard() else Replicate()
        for p in z.placements
    ]
    counted = torch.cat([sums, torch.full_like(sums[:1], samples)])
    whole: Tensor = DTensor.from_local(counted, z.device_mesh, placements).full_tensor()
    return whole[:-1], float(whole[-1, 0])
