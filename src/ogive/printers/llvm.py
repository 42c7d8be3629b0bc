"""LLVM's intermediate representation: what the CPU engine compiles.

A program becomes a function from vectors to vectors, straight down the page, and so does every
primitive in it, by the project's own approximation. A vector has one lane for each float32 in 64
bytes, which LLVM cuts to what the processor has: the text is the same everywhere, and since every
fused multiply-add is written as one and nothing may be reordered, so are the results.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

from ogive.expr import (
    Node,
    Program,
    diff,
    expand,
    fold,
    rebuild,
    share,
    substitute,
    symbol,
    symbols,
    walk,
)
from ogive.expr.functions import gelu_tanh, ndtr, tanhshrink
from ogive.expr.node import ONE, ZERO, const, constant_value, where
from ogive.expr.primitives import call
from ogive.expr.program import DATA_SAMPLES
from ogive.printers.approximations import approximation
from ogive.printers.base import Printer
from ogive.printers.machine import FLOAT32, FLOAT64, Format, Value

BINARY = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
COMPARE = {"lt": "olt", "le": "ole", "eq": "oeq"}
INTRINSIC = {
    "abs": "fabs",
    "sqrt": "sqrt",
    "fma": "fma",
    "round": "roundeven",
    "copysign": "copysign",
    "min": "minimum",
    "max": "maximum",
}
ARITHMETIC = {*BINARY, *COMPARE, *INTRINSIC, "neg", "where", "sign", "pi"}
#: Functions that have an approximation of their own in float32, and so has the slope of each.
OWN: dict[str, Callable[[Node], Node]] = {
    "gelu": lambda x: x * ndtr(x),
    "gelu_tanh": gelu_tanh,
}
APPROXIMATED = (
    *("exp", "expm1", "log", "log1p", "tanh", "sinh", "cosh", "pow"),
    *("erf", "erfc", "ndtr", "erfinv", "sin", "cos", "atan", "asinh"),
    *(own for name in OWN for own in (name, f"{name}_slope")),
)
#: What a number times one of them is where neither is large.
OPENED = {"gelu": "geglu_near", "gelu_tanh": "geglu_tanh_near"}
#: Up to this size, products of two exponentials stay in float32's range.
NEAR = 40.0
#: The far way is kept out of line: it is long, and rarely taken.
ATTRIBUTES = """\
attributes #0 = { alwaysinline "min-legal-vector-width"="512" }
attributes #1 = { noinline cold "min-legal-vector-width"="512" }"""
#: What is done in float64 for the sake of an exponent; anything else is widened when it is there.
WIDENED = (*BINARY, "neg", "abs", "sqrt", "fma")

#: The machine operations LLVM lacks, for float32 and float64. 2**n is made by adding n to a number
#: whose lowest fraction bits then hold n plus the exponent's bias.
EXP2 = """\
define internal <{lanes} x {type}> @exp2.{name}(<{lanes} x {type}> %n) #0 {{
  %biased = fadd <{lanes} x {type}> %n, splat ({type} {magic})
  %bits = bitcast <{lanes} x {type}> %biased to <{lanes} x {int}>
  %exponent = shl <{lanes} x {int}> %bits, splat ({int} {fraction})
  %result = bitcast <{lanes} x {int}> %exponent to <{lanes} x {type}>
  ret <{lanes} x {type}> %result
}}
"""
LDEXP = """\
define internal <{lanes} x {type}> @ldexp.{name}(<{lanes} x {type}> %a, <{lanes} x {type}> %n) #0 {{
  %half = fmul <{lanes} x {type}> %n, splat ({type} 0.5)
  %n1 = call <{lanes} x {type}> @llvm.roundeven.{name}(<{lanes} x {type}> %half)
  %n2 = fsub <{lanes} x {type}> %n, %n1
  %s1 = call <{lanes} x {type}> @exp2.{name}(<{lanes} x {type}> %n1)
  %s2 = call <{lanes} x {type}> @exp2.{name}(<{lanes} x {type}> %n2)
  %scaled = fmul <{lanes} x {type}> %a, %s1
  %result = fmul <{lanes} x {type}> %scaled, %s2
  ret <{lanes} x {type}> %result
}}
"""
EXPONENT = """\
define internal <{lanes} x {type}> @exponent.{name}(<{lanes} x {type}> %a) #0 {{
  %bits = bitcast <{lanes} x {type}> %a to <{lanes} x {int}>
  %biased = lshr <{lanes} x {int}> %bits, splat ({int} {fraction})
  %packed = or <{lanes} x {int}> %biased, splat ({int} {whole_bits})
  %whole = bitcast <{lanes} x {int}> %packed to <{lanes} x {type}>
  %result = fsub <{lanes} x {type}> %whole, splat ({type} {whole})
  ret <{lanes} x {type}> %result
}}
"""
ALTERNATE = """\
define internal <{lanes} x {type}> @alternate.{name}(<{lanes} x {type}> %a, <{lanes} x {type}> %b)
#0 {{
  %large = fadd <{lanes} x {type}> %b, splat ({type} {shift})
  %bits = bitcast <{lanes} x {type}> %large to <{lanes} x {int}>
  %sign = shl <{lanes} x {int}> %bits, splat ({int} {sign})
  %given = bitcast <{lanes} x {type}> %a to <{lanes} x {int}>
  %turned = xor <{lanes} x {int}> %given, %sign
  %result = bitcast <{lanes} x {int}> %turned to <{lanes} x {type}>
  ret <{lanes} x {type}> %result
}}
"""
HELPERS = {"exp2": EXP2, "ldexp": LDEXP, "exponent": EXPONENT, "alternate": ALTERNATE}
#: How many numbers "entry" chooses from: with AVX2 they are one register, and a choice for all of
#: a vector's lanes is one instruction, which LLVM recognises by a lane after the other.
ENTRIES = 8


