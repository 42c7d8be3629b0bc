"""Softmax and log-softmax with their gradients, as kernels of the CPU engine.

A row is walked through two or three times while it lies in the cache: for its largest element, for
the exponentials and their sum, for the result. Sums are made in float64 (compensated, where the
numbers are float64 themselves), and what a difference loses to rounding is put back into its
exponential, so neither long rows nor numbers far from 0 cost digits. 16-bit numbers are computed in
float32, kept in a scratch of each thread's own, and rounded once.

Rows that lie in memory one behind the other are walked through vector by vector (``rows``); along
any other dimension neighbours are rows of their own, one in each lane (``columns``). Both take the
same steps, on a state with a place for each lane. A row belongs to one thread, so results do not
depend on how many there are.
"""

from __future__ import annotations

import ctypes
import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from string import Template
from typing import NamedTuple

import torch
from torch import Tensor

from ogive.engine import choice, compiler, cpu, launch, pages, threads
from ogive.engine.loops import SIZE, STORED
from ogive.errors import EngineError
from ogive.expr import symbol
from ogive.printers.llvm import TYPES, Text, globally
from ogive.printers.machine import FLOAT32, FLOAT64, Format, Value, fma, op, where

#: A chunk of columns has at most so many vectors, and its part of the rows about so many elements:
#: what one walk has read or written is still in the cache for the next.
VECTORS = 16
CACHED = 32768
#: So many elements of neighbouring short rows are walked through together.
NEAR = 2048
#: The elements of a vector of 64 bytes.
LANES = {FLOAT32: 16, FLOAT64: 8}
#: So many vectors of a row are taken together: their sum is added up as one.
BLOCK = 4


# What is computed


def _share(x: Value, m: Value) -> tuple[Value, ...]:
    """exp(x - m) for x <= m, with what rounding took from the difference."""
    size, lost = _difference(m, x)
    e = op("decay", size)
    return (fma(e, where(size < FAR, -lost, 0.0), e),)


def _tempered(x: Value, m: Value, f: Value, rest: Value) -> tuple[Value, ...]:
    """exp((x - m) (f + rest)), the same way."""
    d, lost = _difference(m, x)
    size = d * f
    e = op("decay", size)
    more = fma(lost, f, fma(d, rest, fma(d, f, -size)))
    return (fma(e, where(size < FAR, -more, 0.0), e),)


#: Of less than minus this, exp is 0 in float64, too.
FAR = 1000.0


def _difference(a: Value, b: Value) -> tuple[Value, Value]:
    """a - b in two numbers: rounded, and what rounding took."""
    d = a - b
    c = d - a
    return d, (a - (d - c)) - (b + c)


def _inverse(total: Value, rest: Value) -> tuple[Value, ...]:
    """1 / (total + rest), in two numbers."""
    high = 1.0 / total
    return high, fma(-rest, high, fma(-total, high, 1.0)) * high


def _logarithm(total: Value, rest: Value) -> tuple[Value, ...]:
    """log(total + rest), right to the last digits at 1, too."""
    return (op("log", total) + rest / total,)


FORMULAS: dict[str, Callable[..., tuple[Value, ...]]] = {
    "share": _share,
    # between 16-bit numbers a difference in float32 is exact, or too large to matter
    "share_of_16_bits": lambda x, m: (op("decay", m - x),),
    "tempered": _tempered,
    "inverse": _inverse,
    "logarithm": _logarithm,
    "scaled": lambda e, high, low: (fma(e, high, e * low),),
    "below": lambda x, m, logarithm: ((x - m) - logarithm,),
    "slope": lambda y, g, dot, rest: (y * ((g - dot) - rest),),
    "slope_of_16_bits": lambda y, g, dot: (y * (g - dot),),
    "quotient": lambda a, b: (a / b,),
    "remainder": lambda e, g, quotient: (fma(-e, quotient, g),),
    "remainder_of_log": lambda y, g, total: (fma(-op("decay", -y), total, g),),
}
#: Formulas of two values.
PAIRS = ("inverse",)


# The steps of a walk


class Kernel(NamedTuple):
    """What a kernel computes.

    Attributes:
        name: the program.
        negated: of -x instead of x.
        tempered: of x times a number that is given, or a gradient times it.
    """

    name: str
    negated: bool = False
    tempered: bool = False


@dataclass(frozen=True)
class Kind:
    """A kernel for numbers of one dtype, in rows or in columns."""

    kernel: Kernel
    dtype: str
    layout: str

    @property
    def program(self) -> Program:
        """Its operands and walks."""
        return PROGRAMS[self.kernel.name]

    @property
    def format(self) -> Format:
        """What it computes in."""
        return FLOAT64 if self.dtype == "float64" else FLOAT32

    @property
    def narrow(self) -> bool:
        """Whether it computes in another format than it stores."""
        return self.dtype != self.format.name

    @property
    def blocked(self) -> bool:
        """Whether the sum of a block is made in float32: 16 bits only show it in a log near 0."""
        return self.narrow and self.kernel.name != "log_softmax"


