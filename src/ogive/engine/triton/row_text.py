"""The text of kernels of rows: the walks of ``engine/cpu/rowwise``, taken by blocks of numbers.

A program of the grid holds whole rows in its registers: a tile of rows by columns, read once.
What a walk through a row finds is reduced to one number for each row. Of longer rows a program
holds one piece, and each walk takes a kernel, which begins with what all pieces found in the walks
before it. What is found is a number there, not a tensor of one: a tensor would be spread over the
piece in the threads that hold it, and then carried to all others through shared memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ogive.engine.cpu.rowwise.formulas import FORMULAS, GIVEN
from ogive.engine.cpu.rowwise.programs import Kind, Walk
from ogive.engine.cpu.rowwise.steps import FIELDS, SUMS
from ogive.engine.triton.stored import loaded_number, stored_number
from ogive.expr import Node, symbol
from ogive.printers.machine import FLOAT32, FLOAT64, Value
from ogive.printers.triton import PRECISE, QUICK, TritonPrinter, operations

#: What a kernel has of its own beside the operands.
ROW_NUMBERS = ("rows", "n", "factor_bits", "factor_low_bits", "inner")
_INFINITE = 'float("-inf")'
#: The sum of float64 numbers in two: what is above a power of two adds up without rounding (Rump,
#: Ogita and Oishi 2008, Accurate floating-point summation, part I).
_SUM = """
@triton.jit
def in_two_numbers(v, C: tl.constexpr):
    most = tl.reduce(tl.where(v == v, tl.abs(v), 0.0), {axis}, LARGEST) * (4.0 * C)
    power = (most.to(tl.int64, bitcast=True) & 0x7FF0000000000000).to(tl.float64, bitcast=True)
    coarse = (v + power{spread}) - power{spread}
    high = tl.reduce(coarse, {axis}, SUM)
    low = tl.reduce(v - coarse, {axis}, SUM)
    total = high + low
    return total, low - (total - high)
