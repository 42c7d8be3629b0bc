"""The loops of the rowwise kernels: walks through rows, and the tasks that threads share.

Rows that lie in memory one behind the other are walked through vector by vector (``rows``); along
any other dimension neighbours are rows of their own, one in each lane (``columns``). Both take the
same steps, on a state with a place for each lane. A row belongs to one thread, so results do not
depend on how many there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

from ogive.engine.cpu.operands import SIZE
from ogive.engine.cpu.rowwise.programs import MOST_TURNS, Kind
from ogive.engine.cpu.rowwise.steps import ALIGN, FIELDS, LOST, STATE, SUMS, Step, define_step
from ogive.printers.llvm import I64, POINTER, VOID, Function, Module, Register, Type

#: A chunk of columns has at most so many vectors.
VECTORS = 16
#: So many vectors of a row are taken together: their sum is added up as one.
BLOCK = 4
_STATE = f"[{STATE} x i8]"


def source(kind: Kind) -> str:
    """The kernel's text; its entry is ``region``."""
    loops = _Loops(kind)
    inputs = {"a": POINTER, "thread": I64, "threads": I64}
    loops.module.define("region", inputs, loops.region, "", "")
    return loops.module.text() + "!0 = !{}\n"


class _Loops:
    """Functions of the layout, a state, some numbers, and every operand's place and pace."""

    def __init__(self, kind: Kind) -> None:
        self.kind, self.module, self.lanes = kind, Module(), kind.type.lanes
        self.sizes = [SIZE[kind.stored(o)] for o in kind.program.operands]
        self.walks = [self.walk(k) for k in range(len(kind.program.walks))]

    def define(self, name: str, numbers: str, build: Callable[..., None]) -> str:
        inputs = {"layout": POINTER, "state": POINTER, **dict.fromkeys(numbers.split(), I64)}
        return self.module.define(name, self.kind.inputs(inputs), build)

    def all(self, f: Function) -> Register:
        """The mask of all lanes."""
        return f.number(self.kind.type.of("i1"), True)

    def mask(self, count: Register) -> Register:
        """The lanes that so many elements fill."""
        return count.intrinsic("umin", self.lanes).to("i32", "trunc").first(self.lanes)

    def along(self, k: int, one: str, block: str) -> str:
        """The function for one row: block after block, then vector after vector."""

        def build(f: Function, *given: Register) -> None:
            layout, state, n, *places = given
            counter = _Counter(n)
            here = _moved(places, (counter.i * size for size in self.sizes))
            here[1::2] = [n.number(self.lanes * size) for size in self.sizes]
            for step, vectors in ((block, BLOCK), (one, 1)):
                with counter.step(vectors * self.lanes):
                    f.call(step, layout, state, self.all(f), *here)
            with f.when(counter.left.compare("ugt", 0)):
                f.call(one, layout, state, self.mask(counter.left), *here)

        return self.define(f"along{k}", "n", build)

    def across(self, k: int, units: int, step: str) -> str:
        """The function for one element of each column, or for several."""

        def build(f: Function, *given: Register) -> None:
            layout, states, n, *places = given
            counter = _Counter(n)
            state = states.at(counter.i // self.lanes, _STATE)
            here = _moved(places, (counter.i * size for size in self.sizes))
            with counter.step(self.lanes):
                f.call(step, layout, state, self.all(f), *here)
            with f.when(counter.left.compare("ugt", 0)):
                f.call(step, layout, state, self.mask(counter.left), *here)

        return self.define(f"across{k}.{units}", "n", build)

    def walk(self, k: int) -> str:
        """The function of a walk through some rows, or columns, and of what comes after it."""
        kind, walk = self.kind, self.kind.program.walks[k]
        formula, gathered, last, repeated = walk.step, walk.gathered, walk.after, walk.repeated
        one, block = (
            define_step(
                self.module, kind, f"step{k}.{u}", partial(Step.take, formula=formula, units=u)
            )
            for u in (1, BLOCK)
        )
        after = last and define_step(self.module, kind, f"after{k}", lambda s: s.after(last))
        if kind.layout == "columns":
            steps = self.across(k, 1, one), self.across(k, BLOCK, block)
            build = self.down(*steps, after, repeated)
        else:
            gather = define_step(self.module, kind, f"gather{k}", lambda s: s.gather(gathered))
            along = self.along(k, one, block)
            build = self.through(along, gather, gathered, after, repeated)
        return self.define(f"walk{k}", "n count used", build)

    def through(
        self, along: str, gather: str, gathered: Sequence[str], after: str, repeated: bool
    ) -> Callable[..., None]:
        """Row after row. Their state has a lane for each; the state with which a row is walked
        through is its own. Between two walks through a row there are others, so that it need not
        wait for its sum."""

        def build(f: Function, *given: Register) -> None:
            layout, states, n, count, _, *places = given
            state = f.stack(_STATE, ALIGN)
            with f.loop(count) as j, self.unless_settled(f, states, j, repeated):
                here = _moved(places, (j * pace for pace in places[1::2]))
                self.begin(state, states, j)
                f.call(along, layout, state, n, *here)
                f.call(gather, layout, state, self.all(f), *here)
                self.keep(state, states, j, gathered)
            if after:
                f.call(after, layout, states, self.mask(count), *places)

        return build

    def unless_settled(
        self, f: Function, states: Register, j: Register, repeated: bool
    ) -> AbstractContextManager[None]:
        """What is done with row j: in a repeated walk, only as long as its state moves."""
        if not repeated:
            return nullcontext()
        element = Type(self.kind.type.element)
        moving = states.at(FIELDS["moving"]).at(j, element).load(element, 4)
        return f.when(moving.compare("ogt", 0.0))

    def begin(self, state: Register, states: Register, j: Register) -> None:
        """A row's own state: nothing is added up, the rest is what its lane has."""
        _clear(state)
        element = Type(self.kind.type.element)
        for field in ("m", "high", "low"):
            lane = states.at(FIELDS[field]).at(j, element).load(element, 4)
            state.at(FIELDS[field]).store(lane.splat(self.lanes), ALIGN)

    def keep(self, state: Register, states: Register, j: Register, gathered: Sequence[str]) -> None:
        """What is gathered, the same in all lanes, goes to the row's lane."""
        places = [(FIELDS[f], "double" if f in SUMS else self.kind.type.element) for f in gathered]
        if self.kind.compensated:
            places += [(FIELDS[f] + LOST, "double") for f in gathered if f in SUMS]
        for place, element in places:
            lane = states.at(place).at(j, element)
            lane.store(state.at(place).load(Type(element), 8), 4)

    def down(self, one: str, block: str, after: str, repeated: bool) -> Callable[..., None]:
        """Down columns, block after block of elements, then element after element."""

        def build(f: Function, *given: Register) -> None:
            layout, states, n, count, used, *places = given
            if repeated:
                with f.loop(used) as i:
                    _clear(states.at(i, _STATE).at(FIELDS["a"]), FIELDS["high"] - FIELDS["a"])
            counter = _Counter(n)
            here = _moved(places, (counter.i * pace for pace in places[1::2]))
            for step, elements in ((block, BLOCK), (one, 1)):
                with counter.step(elements):
                    f.call(step, layout, states, count, *here)
            if not after:
                return
            with f.loop(used) as i:
                mask = self.mask(count - i * self.lanes)
                there = _moved(places, (i * (self.lanes * size) for size in self.sizes))
                f.call(after, layout, states.at(i, _STATE), mask, *there)

        return build

    def task(self, f: Function, *given: Register) -> None:
        """All walks through some rows, or columns that lie side by side."""
        layout, n, count, *places = given
        states = f.stack(f"[{VECTORS} x {_STATE}]", ALIGN)
        used = n.number(1) if self.kind.layout == "rows" else _parts(count, self.lanes)
        with f.loop(used) as i:
            state = states.at(i, _STATE)
            _clear(state)
            state.store(f.number(self.kind.type, -math.inf), ALIGN)
        for walk, name in zip(self.kind.program.walks, self.walks, strict=True):
            with self.turns(f, states, used, walk.repeated):
                f.call(name, layout, states, n, count, used, *places)

    @contextmanager
    def turns(
        self, f: Function, states: Register, used: Register, repeated: bool
    ) -> Iterator[None]:
        """A walk, taken again as long as a state moves."""
        if not repeated:
            yield
            return
        any_moves = f.stack(I64, 8)
        again, end = f.block("again", I64), f.block("end")
        f.jump(again(1))
        (turn,) = f.begin(again)
        yield
        any_moves.store(f.number(I64, 0), 8)
        with f.loop(used) as i:
            moving = states.at(i, _STATE).at(FIELDS["moving"]).load(self.kind.type, ALIGN)
            mask = moving.compare("ogt", 0.0)
            moves = f.foreign(f"llvm.vector.reduce.or.{mask.type.suffix}", Type("i1"), mask)
            any_moves.store(any_moves.load(I64, 8) | moves.to("i64", "zext"), 8)
        more = any_moves.load(I64, 8).compare("ugt", 0) & turn.compare("ult", MOST_TURNS)
        f.branch(more, again(turn + 1), end())
        f.begin(end)

    def region(self, f: Function, a: Register, thread: Register, threads: Register) -> None:
        """With a = layout, then the operands' places.

        The layout is made by _Plan: two numbers, groups, n, columns, width, and each operand's
        steps in bytes, from a thread, a group or a width of columns to the next, and from a row
        (or, in columns, an element) to the next. In the layout of rows, each row is a column.
        """
        inputs = self.kind.inputs({"layout": POINTER, "n": I64, "count": I64})
        task = self.module.define("task", inputs, self.task, "")
        layout = a.load(POINTER, 8)
        groups, n, columns, width = (layout.slot(2 + k) for k in range(4))
        steps = [[layout.slot(6 + 4 * k + i) for i in range(4)] for k in range(len(self.sizes))]
        own = [a.slot(1 + k, POINTER).at(thread * s[0]) for k, s in enumerate(steps)]
        chunks = _parts(columns, width)
        tasks = groups * chunks
        start, end = tasks * thread // threads, tasks * (thread + 1) // threads
        head, work, done = f.block("head", I64), f.block("work"), f.block("done")
        f.jump(head(start))
        (number,) = f.begin(head)
        f.branch(number.compare("ult", end), work(), done())
        f.begin(work)
        group, chunk = number // chunks, number % chunks
        left = columns - chunk * width
        count = left.compare("ult", width).select(left, width)
        places = [value for place, s in zip(own, steps, strict=True) for value in (place, s[3])]
        moves = (group * s[1] + chunk * s[2] for s in steps)
        f.call(task, layout, n, count, *_moved(places, moves))
        f.jump(head(number + 1))
        f.begin(done)


class _Counter:
    """The head of a loop for i from 0 to below n, in steps that are taken while so many are left,
    the largest first."""

    def __init__(self, n: Register) -> None:
        self.function = n.function
        self.head = self.function.block("head", I64)
        self.function.jump(self.head(0))
        (self.i,) = self.function.begin(self.head)
        self.left = n - self.i

    @contextmanager
    def step(self, many: int) -> Iterator[None]:
        f, enough, few = self.function, self.function.block("enough"), self.function.block("few")
        f.branch(self.left.compare("uge", many), enough(), few())
        f.begin(enough)
        yield
        f.jump(self.head(self.i + many))
        f.begin(few)


def _moved(places: Sequence[Register], by: Iterable[Register]) -> list[Register]:
    """The operands' places so many bytes further on, with their paces."""
    moved = zip(places[::2], by, places[1::2], strict=True)
    return [value for place, move, pace in moved for value in (place.at(move), pace)]


def _parts(count: Register, size: Register | int) -> Register:
    """How many parts of a size there are, the last one perhaps smaller."""
    return (count + size - 1) // size


def _clear(state: Register, length: int = STATE) -> None:
    f = state.function
    zero, size = f.number(Type("i8"), 0), f.number(I64, length)
    f.foreign("llvm.memset.p0.i64", VOID, state, zero, size, f.number(Type("i1"), False))