class Step:
    """A function ``name(layout, state, mask, place and pace of each operand)`` under construction.

    It takes a vector of every operand, or so many as there are ``units``, one pace apart.
    """

    def __init__(self, kind: Kind, module: Text, name: str, units: int = 1) -> None:
        self.kind = kind
        self.module = module
        self.name = name
        self.units = units
        self.unit = 0
        self.lines: list[str] = []
        self.found: dict[str, list[str]] = {}
        self.vector = module.type(kind.format)
        self.double = module.type(FLOAT64)
        self.mask = f"<{module.lanes} x i1>"

    def text(self) -> str:
        """The function."""
        operands = self.kind.program.operands
        given = "".join(f", ptr %{o}.at, i64 %{o}.pace" for o in operands)
        body = "\n".join(f"  {line}" for line in self.lines)
        return (
            f"define internal void @{self.name}(ptr %l, ptr %s, {self.mask} %mask{given}) #0 {{\n"
            f"{body}\n  ret void\n}}\n"
        )

    def take(self, work: Callable[[Step], None]) -> None:
        """The work on each unit, and then what it found put into the state."""
        for unit in range(self.units):
            self.unit = unit
            work(self)
        for field, values in self.found.items():
            self.store_found(field, values)

    def line(self, operation: str) -> str:
        name = f"%v{len(self.lines)}"
        self.lines.append(f"{name} = {operation}")
        return name

    def place(self, operand: str) -> str:
        if not self.unit:
            return f"%{operand}.at"
        moved = self.line(f"mul i64 %{operand}.pace, {self.unit}")
        return self.line(f"getelementptr i8, ptr %{operand}.at, i64 {moved}")

    def read(self, operand: str) -> str:
        """The operand's vector, 0 behind the end of the row."""
        held = "kept" if operand == "e" else "stored"
        place = self.place(operand)
        return self.line(f"call {self.vector} @read.{held}(ptr {place}, {self.mask} %mask)")

    def logits(self) -> str:
        """x, -inf behind the end of the row."""
        x = self.read("x")
        if self.kind.kernel.negated:
            x = self.line(f"fneg {self.vector} {x}")
        lowest = f"splat ({TYPES[self.kind.format]} {MINUS_INFINITY})"
        return self.select("%mask", x, lowest)

    def write(self, operand: str, value: str) -> None:
        held = "kept" if operand == "e" else "stored"
        given = f"ptr {self.place(operand)}, {self.vector} {value}, {self.mask} %mask"
        self.lines.append(f"call void @write.{held}({given})")

    def select(self, condition: str, a: str, b: str) -> str:
        return self.line(f"select {self.mask} {condition}, {self.vector} {a}, {self.vector} {b}")

    def larger(self, a: str, b: str) -> str:
        """The larger one; b, if one is NaN."""
        return self.select(self.line(f"fcmp ogt {self.vector} {a}, {b}"), a, b)

    def times(self, a: str, b: str) -> str:
        return self.line(f"fmul {self.vector} {a}, {b}")

    def plus(self, a: str, b: str) -> str:
        return self.line(f"fadd {self.vector} {a}, {b}")

    def formula(self, name: str, *given: str) -> list[str]:
        """The values of a formula."""
        if name not in self.module.functions:
            code = FORMULAS[name].__code__
            inputs = code.co_varnames[: code.co_argcount]
            outputs = FORMULAS[name](*(Value(symbol(i)) for i in inputs))
            self.module.function(name, inputs, tuple(o.node for o in outputs))
        listed = ", ".join(f"{self.vector} {g}" for g in given)
        called = f"{globally(name)}({listed})"
        if name in PAIRS:
            return self.pair(called)
        return [self.line(f"call {self.vector} {called}")]

    def pair(self, called: str) -> list[str]:
        """The two values of a function."""
        kind = f"{{ {self.vector}, {self.vector} }}"
        both = self.line(f"call {kind} {called}")
        return [self.line(f"extractvalue {kind} {both}, {k}") for k in range(2)]

    def exponential(self, x: str) -> str:
        """What x has in the sum."""
        m = self.state("m")
        if self.kind.kernel.tempered:
            return self.formula("tempered", x, m, self.factor(0), self.factor(1))[0]
        return self.formula("share_of_16_bits" if self.kind.narrow else "share", x, m)[0]

    def factor(self, index: int) -> str:
        """One of the two numbers a kernel is given."""
        return self.line(f"call {self.vector} @factor(ptr %l, i64 {index})")

    # the state

    def field(self, name: str) -> str:
        return self.line(f"getelementptr i8, ptr %s, i64 {FIELDS[name]}")

    def state(self, name: str) -> str:
        return self.line(f"load {self.vector}, ptr {self.field(name)}, align 64")

    def set(self, name: str, value: str) -> None:
        self.lines.append(f"store {self.vector} {value}, ptr {self.field(name)}, align 64")

    def find(self, name: str, value: str) -> None:
        """A vector for a sum, or for the largest element."""
        self.found.setdefault(name, []).append(value)

    def store_found(self, name: str, values: list[str]) -> None:
        if name == "m":
            self.set("m", self.larger(self.tree(values, self.larger), self.state("m")))
            return
        if self.kind.blocked:
            values = [self.tree(values, self.plus)]
        for value in values:
            self.add(name, self.line(f"call {self.double} @widened({self.vector} {value})"))

    def tree(self, values: list[str], join: Callable[[str, str], str]) -> str:
        while len(values) > 1:
            values = [join(a, b) for a, b in zip(values[::2], values[1::2], strict=True)]
        return values[0]

    def add(self, name: str, wide: str) -> None:
        self.lines.append(f"call void @add(ptr {self.field(name)}, {self.double} {wide})")

    def sum(self, name: str) -> list[str]:
        """A sum in two numbers."""
        return self.pair(f"@sum(ptr {self.field(name)})")

    def gather(self, name: str) -> None:
        """Puts what all lanes have together into each of them."""
        shift = self.module.lanes // 2
        while shift:
            if name == "m":
                self.set("m", self.larger(*self.exchanged(self.field("m"), self.vector, shift)))
            else:
                self.gather_sums(self.field(name), shift)
            shift //= 2

    def gather_sums(self, place: str, shift: int) -> None:
        if self.kind.format is FLOAT64:
            lost = self.line(f"getelementptr i8, ptr {place}, i64 64")
            here, there = self.exchanged(lost, self.double, shift)
            both = self.line(f"fadd {self.double} {here}, {there}")
            self.lines.append(f"store {self.double} {both}, ptr {lost}, align 64")
        there = self.exchanged(place, self.double, shift)[1]
        self.lines.append(f"call void @add(ptr {place}, {self.double} {there})")

    def exchanged(self, place: str, kind: str, shift: int) -> tuple[str, str]:
        """The vector at a place, and with the lanes ``shift`` apart exchanged."""
        here = self.line(f"load {kind}, ptr {place}, align 64")
        lanes = ", ".join(f"i32 {i ^ shift}" for i in range(self.module.lanes))
        indices = f"<{self.module.lanes} x i32> <{lanes}>"
        return here, self.line(f"shufflevector {kind} {here}, {kind} poison, {indices}")