def _entry(lanes: int) -> str:
    lines = [
        f"define internal <{lanes} x float> @entry.v{lanes}f32"
        f"(<{lanes} x float> %a, <{ENTRIES} x float> %row) #0 {{",
        f"  %bits = bitcast <{lanes} x float> %a to <{lanes} x i32>",
        f"  %place = and <{lanes} x i32> %bits, splat (i32 {ENTRIES - 1})",
    ]
    result = "poison"
    for i in range(lanes):
        lines += [
            f"  %p{i} = extractelement <{lanes} x i32> %place, i32 {i}",
            f"  %e{i} = extractelement <{ENTRIES} x float> %row, i32 %p{i}",
            f"  %r{i} = insertelement <{lanes} x float> {result}, float %e{i}, i32 {i}",
        ]
        result = f"%r{i}"
    return "\n".join([*lines, f"  ret <{lanes} x float> {result}", "}", ""])


def _helper(template: str, format: Format, lanes: int) -> str:
    fraction, bias = format.digits - 1, format.largest_exponent - 1
    return template.format(
        lanes=lanes,
        type=TYPES[format],
        int="i32" if format is FLOAT32 else "i64",
        name=f"v{lanes}{SUFFIX[format]}",
        magic=float(1.5 * 2**fraction + bias),
        shift=float(1.5 * 2**fraction),
        sign=31 if format is FLOAT32 else 63,
        fraction=fraction,
        whole_bits=_bits(2.0**fraction, format),
        whole=float(2**fraction + bias),
    )


TYPES = {FLOAT32: "float", FLOAT64: "double"}
SUFFIX = {FLOAT32: "f32", FLOAT64: "f64"}


def _bits(value: float, format: Format) -> int:
    kinds = ("<f", "<I") if format is FLOAT32 else ("<d", "<Q")
    bits: int = struct.unpack(kinds[1], struct.pack(kinds[0], value))[0]
    return bits


