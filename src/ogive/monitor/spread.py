"""Sums of a tensor that is spread over devices: each device adds up its part."""

from __future__ import annotations

from typing import Any

from torch import Tensor


def gathered(sums: Tensor, z: Any, dim: int) -> Tensor:
    """The sums of the whole of a distributed tensor, of those of the part that is here.

    Args:
        sums: (rows, units that are here).
        z: the tensor.
        dim: the dimension of the units.
    """
    if getattr(z, "device_mesh", None) is None:
        return sums
    from torch.distributed.tensor import DTensor, Partial, Replicate, Shard

    placements = [
        Shard(1) if p.is_shard(dim) else Partial() if p.is_shard() else Replicate()
        for p in z.placements
    ]
    whole: Tensor = DTensor.from_local(sums, z.device_mesh, placements).full_tensor()
    return whole