MINUS_INFINITY = "0xFFF0000000000000"
#: Where the fields of a lane's state lie. A sum is of doubles; behind one of float64 numbers lies
#: what rounding took from it.
FIELDS = {"m": 0, "a": 64, "b": 192, "high": 320, "low": 384}
STATE = 448


def _largest(s: Step) -> None:
    s.find("m", s.logits())


def _total(s: Step) -> None:
    s.find("a", s.exponential(s.logits()))


def _keep(s: Step) -> None:
    e = s.exponential(s.logits())
    s.write("e", e)
    s.find("a", e)


def _keep_both(s: Step) -> None:
    _keep(s)
    s.find("b", s.read("g"))


def _gradients(s: Step) -> None:
    s.find("a", s.read("g"))


def _products(s: Step) -> None:
    s.find("a", s.times(s.read("y"), s.read("g")))


def _scaled(s: Step) -> None:
    s.write("y", s.formula("scaled", s.read("e"), s.state("high"), s.state("low"))[0])


def _below(s: Step) -> None:
    s.write("y", s.formula("below", s.logits(), s.state("m"), s.state("high"))[0])


def _slope(s: Step) -> None:
    y, g, dot = s.read("y"), s.read("g"), s.state("high")
    if s.kind.narrow:
        (dx,) = s.formula("slope_of_16_bits", y, g, dot)
    else:
        (dx,) = s.formula("slope", y, g, dot, s.state("low"))
    s.write("dx", s.times(dx, s.factor(0)) if s.kind.kernel.tempered else dx)


def _remainder(s: Step) -> None:
    s.write("dx", s.formula("remainder", s.read("e"), s.read("g"), s.state("high"))[0])


def _remainder_of_log(s: Step) -> None:
    s.write("dx", s.formula("remainder_of_log", s.read("y"), s.read("g"), s.state("high"))[0])


# What is made of the state after a walk


def _inverse_sum(s: Step) -> None:
    high, low = s.formula("inverse", *s.sum("a"))
    s.set("high", high)
    s.set("low", low)


def _log_sum(s: Step) -> None:
    s.set("high", s.formula("logarithm", *s.sum("a"))[0])


def _whole_sum(s: Step) -> None:
    high, low = s.sum("a")
    s.set("high", high)
    s.set("low", low)


def _quotient(s: Step) -> None:
    s.set("high", s.formula("quotient", s.sum("b")[0], s.sum("a")[0])[0])


@dataclass(frozen=True)
class Walk:
    """A step for every vector; then the lanes of some fields are gathered, if they are those of one
    row, and something is made of them."""

    step: Callable[[Step], None]
    gathered: tuple[str, ...] = ()
    after: Callable[[Step], None] | None = None


@dataclass(frozen=True)
class Program:
    """The operands (inputs, the output, perhaps e: exponentials that are kept) and the walks."""

    operands: tuple[str, ...]
    walks: tuple[Walk, ...]


