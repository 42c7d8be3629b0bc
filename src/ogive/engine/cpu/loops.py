"""The loops of a kernel: vectors loaded, converted, computed, rounded once and stored.

The printer gives a function of vectors; here it is put into a loop over memory. A kernel is one of
two regions: ``flat`` for a thread's share of one stretch of memory, ``rows`` for a thread's share
of tensors with strides. Both run the same ``span``, vector after vector, an incomplete one through
a buffer: a value depends neither on the size nor on the way it is reached. A module holds the
region that is called: with both of them the compiler would take nearly twice as long.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ogive.engine import bit_packing
from ogive.expr import Node, Program
from ogive.expr.node import constant_value
from ogive.printers.llvm import TYPES, Arithmetic, globally, module
from ogive.printers.machine import FLOAT32, FLOAT64

SIZE = {"float32": 4, "float64": 8, "bfloat16": 2, "float16": 2}
STORED = {"float32": "float", "float64": "double", "bfloat16": "i16", "float16": "half"}
#: Bits of a code, by dtype; see bit_packing.py.
CODES = {f"code{bits}": bits for bits in bit_packing.BITS}
#: A thread's share is a multiple of this many elements.
GRAIN = 64


@dataclass(frozen=True)
class Operand:
    """A tensor that a kernel reads or writes.

    Attributes:
        role: ``in``, ``out``, or ``sum``: added up in float64, in a place of each thread's own.
        access: ``each`` element beside the last, ``one`` for the whole stretch, or ``stride``.
    """

    dtype: str
    role: str = "in"
    access: str = "each"

    @property
    def size(self) -> int:
        """Bytes of what is moved at once in memory: an element, or a byte of codes."""
        return 8 if self.role == "sum" else SIZE.get(self.dtype, 1)

    @property
    def bits(self) -> int:
        """Bits of an element in memory."""
        return CODES.get(self.dtype, 8 * self.size)

    @property
    def stored(self) -> str:
        """LLVM's type of what is moved at once in memory."""
        return "double" if self.role == "sum" else STORED.get(self.dtype, "i8")


def kernel(
    program: Program, operands: tuple[Operand, ...], arithmetic: Arithmetic, region: str = "flat"
) -> str:
    """The module of a program, its inputs and then its outputs being the operands."""
    coded = sum(o.dtype in CODES for o in operands if o.role == "out")
    body = module(program, arithmetic, "body", coded)
    copies = [_COPY.format(bits=8 * size, size=size) for size in sorted({o.size for o in operands})]
    sums = [
        f"declare double @llvm.vector.reduce.fadd.v{n}f64(double, <{n} x double>)" for n in (8, 16)
    ]
    span = _Span(operands, arithmetic, _storing(program, operands)).text()
    return "\n".join([body, *copies, span, *sums, REGIONS[region](operands)])


_COPY = """\
define internal void @copy{bits}(ptr %to, i64 %step, ptr %from, i64 %pace, i64 %n) {{
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %a = mul i64 %i, %step
  %b = mul i64 %i, %pace
  %p = getelementptr i8, ptr %to, i64 %a
  %q = getelementptr i8, ptr %from, i64 %b
  %x = load i{bits}, ptr %q, align 1
  store i{bits} %x, ptr %p, align 1
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %end
end:
  ret void
}}
"""


#: Ways to make a bfloat16 of a float32: of one whose lower half is 0, and of one that is no NaN by
#: its lower half alone. Others are looked at first.
CUT, ROUNDED = "cut", "rounded"


def _storing(program: Program, operands: Sequence[Operand]) -> dict[int, str]:
    """How the results of a program on bfloat16 alone are stored. A NaN is an input's then, or one
    that arithmetic made, and both have their mark in the upper half."""
    first = len(program.inputs)
    if any(o.dtype not in ("bfloat16", *CODES) for o in operands[:first]):
        return {}
    outputs = enumerate(program.guarded, first)
    return {k: CUT if _copied(output) else ROUNDED for k, output in outputs}


