"""The text of a kernel: a program put into a loop over memory.

A kernel is one of two regions (regions.py). Both run the same ``span``, over elements that lie side
by side or a stride apart: vector after vector is loaded, converted, computed, rounded once and
stored. A vector that is whole and dense is used where it lies; any other, such as the last one,
goes through a buffer and is computed as if it were whole, so that a value depends neither on the
size nor on the strides. A module holds the region that is called: with both of them the compiler
would take nearly twice as long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ogive.engine.cpu.operands import CODES, Operand, rounding
from ogive.engine.cpu.regions import REGIONS
from ogive.expr import Program
from ogive.printers.llvm import (
    I64,
    POINTER,
    Arithmetic,
    Function,
    Module,
    Register,
    Type,
    define_program,
    vector,
)
from ogive.printers.llvm.conversions import CHECKED, STORED, loaded, rounded

_DOUBLE = Type("double")


def kernel(
    program: Program, operands: tuple[Operand, ...], arithmetic: Arithmetic, region: str = "flat"
) -> str:
    """The module of a program, its inputs and then its outputs being the operands."""
    module, coded = Module(), sum(o.dtype in CODES for o in operands if o.role == "out")
    body = define_program(module, "body", program, arithmetic, coded)
    inputs = {f"{letter}{k}": t for k in range(len(operands)) for letter, t in _PLACE.items()}
    made = rounding(program, operands)
    span = module.define(
        "span",
        {**inputs, "count": I64},
        lambda f, *given: _Span(f, body, operands, arithmetic, made, given).write(given[-1]),
        # inlined in `rows`, whose stack grows with the dimensions, LLVM 22 loses its place (AVX2)
        "noinline",
    )
    inputs = {"a": POINTER, "thread": I64, "threads": I64}
    module.define(region, inputs, lambda f, *a: REGIONS[region](f, operands, span, *a), "", "")
    return module.text()


_PLACE = {"p": POINTER, "s": I64}


class _Span:
    """The function of each operand's place and stride, and of the number of elements, above 0."""

    def __init__(
        self,
        function: Function,
        body: str,
        operands: Sequence[Operand],
        arithmetic: Arithmetic,
        rounding: Mapping[int, str],
        given: Sequence[Register],
    ) -> None:
        self.function, self.body, self.rounding = function, body, rounding
        self.operands = list(enumerate(operands))
        self.places, self.strides = given[:-1:2], given[1::2]
        self.type = vector(arithmetic.format)
        self.lanes, self.double = self.type.lanes, self.type.of("double")
        #: the operands with an element of their own for every step
        self.moving = [(k, o) for k, o in self.operands if o.access != "one"]
        #: what is added up in a register
        self.sums = [k for k, o in self.operands if o.role == "sum" and o.access == "one"]

    def write(self, count: Register) -> None:
        """A loop over the complete vectors, which has nothing else to think of, then the rest."""
        f = self.function
        self.buffers = {k: f.stack(o.vector(self.lanes), 64) for k, o in self.moving}
        self.fixed = {
            k: self.number(self.places[k].load(Type(STORED[o.dtype]), 1).splat(self.lanes), o)
            for k, o in self.operands
            if o.role == "in" and o.access == "one"
        }
        doubles, zeros = [self.double] * len(self.sums), [0.0] * len(self.sums)
        loop, rest = f.block("loop", I64, *doubles), f.block("rest", *doubles)
        partial, end = f.block("partial"), f.block("end", *doubles)
        whole = count & -self.lanes
        f.branch(whole.compare("ne", 0), loop(0, *zeros), rest(*zeros))
        i, *sums = f.begin(loop)
        sums = self.step(i, i.number(self.lanes), sums, whole=True)
        following = i + self.lanes
        f.branch(following.compare("ult", whole), loop(following, *sums), rest(*sums))
        sums = [*f.begin(rest)]
        left = count - whole
        f.branch(left.compare("ne", 0), partial(), end(*sums))
        f.begin(partial)
        f.jump(end(*self.step(whole, left, sums, whole=False)))
        for k, total in zip(self.sums, f.begin(end), strict=True):
            self.finish(self.places[k], total)

    def step(
        self, i: Register, n: Register, sums: Sequence[Register], whole: bool
    ) -> list[Register]:
        """One vector from element i on, of which n lanes count; what is added up with it."""
        sources, used = {}, {}
        for k, o in self.moving:
            offset = i * self.strides[k] if o.access == "stride" else o.offset(i)
            sources[k] = used[k] = self.places[k].at(offset)
            if whole and o.access == "each":
                continue
            used[k] = self.buffers[k]
            if o.role != "out":
                if not whole:
                    used[k].store(self.function.number(o.vector(self.lanes), 0), 64)
                self.copy(o, n, used[k], o.size, sources[k], self.pace(k, o))
        sums = self.compute(used, n, sums, whole)
        for k, o in self.moving:
            if used[k] is not sources[k] and o.role != "in":
                self.copy(o, n, sources[k], self.pace(k, o), used[k], o.size)
        return sums

    def pace(self, k: int, o: Operand) -> Register | int:
        """How many bytes one element lies after the other."""
        return self.strides[k] if o.access == "stride" else o.size

    def copy(self, o: Operand, n: Register, *given: Register | int) -> None:
        """n elements to a place, a step apart, from another, a pace apart."""
        count = (n * CODES[o.dtype] + 7) >> 3 if o.dtype in CODES else n
        module = self.function.module
        name = module.define(f"copy{8 * o.size}", _COPIED, _copy(Type(f"i{8 * o.size}")), "")
        self.function.call(name, *map(n.number, given), count)

    def compute(
        self, places: Mapping[int, Register], n: Register, sums: Sequence[Register], whole: bool
    ) -> list[Register]:
        """The program on what lies at the places; what is added up with its results."""
        given = [
            self.fixed.get(k) or self.number(places[k].load(o.vector(self.lanes), 1), o)
            for k, o in self.operands
            if o.role == "in"
        ]
        written = [(k, o) for k, o in self.operands if o.role != "in"]
        before, after = iter(sums), []
        for (k, o), result in zip(written, self.function.call(self.body, *given), strict=True):
            if o.role == "out":
                places[k].store(rounded(result, o.dtype, self.rounding.get(k, CHECKED)), 1)
                continue
            wide = result.to("double", "fpext")
            if o.access == "each":
                places[k].store(places[k].load(self.double, 1) + wide, 1)
            else:
                counted = wide if whole else n.first(self.lanes).select(wide, 0.0)
                after.append(next(before) + counted)
        return after

    def number(self, value: Register, o: Operand) -> Register:
        return loaded(value, o.dtype, self.type)

    def finish(self, place: Register, sums: Register) -> None:
        """What was added up in the lanes is added to what lies there."""
        name, zero = f"llvm.vector.reduce.fadd.{self.double.suffix}", _DOUBLE.number(-0.0)
        start = Register(self.function, _DOUBLE, zero)
        total = self.function.foreign(name, _DOUBLE, start, sums, flags="reassoc ")
        place.store(place.load(_DOUBLE, 8) + total, 8)


_COPIED = {"to": POINTER, "step": I64, "from": POINTER, "pace": I64, "n": I64}


def _copy(type: Type) -> Callable[..., None]:
    def build(f: Function, *given: Register) -> None:
        to, step, source, pace, n = given
        with f.loop(n) as i:
            offset, origin = i * step, i * pace
            target, origin = to.at(offset), source.at(origin)
            target.store(origin.load(type, 1), 1)

    return build
