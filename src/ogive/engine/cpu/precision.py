"""Which arithmetic a kernel for float32 or 16-bit numbers uses: float32 where that is good enough.

A formula may lose digits in float32 that its inputs and outputs have: a difference cancels, an
exponent is rounded before it is used. So each program is computed both ways on numbers from the
whole line, once, and gets float64, rounded once at the end, where float32 is further off than the
bars below: in forms with the digits that a float32 needs, where those do, or with all digits. The
verdict depends on the program alone, and is kept with the kernels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, lru_cache, partial

import torch
from torch import Tensor

from ogive.engine.cpu import compiler, threads
from ogive.engine.cpu.loops import kernel
from ogive.engine.cpu.operands import CODES, Operand
from ogive.engine.trial import (
    BARS,
    FAR,
    STRICTER,
    data_size,
    has_gradient,
    shares_of_bar,
    trial_inputs,
    verdict,
)
from ogive.expr import Program
from ogive.printers.llvm import NEAR, Arithmetic
from ogive.printers.machine import FLOAT32, FLOAT64

#: The arithmetics from the cheapest on, each with forms only for programs that have them.
CANDIDATES = (
    Arithmetic(FLOAT32, NEAR, "near"),
    Arithmetic(FLOAT32),
    Arithmetic(FLOAT32, forms="close"),
    Arithmetic(FLOAT64, forms="short"),
)
#: Beyond one of these sizes an element is rare enough to be computed in float64 on its own.
LIMITS = (3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0, NEAR)
#: Up to this size, squares are exponents in float32's range.
SQUARED = 8.0
#: The verdict on an arithmetic that is not good enough at any size.
NOWHERE = "none"
#: The most that a number may be off that is rounded to a code.
OFF = 0.02


def arithmetic(program: Program, operands: tuple[Operand, ...]) -> Arithmetic:
    """The cheapest arithmetic that is good enough for operands like these.

    Codes do not matter: what is computed beside them has the same digits as without them, and
    float32 is more than enough for what is computed from them.
    """
    dtypes = [o.dtype for o in operands]
    if program.plain and "float64" not in dtypes[: len(program.inputs)]:
        cheapest = next(c for c in CANDIDATES if c.differs(program))
        return replace(cheapest, within=SQUARED) if cheapest.forms == "near" else cheapest
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
    judge = _Judge(program, dtype)
    for candidate in candidates:
        text = _probe(program, candidate, "float32")
        within = verdict(
            f"{program.name} arithmetic for {dtype}",
            [f"{dtype} {BARS[dtype]} {LIMITS} {FAR} {STRICTER}", text, judge.text],
            partial(judge.within, candidate, text),
        )
        if within != NOWHERE:
            return replace(candidate, within=float(within))
    return Arithmetic(FLOAT64)


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
    right = verdict(
        f"{program.name} codes",
        [f"codes {OFF}", narrow, wide],
        lambda: "right" if _codes_are_right(codes, narrow, wide) else "wrong",
    )
    return found if right == "right" else replace(found, plain_codes=True)


@threads.waiting_for_nobody()
def _codes_are_right(program: Program, narrow: str, wide: str) -> bool:
    """Whether codes come out as in float64, but for those in the middle between two."""
    inputs = trial_inputs(program, "float32")
    got = _outputs(program, narrow, torch.float32, inputs)
    wanted = _outputs(program, wide, torch.float64, inputs)
    pairs = zip(got, wanted, strict=True)
    return all(
        bool(((g - w).abs() <= OFF).logical_or(g.isnan() & w.isnan()).all()) for g, w in pairs
    )


class _Judge:
    """A program in float64, against which arithmetics are tried; computed for the first of them."""

    def __init__(self, program: Program, dtype: str) -> None:
        self.program, self.dtype = program, dtype
        self.text = _probe(program, Arithmetic(FLOAT64), "float64")

    @cached_property
    def inputs(self) -> list[Tensor]:
        return trial_inputs(self.program, self.dtype)

    @cached_property
    def wanted(self) -> list[Tensor]:
        return _outputs(self.program, self.text, torch.float64, self.inputs)

    @cached_property
    def size(self) -> Tensor:
        return data_size(self.program, self.inputs)

    @threads.waiting_for_nobody()
    def within(self, candidate: Arithmetic, text: str) -> str:
        """Up to which size of the data an arithmetic is good enough."""
        narrow, derivative = candidate.format is FLOAT32, has_gradient(self.program)
        bars = BARS[self.dtype]
        bar = (bars.derivative if derivative else bars.function) if narrow else bars.short
        got = _outputs(self.program, text, torch.float32, self.inputs)
        errors = [
            shares_of_bar(g, w, self.size, bar, derivative, self.dtype)
            for g, w in zip(got, self.wanted, strict=True)
        ]
        wrong = self.size[torch.stack(errors).amax(0) > 1]
        first = float(wrong.min()) if wrong.numel() else math.inf
        if first == math.inf:
            return str(candidate.within)
        below = [limit for limit in LIMITS if narrow and 1.02 * limit < first]
        return str(max(below)) if below else NOWHERE


@lru_cache(maxsize=64)  # the trials for all three dtypes run the same kernels
def _probe(program: Program, arithmetic: Arithmetic, stored: str) -> str:
    inputs = (Operand("float32"),) * len(program.inputs)
    outputs = (Operand(stored, "out"),) * len(program.outputs)
    return kernel(program, inputs + outputs, arithmetic, start=compiler.ONCE)


def _outputs(
    program: Program, source: str, dtype: torch.dtype, inputs: list[Tensor]
) -> list[Tensor]:
    outputs = [torch.empty(inputs[0].shape, dtype=dtype) for _ in program.outputs]
    places = [t.data_ptr() for t in (*inputs, *outputs)]
    region = compiler.load(source, f"{program.name} probe").address("flat")
    threads.pool()(region, 1, *places, inputs[0].numel())
    return outputs