def _copied(node: Node) -> bool:
    """Whether the value is an input's, up to its sign, or a number that bfloat16 has."""
    if node.op in ("mul", "mul0"):
        a, b = node.args
        return (_copied(a) and _unit(b)) or (_copied(b) and _unit(a))
    if node.op == "const":
        size = abs(float(node.value or 0.0))
        return (256 * math.frexp(size)[0]).is_integer() and not 0 < size < 2.0**-126
    choices = _choices(node)
    return node.op in ("symbol", "sign") or (bool(choices) and all(map(_copied, choices)))


def _unit(node: Node) -> bool:
    """Whether the value is 1, 0 or -1, or NaN."""
    choices = _choices(node)
    return (
        node.op == "sign"
        or constant_value(node) in (-1.0, 0.0, 1.0)
        or (bool(choices) and all(map(_unit, choices)))
    )


def _choices(node: Node) -> tuple[Node, ...]:
    """What the value is one of, up to its sign."""
    chosen = {"where": node.args[1:], "copysign": node.args[:1]}
    same = node.args if node.op in ("neg", "abs", "min", "max") else ()
    return chosen.get(node.op, same)


class _Span:
    """The function ``span``: the program over ``count`` > 0 elements from given places."""

    def __init__(
        self, operands: tuple[Operand, ...], arithmetic: Arithmetic, storing: Mapping[int, str]
    ) -> None:
        self.operands = operands
        #: how a bfloat16 is made of the number of an operand
        self.storing = storing
        self.format = arithmetic.format
        self.lanes = arithmetic.lanes
        self.lines: list[str] = []
        self.count = 0
        #: where a vector of each moving operand is found
        self.places: dict[int, str] = {}

    def text(self) -> str:
        given = ", ".join(f"ptr %p{k}, i64 %s{k}" for k in range(len(self.operands)))
        # inlined in `rows`, whose stack grows with the dimensions, LLVM 22 loses its place (AVX2)
        self.lines = [f"define internal void @span({given}, i64 %count) noinline {{", "entry:"]
        self.prepare()
        self.complete()
        self.rest()
        self.finish()
        return "\n".join([*self.lines, "}", ""])

    def add(self, *lines: str) -> None:
        self.lines += [line if line.endswith(":") else f"  {line}" for line in lines]

    def name(self, operation: str) -> str:
        name = f"%v{self.count}"
        self.count += 1
        self.add(f"{name} = {operation}")
        return name

    def vector(self, kind: str) -> str:
        return f"<{self.lanes} x {kind}>"

    def memory(self, o: Operand) -> str:
        """The type of a vector of the operand as it lies in memory."""
        return f"<{self.lanes * o.bits // (8 * o.size)} x {o.stored}>"

    def having(self, *roles: str, access: str = "") -> list[tuple[int, Operand]]:
        return [
            (k, o)
            for k, o in enumerate(self.operands)
            if o.role in roles and access in ("", o.access)
        ]

    def moving(self) -> list[tuple[int, Operand]]:
        """The operands with an element of their own for every step."""
        return [(k, o) for k, o in enumerate(self.operands) if o.access != "one"]

    def prepare(self) -> None:
        """Before the loop: buffers, and what is one value for the whole stretch."""
        for k, o in self.moving():
            self.add(f"%b{k} = alloca {self.memory(o)}, align 64")
        for k, o in self.having("in", access="one"):
            kind = STORED[o.dtype]
            first = self.name(f"load {kind}, ptr %p{k}, align 1")
            poison = f"insertelement {self.vector(kind)} poison, {kind} {first}, i64 0"
            row = self.name(poison)
            spread = self.name(
                f"shufflevector {self.vector(kind)} {row}, {self.vector(kind)} poison, "
                f"<{self.lanes} x i32> zeroinitializer"
            )
            self.add(f"%x{k} = {self.widened(spread, o.dtype)}")
        self.add(f"%whole = and i64 %count, {-self.lanes}", "%any = icmp ne i64 %whole, 0")
        self.add("br i1 %any, label %loop, label %rest")

    def complete(self) -> None:
        """The vectors with all their lanes, in a loop that has nothing else to think of."""
        self.add("loop:", "%i = phi i64 [ 0, %entry ], [ %next, %loop ]")
        self.carry("a", "[ zeroinitializer, %entry ], [ %a{k}.next, %loop ]")
        self.step("a", "%i", str(self.lanes), whole=True)
        self.add(f"%next = add i64 %i, {self.lanes}", "%more = icmp ult i64 %next, %whole")
        self.add("br i1 %more, label %loop, label %rest")

    def rest(self) -> None:
        """The last elements, fewer than a vector has, in buffers."""
        self.add("rest:")
        self.carry("c", "[ zeroinitializer, %entry ], [ %a{k}.next, %loop ]")
        self.add("%left = sub i64 %count, %whole", "%some = icmp ne i64 %left, 0")
        self.add("br i1 %some, label %partial, label %end", "partial:")
        self.step("c", "%whole", "%left", whole=False)
        self.add("br label %end", "end:")
        self.carry("d", "[ %c{k}, %rest ], [ %c{k}.next, %partial ]")

    def carry(self, letter: str, sources: str) -> None:
        """What has been added up so far."""
        for k, _ in self.having("sum", access="one"):
            value = f"phi {self.vector('double')} {sources.format(k=k)}"
            self.add(f"%{letter}{k} = {value}")

    def step(self, letter: str, i: str, n: str, whole: bool) -> None:
        """One vector, of which n lanes count: from element i on, sums in this letter's values.

        A vector that is whole and dense is used where it lies, another in its buffer.
        """
        sources = {}
        for k, o in self.moving():
            offset = f"%o{k}.{letter}"
            if o.access == "stride":
                self.add(f"{offset} = mul i64 {i}, %s{k}")
            else:
                self.add(*_bytes(offset, i, o))
            sources[k] = self.name(f"getelementptr i8, ptr %p{k}, i64 {offset}")
            direct = whole and o.access == "each"
            self.places[k] = sources[k] if direct else f"%b{k}"
            if not direct and o.role != "out":
                if not whole:
                    self.add(f"store {self.memory(o)} zeroinitializer, ptr %b{k}, align 64")
                self.copy(o, n, f"%b{k}", o.size, sources[k], self.pace(k, o))
        self.compute(letter, n, whole)
        for k, o in self.moving():
            if self.places[k] != sources[k] and o.role != "in":
                self.copy(o, n, sources[k], self.pace(k, o), f"%b{k}", o.size)

    def pace(self, k: int, o: Operand) -> int | str:
        """How many bytes one element lies after the other."""
        return f"%s{k}" if o.access == "stride" else o.size

    def copy(
        self, o: Operand, n: str, to: str, step: int | str, source: str, pace: int | str
    ) -> None:
        bits, count = 8 * o.size, n
        if o.dtype in CODES:
            whole = self.name(f"mul i64 {n}, {o.bits}")
            up = self.name(f"add i64 {whole}, 7")
            count = self.name(f"lshr i64 {up}, 3")
        self.add(
            f"call void @copy{bits}(ptr {to}, i64 {step}, ptr {source}, i64 {pace}, i64 {count})"
        )

    def compute(self, letter: str, n: str, whole: bool) -> None:
        given = []
        for k, o in self.having("in"):
            value = f"%x{k}"
            if o.access != "one":
                loaded = self.name(f"load {self.memory(o)}, ptr {self.places[k]}, align 1")
                value = self.name(self.widened(loaded, o.dtype))
            given.append(f"{self.vector(TYPES[self.format])} {value}")
        written = self.having("out", "sum")
        vector = self.vector(TYPES[self.format])
        kind = vector if len(written) == 1 else "{ " + ", ".join([vector] * len(written)) + " }"
        result = self.name(f"call {kind} {globally('body')}({', '.join(given)})")
        for place, (k, o) in enumerate(written):
            value = result
            if len(written) > 1:
                value = self.name(f"extractvalue {kind} {result}, {place}")
            if o.role == "out":
                self.store(k, o, value)
            else:
                self.accumulate(k, o, value, letter, "" if whole else n)

    def store(self, k: int, o: Operand, value: str) -> None:
        narrow = self.narrowed(value, o.dtype, self.storing.get(k, ""))
        self.add(f"store {self.memory(o)} {narrow}, ptr {self.places[k]}, align 1")

    def accumulate(self, k: int, o: Operand, value: str, letter: str, few: str) -> None:
        """Adds to a sum; of so few lanes only, if given."""
        double = self.vector("double")
        if self.format is FLOAT32:
            value = self.name(f"fpext {self.vector('float')} {value} to {double}")
        if o.access == "each":
            sum_ = self.name(f"load {double}, ptr {self.places[k]}, align 1")
            total = self.name(f"fadd {double} {sum_}, {value}")
            self.add(f"store {double} {total}, ptr {self.places[k]}, align 1")
            return
        kept = self.first(value, few) if few else value
        self.add(f"%{letter}{k}.next = fadd {double} %{letter}{k}, {kept}")

    def first(self, value: str, few: str) -> str:
        """A vector of doubles with 0 in all lanes but the first few."""
        double = self.vector("double")
        left = self.name(f"insertelement {self.vector('i64')} poison, i64 {few}, i64 0")
        spread = self.name(
            f"shufflevector {self.vector('i64')} {left}, {self.vector('i64')} poison, "
            f"<{self.lanes} x i32> zeroinitializer"
        )
        numbers = ", ".join(f"i64 {i}" for i in range(self.lanes))
        inside = self.name(f"icmp ugt {self.vector('i64')} {spread}, <{numbers}>")
        return self.choose(inside, double, value, "zeroinitializer")

    def finish(self) -> None:
        """At the end what was added up is written."""
        for k, _ in self.having("sum", access="one"):
            add = f"@llvm.vector.reduce.fadd.v{self.lanes}f64"
            whole = self.name(
                f"call reassoc double {add}(double -0.0, {self.vector('double')} %d{k})"
            )
            before = self.name(f"load double, ptr %p{k}, align 8")
            self.add(f"%w{k} = fadd double {before}, {whole}")
            self.add(f"store double %w{k}, ptr %p{k}, align 8")
        self.add("ret void")

    def widened(self, value: str, dtype: str) -> str:
        """The operation that gives a loaded vector in the format of the computation."""
        if dtype in CODES:
            numbers = self.unpacked(value, CODES[dtype])
            return f"uitofp {self.vector('i8')} {numbers} to {self.vector(TYPES[self.format])}"
        wide = self.vector(TYPES[self.format])
        if dtype == "bfloat16":
            bits = self.name(f"zext {self.vector('i16')} {value} to {self.vector('i32')}")
            high = self.name(f"shl {self.vector('i32')} {bits}, splat (i32 16)")
            value = self.name(f"bitcast {self.vector('i32')} {high} to {self.vector('float')}")
        held = "float" if dtype == "bfloat16" else STORED[dtype]
        if self.vector(held) == wide:
            return f"bitcast {wide} {value} to {wide}"
        return f"fpext {self.vector(held)} {value} to {wide}"

    def narrowed(self, value: str, dtype: str, storing: str) -> str:
        """The vector rounded to what is stored; to 16 bits by way of float32."""
        held = "double" if self.format is FLOAT64 else "float"
        if dtype in CODES:
            return self.packed(value, held, CODES[dtype])
        if dtype != "float64" and held == "double":
            value = self.name(f"fptrunc {self.vector('double')} {value} to {self.vector('float')}")
        if dtype == "float16":
            return self.name(f"fptrunc {self.vector('float')} {value} to {self.vector('half')}")
        return self.bfloat16(value, storing) if dtype == "bfloat16" else value

    def bfloat16(self, value: str, storing: str) -> str:
        """The upper half of a float32, rounded to even; a NaN stays one."""
        ints, floats = self.vector("i32"), self.vector("float")
        bits = self.name(f"bitcast {floats} {value} to {ints}")
        upper = self.name(f"lshr {ints} {bits}, splat (i32 16)")
        if storing == CUT:
            return self.name(f"trunc {ints} {upper} to {self.vector('i16')}")
        odd = self.name(f"and {ints} {upper}, splat (i32 1)")
        near = self.name(f"add {ints} {bits}, splat (i32 32767)")
        even = self.name(f"add {ints} {near}, {odd}")
        rounded = self.name(f"lshr {ints} {even}, splat (i32 16)")
        if storing == ROUNDED:
            return self.name(f"trunc {ints} {rounded} to {self.vector('i16')}")
        nan = self.name(f"fcmp uno {floats} {value}, {value}")
        kept = self.name(
            f"select {self.vector('i1')} {nan}, {ints} splat (i32 32704), {ints} {rounded}"
        )
        return self.name(f"trunc {ints} {kept} to {self.vector('i16')}")

    def packed(self, value: str, held: str, bits: int) -> str:
        """The numbers as codes, rounded; NaN and what is too large become the largest."""
        floats, top = self.vector(held), 2**bits - 1
        below = self.name(f"fcmp olt {floats} {value}, splat ({held} {top}.0)")
        low = self.choose(below, floats, value, f"splat ({held} {top}.0)")
        above = self.name(f"fcmp ogt {floats} {low}, zeroinitializer")
        kept = self.choose(above, floats, low, "zeroinitializer")
        up = self.name(f"fadd {floats} {kept}, splat ({held} 0.5)")
        whole = self.name(f"fptoui {floats} {up} to {self.vector('i32')}")
        if bits == 1:
            ones = self.name(f"trunc {self.vector('i32')} {whole} to {self.vector('i1')}")
            return self.name(f"bitcast {self.vector('i1')} {ones} to <{self.lanes // 8} x i8>")
        numbers = self.name(f"trunc {self.vector('i32')} {whole} to {self.vector('i8')}")
        return numbers if bits == 8 else self.together(numbers, bits)

    def choose(self, condition: str, kind: str, a: str, b: str) -> str:
        return self.name(f"select {self.vector('i1')} {condition}, {kind} {a}, {kind} {b}")

    def together(self, numbers: str, bits: int) -> str:
        """Bytes with one code each as bytes with several."""
        several, kind = 8 // bits, self.vector("i8")
        narrow = f"<{self.lanes // several} x i8>"
        packed = "zeroinitializer"
        for part in range(several):
            mask = _mask(range(part, self.lanes, several))
            some = self.name(f"shufflevector {kind} {numbers}, {kind} poison, {mask}")
            moved = self.name(f"shl {narrow} {some}, splat (i8 {part * bits})")
            packed = self.name(f"or {narrow} {packed}, {moved}")
        return packed

    def unpacked(self, value: str, bits: int) -> str:
        """Codes as bytes with one each."""
        bytes_, kind = f"<{self.lanes * bits // 8} x i8>", self.vector("i8")
        if bits == 8:
            return value
        if bits == 1:
            ones = self.name(f"bitcast {bytes_} {value} to {self.vector('i1')}")
            return self.name(f"zext {self.vector('i1')} {ones} to {kind}")
        several = 8 // bits
        spread = self.name(
            f"shufflevector {bytes_} {value}, {bytes_} poison, "
            f"{_mask(i // several for i in range(self.lanes))}"
        )
        places = ", ".join(f"i8 {bits * (i % several)}" for i in range(self.lanes))
        moved = self.name(f"lshr {kind} {spread}, <{places}>")
        return self.name(f"and {kind} {moved}, splat (i8 {2**bits - 1})")


