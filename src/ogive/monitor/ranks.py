"""Sums leave the device, and become those of all ranks: once for each measured step."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor

from ogive.monitor.tallies import SHOWN_VALUES, Tally

_Floats = NDArray[np.float64]
#: Sums, sums of gradients, some values, and the name of the activation.
_Arrays = tuple[_Floats, _Floats, _Floats, str]


def together() -> bool:
    """Whether several processes train the model."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def fetched(tallies: Mapping[str, Tally]) -> dict[str, _Arrays]:
    """Sums, sums of gradients, some values and the entry of each place, of all ranks together.

    One copy from the device, and two reductions where ranks have met the same places.
    """
    present = {name: t for name, t in tallies.items() if t.sums is not None}
    parts = [_parts(t) for t in present.values()]
    shapes = [[tuple(p.shape) for p in trio[:2]] for trio in parts]
    vector = _on_cpu([p for trio in parts for p in trio[:2]])
    values = _on_cpu([trio[2] for trio in parts])
    names, entries = list(present), [t.entry for t in present.values()]
    shown = _divided(values, parts)
    if together():
        return _of_all_ranks(names, shapes, vector, shown, entries)
    arrays = _shaped(shapes, vector)
    return {n: (*a, v, e) for n, a, v, e in zip(names, arrays, shown, entries, strict=True)}


def _parts(tally: Tally) -> tuple[Tensor, Tensor, Tensor]:
    assert tally.sums is not None
    gradients = tally.gradients
    if gradients is None:
        gradients = torch.zeros(2, 4, dtype=tally.sums.dtype, device=tally.sums.device)
    values = tally.values if tally.values is not None else tally.sums.new_zeros(0)
    return tally.sums, gradients, values[:SHOWN_VALUES]


def _on_cpu(tensors: list[Tensor]) -> Tensor:
    """All numbers in a row, with one copy from each device."""
    if not tensors:
        return torch.zeros(0, dtype=torch.float64)
    if len({t.device for t in tensors}) == 1:
        flat = torch.cat([t.reshape(-1).to(tensors[0].dtype) for t in tensors])
        return flat.to("cpu", torch.float64)
    return torch.cat([t.reshape(-1).to("cpu", torch.float64) for t in tensors])


def _shaped(shapes: Any, vector: Tensor) -> list[tuple[Any, Any]]:
    made, at = [], 0
    for pair in shapes:
        both = []
        for shape in pair:
            size = int(np.prod(shape))
            both.append(vector[at : at + size].numpy().reshape(shape).copy())
            at += size
        made.append((both[0], both[1]))
    return made


def _divided(values: Tensor, parts: Any) -> list[Any]:
    sizes = [trio[2].numel() for trio in parts]
    return [v.numpy().copy() for v in torch.split(values, sizes)] if sizes else []


def _of_all_ranks(
    names: list[str], shapes: Any, vector: Tensor, values: Any, entries: list[str]
) -> dict[str, _Arrays]:
    """The sums of all ranks; where they have met different places, by place."""
    device = _device()
    told = zlib.crc32(repr((names, shapes)).encode())
    same = torch.tensor([told, -told], dtype=torch.int64, device=device)
    dist.all_reduce(same, dist.ReduceOp.MAX)
    if same[0] == -same[1]:
        whole = vector.to(device, torch.float64 if device.type != "mps" else torch.float32)
        dist.all_reduce(whole)
        arrays = _shaped(shapes, whole.to("cpu", torch.float64))
        return {n: (*a, v, e) for n, a, v, e in zip(names, arrays, values, entries, strict=True)}
    arrays = _shaped(shapes, vector)
    mine = {n: (*a, v, e) for n, a, v, e in zip(names, arrays, values, entries, strict=True)}
    everybody: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(everybody, mine)
    found: dict[str, _Arrays] = {}
    for rank in everybody:
        for name, other in rank.items():
            if name in found and found[name][0].shape == other[0].shape:
                sums, gradients, *rest = found[name]
                found[name] = (sums + other[0], gradients + other[1], *rest)
            else:
                found[name] = other
    return found


def _device() -> torch.device:
    """Where reductions run."""
    if dist.get_backend() == "nccl":
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("cpu")
