"""Which arithmetic a kernel uses: the cheapest that gives the digits of what is stored.

Each program is computed on numbers from the whole line, in NumPy, before its kernel is made. The
arithmetic is the same on every GPU, for float32 to the last bit, so one verdict holds for all.
float64 is the last resort: most GPUs have little of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from ogive.engine import trial
from ogive.engine.triton.rehearsal import rehearsed
from ogive.engine.triton.tensors import CODED, Accessed
from ogive.expr import Program
from ogive.printers.machine import FLOAT32, FLOAT64, Format
from ogive.printers.triton import CLOSE, PRECISE, QUICK, SHORT, WIDER, TritonPrinter


class TritonArithmetic(NamedTuple):
    """The format in which a program is computed, and the forms of its functions."""

    format: Format
    forms: str


#: The arithmetics from the cheapest on, and the dtypes that are stored for which each is tried.
ARITHMETICS = {
    TritonArithmetic(FLOAT32, QUICK): ("bfloat16", "float16"),
    TritonArithmetic(FLOAT32, PRECISE): ("float32", "bfloat16", "float16"),
    TritonArithmetic(FLOAT32, CLOSE): ("float32",),
    TritonArithmetic(FLOAT32, WIDER): ("float32",),
    TritonArithmetic(FLOAT64, SHORT): ("float32", "bfloat16", "float16"),
}
_WIDE = TritonArithmetic(FLOAT64, PRECISE)
#: The largest errors of float32 results, in units of the last place: of some 36,000 numbers, so a
#: little less than the 3 and 4 units that kernels are held to.
_VALUE, _SLOPE = 2.85, 3.9
#: The same of 16-bit results before their own rounding; and how many gradients are held to it.
_HALF, _MOST = 0.008, 0.97
#: Results of what has underflown on the way have fewer digits.
_UNDERFLOWN = 2.0**-139
#: Up to this size of the data the largest size of a slope counts; beyond, slopes have a bar of
#: their own.
_NEAR_ZERO, _FARTHER = 16.0, 8.0
#: Data are tried up to this size; several together only where exp(-x) is a normal number.
_LARGE, _ORDINARY = 1e38, 87.0
#: Every so manieth number is tried; odd, so that all last digits come up.
_STEPS = {"float32": 9, "bfloat16": 5, "float16": 5}


#: What a verdict depends on beside the texts, with the number of the rules in `_good`.
_BARS = (
    3,
    _VALUE,
    _SLOPE,
    _HALF,
    _MOST,
    _UNDERFLOWN,
    _NEAR_ZERO,
    _FARTHER,
    _LARGE,
    _ORDINARY,
    _STEPS,
)


def triton_arithmetic(program: Program, operands: Sequence[Accessed]) -> TritonArithmetic:
    """The arithmetic for operands like these; codes have the digits of the numbers."""
    dtypes = [o.dtype for o in operands]
    given, written = dtypes[: len(program.inputs)], dtypes[len(program.inputs) :]
    if program.plain and "float64" not in given:
        return TritonArithmetic(FLOAT32, PRECISE)
    # a number that is passed in is float64: of 16-bit results it has more digits than they need
    if "float64" in written or ("float64" in given and "float32" in written):
        return _WIDE
    if any(d in CODED for d in given):
        return TritonArithmetic(FLOAT32, PRECISE if "float32" in written else QUICK)
    pairs = zip(program.outputs, written, strict=True)
    numbers = replace(program, outputs=tuple([o for o, d in pairs if d not in CODED]))
    return _chosen(numbers, "float32" if "float32" in written else written[0])


@lru_cache(maxsize=2048)
def _chosen(program: Program, dtype: str) -> TritonArithmetic:
    candidates = [c for c, dtypes in ARITHMETICS.items() if dtype in dtypes]
    if program.needs_float64:
        candidates = [c for c in candidates if c.format is FLOAT64]
    texts = [_text(program, c) for c in candidates]
    wide = _text(program, _WIDE)
    found = trial.verdict(
        f"{program.name} triton arithmetic for {dtype}",
        [f"{dtype} {_BARS}", *texts, wide],
        lambda: _tried(program, candidates, texts, wide, dtype),
    )
    return _WIDE if found == "none" else candidates[int(found)]


def _text(program: Program, arithmetic: TritonArithmetic) -> str:
    return TritonPrinter(*arithmetic).functions(program, "program")


def _tried(
    program: Program,
    candidates: Sequence[TritonArithmetic],
    texts: Sequence[str],
    wide: str,
    dtype: str,
) -> str:
    """The number of the first candidate that is good enough."""
    inputs = trial.trial_inputs(program, dtype, _STEPS[dtype])
    size, derivative = trial.data_size(program, inputs), trial.has_gradient(program)
    given = trial.gradient_size(program, inputs)
    # products of several numbers may leave float32 on the way, where these are extreme
    several = len(program.data) > 1
    held = size <= (_ORDINARY if several else _LARGE)
    wanted = rehearsed(wide, inputs, torch.float64)
    for number, (candidate, text) in enumerate(zip(candidates, texts, strict=True)):
        narrow = candidate.format is FLOAT32
        got = rehearsed(text, inputs, torch.float32 if narrow else torch.float64)
        pairs = zip(got, wanted, strict=True)
        if all(
            _good(g.float()[held], w[held], size[held], given[held], derivative, several, dtype)
            for g, w in pairs
        ):
            return str(number)
    return "none"


def _good(
    got: Tensor,
    wanted: Tensor,
    size: Tensor,
    given: Tensor,
    derivative: bool,
    several: bool,
    dtype: str,
) -> bool:
    """Whether results have the digits that are wanted of them: float32 all, 16-bit gradients nearly
    all; near a zero of a slope, in terms of the slope's largest size times the gradient given."""
    place, floor = trial.last_place(wanted, dtype), torch.full_like(wanted, _UNDERFLOWN)
    if derivative:
        largest = _SLOPE * 2.0**-23 * trial.largest_wanted(wanted / given, size) * given
        grown = size.clamp(min=4) / 4 if several else 1.0
        top = _ORDINARY if several else _NEAR_ZERO if dtype == "float32" else _LARGE
        floor = torch.where(size <= top, largest * grown, floor)
    if dtype == "float16":
        wanted, got = wanted.clamp(-1e5, 1e5), got.clamp(-1e5, 1e5)
    if dtype == "float32":
        most = _SLOPE if derivative or several else _VALUE
        bar = torch.where(size <= _NEAR_ZERO, most, _FARTHER if derivative else most)
        return bool((trial.shares(got, wanted, torch.maximum(bar * place, floor)) <= 1).all())
    close = trial.shares(got, wanted, torch.maximum(_HALF * place, floor)) <= 1
    if not derivative:
        return bool(close.all())
    near = trial.shares(got, wanted, torch.maximum(0.5 * place, floor)) <= 1
    return bool(near.all()) and float(close.double().mean()) >= _MOST