def _mask(lanes: Iterable[int]) -> str:
    """The lanes that a shuffle takes."""
    listed = [f"i32 {i}" for i in lanes]
    return f"<{len(listed)} x i32> <{', '.join(listed)}>"


def _bytes(name: str, elements: str, o: Operand) -> list[str]:
    """How many bytes so many elements take, a whole number of bytes of codes."""
    if o.dtype not in CODES:
        return [f"{name} = mul i64 {elements}, {o.size}"]
    return [f"{name}.bits = mul i64 {elements}, {o.bits}", f"{name} = lshr i64 {name}.bits, 3"]


def _load(name: str, kind: str, index: int) -> list[str]:
    return [
        f"  %{name}.at = getelementptr i64, ptr %a, i64 {index}",
        f"  %{name} = load {kind}, ptr %{name}.at, align 8",
    ]


_SHARE = f"""\
  %even = add i64 %total, %threads
  %less = sub i64 %even, 1
  %share = udiv i64 %less, %threads
  %rounded = add i64 %share, {GRAIN - 1}
  %grain = and i64 %rounded, {-GRAIN}
  %start = mul i64 %grain, %thread
  %stop = add i64 %start, %grain
  %short = icmp ult i64 %stop, %total
  %end = select i1 %short, i64 %stop, i64 %total
  %some = icmp ult i64 %start, %end
  br i1 %some, label %work, label %done
work:"""


