"""The text of kernels of rows: the walks of ``engine/cpu/rowwise``, taken by blocks of numbers.

A program of the grid holds whole rows in its registers: a tile of rows by columns, read once.
What a walk through a row finds is reduced to one number for each row. Longer rows are taken in
pieces: by one program, piece after piece, or by a program for each, in a kernel for each group of
walks, which begins with what all pieces found in the groups before it. Both add up alike. A walk
that needs the largest element of its row takes that of its piece, in one pass with the search for
it: what it finds is moved to the row's where the pieces come together. What is found is a number
there, not a tensor of one: a tensor would be spread over the piece in the threads that hold it, and
then carried to all others through shared memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from ogive.engine.cpu.rowwise.programs import MOST_TURNS, Kind, Walk
from ogive.engine.cpu.rowwise.steps import SUMS
from ogive.engine.triton.row_steps import LEAST, WRITTEN, RowSteps
from ogive.printers.machine import FLOAT64
from ogive.printers.triton import operations

#: How rows lie in programs of the grid: several in one, a piece in each, one piece after the other.
IN_TILES, BY_PIECE, LOOPED = "whole", "pieces", "looped"
#: What a kernel has of its own beside the operands.
ROW_NUMBERS = ("rows", "n", "factor_bits", "factor_low_bits", "inner")
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


def operands(kind: Kind) -> tuple[str, ...]:
    """The tensors that a kernel reads and writes."""
    first, *others = (o for o in kind.program.operands if o != "e")
    return (first, *["seed"] * bool(kind.function.noise), *others)


def walk_groups(kind: Kind) -> list[list[int]]:
    """The walks by number, with those together that a piece is walked through in at once."""
    found: list[list[int]] = []
    for k, walk in enumerate(kind.program.walks):
        if walk.moved:
            found[-1].append(k)
        else:
            found.append([k])
    return found


def pieces_found(kind: Kind, stage: int) -> list[str]:
    """What the groups before a stage have found in each piece: a sum of float64 numbers in two."""
    walks = [k for group in walk_groups(kind)[:stage] for k in group]
    return [name for k in walks for name in _found(kind, k)]


def _found(kind: Kind, k: int) -> list[str]:
    """The fields of a walk."""
    fields = kind.program.walks[k].gathered
    names = [(f"{f}{k}", f in SUMS and kind.format is FLOAT64) for f in fields]
    return [n for name, two in names for n in (name, f"{name}_low")[: 1 + two]]


def stages(kind: Kind) -> int:
    """How many kernels rows in several pieces take."""
    return len(walk_groups(kind)) + bool(kind.program.walks[-1].after)


def repeats(kind: Kind) -> bool:
    """Whether a walk is repeated, which several programs cannot do together."""
    return any(walk.repeated for walk in kind.program.walks)


@lru_cache(maxsize=512)
def row_text(kind: Kind, form: str = IN_TILES, stage: int = 0) -> str:
    """The module with the kernel ``walked``.

    Args:
        form: how rows lie in programs of the grid.
        stage: the group of walks that is taken, by a program for each piece.
    """
    writer = _Writer(kind, pieces=form != IN_TILES)
    if form == BY_PIECE:
        writer.stage(stage)
    else:
        {IN_TILES: writer.whole, LOOPED: writer.looped}[form]()
    arguments = [f"p_{o}" for o in operands(kind)]
    if form == BY_PIECE:
        arguments += [f"q_{name}" for name in pieces_found(kind, stage + 1)]
    arguments += [*ROW_NUMBERS, "R: tl.constexpr", "C: tl.constexpr", "S: tl.constexpr"]
    body = "".join(f"    {line}\n" for line in (*writer.numbers(), *writer.lines))
    kernel = f"@triton.jit\ndef walked({', '.join(arguments)}):\n{body}"
    functions = list(writer.functions.values())
    return "\n\n\n".join([*operations("\n".join(functions)), *functions, kernel])


class _Writer(RowSteps):
    """Writes the walks in each of the forms."""

    @property
    def walks(self) -> tuple[Walk, ...]:
        return self.kind.program.walks

    def whole(self) -> None:
        """All walks, through rows that one tile holds."""
        self.add("row = tl.program_id(0).to(tl.int64) * R + tl.arange(0, R)", "below = row < rows")
        self.add("column = tl.arange(0, C)")
        self.add("inside = below[:, None] & (column < n)[None, :]")
        if self.kind.layout == "rows":
            self.add("place = row[:, None] * n + column[None, :]")
        else:
            self.add("first = row // inner * inner * n + row % inner")
            self.add("place = first[:, None] + column.to(tl.int64)[None, :] * inner")
        for k, walk in enumerate(self.walks):
            with self._turns(walk):
                self._take(k)
                for field in walk.gathered:
                    self._total(field, f"{field}{k}")
                self.after(walk.after)

    def looped(self) -> None:
        """All walks, through one row, piece after piece."""
        self._begin_row()
        for group in walk_groups(self.kind):
            with self._turns(self.walks[group[-1]]):
                names = [name for k in group for name in _found(self.kind, k)]
                for name in names:
                    nothing, dtype = (LEAST, self.float) if name[0] == "m" else (0.0, "tl.float64")
                    self.add(f"all_{name} = tl.full((S,), {nothing}, {dtype})")
                with self.inside("for k in range(pieces):"):
                    self._begin_piece("k")
                    self._take_group(group)
                    for name in names:
                        self.add(f"all_{name} = tl.where(piece == k, {name}, all_{name})")
                self.forget(tile=True)
                self._gather(group)

    def stage(self, stage: int) -> None:
        """One group of walks, through one piece of each row."""
        self._begin_row()
        every = walk_groups(self.kind)
        for group in every[:stage]:
            for name in (name for k in group for name in _found(self.kind, k)):
                nothing = LEAST if name[0] == "m" else "0.0"
                load = f"tl.load(q_{name} + row * pieces + piece, mask=piece < pieces"
                self.add(f"all_{name} = {load}, other={nothing})")
            self._gather(group)
        if stage < len(every):
            self._begin_piece("tl.program_id(1)")
            self._take_group(every[stage])
            for name in (name for k in every[stage] for name in _found(self.kind, k)):
                self.add(f"tl.store(q_{name} + row * pieces + tl.program_id(1), {name})")

    @contextmanager
    def _turns(self, walk: Walk) -> Iterator[None]:
        """A walk, taken again as long as a row moves."""
        if not walk.repeated:
            yield
            return
        self.add("turn = tl.full((), 0, tl.int32)", "going = turn + 1")
        with self.inside("while going > 0:"):
            yield
            moving = "(moving > 0.0).to(tl.int32)"
            if self.axis:
                moving = f"tl.reduce({moving}, 0, SUM)"
            self.add("turn = turn + 1", f"going = tl.where(turn < {MOST_TURNS}, {moving}, 0)")

    # pieces

    def _begin_row(self) -> None:
        self.add("row = tl.program_id(0).to(tl.int64)", "pieces = (n + C - 1) // C")
        self.add("piece = tl.arange(0, S)")

    def _begin_piece(self, number: str) -> None:
        self.add(f"start = {number} * C", "column = start + tl.arange(0, C)")
        self.add("inside = column < n", "place = row * n + column")

    def _take_group(self, group: list[int]) -> None:
        """One piece is walked through; a second walk takes what the first has found in it."""
        self._take(group[0])
        for k in group[1:]:
            self.add(f"m = {_finite(f'm{group[0]}')}")
            self.row["m"] = "m"
            self.after(self.walks[group[0]].after)
            self._take(k)

    def _gather(self, group: list[int]) -> None:
        """What all pieces of a row have found."""
        first = self.walks[group[0]]
        for k in group:
            if moved := self.walks[k].moved:
                self._move(k, moved, f"all_m{group[0]}", first.after)
            for field in self.walks[k].gathered:
                self._gathered(field, f"{field}{k}")
            self.after(self.walks[k].after)

    def _move(self, k: int, moved: str, largest: str, after: str) -> None:
        """Multiplies what was found with an m of each piece's own."""
        self.add(f"own_m = {_finite(largest)}")
        self.tile, self.suffix = {"m": "own_m"}, "_of_pieces"
        own = self.computed(after, tile=True)["m"] if after else "own_m"
        self.tile = {"logit": own}
        for field, by in self.computed(moved, tile=True).items():
            if field in self.walks[k].gathered:
                for name in (n for n in _found(self.kind, k) if n[0] == field):
                    product = f"all_{name} * {by}.to(tl.float64)"
                    self.add(f"all_{name} = tl.where(all_{name} == 0.0, 0.0, {product})")
        self.suffix = ""
        self.forget(tile=True)

    def _gathered(self, field: str, name: str) -> None:
        """A field of all pieces as one number."""
        if field in SUMS and self.wide:
            self._add_up(name, f"all_{name}", "S")
            self.add(f"{name}_low = {name}_low + tl.reduce(all_{name}_low, 0, SUM)")
        else:
            join = "LARGEST" if field == "m" else "SUM"
            self.add(f"{name} = tl.reduce(all_{name}, 0, {join})")
        self._total(field, name)

    # one tile

    def _take(self, k: int) -> None:
        """A walk: what it finds is reduced, or written."""
        self.forget()
        results = self.computed(self.walks[k].step, tile=True)
        for name, value in results.items():
            if name == "e":
                self.tile["e"] = value
            elif name in WRITTEN:
                self.write(name, value)
            elif not name.endswith("_low"):
                self._reduce(name, f"{name}{k}", value, results.get(f"{name}_low"))

    def _reduce(self, field: str, name: str, value: str, low: str | None) -> None:
        """One number for each row; a sum is one of float64, or two."""
        if field == "m":
            # the interpreter warns where all are NaN
            number = f"tl.where({value} == {value}, {value}, {LEAST})"
            self.add(f"{name} = tl.reduce({number}, {self.axis}, LARGEST)")
        elif self.wide:
            self._add_up(name, value, "C")
            if low:
                self.add(f"{name}_low = {name}_low + tl.reduce({low}, {self.axis}, SUM)")
        elif self.kind.blocked(field):
            self.add(f"{name} = tl.reduce({value}, {self.axis}, SUM).to(tl.float64)")
        else:
            both = f"{value}.to(tl.float64)" + (f" + {low}.to(tl.float64)" if low else "")
            self.add(f"{name} = tl.reduce({both}, {self.axis}, SUM)")

    def _add_up(self, name: str, value: str, count: str) -> None:
        """The sum of float64 numbers, as two."""
        text = _SUM.format(axis=self.axis, spread=self.spread)
        self.functions["in_two_numbers"] = text.strip()
        self.add(f"{name}, {name}_low = in_two_numbers({value}, {count})")

    def _total(self, field: str, name: str) -> None:
        """The field under the names that formulas know; a sum as two numbers."""
        self.forget()
        if field not in SUMS:
            self.add(f"{field} = {name}")
        elif self.wide:
            self.add(f"{field} = {name}", f"{field}_low = {name}_low")
        else:
            self.add(f"{field} = {name}.to(tl.float32)")
            self.add(f"{field}_low = ({name} - {field}.to(tl.float64)).to(tl.float32)")
        self.row |= {n: n for n in (field, f"{field}_low") if field in SUMS or n == field}


def _finite(largest: str) -> str:
    """What a piece subtracts, or is scaled by: nothing where all of it is -inf."""
    return f"tl.where({largest} == {LEAST}, 0.0, {largest})"