_FOR_LARGEST = Walk(_largest, ("m",))
PROGRAMS = {
    "softmax": Program(
        ("x", "y", "e"), (_FOR_LARGEST, Walk(_keep, ("a",), _inverse_sum), Walk(_scaled))
    ),
    "log_softmax": Program(
        ("x", "y"), (_FOR_LARGEST, Walk(_total, ("a",), _log_sum), Walk(_below))
    ),
    "softmax_backward": Program(
        ("y", "g", "dx"), (Walk(_products, ("a",), _whole_sum), Walk(_slope))
    ),
    "log_softmax_backward": Program(
        ("y", "g", "dx"), (Walk(_gradients, ("a",), _whole_sum), Walk(_remainder_of_log))
    ),
    # 16 bits of the logarithm have too few digits for the share
    "log_softmax_backward_of_x": Program(
        ("x", "g", "dx", "e"),
        (_FOR_LARGEST, Walk(_keep_both, ("a", "b"), _quotient), Walk(_remainder)),
    ),
}


# The module


def source(kind: Kind) -> str:
    """The kernel's text, with the entries ``region`` and ``python``."""
    return _Module(kind).text()


class _Module:
    """The functions that the steps call, the steps, and the loops around them."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.program = kind.program
        self.module = Text(kind.format, LANES[kind.format])
        lanes = self.module.lanes
        self.words: dict[str, object] = {
            "lanes": lanes,
            "type": TYPES[kind.format],
            "vector": self.module.type(kind.format),
            "double": self.module.type(FLOAT64),
            "mask": f"<{lanes} x i1>",
            "true": f"<{lanes} x i1> splat (i1 true)",
            "numbers": ", ".join(f"i64 {i}" for i in range(lanes)),
            "lowest": MINUS_INFINITY,
            "state": STATE,
            "vectors": VECTORS,
            "block": BLOCK,
            "many": BLOCK * lanes,
            "given": self.each(", ptr %{o}.at"),
            "paced": self.each(", ptr %{o}.at, i64 %{o}.pace"),
            "line": self.each(", ptr %{o}.here"),
            "here": self.each(", ptr %{o}.here, i64 %{o}.pace"),
            "near": self.each(", ptr %{o}.here, i64 {near}"),
        }

    def text(self) -> str:
        """The whole text."""
        walks = range(len(self.program.walks))
        loops = [part for k in walks for part in self.walk(k)]
        sums = _COMPENSATED if self.kind.format is FLOAT64 else _WIDE
        helpers = [*self.memory(), self.fill(_HELPERS), self.fill(sums)]
        entries = [self.task(), self.region()]
        return "\n".join([self.module.whole(), *helpers, *loops, *entries, "!0 = !{}", ""])

    def fill(self, template: str, **words: object) -> str:
        return Template(template).substitute({**self.words, **words})

    def each(self, pattern: str) -> str:
        """The pattern for one operand after the other."""
        return "".join(
            pattern.format(o=o, k=k, size=self.size(o), near=self.module.lanes * self.size(o))
            for k, o in enumerate(self.program.operands)
        )

    def size(self, operand: str) -> int:
        return SIZE[self.kind.format.name if operand == "e" else self.kind.dtype]

    def memory(self) -> list[str]:
        """Reading and writing tensors, and what is kept."""
        wide = self.kind.format.name
        kinds = dict.fromkeys([self.kind.dtype, wide])
        text = [self.fill(_MASKED, **_stored(self.module.lanes, d)) for d in kinds]
        for name, dtype in (("stored", self.kind.dtype), ("kept", wide)):
            words = {**_stored(self.module.lanes, dtype), "name": name}
            text.append(self.fill(_READ[dtype], **words) + self.fill(_WRITE[dtype], **words))
        return text

    def walk(self, k: int) -> list[str]:
        """The steps of a walk, its loop, and what comes after it."""
        walk = self.program.walks[k]
        one, block = (Step(self.kind, self.module, f"step{k}.{u}", u) for u in (1, BLOCK))
        one.take(walk.step)
        block.take(walk.step)
        after = Step(self.kind, self.module, f"after{k}")
        if walk.after:
            walk.after(after)
        moved = self.each("  %{o}.move = mul i64 %i, {size}\n" + _MOVE)
        paced = self.each("  %{o}.move = mul i64 %j, %{o}.pace\n" + _MOVE)
        if self.kind.layout == "rows":
            gather = Step(self.kind, self.module, f"gather{k}")
            for field in walk.gathered:
                gather.gather(field)
            rows = self.fill(_ROW_BY_ROW, k=k, moved=paced, kept=self.kept(walk.gathered))
            loops = [self.fill(_ALONG, k=k, moved=moved), gather.text(), rows]
        else:
            across = [self.fill(_ACROSS, k=k, u=u, moved=moved) for u in (1, BLOCK)]
            loops = [*across, self.fill(_DOWN, k=k, moved=paced)]
        return [one.text(), block.text(), after.text(), *loops]

    def kept(self, gathered: tuple[str, ...]) -> str:
        """What is gathered goes to the row's lane."""
        places = [(FIELDS[f], "$type" if f == "m" else "double") for f in gathered]
        if self.kind.format is FLOAT64:
            places += [(FIELDS[f] + 64, "double") for f in gathered if f != "m"]
        return "".join(self.fill(_KEEP, at=at, kind=self.fill(kind)) for at, kind in places)

    def task(self) -> str:
        """All walks through some rows or columns that lie side by side."""
        call = "  call void @walk$k(ptr %l, ptr %s, i64 %n, i64 %count, i64 %used$paced)\n"
        walks = [self.fill(call, k=k) for k in range(len(self.program.walks))]
        if self.kind.layout == "rows":
            return self.begin() + self.fill(_TASK, used=_ROWS_USED, walks="".join(walks))
        return self.fill(_TASK, used=self.fill(_COLUMNS_USED), walks="".join(walks))

    def begin(self) -> str:
        """``begin``: the state with which a row is walked through."""
        taken = [self.fill(_TAKE, at=FIELDS[f]) for f in ("m", "high", "low")]
        return self.fill(_BEGIN, taken="".join(taken))

    def region(self) -> str:
        """A thread's share of the tasks."""
        loads = [_number(w, 2 + k) for k, w in enumerate(("groups", "n", "columns", "width"))]
        for k, o in enumerate(self.program.operands):
            words = ("slot", "outer", "chunk", "pace")
            loads += [_number(f"{o}.{w}", 6 + 4 * k + i) for i, w in enumerate(words)]
        return self.fill(
            _REGION, loads="".join(loads), bases=self.each(_BASE), moved=self.each(_MOVED)
        )