def _flat(operands: tuple[Operand, ...]) -> str:
    """``flat(a, thread, threads)`` with a = the operands' places, count, and the slots of the sums.

    A slot is how far apart the threads' own sums lie.
    """
    lines = ["define void @flat(ptr %a, i64 %thread, i64 %threads) {", "entry:"]
    lines += [*_load("total", "i64", len(operands)), _SHARE, "  %count = sub i64 %end, %start"]
    slots = iter(range(1 + len(operands), 1 + 2 * len(operands)))
    for k, o in enumerate(operands):
        lines += _load(f"p{k}", "ptr", k)
        if o.role == "sum":
            lines += _load(f"slot{k}", "i64", next(slots))
            lines.append(f"  %o{k} = mul i64 %thread, %slot{k}")
        elif o.access == "each":
            lines += [f"  {line}" for line in _bytes(f"%o{k}", "%start", o)]
        else:
            lines.append(f"  %o{k} = mul i64 %start, 0")
        lines.append(f"  %q{k} = getelementptr i8, ptr %p{k}, i64 %o{k}")
    passed = ", ".join(f"ptr %q{k}, i64 0" for k in range(len(operands)))
    lines += [f"  call void @span({passed}, i64 %count)", "  br label %done"]
    return "\n".join([*lines, "done:", "  ret void", "}", ""])


