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

from ogive.monitor.softmax_sums import softmax_sums
from ogive.monitor.tallies import GRADIENT_ROWS, Tally

_Floats = NDArray[np.float64]


class PlaceSums(NamedTuple):
    """What was measured of a place in one step.

    Attributes:
        sums: (rows, units).
        gradients: the sums of gradients at z and at f(z), (2, 4).
        values: some pre-activations, still on the device.
        entry: the name of the activation.
    """

    sums: _Floats
    gradients: _Floats
    values: Tensor | None
    entry: str


def together() -> bool:
    """Whether several processes train the model."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def fetched(tallies: Mapping[str, Tally], entropy: float, of_all: bool) -> dict[str, PlaceSums]:
    """What was measured of each place, of this process or of all ranks together: one copy from the
    device, and two reductions where ranks have met the same places.

    Args:
        entropy: of a softmax, that over its maximum below which a row is one number.
        of_all: whether ranks add up what they have.
    """
    present = {name: t for name, t in tallies.items() if t.sums is not None or t.along}
    numbers = iter(_on_cpu([n for t in present.values() for n in _tensors(t)]))
    mine = {
        name: PlaceSums(
            sums=_sums(t, numbers, entropy),
            gradients=_gradients(t, numbers),
            values=t.place.values,
            entry=t.place.entry,
        )
        for name, t in present.items()
    }
    return _of_all_ranks(mine) if of_all else mine


def _tensors(tally: Tally) -> Iterator[Tensor]:
    """All that is fetched of a place."""
    if tally.sums is not None:
        yield tally.sums
    yield from tally.along
    for gradient in tally.gradients:
        yield gradient.numbers


def _sums(tally: Tally, numbers: Iterator[_Floats], entropy: float) -> _Floats:
    """The sums with their first row, the count of samples; a softmax's, of those along its rows."""
    if tally.sums is not None:
        told = next(numbers)
        sums = np.empty((len(told) + 1, told.shape[1]))
        sums[0], sums[1:] = tally.samples, told
        return sums
    calls = [softmax_sums(next(numbers), tally.units, entropy) for _ in tally.along]
    whole: _Floats = np.sum(calls, axis=0)
    return whole


def _gradients(tally: Tally, numbers: Iterator[_Floats]) -> _Floats:
    rows = np.zeros((2, len(GRADIENT_ROWS)))
    for gradient in tally.gradients:
        rows[int(gradient.of_output)] += gradient.rows(next(numbers).ravel().tolist())
    return rows


def _on_cpu(tensors: Sequence[Tensor]) -> list[_Floats]:
    """The numbers of each tensor, with one copy from a device."""
    if all(t.is_cpu for t in tensors):
        return [t.numpy() for t in tensors]
    vector = torch.cat([t.reshape(-1).to(tensors[0].device) for t in tensors]).to("cpu")
    parts = torch.split(vector.to(torch.float64), [t.numel() for t in tensors])
    return [part.view(t.shape).numpy() for part, t in zip(parts, tensors, strict=True)]


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
                own = found[name]
                sums, gradients = own.sums + other.sums, own.gradients + other.gradients
                found[name] = own._replace(sums=sums, gradients=gradients)
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
