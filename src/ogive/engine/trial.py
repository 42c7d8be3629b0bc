"""Trials of arithmetic: numbers from the whole line, and how far results on them may be off.

Engines compute a program both in the arithmetic that they would like and in float64, and take
another arithmetic where the first is further off than the bars. Verdicts are kept with the kernels.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from ogive.engine import cache
from ogive.expr import Program
from ogive.printers.machine import FLOATS


class Bar(NamedTuple):
    """The largest errors, in units of the last place of what is stored."""

    function: float
    derivative: float
    #: of float64 in short forms: the last rounding, and little more
    short: float


#: A 16-bit number has half a unit from its own rounding already. The worst of all numbers is not
#: among those tried: serf, at 2.7 on them, is somewhere at 3.1.
BARS = {
    "float32": Bar(2.6, 3.3, 0.6),
    "bfloat16": Bar(0.008, 0.008, 0.008),
    "float16": Bar(0.008, 0.008, 0.008),
}
#: Beyond this size a branch costs next to nothing, and the bars are this much lower: some 160,000
#: numbers do not show the worst of all.
FAR, STRICTER = 12.0, 0.88
#: The bits of a float64 that alone are the power of 2 at its size or below.
_EXPONENT = 0x7FF0_0000_0000_0000
#: A gradient or tangent has so many samples.
_GRADIENT = 1


def has_gradient(program: Program) -> bool:
    """Whether it takes gradients or tangents."""
    return any(len(samples) == _GRADIENT for samples in program.samples)


def gradient_size(program: Program, inputs: Sequence[Tensor]) -> Tensor:
    """The size of the gradient at each point, with which results grow; 1 where there is not one."""
    pairs = zip(inputs, program.samples, strict=True)
    given = [x.abs() for x, samples in pairs if len(samples) == _GRADIENT]
    return given[0] if len(given) == 1 else torch.ones_like(inputs[0])


def verdict(label: str, determines: Sequence[str], find: Callable[[], str]) -> str:
    """A verdict that was found before, with these texts, or is found now."""
    key = hashlib.sha256("\n".join(determines).encode()).hexdigest()
    known = cache.fetch(key)
    if known is None:
        known = find().encode()
        cache.put(key, known, label)
    return known.decode()


def data_size(program: Program, inputs: Sequence[Tensor]) -> Tensor:
    """The size of the data at each point."""
    named = zip(program.inputs, inputs, strict=True)
    data = [x.abs() for name, x in named if name in program.data]
    return torch.stack(data or [torch.zeros_like(inputs[0])]).amax(0)


def shares_of_bar(
    got: Tensor, wanted: Tensor, size: Tensor, bar: float, derivative: bool, dtype: str
) -> Tensor:
    """Errors as multiples of what is allowed."""
    allowed = bar * last_place(wanted, dtype) * torch.where(size > FAR, STRICTER, 1.0)
    if derivative and dtype == "float32":  # near a zero of the slope its largest size counts
        floor = bar * FLOATS[dtype][0] * largest_wanted(wanted, size)
        allowed = torch.where(size <= 8, allowed.clamp(min=floor), allowed)
    return shares(got, wanted, allowed)


def last_place(wanted: Tensor, dtype: str) -> Tensor:
    """The unit of the last place of what is stored, at each number of float64; at 0 that of 1/2,
    since terms may cancel to it that leave a rounding of theirs."""
    relative, smallest = FLOATS[dtype]
    power = (wanted.view(torch.int64) & _EXPONENT).view(torch.float64)
    return power.masked_fill_(wanted == 0, 0.5).mul_(relative).clamp_(min=smallest)


def largest_wanted(wanted: Tensor, size: Tensor) -> float:
    """The largest size of what is wanted, where the data are not large."""
    return float(wanted[size <= 4].abs().nan_to_num(0.0, 0.0, 0.0).max())


def shares(got: Tensor, wanted: Tensor, allowed: Tensor) -> Tensor:
    """Errors as multiples of these."""
    rounded = wanted.float()
    same = (got == rounded) | (got.isnan() & rounded.isnan())
    # a rounding may carry a value over the edge, or keep it from there
    edge = (wanted.abs() / torch.finfo(torch.float32).max - 1).abs() < 2.0**-22
    error = (got.double() - wanted).abs_().div_(allowed).nan_to_num_(math.inf)
    return error.masked_fill_(same | edge, 0.0)


def trial_inputs(program: Program, dtype: str, step: int = 1) -> list[Tensor]:
    """The inputs at the points of the comparison, or at every so manieth of them; to be read only.

    First each that carries data goes along the line while the others are ordinary; then all of the
    data is mixed, and parameters are up to eight times as large or as small. Data alone has nothing
    to be mixed with.
    """
    named = zip(program.inputs, program.samples, strict=True)
    kinds = tuple((name in program.data, samples[0]) for name, samples in named)
    return [*_trial_columns(kinds, dtype, step)]


@lru_cache(maxsize=2)  # most programs are of x, or of x and a gradient
def _trial_columns(
    kinds: tuple[tuple[bool, float], ...], dtype: str, step: int
) -> tuple[Tensor, ...]:
    """The inputs of a program, of which each carries data or not and has an ordinary value."""
    generator = torch.Generator().manual_seed(0)
    line = _line() if dtype == "float32" else _every(getattr(torch, dtype))
    line = line[::step].contiguous()
    data = sum(carries for carries, _ in kinds)
    whose, number = torch.arange(len(line)) % max(data, 1), 0
    if len(kinds) == data == 1:
        return (line,)
    columns = []
    for carries, sample in kinds:
        ordinary = sample * (0.5 + torch.rand(len(line), generator=generator))
        if carries:
            mixed = line[torch.randperm(len(line), generator=generator)]
            turns = torch.where(whose == number, line, 4 * ordinary - 2)
            columns.append(torch.cat([turns, mixed]))
            number += 1
        else:
            scale = 6 * torch.rand(len(line), generator=generator) - 3
            columns.append(torch.cat([ordinary, sample * torch.exp2(scale)]))
    return tuple([column.float() for column in columns])


def _line() -> Tensor:
    """All sizes that float32 has, and the middle of the line more closely."""
    generator = torch.Generator().manual_seed(1)
    sizes = torch.exp2(277 * torch.rand(2**14, generator=generator, dtype=torch.float64) - 149)
    middle = torch.exp2(12 * torch.rand(2**16, generator=generator) - 6)
    some = torch.cat([sizes.float(), middle, torch.tensor([0.0, math.inf])])
    return torch.cat([some, -some])


def _every(dtype: torch.dtype) -> Tensor:
    """Every number of a 16-bit dtype."""
    bits = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16)
    return bits.view(dtype).float()
