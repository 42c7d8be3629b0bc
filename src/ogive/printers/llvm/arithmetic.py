"""In which arithmetic a program is computed, and the functions that compute it so."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ogive.expr import Node, Program
from ogive.printers.llvm.body import define_function, named
from ogive.printers.llvm.builder import RARE, Function, Module
from ogive.printers.llvm.notation import vector
from ogive.printers.llvm.printer import LLVMPrinter
from ogive.printers.llvm.typed_values import Register
from ogive.printers.machine import FLOAT64, Format

#: Up to this size, products of two exponentials stay in float32's range.
NEAR = 40.0


@dataclass(frozen=True)
class Arithmetic:
    """float32 or float64; or float32 while the data is at most ``within`` in size, float64 beyond.

    The far elements are rare, or the near ones would not be worth a branch. The near ones can
    have ``forms`` of their own, which need not care for large inputs: ``near``. ``close`` forms
    have fewer roundings. In float64 the ``short`` forms have the digits that float32 results need.
    ``plain_codes`` keeps codes out of the forms.
    """

    format: Format
    within: float = math.inf
    forms: str = ""
    plain_codes: bool = False

    @property
    def lanes(self) -> int:
        return vector(self.format).lanes

    def printer(self, program: Program) -> LLVMPrinter:
        return LLVMPrinter(self.format, program.data if self.forms == "near" else (), self.forms)

    def differs(self, program: Program) -> bool:
        """Whether its forms make a difference to the program."""
        return not self.forms or self.printer(program).has_forms(program)


def define_program(
    module: Module, name: str, program: Program, arithmetic: Arithmetic, codes: int = 0
) -> str:
    """The program's function of vectors.

    Args:
        codes: so many outputs, the last ones, leave the others as they would be without them.
    """
    type = vector(arithmetic.format)
    printer = arithmetic.printer(program)
    coder = LLVMPrinter(arithmetic.format) if arithmetic.plain_codes else printer
    outputs = _outputs(program, codes, printer, coder)
    if arithmetic.within == math.inf:
        return define_function(module, name, program.inputs, outputs, type)
    near = define_function(module, "near", program.inputs, outputs, type)
    double = vector(FLOAT64, arithmetic.lanes)
    wide = _outputs(program, codes, LLVMPrinter(FLOAT64), LLVMPrinter(FLOAT64))
    far = define_function(module, "far", program.inputs, wide, double, RARE)

    def near_or_far(function: Function, *given: Register) -> Sequence[Register]:
        """Calls ``far`` too if there is data beyond the bound."""
        usual = function.call(near, *given)
        named_given = zip(program.inputs, given, strict=True)
        beyond = _beyond([g for i, g in named_given if i in program.data], arithmetic.within)

        def rare() -> Iterator[Register]:
            values = function.call(far, *[g.to(double.element, "fpext") for g in given])
            return (v.to(type.element, "fptrunc") for v in values)

        return function.rarely(beyond, usual, rare)

    return module.define(named(name), dict.fromkeys(program.inputs, type), near_or_far)


def _beyond(data: Sequence[Register], limit: float) -> Register:
    """The mask of the lanes where some of the data is larger in size than the limit."""
    found, *others = [x.intrinsic("fabs").compare("ogt", limit) for x in data]
    for one in others:
        found = found | one
    return found


def _outputs(
    program: Program, codes: int, printer: LLVMPrinter, coder: LLVMPrinter
) -> tuple[Node, ...]:
    """The outputs as printed, the codes on their own."""
    numbers, coded = _parts(program, codes)
    return (*printer.outputs(numbers), *coder.outputs(coded))


@lru_cache(maxsize=1024)  # each part finds out once where it needs guards
def _parts(program: Program, codes: int) -> tuple[Program, Program]:
    """The program of the numbers and that of the codes."""
    first = len(program.outputs) - codes
    return (
        replace(program, outputs=program.outputs[:first]),
        replace(program, outputs=program.outputs[first:]),
    )
