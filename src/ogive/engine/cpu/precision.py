"""Which arithmetic a kernel for float32 or 16-bit numbers uses: float32 where that is good enough.

A formula may lose digits in float32 that its inputs and outputs have: a difference cancels, an
exponent is rounded before it is used. So each program is computed both ways on numbers from the
whole line, once, and gets float64, rounded once at the end, where float32 is further off than the
bars below: in forms with the digits that a float32 needs, where those do, or with all digits. The
verdict depends on the program alone, and is kept with the kernels.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from ogive.engine import cache
from ogive.engine.cpu import compiler, threads
from ogive.engine.cpu.loops import kernel
from ogive.engine.cpu.operands import CODES, Operand
from ogive.expr import Program
from ogive.printers.llvm import NEAR, Arithmetic
from ogive.printers.machine import FLOAT32, FLOAT64, FLOATS


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
#: The arithmetics from the cheapest on, each with forms only for programs that have them.
CANDIDATES = (
    Arithmetic(FLOAT32, NEAR, "near"),
    Arithmetic(FLOAT32),
    Arithmetic(FLOAT32, forms="close"),
    Arithmetic(FLOAT64, forms="short"),
)
#: Beyond this size a branch costs next to nothing, and the bars are this much lower: some 160,000
#: numbers do not show the worst of all.
_FAR, STRICTER = 12.0, 0.88
#: Beyond one of these sizes an element is rare enough to be computed in float64 on its own.
LIMITS = (3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0, NEAR)
#: The most that a number may be off that is rounded to a code.
OFF = 0.02
#: A gradient or tangent has so many samples.
_GRADIENT = 1


def arithmetic(program: Program, operands: tuple[Operand, ...]) -> Arithmetic:
    """The cheapest arithmetic that is good enough for operands like these.

    Codes do not matter: what is computed beside them has the same digits as without them, and
    float32 is more than enough for what is computed from them.
    """
    dtypes = [o.dtype for o in operands]
    if "float64" in dtypes:
        return Arithmetic(FLOAT64)
    given, written = operands[: len(program.inputs)], operands[len(program.inputs) :]
    if any(o.dtype in CODES for o in given):
        return Arithmetic(FLOAT32)
    if any(o.dtype in CODES for o in written):
        return _with_codes(program, given, written)
    dtype = dtypes[len(program.inputs)]
    candidates = [c for c in CANDIDATES if c.differs(program)]
    if program.needs_float64:
        candidates = [c for c in candidates if c.format is FLOAT64]
    texts = [_probe(program, c, "float32") for c in candidates]
    wide = _probe(program, Arithmetic(FLOAT64), "float64")
    found = _kept(
        f"{program.name} arithmetic for {dtype}",
        [f"{dtype} {BARS[dtype]} {LIMITS} {_FAR} {STRICTER}", *texts, wide],
        lambda: _verdict(program, candidates, texts, wide, dtype),
    )
    number, _, within = found.partition(" ")
    return replace(candidates[int(number)], within=float(within)) if within else Arithmetic(FLOAT64)


def _with_codes(
    program: Program, given: Sequence[Operand], written: Sequence[Operand]
) -> Arithmetic:
    """The arithmetic of the numbers alone, in the codes' own forms where its forms spoil them."""
    outputs = list(zip(program.outputs, written, strict=True))
    numbers, codes = (
        replace(program, outputs=tuple(x for x, o in outputs if (o.dtype in CODES) is coded))
        for coded in (False, True)
    )
    found = arithmetic(numbers, (*given, *(o for o in written if o.dtype not in CODES)))
    if not found.forms:
        return found
    narrow, wide = _probe(codes, found, "float32"), _probe(codes, Arithmetic(FLOAT64), "float64")
    right = _kept(
        f"{program.name} codes",
        [f"codes {OFF}", narrow, wide],
        lambda: "right" if _codes_are_right(codes, narrow, wide) else "wrong",
    )
    return found if right == "right" else replace(found, plain_codes=True)


def _kept(label: str, determines: Sequence[str], find: Callable[[], str]) -> str:
    """A verdict that was found before, with these texts, or is found now."""
    key = hashlib.sha256("\n".join(determines).encode()).hexdigest()
    verdict = cache.fetch(key)
    if verdict is None:
        verdict = find().encode()
        cache.put(key, verdict, label)
    return verdict.decode()


def _codes_are_right(program: Program, narrow: str, wide: str) -> bool:
    """Whether codes come out as in float64, but for those in the middle between two."""
    inputs = _inputs(program, "float32")
    got = _outputs(program, narrow, torch.float32, inputs)
    wanted = _outputs(program, wide, torch.float64, inputs)
    pairs = zip(got, wanted, strict=True)
    return all(
        bool(((g - w).abs() <= OFF).logical_or(g.isnan() & w.isnan()).all()) for g, w in pairs
    )


