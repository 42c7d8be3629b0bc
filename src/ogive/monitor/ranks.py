"""Sums leave the device, and become those of all ranks: once for each measured step."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor

from ogive.monitor.tallies import GRADIENT_ROWS, Tally

_Floats = NDArray[np.float64]


class PlaceSums(NamedTuple):
    """What was measured of a place in one step.

    Attributes:
        sums: (rows, units).
        gradients: the sums of gradients at z and at f(z), (2, 4).
        values: some pre-activations.
        entry: the name of the activation.
    """

    sums: _Floats
    gradients: _Floats
    values: _Floats
    entry: str


def together() -> bool:
    """Whether several processes train the model."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def fetched(tallies: Mapping[str, Tally]) -> dict[str, PlaceSums]:
    """What was measured of each place, of all ranks together: one copy from the device, and two
    reductions where ranks have met the same places."""
    present = {name: t for name, t in tallies.items() if t.sums is not None}
    tensors = {name: [*_tensors(t)] for name, t in present.items()}
    vector = _on_cpu([t for own in tensors.values() for t in own]).numpy()
    mine, at = {}, 0
    for name, tally in present.items():
        parts = []
        for tensor in tensors[name]:
            parts.append(vector[at : at + tensor.numel()].reshape(tensor.shape))
            at += tensor.numel()
        sums, values, *norms = parts
        gradients = _gradients(tally, norms)
        mine[name] = PlaceSums(sums, gradients, values.reshape(-1).copy(), tally.place.entry)
    return _of_all_ranks(mine) if together() else mine


def _tensors(tally: Tally) -> Iterator[Tensor]:
    """All numbers of a place."""
    assert tally.sums is not None and tally.values is not None
    yield tally.sums
    yield tally.values
    for gradient in tally.gradients:
        yield gradient.numbers


def _gradients(tally: Tally, numbers: Sequence[_Floats]) -> _Floats:
    rows = [[0.0] * len(GRADIENT_ROWS) for _ in range(2)]
    for gradient, own in zip(tally.gradients, numbers, strict=True):
        row = rows[gradient.of_output]
        for k, n in enumerate(gradient.rows(own.reshape(-1).tolist())):
            row[k] += n
    return np.array(rows)


def _on_cpu(tensors: Sequence[Tensor]) -> Tensor:
    """All numbers in a row, with one copy from each device."""
    if not tensors:
        return torch.zeros(0, dtype=torch.float64)
    if len({t.device for t in tensors}) == 1:
        return torch.cat([t.reshape(-1) for t in tensors]).to("cpu", torch.float64)
    return torch.cat([t.reshape(-1).to("cpu", torch.float64) for t in tensors])


def _of_all_ranks(mine: dict[str, PlaceSums]) -> dict[str, PlaceSums]:
    """The sums of all ranks; where they have met different places, by place."""
    device = _device()
    shapes = [(name, own.sums.shape) for name, own in mine.items()]
    told = zlib.crc32(repr(shapes).encode())
    same = torch.tensor([told, -told], dtype=torch.int64, device=device)
    dist.all_reduce(same, dist.ReduceOp.MAX)
    if same[0] == -same[1]:
        return _reduced(mine, device)
    everybody: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(everybody, mine)
    found: dict[str, PlaceSums] = {}
    for rank in everybody:
        for name, other in rank.items():
            if name in found and found[name].sums.shape == other.sums.shape:
                sums, gradients, *rest = found[name]
                found[name] = PlaceSums(sums + other.sums, gradients + other.gradients, *rest)
            else:
                found[name] = other
    return found


def _reduced(mine: Mapping[str, PlaceSums], device: torch.device) -> dict[str, PlaceSums]:
    """The sums of ranks that have met the same places."""
    arrays = [a for own in mine.values() for a in (own.sums, own.gradients)]
    vector = torch.from_numpy(np.concatenate([a.reshape(-1) for a in arrays]))
    whole = vector.to(device, torch.float64 if device.type != "mps" else torch.float32)
    dist.all_reduce(whole)
    ends = np.cumsum([a.size for a in arrays])[:-1]
    parts = np.split(whole.to("cpu", torch.float64).numpy(), ends)
    summed = iter([part.reshape(a.shape) for part, a in zip(parts, arrays, strict=True)])
    return {
        name: PlaceSums(next(summed), next(summed), own.values, own.entry)
        for name, own in mine.items()
    }


def _device() -> torch.device:
    """Where reductions run."""
    if dist.get_backend() == "nccl":
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("cpu")
