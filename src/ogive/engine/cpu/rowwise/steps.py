"""The functions of a rowwise kernel that work on vectors: its formulas, and what is around them.

What a walk through a row keeps is its state, with a place for each lane: the largest element, sums,
and what is made of them. Sums are in float64; of float64 numbers they are compensated: what each
addition lost is kept behind the sum.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from ogive.engine.cpu.rowwise.formulas import FORMULAS, GIVEN
from ogive.engine.cpu.rowwise.programs import Kind
from ogive.expr import Node, symbol
from ogive.printers.llvm import POINTER, Function, Module, Register, Type, define_function
from ogive.printers.llvm.conversions import ROUNDED, in_memory, loaded, rounded
from ogive.printers.machine import Value

#: Where the fields of a state lie, in bytes; a and b are sums.
FIELDS = {"m": 0, "a": 64, "b": 192, "high": 320, "low": 384, "moving": 448}
SUMS = ("a", "b")
#: Bytes of a state, and from a sum to what it has lost.
STATE, LOST = 512, 64
ALIGN = 64


def define_step(module: Module, kind: Kind, name: str, work: Callable[[Step], None]) -> str:
    """The function that does some work on vectors: of the layout, the state, the mask of the lanes
    that count, and every operand's place and pace."""
    inputs = kind.inputs({"layout": POINTER, "state": POINTER, "mask": kind.type.of("i1")})

    def build(function: Function, *given: Register) -> None:
        work(Step(kind, function, dict(zip(inputs, given, strict=True))))

    return module.define(name, inputs, build)