@dataclass(frozen=True)
class Arithmetic:
    """float32 or float64; or float32 while the data is at most ``within`` in size, float64 beyond.

    The far elements are rare, or the near ones would not be worth a second way. The near ones can
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
        """How many numbers a vector of 64 bytes has."""
        return 16 if self.format is FLOAT32 else 8


class LLVMPrinter(Printer):
    """Programs in LLVM for one arithmetic, float32 or float64."""

    language = "cpu"
    spell: ClassVar = {}

    def __init__(
        self, format: Format = FLOAT32, near: tuple[str, ...] = (), forms: str = ""
    ) -> None:
        self.format = format
        #: the inputs that are known not to be large
        self.near = near
        self.forms = forms

    def spoken(self) -> set[str]:
        return ARITHMETIC | {n for n in APPROXIMATED if approximation(n, self.format)}

    def outputs(self, program: Program) -> tuple[Node, ...]:
        """The program's outputs with exponentials shared, in what LLVM and the table can say.

        Near zero no limit at infinity needs a guard, and simpler forms do.
        """
        spoken = self.spoken()
        given = program.guarded
        if self.near:
            given = tuple(rebuild(fold(o), self._near_gate) for o in program.outputs)
        if self.format is FLOAT32:
            given = tuple(rebuild(o, _own_form) for o in given)
        shared = (share(rebuild(o, self._near_form)) for o in given)
        written = (fold(expand(o, spoken)) for o in shared)
        careful = (rebuild(o, self._careful) for o in written)
        return _fused(tuple(rebuild(o, self._shortened) for o in careful))

    def _shortened(self, node: Node) -> Node | None:
        """The short or close form of a primitive, where that is asked for."""
        name = f"{node.op}_{self.forms}"
        wanted = self.forms in ("short", "close") and approximation(name, self.format)
        return Node(name, node.args) if wanted else None

    def _careful(self, node: Node) -> Node | None:
        """What the machine does better: an exponent that is computed, in float64; a decaying
        exponential; and in float32 what tanh takes away, and a product in the place of a division
        by a number."""
        if node.op == "exp":
            return self._exponential(node.args[0])
        if node.op in ("sin", "cos") and self._is_near(node.args[0]):
            return Node(f"{node.op}_near", node.args)
        if node.op == "mul" and node.args[1].op in OPENED and all(map(self._is_near, node.args)):
            return Node(OPENED[node.args[1].op], (node.args[0], *node.args[1].args))
        if node.op == "mul" and node.args[1].op == "mul":
            return self._value_first(node.args[0], *node.args[1].args)
        if node.op == "log1p" and _at_most_one(node.args[0]) and self.format is FLOAT32:
            return Node("log1p_of_unit", node.args)
        if node.op == "where" and self.format is FLOAT32:
            x = (node.args[2].args or node.args)[0]
            return Node("tanhshrink", (x,)) if node is tanhshrink(x) else None
        if node.op == "div" and node.args[1].op == "const" and self.format is FLOAT32:
            inverse = 1.0 / float(node.args[1].value or math.nan)
            return Node("mul", (Node("const", (), inverse), node.args[0]))
        return None

    def _value_first(self, value: Node, x: Node, gate: Node) -> Node | None:
        """value (x gate) as (value x) gate where neither is large: x gate may have lost digits."""
        if not self._is_near(value) or not self._is_near(x) or symbols(value) & symbols(x):
            return None
        return Node("mul", (Node("mul", (value, x)), gate))

    def _exponential(self, x: Node) -> Node:
        if self._is_near(x) and (root := _bell(x)) is not None:
            return Node("bell_near", (root,))
        if self._is_near(x):
            computed = self.format is FLOAT32 and _computed(x)
            return Node("exp_near_of_wide", (_widened(x),)) if computed else Node("exp_near", (x,))
        decays = x.op == "neg" and x.args[0].op == "abs"
        name, x = ("decay", x.args[0]) if decays else ("exp", x)
        if self.format is FLOAT64 or not _computed(x):
            return Node(name, (x,))
        return Node(f"{name}_of_wide", (_widened(x),))

    def _is_near(self, x: Node) -> bool:
        """Whether x is a function of such inputs alone; a parameter might make it large."""
        inputs = {n.value for n in symbols(x)}
        return bool(inputs) and inputs <= {*self.near}

    def _near_gate(self, node: Node) -> Node | None:
        """A number times the tanh of a softplus that is not large."""
        if node.op == "mul":
            for a, gate in (node.args, reversed(node.args)):
                if gate.op == "tanh" and gate.args[0].op == "softplus":
                    (x,) = gate.args[0].args
                    return _gated(a, x) if self._is_near(x) else None
        return None

    def _near_form(self, node: Node) -> Node | None:
        """The logistic family where its argument is not large: quotients of exp(-x)."""
        softplus = node.op in ("tanh", "sech") and node.args[0].op == "softplus"
        if not softplus and node.op not in ("sigmoid", "dsigmoid"):
            return None
        x = node.args[0].args[0] if softplus else node.args[0]
        if not self._is_near(x):
            return None
        e = call("exp", -x)
        if softplus:
            above = 1 + 2 * e
            below = above + 2 * e * e
            return (above if node.op == "tanh" else 2 * e * e + 2 * e) / below
        s = 1 / (1 + e)
        return s if node.op == "sigmoid" else e * s * s

    def source(self, program: Program, name: str | None = None) -> str:
        """The declarations, a function for each primitive in use, and one for the program."""
        name = name or program.name
        taken = approximation(name, self.format) is not None
        return module(program, Arithmetic(self.format), f"{name}.program" if taken else name)


def module(program: Program, arithmetic: Arithmetic, name: str, codes: int = 0) -> str:
    """The text of a program's function of vectors.

    Args:
        codes: so many outputs, the last ones, leave the others as they would be without them.
    """
    text = Text(arithmetic.format, arithmetic.lanes)
    if arithmetic.within == math.inf:
        printer = LLVMPrinter(arithmetic.format, (), arithmetic.forms)
        coder = LLVMPrinter(arithmetic.format) if arithmetic.plain_codes else printer
        outputs = _apart(printer, program, codes, coder)
        text.function(name, program.inputs, outputs)
    else:
        near = _near_printer(program, arithmetic.forms)
        coder = LLVMPrinter(FLOAT32) if arithmetic.plain_codes else near
        outputs = _apart(near, program, codes, coder)
        text.function("near", program.inputs, outputs)
        wide = _apart(LLVMPrinter(FLOAT64), program, codes)
        text.wide().function("far", program.inputs, wide, inline=False)
        data = [name in program.data for name in program.inputs]
        text.near_or_far(name, program.inputs, data, arithmetic.within, len(outputs))
    return text.whole()


def _apart(
    printer: LLVMPrinter, program: Program, codes: int, coder: LLVMPrinter | None = None
) -> tuple[Node, ...]:
    """The outputs as printed, the codes on their own."""
    numbers, coded = _parts(program, codes)
    return (*printer.outputs(numbers), *(coder or printer).outputs(coded))


@lru_cache(maxsize=1024)  # each part finds out once where it needs guards
def _parts(program: Program, codes: int) -> tuple[Program, Program]:
    """The program of the numbers and that of the codes."""
    first = len(program.outputs) - codes
    return (
        replace(program, outputs=program.outputs[:first]),
        replace(program, outputs=program.outputs[first:]),
    )


def _near_printer(program: Program, forms: str) -> LLVMPrinter:
    return LLVMPrinter(FLOAT32, program.data if forms == "near" else (), forms)


def simplifies(program: Program) -> bool:
    """Whether the program becomes shorter where it need not care for large inputs."""
    return _has_form(program, _near_printer(program, "near"))


def draws_closer(program: Program) -> bool:
    """Whether a form in the program has fewer roundings than the usual one."""
    return _has_form(program, LLVMPrinter(FLOAT32, (), "close"))


def shortens(program: Program) -> bool:
    """Whether float64 needs fewer steps where its results are rounded to float32."""
    return _has_form(program, LLVMPrinter(FLOAT64, (), "short"))


def _has_form(program: Program, printer: LLVMPrinter) -> bool:
    written = walk(*printer.outputs(program))
    return any(f"_{printer.forms}" in node.op for node in written)


def _gated(a: Node, x: Node) -> Node:
    """a tanh(softplus(x)) in e = exp(-|x|).

    It is b - b q, with b the size it has far from 0, which is a or a e, and q a quotient that
    decays: what rounding takes from q counts little.
    """
    e, two = call("exp", -abs(x)), const(2.0)
    # a choice of a number or 0 is one operation, a choice of two numbers up to three
    left, right = where(x < 0, e, ZERO), where(x < 0, ZERO, ONE)
    factor = Node("fma", (two, e, -left))  # e or 2 e
    rest = Node("fma", (factor, e, left))
    whole = Node("fma", (factor, e, Node("fma", (two, e, 2 - right))))
    b = a * (left + right)
    return Node("copysign", (b - b * (rest / whole), a))  # which keeps the sign of a zero


def _own_form(node: Node) -> Node | None:
    """A function that has an approximation of its own, or its slope."""
    if node.op not in ("add", "mul", "mul0"):
        return None
    x = node.args[0] if node.op != "add" else (node.args[1].args or node.args)[0]
    return next((Node(name, (x,)) for form, name in _own_forms(x) if form is node), None)


@lru_cache(maxsize=1024)
def _own_forms(x: Node) -> tuple[tuple[Node, str], ...]:
    """The functions of x with their names, and their slopes, with and without guards."""
    return tuple((substitute(form, {"x": x}), name) for form, name in _written_forms())


@lru_cache(maxsize=1)
def _written_forms() -> tuple[tuple[Node, str], ...]:
    x, found = symbol("x"), []
    for name, function in OWN.items():
        for own, y in ((name, function(x)), (f"{name}_slope", diff(function(x), x))):
            guarded = Program(own, ("x",), (y,), (DATA_SAMPLES,)).guarded
            found += [(form, own) for form in (fold(y), *guarded)]
    return tuple(found)


def _bell(x: Node) -> Node | None:
    """u, if x is -u**2 / 2."""
    if x.op != "mul" or x.args[0].op != "mul":
        return None
    (half, u), v = x.args[0].args, x.args[1]
    return u if u is v and constant_value(half) == -0.5 else None


def _at_most_one(node: Node) -> bool:
    """Whether it is the exponential of minus a size."""
    if node.op.startswith("exp_near"):
        (x,) = node.args
        return x.op == "neg" and x.args[0].op == "abs"
    return node.op.startswith("decay")


def _fused(outputs: tuple[Node, ...]) -> tuple[Node, ...]:
    """The outputs with each product that is only added, added before it is rounded."""
    uses = Counter(a for node in walk(*outputs) for a in node.args)
    uses.update(outputs)
    new: dict[Node, Node] = {}
    for node in walk(*outputs):
        args = tuple(new[a] for a in node.args)
        new[node] = Node(node.op, args, node.value)
        if node.op == "mul" and (quotient := _one_quotient(node, args, uses)) is not None:
            new[node] = quotient
        if node.op not in ("add", "sub"):
            continue
        a, b = args
        first, second = (new[n].op == "mul" and uses[n] == 1 for n in node.args)
        if second:
            factor = b.args[0] if node.op == "add" else _negative(b.args[0])
            new[node] = Node("fma", (factor, b.args[1], a))
        elif first:
            new[node] = Node("fma", (*a.args, b if node.op == "add" else _negative(b)))
    return tuple(new[o] for o in outputs)


def _one_quotient(node: Node, args: tuple[Node, ...], uses: Counter[Node]) -> Node | None:
    """a (1 / b) as a / b."""
    for i, (old, new) in enumerate(zip(node.args, args, strict=True)):
        if new.op == "div" and uses[old] == 1 and constant_value(new.args[0]) == 1.0:
            return Node("div", (args[1 - i], new.args[1]))
    return None


def _negative(node: Node) -> Node:
    return Node("const", (), -float(node.value or 0.0)) if node.op == "const" else -node


def _computed(node: Node) -> bool:
    """Whether rounding has touched it: it is no input, nor the size or negative of one."""
    while node.op in ("neg", "abs"):
        (node,) = node.args
    return node.op != "symbol"


def _widened(root: Node) -> Node:
    """The arithmetic of an expression in float64."""
    new: dict[Node, Node] = {}
    for node in walk(root):
        if node.op in ("const", "pi"):
            new[node] = node
        elif node.op in WIDENED:
            new[node] = Node(node.op, tuple(new[a] for a in node.args))
        else:
            new[node] = Node("widen", (node,))
    return new[root]


class Text:
    """A module under construction: functions, and what they declare."""

    def __init__(self, format: Format, lanes: int) -> None:
        self.format = format
        self.lanes = lanes
        self.suffix = ""
        self.declared: dict[str, str] = {}
        self.functions: dict[str, str] = {}

    def wide(self) -> Text:
        """The same module, for functions of float64."""
        other = Text(FLOAT64, self.lanes)
        other.suffix = ".wide"
        other.declared, other.functions = self.declared, self.functions
        return other

    def whole(self) -> str:
        return "\n".join([*self.declared.values(), "", *self.functions.values(), ATTRIBUTES, ""])

    def type(self, format: Format) -> str:
        return f"<{self.lanes} x {TYPES[format]}>"

    def result(self, count: int) -> str:
        """The type of so many outputs."""
        vector = self.type(self.format)
        return vector if count == 1 else "{ " + ", ".join([vector] * count) + " }"

    def function(
        self,
        name: str,
        inputs: Iterable[str],
        outputs: tuple[Node, ...],
        taken: Format | None = None,
        inline: bool = True,
    ) -> None:
        """Adds a function of vectors that returns a vector, or a structure of several.

        Its inputs are of the format ``taken``, by default that of its outputs.
        """
        inputs, taken = tuple(inputs), taken or self.format
        body = Body(self, {i: (local(i), taken) for i in inputs})
        values = [body.value(o) for o in outputs]
        texts = [v or body.mention(o, self.format) for v, o in zip(values, outputs, strict=True)]
        self.add(name, [(self.type(taken), i) for i in inputs], body, texts, inline)

    def add(
        self,
        name: str,
        inputs: list[tuple[str, str]],
        body: Body,
        results: list[str],
        inline: bool = True,
    ) -> None:
        """Adds the function whose body is written."""
        kind = self.result(len(results))
        result = results[0] if len(results) == 1 else body.structure(kind, results)
        listed = ", ".join(f"{vector} {local(i)}" for vector, i in inputs)
        lines = "\n".join(line if line.endswith(":") else f"  {line}" for line in body.lines)
        self.functions[name] = (
            f"define internal {kind} {globally(name)}({listed}) {'#0' if inline else '#1'} {{\n"
            f"entry:\n{lines}\n  ret {kind} {result}\n}}\n"
        )

    def near_or_far(
        self, name: str, inputs: tuple[str, ...], data: list[bool], within: float, count: int
    ) -> None:
        """Adds a function that calls ``near``, and ``far`` too if there is data beyond it."""
        vector, body = self.type(self.format), Body(self, {})
        given = [local(i) for i in inputs]
        near = body.parts(f"{globally('near')}({_listed(vector, given)})", count)
        beyond = body.beyond([g for g, d in zip(given, data, strict=True) if d], within)
        body.branch(beyond)
        double = self.type(FLOAT64)
        widened = [body.line(f"fpext {vector} {g} to {double}") for g in given]
        far = body.parts(f"{globally('far')}({_listed(double, widened)})", count, self.wide())
        mixed = []
        for usual, rare in zip(near, far, strict=True):
            narrow = body.line(f"fptrunc {double} {rare} to {vector}")
            mixed.append(body.line(body.select(beyond, vector, narrow, usual)))
        results = body.join(vector, near, mixed)
        self.add(name, [(vector, i) for i in inputs], body, results)

    def intrinsic(self, name: str, format: Format, arity: int) -> str:
        full = f"@llvm.{name}.v{self.lanes}{SUFFIX[format]}"
        vector = self.type(format)
        self.declared[full] = f"declare {vector} {full}({', '.join([vector] * arity)})"
        return full

    def helper(self, name: str, format: Format) -> str:
        full = f"{name}.v{self.lanes}{SUFFIX[format]}"
        if name == "ldexp":
            self.intrinsic("roundeven", format, 1)
            self.helper("exp2", format)
        self.functions.setdefault(full, _helper(HELPERS[name], format, self.lanes))
        return f"@{full}"

    def entry(self) -> str:
        full = f"entry.v{self.lanes}f32"
        self.functions.setdefault(full, _entry(self.lanes))
        return f"@{full}"

    def primitive(self, name: str, arity: int) -> str:
        full = name + self.suffix
        if full not in self.functions:
            build = approximation(name, self.format)
            assert build is not None, name
            inputs = ("x", "y")[:arity]
            output = build(*(Value(symbol(i)) for i in inputs)).node
            self.functions[full] = ""  # its place: before those who call it
            self.function(full, inputs, (output,), _taken(name, self.format))
        return globally(full)

    def libm(self, name: str, arity: int) -> str:
        self.declared[name] = f"declare double @{name}({', '.join(['double'] * arity)})"
        return f"@{name}"


class Body:
    """The lines of one function, each value written once."""

    def __init__(self, text: Text, inputs: dict[str, tuple[str, Format]]) -> None:
        self.text = text
        self.inputs = inputs
        self.lines: list[str] = []
        self.block = self.origin = "entry"
        self.number = 0
        self.known: dict[Node, tuple[str, Format]] = {}
        self.count = 0

    def value(self, root: Node) -> str:
        """The name of the node's value, after the lines that compute it."""
        needed = _needed(root)
        for node in walk(root):
            if node in needed and node not in self.known:
                self.known[node] = self.write(node)
        return self.known[root][0]

    def write(self, node: Node) -> tuple[str, Format]:
        """The lines of one node whose arguments are written; its name and format."""
        if node.op == "symbol":
            return self.inputs[str(node.value)]
        if node.op in ("const", "pi"):
            return "", self.text.format
        format = self.format_of(node)
        if node.op == "rarely":
            return self.rarely(node, format), format
        return self.line(self.operation(node, format)), format

    def line(self, operation: str) -> str:
        name = f"%t.{self.count}"  # no input has a dot in its name
        self.count += 1
        self.lines.append(f"{name} = {operation}")
        return name

    def format_of(self, node: Node) -> Format:
        if node.op in ("widen", "libm"):
            return FLOAT64
        if node.op == "narrow" or node.op.endswith("_of_wide"):
            return FLOAT32
        written = (a for a in node.args if a in self.known and a.op not in ("const", "pi"))
        formats = [self.known[a][1] for a in written]
        # the condition of a selection comes first, and has the format of what it compares
        return formats[-1] if formats else self.text.format

    def mention(self, node: Node, format: Format) -> str:
        """The value as an operand; a number takes the format of its neighbours."""
        if node.op in ("const", "pi"):
            return f"splat ({TYPES[format]} {literal(_number(node), format)})"
        return self.known[node][0]

    def operation(self, node: Node, format: Format) -> str:
        """The right side of the node's line."""
        vector, taken = self.text.type(format), _taken(node.op, format)
        args = [self.mention(a, taken) for a in node.args]
        if node.op in BINARY:
            return f"{BINARY[node.op]} {vector} {args[0]}, {args[1]}"
        if node.op in COMPARE:
            return f"fcmp {COMPARE[node.op]} {vector} {args[0]}, {args[1]}"
        if node.op == "neg":
            return f"fneg {vector} {args[0]}"
        if node.op == "where":
            return self.select(args[0], vector, args[1], args[2])
        if node.op in ("min", "max") and any(a.op == "const" for a in node.args):
            return self.clamp(node, vector, args)
        if node.op == "sign":
            return self.sign(vector, args[0], format)
        if node.op in ("widen", "narrow"):
            return self.convert(node, format)
        if node.op == "libm":
            return self.each(node, args)
        if node.op == "entry":
            row = _listed("float", (literal(_number(a), format) for a in node.args[1:]))
            given = f"{vector} {args[0]}, <{ENTRIES} x float> <{row}>"
            return f"call {vector} {self.text.entry()}({given})"
        return f"call {vector} {self.called(node, format)}({_listed(self.text.type(taken), args)})"

    def called(self, node: Node, format: Format) -> str:
        if node.op in INTRINSIC:
            return self.text.intrinsic(INTRINSIC[node.op], format, len(node.args))
        if node.op in HELPERS:
            return self.text.helper(node.op, format)
        return self.text.primitive(node.op, len(node.args))

    def select(self, condition: str, vector: str, a: str, b: str) -> str:
        return f"select <{self.text.lanes} x i1> {condition}, {vector} {a}, {vector} {b}"

    def clamp(self, node: Node, vector: str, args: list[str]) -> str:
        """min or max with a number: one comparison, which lets NaN through."""
        limit, x = args if node.args[0].op == "const" else reversed(args)
        compare = "ogt" if node.op == "min" else "olt"
        beyond = self.line(f"fcmp {compare} {vector} {x}, {limit}")
        return self.select(beyond, vector, limit, x)

    def sign(self, vector: str, x: str, format: Format) -> str:
        one = f"splat ({TYPES[format]} 1.0)"
        size = self.text.intrinsic("copysign", format, 2)
        signed = self.line(f"call {vector} {size}({vector} {one}, {vector} {x})")
        # zero and NaN are their own sign
        other = self.line(f"fcmp one {vector} {x}, zeroinitializer")
        return self.select(other, vector, signed, x)

    def convert(self, node: Node, format: Format) -> str:
        source = FLOAT32 if node.op == "widen" else FLOAT64
        word = "fpext" if node.op == "widen" else "fptrunc"
        value = self.mention(node.args[0], source)
        return f"{word} {self.text.type(source)} {value} to {self.text.type(format)}"

    def each(self, node: Node, args: list[str]) -> str:
        """The C library's function on one lane after the other."""
        vector, function = self.text.type(FLOAT64), self.text.libm(str(node.value), len(args))
        result = "poison"
        for i in range(self.text.lanes):
            given = [self.line(f"extractelement {vector} {a}, i64 {i}") for a in args]
            one = self.line(f"call double {function}({_listed('double', given)})")
            last = f"insertelement {vector} {result}, double {one}, i64 {i}"
            result = self.line(last) if i < self.text.lanes - 1 else last
        return result

    def rarely(self, node: Node, format: Format) -> str:
        """A branch around the slow way, which is taken if any lane needs it."""
        condition, slow, fast = node.args
        vector, flag = self.text.type(format), self.known[condition][0]
        usual = self.mention(fast, format)
        outside = dict(self.known)
        self.branch(flag)
        self.value(slow)
        mixed = self.line(self.select(flag, vector, self.mention(slow, format), usual))
        self.known = outside  # what the branch computed is not known after it
        return self.join(vector, [usual], [mixed])[0]

    def branch(self, flag: str) -> None:
        """Begins a part that is run if a lane of the mask is set."""
        mask = f"<{self.text.lanes} x i1>"
        reduce = f"@llvm.vector.reduce.or.v{self.text.lanes}i1"
        self.text.declared[reduce] = f"declare i1 {reduce}({mask})"
        needed = self.line(f"call i1 {reduce}({mask} {flag})")
        self.origin, self.number = self.block, self.number + 1
        rare, join = f"rare{self.number}", f"join{self.number}"
        self.lines += [f"br i1 {needed}, label %{rare}, label %{join}", f"{rare}:"]
        self.block = rare

    def join(self, vector: str, usual: list[str], mixed: list[str]) -> list[str]:
        """Ends it: the values of those who went through it, and of those who did not."""
        last, self.block = self.block, f"join{self.number}"
        self.lines += [f"br label %{self.block}", f"{self.block}:"]
        return [
            self.line(f"phi {vector} [ {a}, %{self.origin} ], [ {b}, %{last} ]")
            for a, b in zip(usual, mixed, strict=True)
        ]

    def beyond(self, values: list[str], limit: float) -> str:
        """The mask of the lanes where one of the values is larger in size than the limit."""
        vector, mask = self.text.type(self.text.format), f"<{self.text.lanes} x i1>"
        size = self.text.intrinsic("fabs", self.text.format, 1)
        far = f"splat ({TYPES[self.text.format]} {literal(limit, self.text.format)})"
        found = ""
        for value in values:
            absolute = self.line(f"call {vector} {size}({vector} {value})")
            one = self.line(f"fcmp ogt {vector} {absolute}, {far}")
            found = self.line(f"or {mask} {found}, {one}") if found else one
        return found

    def parts(self, call: str, count: int, text: Text | None = None) -> list[str]:
        """The outputs of a call, one by one."""
        kind = (text or self.text).result(count)
        whole = self.line(f"call {kind} {call}")
        if count == 1:
            return [whole]
        return [self.line(f"extractvalue {kind} {whole}, {i}") for i in range(count)]

    def structure(self, kind: str, results: list[str]) -> str:
        vector, whole = self.text.type(self.text.format), "poison"
        for i, result in enumerate(results):
            whole = self.line(f"insertvalue {kind} {whole}, {vector} {result}, {i}")
        return whole


