"""What the rowwise kernels do: steps over the vectors of a row, and walks made of them.

Sums are made in float64 (compensated, where the numbers are float64 themselves), and what a
difference loses to rounding is put back into its exponential, so neither long rows nor numbers far
from 0 cost digits. 16-bit numbers are computed in float32, kept in a scratch of each thread's own,
and rounded once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ogive.engine.call import RowFunction
from ogive.engine.cpu.rowwise.formulas import FORMULAS, PAIRS
from ogive.expr import symbol
from ogive.printers.llvm import TYPES, Text, globally
from ogive.printers.machine import FLOAT32, FLOAT64, Format, Value


@dataclass(frozen=True)
class Kind:
    """A kernel for numbers of one dtype, in rows or in columns."""

    function: RowFunction
    dtype: str
    layout: str

    @property
    def program(self) -> Program:
        """Its operands and walks."""
        return PROGRAMS[self.function.name]

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
        """Whether a block is added up as it is: a length, the root of a sum, does not show it, and
        16 bits only in a logarithm near 0."""
        if self.function.name.startswith("l2_normalize"):
            return True
        return self.narrow and self.function.name not in ("log_softmax", "logsumexp")

    @property
    def share(self) -> str:
        """The formula of an exponential below the largest. Logsumexp and its gradient do without
        what a difference loses to rounding."""
        if self.function.name == "logsumexp":
            return "term"
        plain = self.narrow or self.function.name == "logsumexp_backward"
        return "plain_share" if plain else "share"


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
        if self.kind.function.negated:
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
        if self.kind.function.tempered:
            return self.formula("tempered", x, m, self.factor(0), self.factor(1))[0]
        return self.formula(self.kind.share, x, m)[0]

    def absolute(self, x: str) -> str:
        fabs = self.module.intrinsic("fabs", self.kind.format, 1)
        return self.line(f"call {self.vector} {fabs}({self.vector} {x})")

    def normal(self) -> str:
        """x times the power of two of its row."""
        return self.times(self.read("x"), self.state("m"))

    def least(self) -> list[str]:
        """Eps, in two numbers, times the power of two of the row."""
        return [self.times(self.factor(k), self.state("m")) for k in range(2)]

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


def _largest_size(s: Step) -> None:
    s.find("m", s.absolute(s.read("x")))


def _squares(s: Step) -> None:
    x = s.normal()
    s.find("a", s.times(x, x))


def _squares_and_products(s: Step) -> None:
    x = s.normal()
    s.find("a", s.times(x, x))
    s.find("b", s.times(x, s.read("g")))


def _normalized(s: Step) -> None:
    s.write("y", s.formula("scaled", s.normal(), s.state("high"), s.state("low"))[0])


def _slope_across(s: Step) -> None:
    (dx,) = s.formula("across", s.normal(), s.read("g"), s.state("low"))
    s.write("dx", s.times(s.times(dx, s.state("high")), s.state("m")))


def _weighted(s: Step) -> None:
    s.write("dx", s.times(s.read("e"), s.state("high")))


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
    s.write("dx", s.times(dx, s.factor(0)) if s.kind.function.tempered else dx)


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


def _write_log_sum(s: Step) -> None:
    s.write("y", s.formula("logarithm_of_sum", s.state("m"), *s.sum("a"))[0])


def _gradient_over_sum(s: Step) -> None:
    s.set("high", s.formula("quotient", s.read("g"), s.sum("a")[0])[0])


def _scale(s: Step) -> None:
    s.set("m", s.formula("scale", s.larger(s.state("m"), s.factor(0)))[0])


def _inverse_length(s: Step) -> None:
    high, low = s.formula("inverse_length", *s.sum("a"), *s.least())
    s.set("high", high)
    s.set("low", low)


def _inclination(s: Step) -> None:
    total, rest = s.sum("a")
    eps, eps_low = s.least()
    inverse, _ = s.formula("inverse_length", total, rest, eps, eps_low)
    s.set("high", inverse)
    s.set("low", s.formula("inclination", s.sum("b")[0], total, eps, inverse)[0])


@dataclass(frozen=True)
class Walk:
    """A step for every vector; then the lanes of some fields are gathered, if they are those of one
    row, and something is made of them."""

    step: Callable[[Step], None]
    gathered: tuple[str, ...] = ()
    after: Callable[[Step], None] | None = None


@dataclass(frozen=True)
class Program:
    """The operands (inputs, the output, perhaps e: exponentials that are kept) and the walks.

    One number a row is in the ``single`` operand: it is read or written between the walks.
    """

    operands: tuple[str, ...]
    walks: tuple[Walk, ...]
    single: str = ""

    @property
    def reduces(self) -> bool:
        """Whether the result has one number a row."""
        return self.single == "y"


_FOR_SCALE = Walk(_largest_size, ("m",), _scale)
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
    "logsumexp": Program(
        ("x", "y"), (_FOR_LARGEST, Walk(_total, ("a",), _write_log_sum)), single="y"
    ),
    "logsumexp_backward": Program(
        ("x", "g", "dx", "e"),
        (_FOR_LARGEST, Walk(_keep, ("a",), _gradient_over_sum), Walk(_weighted)),
        single="g",
    ),
    "l2_normalize": Program(
        ("x", "y"), (_FOR_SCALE, Walk(_squares, ("a",), _inverse_length), Walk(_normalized))
    ),
    "l2_normalize_backward": Program(
        ("x", "g", "dx"),
        (_FOR_SCALE, Walk(_squares_and_products, ("a", "b"), _inclination), Walk(_slope_across)),
    ),
}
