"""The builder of LLVM's text: modules, functions and their blocks.

All that the CPU engine compiles is written through it. A block has parameters and a jump says what
they are then, so that nobody writes a phi instruction by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from ogive.printers.llvm.notation import I64, POINTER, VOID, Type, quoted
from ogive.printers.llvm.typed_values import Register

#: Functions of vectors become a part of whoever calls them. What is long and rarely called stays
#: out of line, where it takes no registers from the loop around the call.
INLINED, RARE = "#0", "#1"
_ATTRIBUTES = """\
attributes #0 = { alwaysinline "min-legal-vector-width"="512" }
attributes #1 = { noinline cold "min-legal-vector-width"="512" }
"""
_Result = Register | Iterable[Register] | None
Edge = tuple["Block", Sequence[Register]]


class Module:
    """Functions, each after those it calls, and what they declare."""

    def __init__(self) -> None:
        self.declared: dict[str, str] = {}
        self.functions: dict[str, str] = {}
        self.results: dict[str, tuple[Type, ...]] = {}

    def define(
        self,
        name: str,
        inputs: Mapping[str, Type],
        build: Callable[..., _Result],
        attributes: str = INLINED,
        linkage: str = "internal ",
    ) -> str:
        """The function of this name, which is written the first time.

        Args:
            build: writes it, given the `Function` and its inputs, and returns what it returns.
        """
        if name in self.functions:
            return name
        f = Function(self, inputs)
        made = build(f, *f.inputs)
        results = [] if made is None else [made] if isinstance(made, Register) else [*made]
        self.results[name] = tuple(r.type for r in results)
        kind = _returned(self.results[name])
        f.write(f"ret {f.structure(kind, results)}")
        listed = ", ".join(i.typed for i in f.inputs)
        head = f"define {linkage}{kind} @{quoted(name)}({listed}) {attributes}".rstrip()
        self.functions[name] = "\n".join([f"{head} {{", *f.text(), "}", ""])
        return name

    def include(self, other: Module) -> None:
        """Adds what another module has and this one lacks."""
        self.declared |= other.declared
        self.functions |= other.functions
        self.results |= other.results

    def text(self) -> str:
        return "\n".join([*self.declared.values(), "", *self.functions.values(), _ATTRIBUTES])


class Block:
    """A part of a function with one beginning and one end.

    ``block(*values)`` is a jump's edge to it, on which its parameters have these values.
    """

    def __init__(self, label: str, parameters: Sequence[Register]) -> None:
        self.label = label
        self.parameters = parameters
        self.edges: list[tuple[str, Sequence[Register]]] = []

    def __call__(self, *values: Register | float) -> Edge:
        pairs = zip(self.parameters, values, strict=True)
        return self, [parameter.number(value) for parameter, value in pairs]

    def lines(self) -> Iterator[str]:
        yield f"{self.label}:"
        for k, parameter in enumerate(self.parameters):
            sources = ", ".join(f"[ {given[k].text}, %{label} ]" for label, given in self.edges)
            yield f"  {parameter.text} = phi {parameter.type} {sources}"


class Function:
    """A function under construction; what is added comes last."""

    def __init__(self, module: Module, inputs: Mapping[str, Type]) -> None:
        self.module = module
        self.inputs = [Register(self, t, f"%{quoted(i)}") for i, t in inputs.items()]
        self._lines: list[str | Block] = []
        self._labels = Counter[str]()
        self._count = 0
        self.begin(self.block("entry"))

    def text(self) -> Iterator[str]:
        for line in self._lines:
            yield from line.lines() if isinstance(line, Block) else [line]

    def write(self, instruction: str) -> None:
        """Adds an instruction that gives nothing."""
        self._lines.append(f"  {instruction}")

    def value(self, type: Type, instruction: str) -> Register:
        """Adds an instruction; what it gives."""
        new = self._new(type)
        self._lines.append(f"  {new.text} = {instruction}")
        return new

    def _new(self, type: Type) -> Register:
        self._count += 1
        return Register(self, type, f"%t.{self._count - 1}")  # no input has a dot in its name

    def number(self, type: Type, value: float) -> Register:
        return Register(self, type, type.number(value), value)

    def foreign(self, name: str, result: Type, *inputs: Register, flags: str = "") -> Register:
        """Calls an intrinsic, or a function that the process has."""
        listed = ", ".join(i.type for i in inputs)
        self.module.declared[name] = f"declare {result} @{name}({listed})"
        return self._called(f"{flags}{result} @{name}", result, inputs)

    def indirect(self, pointer: Register, result: Type, *inputs: Register) -> Register:
        """Calls the function that lies there."""
        return self._called(f"{result} {pointer.text}", result, inputs)

    def _called(self, target: str, result: Type, inputs: Iterable[Register]) -> Register:
        call = f"call {target}({', '.join(i.typed for i in inputs)})"
        if result is not VOID:
            return self.value(result, call)
        self.write(call)
        return Register(self, VOID, "")

    def call(self, name: str, *inputs: Register) -> list[Register]:
        """What a function of the module returns."""
        results = self.module.results[name]
        kind = _returned(results)
        whole = self._called(f"{kind} @{quoted(name)}", kind, inputs)
        if len(results) < 2:
            return [whole][: len(results)]
        return [self.value(t, f"extractvalue {whole.typed}, {k}") for k, t in enumerate(results)]

    def structure(self, kind: Type, results: Sequence[Register]) -> str:
        """What a function returns, put together."""
        if len(results) < 2:
            return results[0].typed if results else str(VOID)
        whole = Register(self, kind, "poison")
        for k, result in enumerate(results):
            whole = self.value(kind, f"insertvalue {whole.typed}, {result.typed}, {k}")
        return whole.typed

    def stack(self, type: Type | str, align: int, count: Register | None = None) -> Register:
        """A place on the stack, for so many."""
        many = f", {count.typed}" if count else ""
        return self.value(POINTER, f"alloca {type}{many}, align {align}")

    # blocks

    def block(self, label: str, *parameters: Type) -> Block:
        self._labels[label] += 1
        # like a value's name it has a dot: an input may be called entry
        return Block(f"{label}.{self._labels[label]}", [self._new(type) for type in parameters])

    def begin(self, block: Block) -> Sequence[Register]:
        """Begins a block; its parameters."""
        self._lines.append(block)
        self._here = block.label
        return block.parameters

    def jump(self, edge: Edge) -> None:
        self._leave(f"br label %{edge[0].label}", edge)

    def branch(self, condition: Register, yes: Edge, no: Edge) -> None:
        labels = f"label %{yes[0].label}, label %{no[0].label}"
        self._leave(f"br {condition.typed}, {labels}", yes, no)

    def _leave(self, instruction: str, *edges: Edge) -> None:
        self.write(instruction)
        for block, values in edges:
            block.edges.append((self._here, values))

    @contextmanager
    def loop(self, times: Register) -> Iterator[Register]:
        """A block that is run for 0, 1 and so on below ``times``, and at least once."""
        body, end = self.block("loop", I64), self.block("end")
        self.jump(body(0))
        (i,) = self.begin(body)
        yield i
        following = i + 1
        self.branch(following.compare("ult", times), body(following), end())
        self.begin(end)

    @contextmanager
    def when(self, condition: Register) -> Iterator[None]:
        """A part that is only run where the condition holds."""
        part, end = self.block("part"), self.block("end")
        self.branch(condition, part(), end())
        self.begin(part)
        yield
        self.jump(end())
        self.begin(end)

    def rarely(
        self, mask: Register, usual: Sequence[Register], rare: Callable[[], Iterable[Register]]
    ) -> Sequence[Register]:
        """The usual values, and the rare ones in the lanes of the mask: a branch around what
        computes these, which is taken if any lane needs it."""
        needed = self.foreign(f"llvm.vector.reduce.or.{mask.type.suffix}", Type("i1"), mask)
        slow, join = self.block("rare"), self.block("join", *(u.type for u in usual))
        self.branch(needed, slow(), join(*usual))
        self.begin(slow)
        self.jump(join(*[mask.select(r, u) for r, u in zip(rare(), usual, strict=True)]))
        return self.begin(join)


def _returned(results: Sequence[Type]) -> Type:
    if len(results) < 2:
        return results[0] if results else VOID
    return Type("{ " + ", ".join(map(str, results)) + " }")
