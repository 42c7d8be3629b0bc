"""The regions of a kernel, one of which is called: a thread's share of the elements.

``flat`` is for elements that lie side by side in all operands, or are one number for all of them;
``rows`` is for tensors with strides. A region is given its arguments, its thread and the number of
threads; the arguments begin with the operands' places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ogive.engine.cpu.operands import Operand
from ogive.printers.llvm import I64, POINTER, Block, Function, Register

#: A thread's share is a multiple of this many elements.
GRAIN = 64


def _share(f: Function, total: Register, *given: Register) -> tuple[Register, Register, Block]:
    """Where a thread's share begins and ends, and where to go when it is done, or empty."""
    thread, threads = given
    share = (total + threads - 1) // threads
    grain = (share + (GRAIN - 1)) & -GRAIN
    start = grain * thread
    stop = start + grain
    end = stop.compare("ult", total).select(stop, total)
    work, done = f.block("work"), f.block("done")
    f.branch(start.compare("ult", end), work(), done())
    f.begin(work)
    return start, end, done


def flat(
    f: Function, operands: Sequence[Operand], span: str, a: Register, *given: Register
) -> None:
    """After the places: count, and the slots of the sums, how far apart the threads' own lie."""
    start, end, done = _share(f, a.slot(len(operands)), *given)
    count, slots = end - start, iter(range(1 + len(operands), 1 + 2 * len(operands)))
    passed = []
    for k, o in enumerate(operands):
        place = a.slot(k, POINTER)
        if o.role == "sum":
            place = place.at(given[0] * a.slot(next(slots)))
        elif o.access == "each":
            place = place.at(o.offset(start))
        passed += [place, count.number(0)]
    f.call(span, *passed, count)
    f.jump(done())
    f.begin(done)


def row_regions(
    f: Function, operands: Sequence[Operand], span: str, a: Register, *given: Register
) -> None:
    """After the places: rows, columns, dimensions, their sizes, and for each operand its slot, step
    along a row, and steps of the dimensions, in bytes.

    The dimensions are those of the rows, the innermost last.
    """
    count = len(operands)
    total, columns, dims = (a.slot(count + k) for k in range(3))
    start, end, done = _share(f, total * columns, *given)
    sizes = a.at(count + 3, "i64")
    fields, width = sizes.at(dims, "i64"), dims + 2
    places, along, steps = [], [], []
    for k in range(count):
        base, own = a.slot(k, POINTER), fields.at(width * k, "i64")
        slot = own.slot(0)
        along.append(own.slot(1))
        steps.append(own.at(2, "i64"))
        places.append(base.at(given[0] * slot))
    dimensions = _Dimensions(f, sizes, steps, f.stack("i64", 8, dims))
    index, begun = start // columns, start % columns
    row = f.block("row", I64, I64, *[I64] * count)
    f.jump(row(start, begun, *dimensions.first(index, dims)))
    at, column, *offsets = f.begin(row)
    row_left, share_left = columns - column, end - at
    n = row_left.compare("ult", share_left).select(row_left, share_left)
    passed = []
    for place, offset, step in zip(places, offsets, along, strict=True):
        passed += [place.at(offset + column * step), step]
    f.call(span, *passed, n)
    after, carry = at + n, f.block("carry", I64, *[I64] * count)
    f.branch(after.compare("ult", end), carry(dims, *offsets), done())
    f.jump(row(after, 0, *dimensions.next(carry)))
    f.begin(done)


class _Dimensions(NamedTuple):
    """The dimensions of the rows, the operands' steps in them, and at which row a thread is."""

    function: Function
    sizes: Register
    steps: Sequence[Register]
    counters: Register

    def first(self, index: Register, dims: Register) -> Sequence[Register]:
        """The offsets of the row a share begins in."""
        f, count = self.function, len(self.steps)
        find, inner, found = f.block("find", I64, I64, *[I64] * count), f.block("in"), f.block("at")
        f.jump(find(dims, index, *[0] * count))
        d, rest, *offsets = f.begin(find)
        f.branch(d.compare("eq", 0), found(), inner())
        f.begin(inner)
        d = d - 1
        size = self.sizes.slot(d)
        outer, place = rest // size, rest % size
        self.counters.at(d, "i64").store(place, 8)
        f.jump(find(d, outer, *self.moved(offsets, d, place)))
        f.begin(found)
        return offsets

    def next(self, carry: Block) -> Sequence[Register]:
        """The offsets of the next row: one further in the innermost dimension, or back to its
        beginning and one further in the one around it. A division for each dimension took 20 ns a
        row."""
        f, found = self.function, self.function.block("found")
        d, *offsets = f.begin(carry)
        d = d - 1
        bound, counter = self.sizes.slot(d), self.counters.at(d, "i64")
        reached = counter.load(I64, 8)
        further = reached + 1
        full = further.compare("eq", bound)
        counter.store(full.select(further.number(0), further), 8)
        back = reached.number(0) - reached
        offsets = self.moved(offsets, d, full.select(back, 1))
        f.branch(full, carry(d, *offsets), found())
        f.begin(found)
        return offsets

    def moved(self, offsets: Sequence[Register], d: Register, by: Register) -> list[Register]:
        return [o + by * s.slot(d) for o, s in zip(offsets, self.steps, strict=True)]


REGIONS: dict[str, Callable[..., None]] = {"flat": flat, "rows": row_regions}
