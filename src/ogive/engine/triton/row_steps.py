"""Formulas of rows as statements of a kernel: on tiles, and on one number for each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

from ogive.engine.cpu.rowwise.formulas import FORMULAS, GIVEN
from ogive.engine.cpu.rowwise.programs import Kind
from ogive.engine.cpu.rowwise.steps import FIELDS, SUMS
from ogive.engine.triton.kernel_noise import row_of_noise
from ogive.engine.triton.stored import loaded_number, stored_number
from ogive.expr import Node, symbol
from ogive.printers.machine import FLOAT32, FLOAT64, Value
from ogive.printers.triton import PRECISE, QUICK, TritonPrinter

LEAST = 'float("-inf")'
WRITTEN = ("y", "dx")


class RowSteps:
    """The statements of a kernel, and the functions that they call.

    Args:
        pieces: whether a tile is a piece of one row, and not several whole rows.
    """

    def __init__(self, kind: Kind, pieces: bool) -> None:
        self.kind, self.wide = kind, kind.format is FLOAT64
        #: the dimension of a row in a tile, what makes a tile of its numbers, and their mask
        self.axis, self.spread, self.below = (
            (0, "", "") if pieces else (1, "[:, None]", ", mask=below")
        )
        self.float = f"tl.{kind.format.name}"
        self.lines: list[str] = []
        self.functions: dict[str, str] = {}
        #: what is in the registers, as tiles, and as one number for each row
        self.tile: dict[str, str] = {}
        self.row: dict[str, str] = {}
        self._numbers: list[str] = []
        self._loaded: set[str] = set()
        self._indent = ""
        #: what results are named after: a name keeps its shape in a loop
        self.suffix = ""

    def add(self, *lines: str) -> None:
        self.lines += [self._indent + line for line in lines]

    @contextmanager
    def inside(self, head: str) -> Iterator[None]:
        """What is added under the head of a loop."""
        self.add(head)
        self._indent += "    "
        yield
        self._indent = self._indent[4:]

    def numbers(self) -> list[str]:
        """The statements that come first: those of the numbers that the kernel is given."""
        integer = "tl.int64" if self.wide else "tl.int32"
        convert = f".to({integer}).to({self.float}, bitcast=True)"
        return [f"{name} = {name}_bits{convert}" for name in self._numbers]

    # formulas

    def computed(self, formula: str, tile: bool) -> dict[str, str]:
        """The results of a formula, as names of what holds them."""
        formula = self.kind.variant(formula)
        names, results, _ = expressions(formula)
        given = ", ".join(self.value(name, tile) for name in names)
        called = self._function(formula)
        suffix = self.suffix if tile else "_of_row"
        made = [f"{called}_{r}{suffix}" for r in results]
        self.add(f"{', '.join(made)} = {called}({given})")
        return dict(zip(results, made, strict=True))

    def value(self, name: str, tile: bool) -> str:
        """What a formula is given under a name, computed or read where it is not there yet."""
        if name.startswith("factor"):
            self._numbers += [name] * (name not in self._numbers)
            return name
        known = self.tile if tile else self.row
        if name not in known and name in self.row:
            return f"{self.row[name]}{self.spread}"
        if name not in known:
            variant = self.kind.variant(self.kind.kept if name == "e" else name)
            if variant in GIVEN:
                computed = self.computed(variant, tile)
                known |= computed
                known[name] = computed[expressions(variant)[1][0]]
            else:
                known[name] = self._read(name)
        return known[name]

    def after(self, formula: str) -> None:
        """The formula after a walk, on one number for each row."""
        if not formula:
            return
        for name, value in self.computed(formula, tile=False).items():
            if name in FIELDS:
                self.add(f"{name} = {value}")
                self.row[name] = name
            else:
                stored = stored_number(self.kind.stored(name), value, self.wide)
                self.add(f"tl.store(p_{name} + row, {stored}{self.below})")
        self.forget()

    def _function(self, formula: str) -> str:
        """The name of the function of a formula, which is written when it is first called."""
        names, _, nodes = expressions(formula)
        called = f"row_{formula}"
        if called not in self.functions:
            quick = self.kind.narrow and self.kind.format is FLOAT32
            printer = TritonPrinter(self.kind.format, QUICK if quick else PRECISE)
            lines, texts = printer.body(nodes)
            self.functions |= printer.helpers(nodes)
            self.functions[called] = printer.function(called, names, lines, printer.several(texts))
        return called

    # memory

    def _read(self, name: str) -> str:
        """An operand, 0 outside the rows; x as a logit is -inf there."""
        if name == "logit":
            x = self.value("x", True)
            if self.kind.function.noise:
                x = f"({x} + {self._noise()})"
            sign = " * -1.0" if self.kind.function.negated else ""
            self.add(f"logit = tl.where(inside, {x}{sign}, {LEAST})")
        else:
            load = f"tl.load(p_{name} + place, mask=inside, other=0.0)"
            if name == self.kind.program.single:
                load = f"tl.load(p_{name} + row{self.below})"
            self.add(f"{name} = {loaded_number(self.kind.stored(name), load, self.wide)}")
        self._loaded.add(name)
        return name

    def _noise(self) -> str:
        """What is added to x, of neighbours at once."""
        kind = f"_{self.kind.function.noise}{self.kind.format.bits}"
        if self.axis:
            return f"{kind}_rows(p_seed, {row_of_noise('row')}, R, C)"
        return f"{kind}_block(p_seed, {row_of_noise('row')} + start, C)"

    def write(self, name: str, value: str) -> None:
        if name == "dx" and self.kind.function.tempered:
            value = f"({value} * {self.value('factor', True)})"
        stored = stored_number(self.kind.stored(name), value, self.wide)
        self.add(f"tl.store(p_{name} + place, {stored}, mask=inside)")

    def forget(self, tile: bool = False) -> None:
        """Drops what was computed of fields that have changed; the tile as well, where there is
        another one now."""
        kept = {*self._loaded, "e"}
        self.tile = {n: v for n, v in self.tile.items() if n in kept and not tile}
        self.row = {n: v for n, v in self.row.items() if n in (*kept, *FIELDS) or n[0] in SUMS}


@lru_cache(maxsize=256)
def expressions(formula: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Node, ...]]:
    """The names of what a formula is given and of its results, and these."""
    function = FORMULAS.get(formula) or GIVEN[formula]
    names: Sequence[str] = function.__code__.co_varnames[: function.__code__.co_argcount]
    made = function(*(Value(symbol(name)) for name in names))
    return tuple(names), tuple(made), tuple(value.node for value in made.values())