def _number(node: Node) -> float:
    return math.pi if node.op == "pi" else float(node.value or 0.0)


def _taken(operation: str, format: Format) -> Format:
    """The format of the arguments of an operation whose result is in ``format``."""
    return FLOAT64 if operation.endswith("_of_wide") else format


def _needed(root: Node) -> set[Node]:
    """The nodes that are computed whether or not a slow way is taken."""
    seen: set[Node] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += [a for i, a in enumerate(node.args) if node.op != "rarely" or i != 1]
    return seen


def _listed(kind: str, args: Iterable[str]) -> str:
    return ", ".join(f"{kind} {a}" for a in args)


def literal(value: float, format: Format) -> str:
    """A number as LLVM reads it: decimal where that is exact and short, else its bits."""
    if format is FLOAT32:
        value = _round32(value)
    exact = value - value == 0 and (value * 2**20) % 1 == 0 and abs(value) < 1e6
    return repr(value) if exact else f"0x{_bits(value, FLOAT64):016X}"


def _round32(value: float) -> float:
    if math.isinf(value) or abs(value) >= 3.4028235677973366e38:
        return math.copysign(math.inf, value)
    rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return rounded


def _quoted(name: str) -> str:
    plain = all(c.isascii() and (c.isalnum() or c in "_.") for c in name)
    return name if plain else '"' + "".join(f"\\{b:02X}" for b in name.encode()) + '"'


def local(name: str) -> str:
    return f"%{_quoted(name)}"


def globally(name: str) -> str:
    """The global name of a function of the project, apart from the C library's."""
    return f"@{_quoted('ogive.' + name)}"