def _rows(operands: tuple[Operand, ...]) -> str:
    """``rows(a, thread, threads)`` with a = the operands' places, rows, columns, dimensions, their
    sizes, and for each operand its slot, step along a row, and steps of the dimensions, in bytes.

    The dimensions are those of the rows, the innermost last.
    """
    count = len(operands)
    lines = ["define void @rows(ptr %a, i64 %thread, i64 %threads) {", "entry:"]
    lines += _load("rows", "i64", count)
    lines += [*_load("columns", "i64", count + 1), *_load("dims", "i64", count + 2)]
    lines += ["  %total = mul i64 %rows, %columns", _SHARE]
    lines += [f"  %sizes = getelementptr i64, ptr %a, i64 {count + 3}"]
    lines += ["  %fields = getelementptr i64, ptr %sizes, i64 %dims", "  %width = add i64 %dims, 2"]
    for k in range(count):
        lines += _load(f"base{k}", "ptr", k)
        lines += [
            f"  %f{k}.at = mul i64 %width, {k}",
            f"  %f{k} = getelementptr i64, ptr %fields, i64 %f{k}.at",
            f"  %slot{k} = load i64, ptr %f{k}, align 8",
            f"  %s{k}.at = getelementptr i64, ptr %f{k}, i64 1",
            f"  %s{k} = load i64, ptr %s{k}.at, align 8",
            f"  %steps{k} = getelementptr i64, ptr %f{k}, i64 2",
            f"  %own{k} = mul i64 %thread, %slot{k}",
            f"  %p{k} = getelementptr i8, ptr %base{k}, i64 %own{k}",
        ]
    many = range(count)
    lines += [
        "  %counters = alloca i64, i64 %dims",
        "  %index = udiv i64 %start, %columns",
        "  %begun = urem i64 %start, %columns",
        *_first_row(many),
        "row:",
        "  %at = phi i64 [ %start, %find ], [ %after, %next ]",
        "  %column = phi i64 [ %begun, %find ], [ 0, %next ]",
        *(f"  %o{k} = phi i64 [ %f{k}.o, %find ], [ %o{k}.next, %next ]" for k in many),
        "  %row.left = sub i64 %columns, %column",
        "  %share.left = sub i64 %end, %at",
        "  %fits = icmp ult i64 %row.left, %share.left",
        "  %count = select i1 %fits, i64 %row.left, i64 %share.left",
    ]
    for k in many:
        lines += [
            f"  %along{k} = mul i64 %column, %s{k}",
            f"  %to{k} = add i64 %o{k}, %along{k}",
            f"  %q{k} = getelementptr i8, ptr %p{k}, i64 %to{k}",
        ]
    passed = ", ".join(f"ptr %q{k}, i64 %s{k}" for k in many)
    lines += [
        f"  call void @span({passed}, i64 %count)",
        "  %after = add i64 %at, %count",
        "  %again = icmp ult i64 %after, %end",
        "  br i1 %again, label %carry, label %done",
        *_next_row(many),
    ]
    return "\n".join([*lines, "done:", "  ret void", "}", ""])


