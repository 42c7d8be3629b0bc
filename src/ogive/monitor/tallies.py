"""What is added up at a place: sums for each unit, over the samples of a step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ogive.monitor.sampling import SHOWN_VALUES, Sampling, most_of, sampling
from ogive.monitor.slopes import SLOPE_ROWS, SlopeJudge
from ogive.monitor.softmax_sums import SOFTMAX_ROWS
from ogive.monitor.summing import likeness, sum_dtype, summing

#: Sums of a gradient: squares, how many numbers, those that are not 0, those that are subnormal.
GRADIENT_ROWS = ("square", "count", "nonzero", "subnormal")
SIXTEEN_BITS = (torch.float16, torch.bfloat16)
#: Sums of a place that take more are rounded to float32, as those of all places wait for the step's
#: end.
_MOST_BYTES = 2**15
#: Kinds of tensors that a place is made ready for at once: shapes that change in every step.
_MOST_LOOKS = 16


@dataclass
class WatchedPlace:
    """What stays of a place from step to step.

    Attributes:
        name: of the place.
        entry: the name of the activation.
        judge: what its samples are asked; None for rowwise ones.
        dim: the dimension of the units.
        weights: the parameters that z comes from, by name.
        normalised: whether a normalisation stands before it.
        note: what could not be measured.
        looks: by what tensors are like, how they are looked at.
        values: some pre-activations of the last call, still on the device.
    """

    name: str
    entry: str
    judge: SlopeJudge | None
    dim: int = -1
    weights: tuple[str, ...] = ()
    note: str = ""
    normalised: bool = False
    looks: dict[Any, Look] = field(default_factory=dict)
    values: Tensor | None = None

    def look(self, z: Tensor, learned: Sequence[Tensor], most: int) -> Look:
        """How tensors that lie as this one are looked at."""
        key = likeness(z, *learned)
        look = self.looks.get(key)
        if look is None:
            if len(self.looks) >= _MOST_LOOKS:
                self.looks.clear()
            assert self.judge is not None
            look = self.looks[key] = Look(self.judge, z, self.dim % z.dim(), learned, most)
        return look


class Look:
    """What adds up the rows of a judge over tensors that lie alike.

    Args:
        judge: what samples are asked.
        z: such a tensor.
        dim: the dimension of its units, from 0 on.
        learned: the judge's learned parameters.
        most: how many numbers are looked at.

    Attributes:
        sampling: which numbers are looked at.
        shown: which of these are kept for pictures.
        samples: how many numbers of each unit are looked at.
    """

    def __init__(
        self, judge: SlopeJudge, z: Tensor, dim: int, learned: Sequence[Tensor], most: int
    ) -> None:
        self.sampling = sampling(z, dim, most_of(z.shape, dim, most))
        looked = self.sampling.of(z, 0)
        self.shown = sampling(looked, None, SHOWN_VALUES)
        self._shapes = [_broadcast_shape(v, z.dim(), dim) for v in learned]
        self.samples = looked.numel() / z.shape[dim]
        self._rows = len(SLOPE_ROWS) - 1, z.shape[dim]
        many = 8 * math.prod(self._rows) > _MOST_BYTES and z.dtype is not torch.float64
        self._kept = torch.float32 if many else sum_dtype(z)
        sums = tuple(z.shape[dim] if d == dim else 1 for d in range(z.dim()))
        self._run = summing(judge.program, sums, (looked, *self._given(learned)))

    def sums(self, looked: Tensor, learned: Sequence[Tensor]) -> Tensor:
        """The rows of ``SLOPE_ROWS`` but the first, for each unit, of what is looked at."""
        made: Tensor = self._run(looked, *self._given(learned)).view(self._rows).to(self._kept)
        return made

    def _given(self, learned: Sequence[Tensor]) -> list[Tensor]:
        return [v.detach().reshape(s) for v, s in zip(learned, self._shapes, strict=True)]


def _broadcast_shape(value: Tensor, rank: int, dim: int) -> tuple[int, ...]:
    """That of a learned parameter whose channels meet the units."""
    if value.numel() == 1:
        return ()
    return tuple(value.numel() if d == dim else 1 for d in range(rank))


@dataclass(slots=True)
class GradientNumbers:
    """What was measured of one gradient.

    Attributes:
        of_output: whether it is that of f(z), not of z.
        numbers: the norm of what was looked at; of 16 bits also how many numbers are not 0, and how
            many of these are subnormal: one number, or three.
        count: of how many numbers.
        one_in: of so many numbers one was looked at.
    """

    of_output: bool
    numbers: Tensor
    count: int
    one_in: float

    def rows(self, numbers: Sequence[float]) -> list[float]:
        """The sums of ``GRADIENT_ROWS``, of its numbers as they are outside of the device."""
        count, one_in = float(self.count), self.one_in
        counted = [one_in * n for n in numbers[1:]] or [count, 0.0]
        return [numbers[0] * numbers[0] * one_in, count, *counted]


def gradient_numbers(g: Tensor) -> Tensor:
    """The numbers of ``GradientNumbers``."""
    norm: Tensor = torch.linalg.vector_norm(g, dtype=sum_dtype(g))
    if g.dtype not in SIXTEEN_BITS:
        return norm
    size = g.abs()
    nonzero, small = size > 0, size < torch.finfo(g.dtype).smallest_normal
    return torch.stack([norm, nonzero.sum().to(norm), (nonzero & small).sum().to(norm)])


@dataclass
class Tally:
    """The sums of one place, over the calls of a step.

    Attributes:
        place: whose they are.
        sums: (rows, units), without the count of samples; None for rowwise places.
        samples: how many of each unit.
        along: sums along the rows of logits, for each call.
        gradients: what was measured of gradients.
        dtype: theirs.
        one_in: of so many numbers one was looked at.
        temperature: by which logits are divided.
        units: how many there are, where the sums do not tell: the length of rows.
    """

    place: WatchedPlace
    sums: Tensor | None = None
    samples: float = 0.0
    along: list[Tensor] = field(default_factory=list)
    gradients: list[GradientNumbers] = field(default_factory=list)
    dtype: torch.dtype = torch.float32
    one_in: float = 1.0
    temperature: float = math.nan
    units: int = 0

    @property
    def rows(self) -> tuple[str, ...]:
        """The names of the rows of the sums."""
        return SOFTMAX_ROWS if self.place.judge is None else SLOPE_ROWS

    def add(self, sums: Tensor, samples: float) -> None:
        """Adds the sums of a call."""
        if self.sums is not None and self.sums.shape == sums.shape:
            self.sums, self.samples = self.sums + sums, self.samples + samples
        else:
            self.sums, self.samples = sums, samples

    def looked_at(self, taken: Sampling, shown: Sampling, z: Tensor, turn: int) -> None:
        """Notes how a call was looked at, and some of the numbers."""
        self.one_in, self.dtype = max(self.one_in, taken.one_in), z.dtype
        values, kept = shown.of(z, turn), self.place.values
        if kept is None or kept.shape != values.shape or kept.device != values.device:
            self.place.values = values.to(torch.float32, copy=True)
        else:
            kept.copy_(values)

    def add_gradient(self, g: Tensor, of_output: bool, most: int, turn: int) -> None:
        """Adds what a gradient is like."""
        count, one_in, g = g.numel(), 1.0, g.detach()
        if count > most:
            dim = self.place.dim % g.dim()
            taken = sampling(g, dim, most_of(g.shape, dim, most))
            g, one_in = taken.of(g, turn), taken.one_in
        if count:
            self.gradients.append(GradientNumbers(of_output, gradient_numbers(g), count, one_in))