class Step:
    """A function under construction."""

    def __init__(self, kind: Kind, function: Function, given: Mapping[str, Register]) -> None:
        self.kind, self.type, self.double = kind, kind.type, kind.type.of("double")
        self.function = function
        self.given = given
        self.unit = 0
        self.known: dict[str, Register] = {}

    def take(self, formula: str, units: int) -> None:
        """The formula on a vector of every operand, or on so many as there are units, one pace
        apart; then what was found is put into the state."""
        found: dict[str, list[Register]] = {}
        for self.unit in range(units):
            self.known = {}
            for name, value in self.computed(formula).items():
                if name in FIELDS or name.removesuffix("_low") in SUMS:
                    found.setdefault(name, []).append(value)
                else:
                    self.write(name, value)
        for name, values in found.items():
            if name == "m":
                m = _tree(values, _larger)
                self.field(name).store(_larger(m, self.field(name).load(self.type, ALIGN)), ALIGN)
                continue
            blocked = self.kind.blocked(name)
            for value in [_tree(values, operator.add)] if blocked else values:
                self.add(self.field(name.removesuffix("_low")), value.to("double", "fpext"))

    def after(self, formula: str) -> None:
        """The formula on the state, after a walk."""
        for name, value in self.computed(formula).items():
            if name in FIELDS:
                self.field(name).store(value, ALIGN)
            else:
                self.write(name, value)

    def gather(self, fields: Sequence[str]) -> None:
        """What all lanes have together, put into each of them."""
        shifts = [self.type.lanes >> k for k in range(1, self.type.lanes.bit_length())]
        for place, name, shift in ((self.field(f), f, s) for f in fields for s in shifts):
            if name == "m":
                place.store(_larger(*_exchanged(place, self.type, shift)), ALIGN)
                continue
            if self.kind.compensated:
                lost = place.at(LOST)
                lost.store(operator.add(*_exchanged(lost, self.double, shift)), ALIGN)
            self.add(place, _exchanged(place, self.double, shift)[1])

    # sums

    def add(self, place: Register, x: Register) -> None:
        """Adds doubles to a sum."""
        before = place.load(self.double, ALIGN)
        if not self.kind.compensated:
            place.store(before + x, ALIGN)
            return
        behind = place.at(LOST)
        lost = behind.load(self.double, ALIGN)
        total = before + x
        other = total - before
        missed = (before - (total - other)) + (x - other)
        place.store(total, ALIGN)
        behind.store(lost + missed, ALIGN)

    def total(self, place: Register) -> tuple[Register, Register]:
        """A sum in two numbers: rounded, and what rounding took."""
        whole = place.load(self.double, ALIGN)
        if self.kind.compensated:
            lost = place.at(LOST).load(self.double, ALIGN)
            high = whole + lost
            return high, (whole - high) + lost
        high = whole.to("float", "fptrunc")
        return high, (whole - high.to("double", "fpext")).to("float", "fptrunc")

    # formulas

    def computed(self, formula: str) -> dict[str, Register]:
        """The results of a formula under their names."""
        formula = self.kind.variant(formula)
        names, results, nodes = _expressions(formula)
        given = [self.value(name) for name in names]
        function = define_function(self.function.module, formula, names, nodes, self.type)
        return dict(zip(results, self.function.call(function, *given), strict=True))

    def value(self, name: str) -> Register:
        """What a formula is given under a name."""
        if name not in self.known:
            variant = self.kind.variant(name)
            self.known |= self.computed(variant) if variant in GIVEN else self.read(name)
        return self.known[name]

    def read(self, name: str) -> dict[str, Register]:
        """A value from memory; a sum with its second number."""
        if name.startswith("factor"):
            # whatever is stored in between, it stays the same
            at = self.given["layout"].at(int(name != "factor"), self.type.element)
            factor = at.load(Type(self.type.element), 4, ", !invariant.load !0")
            return {name: factor.splat(self.type.lanes)}
        if name[0] in SUMS:
            return dict(
                zip((name[0], f"{name[0]}_low"), self.total(self.field(name[0])), strict=True)
            )
        if name in FIELDS:
            return {name: self.field(name).load(self.type, ALIGN)}
        if name != "logit":
            return {name: self.operand(name)}
        x = self.operand("x")
        x = -x if self.kind.function.negated else x
        return {name: self.given["mask"].select(x, -math.inf)}

    # memory

    def field(self, name: str) -> Register:
        return self.given["state"].at(FIELDS[name])

    def place(self, operand: str) -> Register:
        at, pace = self.given[f"{operand}.at"], self.given[f"{operand}.pace"]
        return at.at(pace * self.unit) if self.unit else at

    def operand(self, name: str) -> Register:
        """The operand's vector, 0 behind the end of the row."""
        dtype = self.kind.stored(name)
        type = in_memory(dtype, self.type.lanes)
        return loaded(self.place(name).masked_load(type, self.given["mask"]), dtype, self.type)

    def write(self, operand: str, value: Register) -> None:
        if operand == "dx" and self.kind.function.tempered:
            value = value * self.value("factor")
        # a NaN that arithmetic made has its mark in the upper half
        stored = rounded(value, self.kind.stored(operand), ROUNDED)
        self.place(operand).masked_store(stored, self.given["mask"])


@lru_cache(maxsize=64)
def _expressions(formula: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Node, ...]]:
    """The names of what a formula is given and of its results, and these."""
    function = FORMULAS.get(formula) or GIVEN[formula]
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    made = function(*(Value(symbol(name)) for name in names))
    return names, tuple(made), tuple(value.node for value in made.values())


def _exchanged(place: Register, type: Type, shift: int) -> tuple[Register, Register]:
    """The vector at a place, and with the lanes ``shift`` apart exchanged."""
    here = place.load(type, ALIGN)
    return here, here.shuffle([i ^ shift for i in range(type.lanes)])


def _larger(a: Register, b: Register) -> Register:
    """The larger one; b, if one is NaN."""
    return a.compare("ogt", b).select(a, b)


def _tree(values: list[Register], join: Callable[[Register, Register], Register]) -> Register:
    while len(values) > 1:
        values = [join(a, b) for a, b in zip(values[::2], values[1::2], strict=True)]
    return values[0]
