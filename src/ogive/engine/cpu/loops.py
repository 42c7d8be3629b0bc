"""The text of a kernel: a program put into a loop over memory.

A kernel is one of two regions (regions.py). Both run the same ``span``, over elements that lie side
by side or a stride apart, and that runs ``vectors``: vector after vector is loaded, converted,
computed, rounded once and stored. What is left at the end goes through buffers and is computed as a
whole vector by the same code, so that a value depends neither on the size nor on the strides, and
the program is compiled once. A module holds the region that is called: with both of them the
compiler would take longer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ogive.engine.cpu.compiler import STRAIGHT
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
#: Bytes from one element to the next.
_Step = Register | int


def kernel(
    program: Program,
    operands: tuple[Operand, ...],
    arithmetic: Arithmetic,
    region: str = "flat",
    start: str = STRAIGHT,
) -> str:
    """The module of a program, its inputs and then its outputs being the operands; how its text
    begins says how it is compiled (compiler.py)."""
    module, coded = Module(), sum(o.dtype in CODES for o in operands if o.role == "out")
    body = define_program(module, "body", program, arithmetic, coded)
    places = {f"{letter}{k}": t for k in range(len(operands)) for letter, t in _PLACE.items()}
    made = rounding(program, operands)

    def vectors(f: Function, *given: Register) -> None:
        _Vectors(f, given, operands, arithmetic).write(body, made)

    def span(f: Function, *given: Register) -> None:
        _Span(f, given, operands, arithmetic).write()

    given = {**places, "count": I64}
    # out of line, or the program would be compiled twice
    module.define("vectors", given, vectors, "noinline")
    # inlined in `rows`, whose stack grows with the dimensions, LLVM 22 loses its place (AVX2)
    module.define("span", given, span, "noinline" if region == "rows" else "alwaysinline")
    inputs = {"a": POINTER, "thread": I64, "threads": I64}
    module.define(region, inputs, lambda f, *a: REGIONS[region](f, operands, "span", *a), "", "")
    return start + module.text()


_PLACE = {"p": POINTER, "s": I64}


class _Elements:
    """Each operand's place and stride, and the number of elements, above 0."""

    def __init__(
        self,
        function: Function,
        given: Sequence[Register],
        operands: Sequence[Operand],
        arithmetic: Arithmetic,
    ) -> None:
        self.function = function
        self.operands = list(enumerate(operands))
        self.places, self.strides, self.count = given[:-1:2], given[1::2], given[-1]
        self.type = vector(arithmetic.format)
        self.lanes, self.double = self.type.lanes, self.type.of("double")
        #: the operands with an element of their own for every step
        self.moving = [(k, o) for k, o in self.operands if o.access != "one"]
        #: what is added up in a register
        self.sums = [k for k, o in self.operands if o.role == "sum" and o.access == "one"]

    def place(self, k: int, o: Operand, i: Register) -> Register:
        """Where element i lies."""
        return self.places[k].at(i * self.strides[k] if o.access == "stride" else o.offset(i))

    def pace(self, k: int, o: Operand) -> _Step:
        """How many bytes one element lies after the other."""
        return self.strides[k] if o.access == "stride" else o.size

    def copy(
        self, o: Operand, n: Register, to: Register, step: _Step, source: Register, pace: _Step
    ) -> None:
        """n elements to a place, a step apart, from another, a pace apart."""
        count = (n * CODES[o.dtype] + 7) >> 3 if o.dtype in CODES else n
        if step == pace == o.size:
            to.fill(source, count * o.size)
            return
        module = self.function.module
        name = module.define(f"copy{8 * o.size}", _COPIED, _copy(Type(f"i{8 * o.size}")), "")
        self.function.call(name, to, n.number(step), source, n.number(pace), count)


