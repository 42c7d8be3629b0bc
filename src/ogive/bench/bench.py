"""The one function that runs a benchmark from question to results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import ogive
from ogive.bench.cell import Cell, Contest, Result, check_compiler
from ogive.bench.contenders import NATIVES
from ogive.bench.firstcall import FirstCall, first_call
from ogive.bench.processor import Machine
from ogive.bench.settings import Settings
from ogive.engine.cpu.threads import limited_to
from ogive.errors import InputError


@dataclass(frozen=True)
class Progress:
    """How far a benchmark is, told before each cell and after the last."""

    done: int
    total: int
    label: str


@dataclass(frozen=True)
class Bench:
    """A finished benchmark.

    Attributes:
        machine: where it ran.
        settings: what was asked for.
        results: one for each cell that could be measured.
        first: what the first call costs, if that was asked for.
        left_out: what could not be measured, and why.
    """

    machine: Machine
    settings: Settings
    results: tuple[Result, ...]
    first: FirstCall | None
    left_out: tuple[str, ...]


def run_bench(
    names: Sequence[str] = (),
    settings: Settings | None = None,
    *,
    first: str | None = None,
    notify: Callable[[Progress], None] = lambda progress: None,
) -> Bench:
    """Measure activations side by side.

    ``names`` are those of ``ogive.get``; without any, every entry that torch has an operator for.
    ``first`` names the activation whose first call is measured too, in processes of its own.
    """
    settings = settings or Settings()
    activations = {a.name: a for a in map(ogive.get, names or NATIVES)}
    if settings.compiled:
        check_compiler()
    left_out: list[str] = []
    with limited_to(settings.threads):
        machine = Machine.here()
        results = tuple(_results(activations, settings, left_out.append, notify))
    called = None if first is None else first_call(ogive.get(first).name)
    return Bench(machine, settings, results, called, tuple(dict.fromkeys(left_out)))


def _results(
    activations: dict[str, ogive.Activation],
    settings: Settings,
    leave_out: Callable[[str], None],
    notify: Callable[[Progress], None],
) -> Iterator[Result]:
    """Cell by cell; the directions of one contest share its input."""
    contests = [
        (a, d, s) for a in activations.values() for d in settings.dtypes for s in settings.sizes
    ]
    total, done = len(contests) * len(settings.directions), 0
    for activation, dtype, size in contests:
        cells = [Cell(activation.name, dtype, size, d) for d in settings.directions]
        try:
            contest = Contest.of(activation, dtype, size, settings.seed)
        except InputError as error:
            leave_out(f"{activation.name} at size {size:,}: {error}")
            done += len(cells)
            continue
        for cell in cells:
            notify(Progress(done, total, str(cell)))
            yield contest.measured(cell, settings.compiled, settings.pace)
            done += 1
    notify(Progress(total, total, "done"))