def _number(name: str, index: int) -> str:
    return f"""\
  %{name}.arg = getelementptr i64, ptr %l, i64 {index}
  %{name} = load i64, ptr %{name}.arg, align 8
"""


def _stored(count: int, dtype: str) -> dict[str, str]:
    """The words for what a dtype is stored as."""
    suffix = {"bfloat16": "i16", "float16": "f16", "float32": "f32", "float64": "f64"}[dtype]
    return {"stored": f"<{count} x {STORED[dtype]}>", "held": f"v{count}{suffix}"}


_MASKED = """\
declare $stored @llvm.masked.load.$held.p0(ptr, i32, $mask, $stored)
declare void @llvm.masked.store.$held.p0($stored, ptr, i32, $mask)
"""
_LOAD = """\
define internal $vector @read.$name(ptr %at, $mask %mask) #0 {
  %x = call $stored @llvm.masked.load.$held.p0(ptr %at, i32 1, $mask %mask, $stored zeroinitializer)
"""
_STORE = """\
  call void @llvm.masked.store.$held.p0($stored %x, ptr %at, i32 1, $mask %mask)
  ret void
}
"""
_AS_IS = _LOAD + "  ret $vector %x\n}\n"
_READ = {
    "float32": _AS_IS,
    "float64": _AS_IS,
    "float16": _LOAD + "  %wide = fpext $stored %x to $vector\n  ret $vector %wide\n}\n",
    "bfloat16": _LOAD
    + """\
  %bits = zext $stored %x to <$lanes x i32>
  %high = shl <$lanes x i32> %bits, splat (i32 16)
  %wide = bitcast <$lanes x i32> %high to $vector
  ret $vector %wide
}
""",
}
_WRITE_AS_IS = "define internal void @write.$name(ptr %at, $vector %x, $mask %mask) #0 {\n" + _STORE
_WRITE = {
    "float32": _WRITE_AS_IS,
    "float64": _WRITE_AS_IS,
    "float16": """\
define internal void @write.$name(ptr %at, $vector %wide, $mask %mask) #0 {
  %x = fptrunc $vector %wide to $stored
"""
    + _STORE,
    # to the nearest, to even between two; a NaN has no low bits that could carry
    "bfloat16": """\
define internal void @write.$name(ptr %at, $vector %wide, $mask %mask) #0 {
  %bits = bitcast $vector %wide to <$lanes x i32>
  %upper = lshr <$lanes x i32> %bits, splat (i32 16)
  %odd = and <$lanes x i32> %upper, splat (i32 1)
  %near = add <$lanes x i32> %bits, splat (i32 32767)
  %even = add <$lanes x i32> %near, %odd
  %rounded = lshr <$lanes x i32> %even, splat (i32 16)
  %x = trunc <$lanes x i32> %rounded to $stored
"""
    + _STORE,
}

