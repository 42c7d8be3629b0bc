"""What is added up at a place: sums for each unit, over the samples of a step.

The rows of an elementwise activation are one program, so a kernel reads a tensor once, and adds up
in float64 what it has; where no engine has kernels, torch's operators do the same. What runs it is
made ready once for tensors that lie alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ogive.engine import Call, Output, compute
from ogive.engine.selection import KERNELS, choose, state
from ogive.errors import EngineError
from ogive.expr import Program
from ogive.monitor.sampling import SHOWN_VALUES, Sampling, most_of, sampling
from ogive.monitor.slopes import SLOPE_ROWS, SlopeJudge
from ogive.monitor.softmax_sums import SOFTMAX_ROWS

#: Sums of a gradient: squares, how many numbers, those that are not 0, those that are subnormal.
GRADIENT_ROWS = ("square", "count", "nonzero", "subnormal")
SIXTEEN_BITS = (torch.float16, torch.bfloat16)
#: Kinds of tensors that a place is made ready for at once: shapes that change in every step.
_MOST_LOOKS = 16
_Run = Callable[..., Tensor]


@dataclass
class WatchedPlace:
    """What stays of a place from step to step.

    Attributes:
        name: of the place.
        entry: the name of the activation.
        judge: what its samples are asked; None for rowwise ones.
        dim: the dimension of the units.
        weights: the parameters that z comes from, by name.
        note: what could not be measured.
        looks: by what tensors are like, how they are looked at.
    """

    name: str
    entry: str
    judge: SlopeJudge | None
    dim: int = -1
    weights: tuple[str, ...] = ()
    note: str = ""
    looks: dict[Any, Look] = field(default_factory=dict)

    def look(self, z: Tensor, learned: Sequence[Tensor], most: int) -> Look:
        """How tensors that lie as this one are looked at."""
        shapes = [v.shape for v in learned]
        key = (z.shape, z.stride(), z.dtype, z.device, z.is_neg(), state.engine, *shapes)
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
    """

    def __init__(
        self, judge: SlopeJudge, z: Tensor, dim: int, learned: Sequence[Tensor], most: int
    ) -> None:
        self.sampling = sampling(z, dim, most_of(z.shape, dim, most))
        looked = self.sampling.of(z, 0)
        self.shown = sampling(looked, None, SHOWN_VALUES)
        self._shapes = [_broadcast_shape(v, z.dim(), dim) for v in learned]
        self._rows = len(SLOPE_ROWS), z.shape[dim]
        sums = tuple(z.shape[dim] if d == dim else 1 for d in range(z.dim()))
        self._run = _runner(judge.program, sums, (looked, *self._given(learned)))

    def sums(self, looked: Tensor, learned: Sequence[Tensor]) -> Tensor:
        """The rows of ``SLOPE_ROWS`` for each unit, of what is looked at."""
        return self._run(looked, *self._given(learned)).view(self._rows)

    def _given(self, learned: Sequence[Tensor]) -> list[Tensor]:
        return [v.detach().reshape(s) for v, s in zip(learned, self._shapes, strict=True)]


def _broadcast_shape(value: Tensor, rank: int, dim: int) -> tuple[int, ...]:
    """That of a learned parameter whose channels meet the units."""
    if value.numel() == 1:
        return ()
    return tuple(value.numel() if d == dim else 1 for d in range(rank))


def _runner(program: Program, shape: tuple[int, ...], tensors: tuple[Tensor, ...]) -> _Run:
    """What gives the outputs of a program, each summed to a shape, as rows of one tensor."""
    output = Output(_sum_dtype(tensors[0]), shape)
    results, packed = (output,) * len(program.outputs), (False,) * len(tensors)
    call = Call(program, results, packed, stacked=True)
    engine, _ = choose(tensors, None)
    if engine in KERNELS:
        try:
            run: Any = KERNELS[engine].prepare(call, tensors).run
        except EngineError:
            pass
        else:
            return run  # type: ignore[no-any-return]
    return lambda *given: compute(call, given)[0]


def _sum_dtype(x: Tensor) -> torch.dtype:
    return torch.float32 if x.device.type == "mps" else torch.float64


class GradientNumbers(NamedTuple):
    """What was measured of one gradient.

    Attributes:
        of_output: whether it is that of f(z), not of z.
        numbers: the norm of what was looked at; of 16 bits also how many numbers are not 0, and how
            many of these are subnormal.
        count: of how many numbers.
        one_in: of so many numbers one was looked at.
    """

    of_output: bool
    numbers: Tensor
    count: int
    one_in: float

    def rows(self, numbers: Sequence[float]) -> list[float]:
        """The sums of ``GRADIENT_ROWS``, of its numbers as they are outside of the device."""
        norm, *lost = numbers
        counted = [self.one_in * n for n in lost] or [float(self.count), 0.0]
        return [norm * norm * self.one_in, float(self.count), *counted]


def gradient_numbers(g: Tensor) -> Tensor:
    """The numbers of ``GradientNumbers``."""
    norm = torch.linalg.vector_norm(g, dtype=_sum_dtype(g))
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
        sums: (rows, units).
        gradients: what was measured of gradients.
        values: some pre-activations of the last call.
        dtype: theirs.
        one_in: of so many numbers one was looked at.
        temperature: by which logits are divided.
        units: how many there are, where the sums do not tell.
    """

    place: WatchedPlace
    sums: Tensor | None = None
    gradients: list[GradientNumbers] = field(default_factory=list)
    values: Tensor | None = None
    dtype: torch.dtype = torch.float32
    one_in: float = 1.0
    temperature: float = math.nan
    units: int = 0

    @property
    def rows(self) -> tuple[str, ...]:
        """The names of the rows of the sums."""
        return SOFTMAX_ROWS if self.place.judge is None else SLOPE_ROWS

    def add(self, sums: Tensor) -> None:
        """Adds the sums of a call."""
        same = self.sums is not None and self.sums.shape == sums.shape
        self.sums = self.sums + sums if self.sums is not None and same else sums

    def looked_at(self, taken: Sampling, shown: Sampling, z: Tensor, turn: int) -> None:
        """Notes how a call was looked at, and some of the numbers."""
        self.one_in, self.dtype = max(self.one_in, taken.one_in), z.dtype
        self.values = shown.of(z, turn).to(torch.float32, copy=True)

    def add_gradient(self, g: Tensor, of_output: bool, most: int, turn: int) -> None:
        """Adds what a gradient is like."""
        if g.numel():
            dim = self.place.dim % g.dim()
            taken = sampling(g, dim, most_of(g.shape, dim, most))
            numbers = gradient_numbers(taken.of(g.detach(), turn))
            self.gradients.append(GradientNumbers(of_output, numbers, g.numel(), taken.one_in))