def _first_row(many: range) -> list[str]:
    """The row a share begins in: its place in every dimension, and where it lies."""
    lines = [
        "  br label %find",
        "find:",
        "  %d = phi i64 [ %dims, %work ], [ %d.less, %dim ]",
        "  %rest = phi i64 [ %index, %work ], [ %rest.less, %dim ]",
        *(f"  %f{k}.o = phi i64 [ 0, %work ], [ %f{k}.next, %dim ]" for k in many),
        "  %outermost = icmp eq i64 %d, 0",
        "  br i1 %outermost, label %row, label %dim",
        "dim:",
        "  %d.less = sub i64 %d, 1",
        "  %size.at = getelementptr i64, ptr %sizes, i64 %d.less",
        "  %size = load i64, ptr %size.at, align 8",
        "  %rest.less = udiv i64 %rest, %size",
        "  %place = urem i64 %rest, %size",
        "  %counter.at = getelementptr i64, ptr %counters, i64 %d.less",
        "  store i64 %place, ptr %counter.at, align 8",
    ]
    for k in many:
        lines += [
            f"  %step{k}.at = getelementptr i64, ptr %steps{k}, i64 %d.less",
            f"  %step{k} = load i64, ptr %step{k}.at, align 8",
            f"  %move{k} = mul i64 %place, %step{k}",
            f"  %f{k}.next = add i64 %f{k}.o, %move{k}",
        ]
    return [*lines, "  br label %find"]