_HELPERS = """\
define internal $vector @factor(ptr %l, i64 %index) #0 {
  %at = getelementptr $type, ptr %l, i64 %index
  %f = load $type, ptr %at, align 4, !invariant.load !0
  %one = insertelement $vector poison, $type %f, i64 0
  %all = shufflevector $vector %one, $vector poison, <$lanes x i32> zeroinitializer
  ret $vector %all
}
"""
#: Sums of float32 numbers, in float64.
_WIDE = """\
define internal $double @widened($vector %x) #0 {
  %wide = fpext $vector %x to $double
  ret $double %wide
}

define internal void @add(ptr %at, $double %x) #0 {
  %before = load $double, ptr %at, align 64
  %sum = fadd $double %before, %x
  store $double %sum, ptr %at, align 64
  ret void
}

define internal { $vector, $vector } @sum(ptr %at) #0 {
  %sum = load $double, ptr %at, align 64
  %high = fptrunc $double %sum to $vector
  %wide = fpext $vector %high to $double
  %rest = fsub $double %sum, %wide
  %low = fptrunc $double %rest to $vector
  %half = insertvalue { $vector, $vector } poison, $vector %high, 0
  %both = insertvalue { $vector, $vector } %half, $vector %low, 1
  ret { $vector, $vector } %both
}
"""
#: Sums of float64 numbers; what each addition lost is kept behind the sum.
_COMPENSATED = """\
define internal $double @widened($vector %x) #0 {
  ret $double %x
}

define internal void @add(ptr %at, $double %x) #0 {
  %at.lost = getelementptr i8, ptr %at, i64 64
  %before = load $double, ptr %at, align 64
  %lost = load $double, ptr %at.lost, align 64
  %sum = fadd $double %before, %x
  %other = fsub $double %sum, %before
  %one = fsub $double %sum, %other
  %missed.one = fsub $double %before, %one
  %missed.other = fsub $double %x, %other
  %missed = fadd $double %missed.one, %missed.other
  %both = fadd $double %lost, %missed
  store $double %sum, ptr %at, align 64
  store $double %both, ptr %at.lost, align 64
  ret void
}

define internal { $vector, $vector } @sum(ptr %at) #0 {
  %at.lost = getelementptr i8, ptr %at, i64 64
  %sum = load $double, ptr %at, align 64
  %lost = load $double, ptr %at.lost, align 64
  %high = fadd $double %sum, %lost
  %rest = fsub $double %sum, %high
  %low = fadd $double %rest, %lost
  %half = insertvalue { $vector, $vector } poison, $vector %high, 0
  %both = insertvalue { $vector, $vector } %half, $vector %low, 1
  ret { $vector, $vector } %both
}
"""
_MOVE = "  %{o}.here = getelementptr i8, ptr %{o}.at, i64 %{o}.move\n"
#: The lanes that %left elements fill.
_FILLED = """\
  %one = insertelement <$lanes x i64> poison, i64 %left, i64 0
  %all = shufflevector <$lanes x i64> %one, <$lanes x i64> poison, <$lanes x i32> zeroinitializer
  %mask = icmp ugt <$lanes x i64> %all, <$numbers>
"""
#: The step along a row: block after block, then what is left.
_ALONG = (
    """\
define internal void @along$k(ptr %l, ptr %s, i64 %n$given) #0 {
entry:
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %far, %blocked ], [ %next, %full ]
  %left = sub i64 %n, %i
$moved
  %much = icmp uge i64 %left, $many
  br i1 %much, label %blocked, label %few
blocked:
  call void @step$k.$block(ptr %l, ptr %s, $true$near)
  %far = add i64 %i, $many
  br label %head
few:
  %enough = icmp uge i64 %left, $lanes
  br i1 %enough, label %full, label %rest
full:
  call void @step$k.1(ptr %l, ptr %s, $true$near)
  %next = add i64 %i, $lanes
  br label %head
rest:
  %some = icmp ugt i64 %left, 0
  br i1 %some, label %part, label %end
part:
"""
    + _FILLED
    + """\
  call void @step$k.1(ptr %l, ptr %s, $mask %mask$near)
  br label %end
end:
  ret void
}
"""
)
#: A step across columns, on one element of each or on several.
_ACROSS = (
    """\
define internal void @across$k.$u(ptr %l, ptr %state, i64 %n$paced) #0 {
entry:
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %next, %full ]
  %left = sub i64 %n, %i
  %index = udiv i64 %i, $lanes
  %s = getelementptr [$state x i8], ptr %state, i64 %index
$moved
  %enough = icmp uge i64 %left, $lanes
  br i1 %enough, label %full, label %rest
full:
  call void @step$k.$u(ptr %l, ptr %s, $true$here)
  %next = add i64 %i, $lanes
  br label %head
rest:
  %some = icmp ugt i64 %left, 0
  br i1 %some, label %part, label %end
part:
"""
    + _FILLED
    + """\
  call void @step$k.$u(ptr %l, ptr %s, $mask %mask$here)
  br label %end
end:
  ret void
}
"""
)
#: A walk through some rows. Their state has a lane for each; the state with which a row is walked
#: through is its own. Between two walks through a row there are others, so that it need not wait
#: for its sum.
_ROW_BY_ROW = """\
define internal void @walk$k(ptr %l, ptr %state, i64 %n, i64 %count, i64 %used$paced) #0 {
entry:
  %s = alloca [$state x i8], align 64
  br label %loop
loop:
  %j = phi i64 [ 0, %entry ], [ %next, %loop ]
$moved
  call void @begin(ptr %s, ptr %state, i64 %j)
  call void @along$k(ptr %l, ptr %s, i64 %n$line)
  call void @gather$k(ptr %l, ptr %s, $true$here)
$kept
  %next = add i64 %j, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %end
end:
  call void @after$k(ptr %l, ptr %state, $true$paced)
  ret void
}

"""
#: A number that all lanes of a row have, to the row's lane.
_KEEP = """\
  %from$at = getelementptr i8, ptr %s, i64 $at
  %field$at = getelementptr i8, ptr %state, i64 $at
  %to$at = getelementptr $kind, ptr %field$at, i64 %j
  %x$at = load $kind, ptr %from$at, align 8
  store $kind %x$at, ptr %to$at, align 4
"""
#: A row's own state: nothing is added up, the rest is what its lane has.
_BEGIN = """\
define internal void @begin(ptr %s, ptr %state, i64 %j) #0 {
  call void @llvm.memset.p0.i64(ptr align 64 %s, i8 0, i64 $state, i1 false)
$taken
  ret void
}

"""
_TAKE = """\
  %field$at = getelementptr i8, ptr %state, i64 $at
  %from$at = getelementptr $type, ptr %field$at, i64 %j
  %to$at = getelementptr i8, ptr %s, i64 $at
  %x$at = load $type, ptr %from$at, align 4
  %one$at = insertelement $vector poison, $type %x$at, i64 0
  %all$at = shufflevector $vector %one$at, $vector poison, <$lanes x i32> zeroinitializer
  store $vector %all$at, ptr %to$at, align 64
"""
#: A walk down columns.
_DOWN = """\
define internal void @walk$k(ptr %l, ptr %state, i64 %n, i64 %count, i64 %used$paced) #0 {
entry:
  br label %head
head:
  %j = phi i64 [ 0, %entry ], [ %far, %blocked ], [ %next, %single ]
  %left = sub i64 %n, %j
$moved
  %much = icmp uge i64 %left, $block
  br i1 %much, label %blocked, label %few
blocked:
  call void @across$k.$block(ptr %l, ptr %state, i64 %count$here)
  %far = add i64 %j, $block
  br label %head
few:
  %some = icmp ugt i64 %left, 0
  br i1 %some, label %single, label %after
single:
  call void @across$k.1(ptr %l, ptr %state, i64 %count$here)
  %next = add i64 %j, 1
  br label %head
after:
  %i = phi i64 [ 0, %few ], [ %i.next, %after ]
  %s = getelementptr [$state x i8], ptr %state, i64 %i
  call void @after$k(ptr %l, ptr %s, $true$paced)
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, %used
  br i1 %more, label %after, label %end
end:
  ret void
}

"""
_ROWS_USED = "  %used = add i64 1, 0"
_COLUMNS_USED = """\
  %more = add i64 %count, $lanes
  %past = sub i64 %more, 1
  %used = udiv i64 %past, $lanes"""