"""
_WRITTEN = ("y", "dx")


def operands(kind: Kind) -> tuple[str, ...]:
    """The tensors that a kernel reads and writes."""
    return tuple(o for o in kind.program.operands if o != "e")


def pieces_found(kind: Kind, stage: int) -> list[str]:
    """The fields that the walks before a stage have found, which it reads: a sum of float64 numbers
    in two."""
    walks = enumerate(kind.program.walks[:stage])
    fields = [(f, f"{f}{k}") for k, walk in walks for f in walk.gathered]
    return [n for f, name in fields for n in (name, f"{name}_low") if n == name or _double(kind, f)]


def _double(kind: Kind, field: str) -> bool:
    return field in SUMS and kind.format is FLOAT64


def stages(kind: Kind) -> int:
    """How many kernels rows in several pieces take."""
    walks = kind.program.walks
    return len(walks) + bool(walks[-1].after)


@lru_cache(maxsize=512)
def row_text(kind: Kind, stage: int | None = None) -> str:
    """The module with the kernel ``walked``.

    Args:
        stage: the walk that is taken, of rows in several pieces; None takes all of whole rows.
    """
    writer = _Writer(kind, pieces=stage is not None)
    if stage is None:
        writer.whole()
    else:
        writer.stage(stage)
    arguments = [f"p_{o}" for o in operands(kind)]
    if stage is not None:
        arguments += [f"q_{name}" for name in pieces_found(kind, stage + 1)]
    arguments += [*ROW_NUMBERS, "R: tl.constexpr", "C: tl.constexpr", "S: tl.constexpr"]
    body = "".join(f"    {line}\n" for line in writer.lines)
    kernel = f"@triton.jit\ndef walked({', '.join(arguments)}):\n{body}"
    functions = list(writer.functions.values())
    return "\n\n\n".join([*operations("\n".join(functions)), *functions, kernel])


class _Writer:
    """The statements of a kernel, and the functions that they call."""

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
        self._loaded: set[str] = set()

    def whole(self) -> None:
        """All walks, through rows that one tile holds."""
        self._begin()
        for k, walk in enumerate(self.kind.program.walks):
            self._take(k, walk)
            for field in walk.gathered:
                self._total(field, f"{field}{k}")
            self._after(walk)

    def stage(self, stage: int) -> None:
        """One walk, through one piece of each row."""
        self._begin_piece()
        walks = self.kind.program.walks
        for k, walk in enumerate(walks[:stage]):
            for field in walk.gathered:
                self._gathered(field, f"{field}{k}")
            self._after(walk)
        if stage < len(walks):
            self._take(stage, walks[stage])
            for field in walks[stage].gathered:
                name = f"{field}{stage}"
                for part in (name, f"{name}_low")[: 1 + _double(self.kind, field)]:
                    self._add(f"tl.store(q_{part} + row * pieces + tl.program_id(1), {part})")

    # the tile

    def _begin(self) -> None:
        self._add("row = tl.program_id(0).to(tl.int64) * R + tl.arange(0, R)", "below = row < rows")
        self._add("column = tl.arange(0, C)")
        self._add("inside = below[:, None] & (column < n)[None, :]")
        if self.kind.layout == "rows":
            self._add("place = row[:, None] * n + column[None, :]")
        else:
            self._add("first = row // inner * inner * n + row % inner")
            self._add("place = first[:, None] + column.to(tl.int64)[None, :] * inner")

    def _begin_piece(self) -> None:
        self._add("row = tl.program_id(0).to(tl.int64)")
        self._add("column = tl.program_id(1) * C + tl.arange(0, C)", "inside = column < n")
        self._add(
            "place = row * n + column", "pieces = (n + C - 1) // C", "piece = tl.arange(0, S)"
        )

    def _take(self, k: int, walk: Walk) -> None:
        """A walk: what it finds is reduced, or written."""
        self._forget()
        for name, value in self._computed(walk.step, tile=True).items():
            if name == "e":
                self.tile["e"] = value
            elif name in _WRITTEN:
                self._write(name, value)
            else:
                self._reduce(name, f"{name}{k}", value)

    def _reduce(self, field: str, name: str, value: str) -> None:
        """One number for each row; a sum is one of float64, or two."""
        if field == "m":
            # the interpreter warns where all are NaN
            number = f"tl.where({value} == {value}, {value}, {_INFINITE})"
            self._add(f"{name} = tl.reduce({number}, {self.axis}, LARGEST)")
        elif self.wide:
            self._add_up(name, value, "C")
        elif self.kind.blocked:
            self._add(f"{name} = tl.reduce({value}, {self.axis}, SUM).to(tl.float64)")
        else:
            self._add(f"{name} = tl.reduce({value}.to(tl.float64), {self.axis}, SUM)")

    def _add_up(self, name: str, value: str, count: str) -> None:
        """The sum of float64 numbers, as two."""
        text = _SUM.format(axis=self.axis, spread=self.spread)
        self.functions["in_two_numbers"] = text.strip()
        self._add(f"{name}, {name}_low = in_two_numbers({value}, {count})")

    def _gathered(self, field: str, name: str) -> None:
        """What all pieces of a row have found."""
        nothing, join = (_INFINITE, "LARGEST") if field == "m" else ("0.0", "SUM")
        found = "row * pieces + piece, mask=piece < pieces"
        self._add(f"all_{name} = tl.load(q_{name} + {found}, other={nothing})")
        if _double(self.kind, field):
            self._add_up(name, f"all_{name}", "S")
            rest = f"tl.load(q_{name}_low + {found}, other=0.0)"
            self._add(f"{name}_low = {name}_low + tl.reduce({rest}, 0, SUM)")
        else:
            self._add(f"{name} = tl.reduce(all_{name}, 0, {join})")
        self._total(field, name)

    def _total(self, field: str, name: str) -> None:
        """The field under the names that formulas know; a sum as two numbers."""
        self._forget()
        if field not in SUMS:
            self._add(f"{field} = {name}")
        elif self.wide:
            self._add(f"{field} = {name}", f"{field}_low = {name}_low")
        else:
            self._add(f"{field} = {name}.to(tl.float32)")
            self._add(f"{field}_low = ({name} - {field}.to(tl.float64)).to(tl.float32)")
        self.row |= {n: n for n in (field, f"{field}_low") if field in SUMS or n == field}

    def _after(self, walk: Walk) -> None:
        """The formula after a walk, on one number for each row."""
        if not walk.after:
            return
        for name, value in self._computed(walk.after, tile=False).items():
            if name in FIELDS:
                self._add(f"{name} = {value}")
                self.row[name] = name
            else:
                self._write_single(name, value)
        self._forget()

    # formulas

    def _computed(self, formula: str, tile: bool) -> dict[str, str]:
        """The results of a formula, as names of what holds them."""
        names, results, _ = expressions(formula)
        given = ", ".join(self._value(name, tile) for name in names)
        called = self._function(formula)
        made = [f"{called}_{r}{'' if tile else '_of_row'}" for r in results]
        self._add(f"{', '.join(made)} = {called}({given})")
        return dict(zip(results, made, strict=True))

    def _value(self, name: str, tile: bool) -> str:
        """What a formula is given under a name, computed or read where it is not there yet."""
        if name.startswith("factor"):
            return self._number(name)
        variant = self.kind.variant("share" if name == "e" and name not in self.tile else name)
        known = self.tile if tile else self.row
        if name not in known and name in self.row:
            return f"{self.row[name]}{self.spread}"
        if name not in known:
            if variant in GIVEN:
                computed = self._computed(variant, tile)
                known |= computed
                known[name] = computed[expressions(variant)[1][0]]
            else:
                known[name] = self._read(name)
        return known[name]

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

    def _number(self, name: str) -> str:
        """A number that the kernel is given."""
        if name not in self._loaded:
            integer = "tl.int64" if self.wide else "tl.int32"
            self._add(f"{name} = {name}_bits.to({integer}).to({self.float}, bitcast=True)")
            self._loaded.add(name)
        return name

    def _read(self, name: str) -> str:
        """An operand, 0 outside the rows; x as a logit is -inf there."""
        if name == "logit":
            x = self._value("x", True)
            sign = " * -1.0" if self.kind.function.negated else ""
            self._add(f"logit = tl.where(inside, {x}{sign}, {_INFINITE})")
            return "logit"
        single = name == self.kind.program.single
        load = f"tl.load(p_{name} + place, mask=inside, other=0.0)"
        if single:
            load = f"tl.load(p_{name} + row{self.below})"
        self._add(f"{name} = {loaded_number(self.kind.stored(name), load, self.wide)}")
        self._loaded.add(name)
        return name

    def _write(self, name: str, value: str) -> None:
        if name == "dx" and self.kind.function.tempered:
            value = f"({value} * {self._number('factor')})"
        stored = stored_number(self.kind.stored(name), value, self.wide)
        self._add(f"tl.store(p_{name} + place, {stored}, mask=inside)")

    def _write_single(self, name: str, value: str) -> None:
        stored = stored_number(self.kind.stored(name), value, self.wide)
        self._add(f"tl.store(p_{name} + row, {stored}{self.below})")

    def _forget(self) -> None:
        """Drops what was computed of fields that have changed."""
        kept = {*self._loaded, "logit", "e"}
        self.tile = {n: v for n, v in self.tile.items() if n in kept}
        self.row = {n: v for n, v in self.row.items() if n in (*kept, *FIELDS) or n[0] in SUMS}

    def _add(self, *lines: str) -> None:
        self.lines += lines


@lru_cache(maxsize=64)
def expressions(formula: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Node, ...]]:
    """The names of what a formula is given and of its results, and these."""
    function = FORMULAS.get(formula) or GIVEN[formula]
    names: Sequence[str] = function.__code__.co_varnames[: function.__code__.co_argcount]
    made = function(*(Value(symbol(name)) for name in names))
    return tuple(names), tuple(made), tuple(value.node for value in made.values())
