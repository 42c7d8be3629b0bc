"""What is added up at a place: sums for each unit, over the samples of a step.

The rows of an elementwise activation are one program, so a kernel reads a tensor once, and adds up
in float64; where no engine has kernels, torch's operators do the same. Of a very large tensor so
many numbers are looked at, every other one, every third, in turn: a share p of n looked at has
the standard error sqrt(p (1 - p) / n), and n is reported.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ogive.engine import Call, Output, compute
from ogive.engine.selection import KERNELS, choose
from ogive.errors import EngineError
from ogive.expr import Program
from ogive.monitor.slopes import SLOPE_ROWS, SlopeJudge

#: The rows of a softmax: how many rows of the tensor were looked at, the sum of their entropies
#: over the largest there can be, how many are one number, sums of squares of the Jacobian.
SOFTMAX_ROWS = (
    "count",
    "entropy",
    "collapsed",
    "jacobian",
    "numbers",
    "z",
    "z2",
    "f",
    "f2",
    "zero",
)
#: Sums of a gradient: squares, how many numbers, those that are not 0, those that are subnormal.
GRADIENT_ROWS = ("square", "count", "nonzero", "subnormal")
#: What runs the programs of places, made ready; so many at most.
_PREPARED: dict[Any, Any] = {}
_MOST_PREPARED = 1024
#: Logits below it are masked, whatever number says so: -inf, the least of a format, -10,000.
MASKED_BELOW = -9e3
#: So many values are kept for pictures.
SHOWN_VALUES = 512


@dataclass
class Tally:
    """The sums of one place.

    Attributes:
        name: of the place.
        entry: the name of the activation.
        judge: what its samples are asked; None for rowwise ones.
        dim: the dimension of the units.
        sums: (rows, units).
        gradients: (2, 4): at z, and at f(z).
        values: some pre-activations of the last call.
        weights: the parameters that z comes from, by name.
        one_in: of so many numbers one was looked at.
        note: what could not be measured.
        temperature: by which logits are divided.
        units: how many there are, where the sums do not tell.
    """

    name: str
    entry: str
    judge: SlopeJudge | None
    dim: int = -1
    sums: Tensor | None = None
    gradients: Tensor | None = None
    values: Tensor | None = None
    dtype: torch.dtype = torch.float32
    weights: tuple[str, ...] = ()
    one_in: int = 1
    note: str = ""
    temperature: float = math.nan
    units: int = 0

    @property
    def rows(self) -> tuple[str, ...]:
        """The names of the rows of the sums."""
        return SOFTMAX_ROWS if self.judge is None else SLOPE_ROWS

    def add(self, sums: Tensor) -> None:
        """Adds the sums of a call."""
        if self.sums is None or self.sums.shape != sums.shape:
            self.sums = sums
        else:
            self.sums = self.sums + sums

    def add_gradient(self, gradient: Tensor, of_output: bool, most: int) -> None:
        """Adds the sums of a gradient."""
        if self.gradients is None:
            self.gradients = torch.zeros(2, 4, dtype=_sum_dtype(gradient), device=gradient.device)
        self.gradients[int(of_output)] += gradient_sums(gradient, most)


def _sum_dtype(x: Tensor) -> torch.dtype:
    return torch.float32 if x.device.type == "mps" else torch.float64


def looked_at(z: Tensor, dim: int, most: int, turn: int) -> tuple[Tensor, int]:
    """At most so many of the numbers, evenly spread over all dimensions but that of the units; of
    how many each is one. ``turn`` says with which to begin."""
    taken = 1
    while z.numel() > most:
        sizes = [1 if d == dim else size for d, size in enumerate(z.shape)]
        longest = max(range(z.dim()), key=sizes.__getitem__)
        step = min(math.ceil(z.numel() / most), sizes[longest])
        if step < 2:
            break
        index = [slice(None)] * z.dim()
        index[longest] = slice(turn % step, None, step)
        z, taken = z[tuple(index)], taken * step
    return z, taken


def slope_sums(judge: SlopeJudge, z: Tensor, dim: int, parameters: Sequence[Tensor] = ()) -> Tensor:
    """The rows of ``slopes.SLOPE_ROWS`` for each unit along a dimension.

    Args:
        judge: what is asked.
        z: the pre-activations.
        dim: the dimension of the units.
        parameters: the judge's learned parameters, in shapes that broadcast.
    """
    units = z.shape[dim]
    shape = tuple(units if d == dim else 1 for d in range(z.dim()))
    dtype = _sum_dtype(z)
    made = _computed(judge.program, shape, dtype, (z, *parameters))
    count = torch.full((units,), z.numel() / units, dtype=dtype, device=z.device)
    return torch.stack([count, *(row.reshape(units) for row in made)])


def _computed(
    program: Program, shape: tuple[int, ...], dtype: torch.dtype, tensors: tuple[Tensor, ...]
) -> Sequence[Tensor]:
    """The outputs of a program, summed to a shape; what runs it is made ready once for tensors that
    lie alike."""
    engine, _ = choose(tensors, None)
    like = [(t.dtype, t.shape, t.stride(), t.device) for t in tensors]
    key = (program, shape, dtype, engine, *like)
    runner = _PREPARED.get(key)
    if runner is None:
        outputs = tuple(Output(dtype, shape) for _ in program.outputs)
        call = Call(program, outputs, (False,) * len(tensors))
        if engine not in KERNELS:
            return compute(call, tensors)
        try:
            runner = KERNELS[engine].prepare(call, tensors).run
        except EngineError:
            return compute(call, tensors)
        if len(_PREPARED) >= _MOST_PREPARED:
            _PREPARED.clear()
        _PREPARED[key] = runner
    made: Sequence[Tensor] = runner(*tensors)
    return made


def softmax_sums(z: Tensor, dim: int, threshold: float) -> Tensor:
    """The rows of ``SOFTMAX_ROWS``, of logits along a dimension."""
    wide = z.movedim(dim, -1).to(_sum_dtype(z))
    wide = wide.reshape(-1, wide.shape[-1])
    real = torch.isfinite(wide) & (wide > MASKED_BELOW)
    valid = real.sum(-1)
    p = torch.softmax(wide, -1)
    entropy = torch.special.entr(p).sum(-1) / valid.clamp(min=2).to(wide.dtype).log()
    choice = valid > 1
    entropy = torch.where(choice, entropy, torch.zeros_like(entropy))
    square, cube = (p * p).sum(-1), (p * p * p).sum(-1)
    jacobian = (square - 2 * cube + square * square) / p.shape[-1]
    kept = torch.where(real, wide, torch.zeros_like(wide))
    numbers = torch.stack(
        [
            choice.sum(), entropy.sum(), (choice & (entropy < threshold)).sum(), jacobian.sum(),
            real.sum(), kept.sum(), (kept * kept).sum(), p.sum(), square.sum(),
            (real & (p == 0)).sum(),
        ]
    )  # fmt: skip
    return numbers.to(wide.dtype).reshape(-1, 1)


def gradient_sums(gradient: Tensor, most: int) -> Tensor:
    """The sums of ``GRADIENT_ROWS``."""
    g, one_in = looked_at(gradient.detach().reshape(-1), -1, most, 0)
    wide = g.to(torch.float32) if g.dtype in (torch.float16, torch.bfloat16) else g
    square = torch.linalg.vector_norm(wide, dtype=_sum_dtype(g)).square() * one_in
    count = torch.full_like(square, gradient.numel())
    if g.dtype not in (torch.float16, torch.bfloat16):
        return torch.stack([square, count, count, torch.zeros_like(square)])
    size = g.abs()
    nonzero, small = size > 0, size < torch.finfo(g.dtype).smallest_normal
    return torch.stack(
        [square, count, nonzero.sum() * one_in, (nonzero & small).sum() * one_in]
    ).to(square.dtype)


def shown_values(z: Tensor) -> Tensor:
    """Some of the numbers, for pictures."""
    flat = z.detach().reshape(-1)
    step = max(1, flat.numel() // SHOWN_VALUES)
    return flat[::step][:SHOWN_VALUES].to(torch.float32)