_TASK = """\
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)

define internal void @task(ptr %l, i64 %n, i64 %count$paced) {
entry:
  %s = alloca [$vectors x [$state x i8]], align 64
$used
  br label %clear
clear:
  %i = phi i64 [ 0, %entry ], [ %next, %clear ]
  %state = getelementptr [$state x i8], ptr %s, i64 %i
  call void @llvm.memset.p0.i64(ptr align 64 %state, i8 0, i64 $state, i1 false)
  store $vector splat ($type $lowest), ptr %state, align 64
  %next = add i64 %i, 1
  %again = icmp ult i64 %next, %used
  br i1 %again, label %clear, label %walk
walk:
$walks
  ret void
}
"""
#: ``region(a, thread, threads)`` with a = layout, then the operands' places. The layout is made by
#: _Plan: two numbers, groups, n, columns, width, and each operand's steps in bytes, from a thread,
#: a group or a width of columns to the next, and from a row (or, in columns, an element) to the
#: next. In the layout of rows, each row is a column.
_REGION = """\
define void @region(ptr %a, i64 %thread, i64 %threads) {
entry:
  %l = load ptr, ptr %a, align 8
$loads$bases
  %wider = add i64 %columns, %width
  %widest = sub i64 %wider, 1
  %chunks = udiv i64 %widest, %width
  %tasks = mul i64 %groups, %chunks
  %from = mul i64 %tasks, %thread
  %start = udiv i64 %from, %threads
  %later = add i64 %thread, 1
  %to = mul i64 %tasks, %later
  %end = udiv i64 %to, %threads
  br label %head
head:
  %task = phi i64 [ %start, %entry ], [ %next, %work ]
  %more = icmp ult i64 %task, %end
  br i1 %more, label %work, label %done
work:
  %o = udiv i64 %task, %chunks
  %c = urem i64 %task, %chunks
  %gone = mul i64 %c, %width
  %left = sub i64 %columns, %gone
  %short = icmp ult i64 %left, %width
  %count = select i1 %short, i64 %left, i64 %width
$moved
  call void @task(ptr %l, i64 %n, i64 %count$paced)
  %next = add i64 %task, 1
  br label %head
done:
  ret void
}
"""
_BASE = """\
  %{o}.arg = getelementptr ptr, ptr %a, i64 {k}
  %{o}.after = getelementptr ptr, ptr %{o}.arg, i64 1
  %{o}.base = load ptr, ptr %{o}.after, align 8
  %{o}.own = mul i64 %thread, %{o}.slot
  %{o}.first = getelementptr i8, ptr %{o}.base, i64 %{o}.own
"""
_MOVED = """\
  %{o}.o = mul i64 %o, %{o}.outer
  %{o}.c = mul i64 %c, %{o}.chunk
  %{o}.oc = add i64 %{o}.o, %{o}.c
  %{o}.at = getelementptr i8, ptr %{o}.first, i64 %{o}.oc
"""