def _verdict(
    program: Program, candidates: list[Arithmetic], texts: list[str], wide: str, dtype: str
) -> str:
    """The number of the first candidate that is good enough, and up to which size of the data."""
    inputs, derivative = _inputs(program, dtype), any(len(s) == _GRADIENT for s in program.samples)
    wanted, size = _outputs(program, wide, torch.float64, inputs), _size(program, inputs)
    bars = BARS[dtype]
    for number, (candidate, text) in enumerate(zip(candidates, texts, strict=True)):
        narrow = candidate.format is FLOAT32
        bar = (bars.derivative if derivative else bars.function) if narrow else bars.short
        pairs = zip(_outputs(program, text, torch.float32, inputs), wanted, strict=True)
        errors = [_error(g, w, size, bar, derivative, dtype) for g, w in pairs]
        wrong = size[torch.stack(errors).amax(0) > 1]
        first = float(wrong.min()) if wrong.numel() else math.inf
        below = [limit for limit in LIMITS if narrow and 1.02 * limit < first]
        within = candidate.within if first == math.inf else max(below, default=0.0)
        if within:
            return f"{number} {within}"
    return "none"


def _size(program: Program, inputs: list[Tensor]) -> Tensor:
    """The size of the data at each point."""
    named = zip(program.inputs, inputs, strict=True)
    data = [x.abs() for name, x in named if name in program.data]
    return torch.stack(data or [torch.zeros_like(inputs[0])]).amax(0)


@lru_cache(maxsize=64)  # the trials for all three dtypes run the same kernels
def _probe(program: Program, arithmetic: Arithmetic, stored: str) -> str:
    inputs = (Operand("float32"),) * len(program.inputs)
    outputs = (Operand(stored, "out"),) * len(program.outputs)
    return kernel(program, inputs + outputs, arithmetic)


def _outputs(
    program: Program, source: str, dtype: torch.dtype, inputs: list[Tensor]
) -> list[Tensor]:
    outputs = [torch.empty(inputs[0].shape, dtype=dtype) for _ in program.outputs]
    places = [t.data_ptr() for t in (*inputs, *outputs)]
    region = compiler.load(source, f"{program.name} probe").address("flat")
    threads.pool()(region, 1, *places, inputs[0].numel())
    return outputs


def _error(
    got: Tensor, wanted: Tensor, size: Tensor, bar: float, derivative: bool, dtype: str
) -> Tensor:
    """Errors as multiples of what is allowed."""
    relative, smallest = FLOATS[dtype]
    _, exponent = torch.frexp(wanted)
    place = torch.ldexp(torch.full_like(wanted, relative), exponent - 1).clamp(min=smallest)
    allowed = bar * place * torch.where(size > _FAR, STRICTER, 1.0)
    if derivative and dtype == "float32":  # near a zero of the slope its largest size counts
        scale = wanted[size <= 4].abs().nan_to_num(0.0, 0.0, 0.0).max()
        floor = bar * relative * float(scale)
        allowed = torch.where(size <= 8, allowed.clamp(min=floor), allowed)
    rounded = wanted.float()
    same = (got == rounded) | (got.isnan() & rounded.isnan())
    # a rounding may carry a value over the edge, or keep it from there
    edge = (wanted.abs() / torch.finfo(torch.float32).max - 1).abs() < 2.0**-22
    error = torch.where(same | edge, 0.0, (got.double() - wanted).abs() / allowed)
    return error.nan_to_num(math.inf)


def _inputs(program: Program, dtype: str) -> list[Tensor]:
    """The inputs at the points of the comparison.

    First each that carries data goes along the line while the others are ordinary; then all of the
    data is mixed, and parameters are up to eight times as large or as small.
    """
    generator = torch.Generator().manual_seed(0)
    line = _line() if dtype == "float32" else _every(getattr(torch, dtype))
    whose = torch.arange(len(line)) % max(len(program.data), 1)
    columns = []
    for name, samples in zip(program.inputs, program.samples, strict=True):
        ordinary = samples[0] * (0.5 + torch.rand(len(line), generator=generator))
        if name in program.data:
            turn = whose == program.data.index(name)
            mixed = line[torch.randperm(len(line), generator=generator)]
            columns.append(torch.cat([torch.where(turn, line, 4 * ordinary - 2), mixed]))
        else:
            scale = 6 * torch.rand(len(line), generator=generator) - 3
            columns.append(torch.cat([ordinary, samples[0] * torch.exp2(scale)]))
    return [column.float() for column in columns]


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