def _next_row(many: range) -> list[str]:
    """The next row: one further in the innermost dimension, or back to its beginning and one
    further in the one around it. A division for each dimension took 20 ns a row."""
    lines = [
        "carry:",
        "  %c = phi i64 [ %dims, %row ], [ %c.less, %carry ]",
        *(f"  %o{k}.from = phi i64 [ %o{k}, %row ], [ %o{k}.next, %carry ]" for k in many),
        "  %c.less = sub i64 %c, 1",
        "  %bound.at = getelementptr i64, ptr %sizes, i64 %c.less",
        "  %bound = load i64, ptr %bound.at, align 8",
        "  %reached.at = getelementptr i64, ptr %counters, i64 %c.less",
        "  %reached = load i64, ptr %reached.at, align 8",
        "  %further = add i64 %reached, 1",
        "  %full = icmp eq i64 %further, %bound",
        "  %counter = select i1 %full, i64 0, i64 %further",
        "  store i64 %counter, ptr %reached.at, align 8",
        "  %back = sub i64 0, %reached",
        "  %steps = select i1 %full, i64 %back, i64 1",
    ]
    for k in many:
        lines += [
            f"  %stride{k}.at = getelementptr i64, ptr %steps{k}, i64 %c.less",
            f"  %stride{k} = load i64, ptr %stride{k}.at, align 8",
            f"  %turn{k} = mul i64 %steps, %stride{k}",
            f"  %o{k}.next = add i64 %o{k}.from, %turn{k}",
        ]
    return [*lines, "  br i1 %full, label %carry, label %next", "next:", "  br label %row"]


REGIONS = {"flat": _flat, "rows": _rows}