# Running it


@lru_cache(maxsize=256)
def compiled(kind: Kind) -> int:
    """The kernel's address."""
    return compiler.load(source(kind), f"{kind.kernel.name} {kind.dtype}").address("region")


class _Plan:
    """A kernel for tensors of one shape: what is known before their memory is."""

    def __init__(
        self,
        kernel: Kernel,
        dtype: torch.dtype,
        shape: torch.Size,
        dim: int,
        factor: float | Fraction,
        available: int,
    ) -> None:
        n, columns = shape[dim], math.prod(shape[dim + 1 :])
        kind = Kind(kernel, cpu.DTYPES[dtype], "rows" if columns == 1 else "columns")
        self.region, self._launch = compiled(kind), threads.pool()
        size, lanes = SIZE[kind.dtype], LANES[kind.format]
        if kind.layout == "rows":
            groups, columns = 1, shape.numel() // n
            width = max(1, min(lanes, columns, NEAR // n))
            steps = (0, 0, size * n * width, size * n)
        else:
            groups = shape.numel() // (n * columns)
            width = min(columns, lanes * max(1, min(VECTORS, CACHED // (n * lanes))))
            steps = (0, size * n * columns, size * width, size * columns)
        tasks = groups * -(-columns // width)
        self._parallel = min(tasks, launch.workers(shape.numel(), available))
        operands = kind.program.operands
        every = [steps] * len(operands)
        #: whether exponentials are kept, and in how many float32 numbers, if not in the output
        self.keeps, self.scratch = "e" in operands, 0
        if self.keeps and kind.narrow:
            pace, count = (n, width) if kind.layout == "rows" else (width, n)
            pace = -(-pace // lanes) * lanes
            self.scratch = max(self._parallel, 1) * count * pace
            every[-1] = (4 * count * pace, 0, 0, 4 * pace)
        sizes = (groups, n, columns, width)
        numbers = [*_bits(factor, kind.format), *sizes, *(v for s in every for v in s)]
        self._layout = (ctypes.c_int64 * len(numbers))(*numbers)
        self.layout = ctypes.addressof(self._layout)

    def run(self, places: list[int]) -> None:
        """The kernel on operands at these places."""
        self._launch(self.region, self._parallel, self.layout, *places)


_plan = lru_cache(maxsize=1024)(_Plan)


def attempt(
    label: str, kernel: Kernel, inputs: Sequence[Tensor], dim: int, factor: float | Fraction = 1
) -> Tensor | None:
    """What `run` gives, or None if torch's operators must serve; either is listed by the label."""
    engine, reason = choice.choose(inputs)
    output = None
    if engine == "cpu" and torch._C._len_torch_dispatch_stack():
        engine, reason = "eager", "torch's dispatcher is being watched"
    if engine == "cpu":
        try:
            output = run(kernel, inputs, dim, factor)
        except EngineError as error:
            engine, reason = "eager", choice.give_up(error)
    if choice.state.log is not None:
        choice.state.log.append(choice.Served(label, engine, reason))
    return output


def run(kernel: Kernel, inputs: Sequence[Tensor], dim: int, factor: float | Fraction = 1) -> Tensor:
    """The kernel along ``dim`` of tensors of one shape, which have elements.

    The factor is that of a tempered kernel.
    """
    given = [t.contiguous() for t in inputs]
    output = torch.empty_like(given[0], requires_grad=False)
    pages.huge(output)
    plan = _plan(kernel, output.dtype, output.shape, dim, factor, threads.available())
    places = [t.data_ptr() for t in (*given, output)]
    if plan.scratch:
        scratch = torch.empty(plan.scratch, dtype=torch.float32)
        places.append(scratch.data_ptr())
    elif plan.keeps:
        places.append(places[-1])
    plan.run(places)
    return output


def _bits(factor: float | Fraction, format: Format) -> tuple[int, int]:
    """The factor in two numbers of the format, as bits: rounded, and what rounding took."""
    high = _rounded(float(factor), format)
    pair = (high, _rounded(float(Fraction(factor) - Fraction(high)), format))
    bits = struct.pack("<dd", *pair) if format is FLOAT64 else struct.pack("<ff8x", *pair)
    first, second = struct.unpack("<qq", bits)
    return first, second


def _rounded(value: float, format: Format) -> float:
    if format is FLOAT64:
        return value
    rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return rounded