class _Vectors(_Elements):
    """The function of complete vectors; it adds what is added up to the lanes of a vector."""

    def write(self, body: str, rounding: Mapping[int, str]) -> None:
        f, self.body, self.rounding = self.function, body, rounding
        apart = [(k, o) for k, o in self.moving if o.access == "stride"]
        self.buffers = {k: f.stack(o.vector(self.lanes), 64) for k, o in apart}
        self.fixed = {
            k: self.number(self.places[k].load(Type(STORED[o.dtype]), 1).splat(self.lanes), o)
            for k, o in self.operands
            if o.role == "in" and o.access == "one"
        }
        doubles = [self.double] * len(self.sums)
        loop, end = f.block("loop", I64, *doubles), f.block("end", *doubles)
        f.jump(loop(0, *[self.places[k].load(self.double, 64) for k in self.sums]))
        i, *sums = f.begin(loop)
        sums = self.step(i, sums)
        following = i + self.lanes
        f.branch(following.compare("ult", self.count), loop(following, *sums), end(*sums))
        for k, total in zip(self.sums, f.begin(end), strict=True):
            self.places[k].store(total, 64)

    def step(self, i: Register, sums: Sequence[Register]) -> list[Register]:
        """One vector from element i on; what is added up with it."""
        sources = {k: self.place(k, o, i) for k, o in self.moving}
        n = i.number(self.lanes)
        for k, o in self.moving:
            if k in self.buffers and o.role != "out":
                self.copy(o, n, self.buffers[k], o.size, sources[k], self.pace(k, o))
        sums = self.compute({**sources, **self.buffers}, sums)
        for k, o in self.moving:
            if k in self.buffers and o.role != "in":
                self.copy(o, n, sources[k], self.pace(k, o), self.buffers[k], o.size)
        return sums

    def compute(self, places: Mapping[int, Register], sums: Sequence[Register]) -> list[Register]:
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
                after.append(next(before) + wide)
        return after

    def number(self, value: Register, o: Operand) -> Register:
        return loaded(value, o.dtype, self.type)


class _Span(_Elements):
    """The function of any number of elements: complete vectors, and a last one in buffers."""

    def write(self) -> None:
        f = self.function
        self.buffers = {k: f.stack(o.vector(self.lanes), 64) for k, o in self.moving}
        sums = {k: f.stack(self.double, 64) for k in self.sums}
        last = {k: f.stack(self.double, 64) for k in self.sums}
        for k in self.sums:
            sums[k].store(f.number(self.double, 0.0), 64)
        whole = self.count & -self.lanes
        with f.when(whole.compare("ne", 0)):
            self.run(sums, self.strides, whole)
        left = self.count - whole
        with f.when(left.compare("ne", 0)):
            self.rest(whole, left, last)
            for k in self.sums:
                counted = left.first(self.lanes).select(last[k].load(self.double, 64), 0.0)
                sums[k].store(sums[k].load(self.double, 64) + counted, 64)
        for k in self.sums:
            self.finish(self.places[k], sums[k].load(self.double, 64))

    def run(
        self, places: Mapping[int, Register], strides: Sequence[_Step], count: Register
    ) -> None:
        """Calls ``vectors`` on these places, or the operand's own."""
        used = [places.get(k, place) for k, place in enumerate(self.places)]
        pairs = zip(used, map(count.number, strides), strict=True)
        self.function.call("vectors", *(a for pair in pairs for a in pair), count)

    def rest(self, first: Register, n: Register, sums: Mapping[int, Register]) -> None:
        """The n elements that make no complete vector, with zeros after them."""
        sources = {k: self.place(k, o, first) for k, o in self.moving}
        for k, o in self.moving:
            if o.role != "out":
                self.buffers[k].store(self.function.number(o.vector(self.lanes), 0), 64)
                self.copy(o, n, self.buffers[k], o.size, sources[k], self.pace(k, o))
        for place in sums.values():  # to which a number is added unchanged
            place.store(self.function.number(self.double, -0.0), 64)
        sizes = [o.size for _, o in self.operands]
        self.run({**self.buffers, **sums}, sizes, n.number(self.lanes))
        for k, o in self.moving:
            if o.role != "in":
                self.copy(o, n, sources[k], self.pace(k, o), self.buffers[k], o.size)

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
