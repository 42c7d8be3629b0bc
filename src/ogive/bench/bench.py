"""The one function that runs a benchmark from question to results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ogive
from ogive.bench.cell import Cell, Contest, Result, check_compiler
from ogive.bench.contenders import NATIVES
from ogive.bench.firstcall import FirstCall, first_call
from ogive.bench.processor import Machine
from ogive.bench.settings import Settings
from ogive.engine.cpu.threads import limited_to
from ogive.errors import InputError
from ogive.nn.named import NamedActivation, find_activations


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
    names: Sequence[Any] = (),
    settings: Settings | None = None,
    *,
    first: str | None = None,
    notify: Callable[[Progress], None] = lambda progress: None,
) -> Bench:
    """Measure activations side by side.

    ``names`` are whatever :func:`ogive.nn.named.find_activation` takes; without any, every entry
    that torch has an operator for. Of code only itself is measured, in torch's place.
    ``first`` names the activation whose first call is measured too, in processes of its own.
    """
    settings = settings or Settings()
    activations = {_called(a): a for a in find_activations(list(names or NATIVES))}
    if settings.compiled:
        check_compiler()
    left_out: list[str] = []
    with limited_to(settings.threads):
        machine = Machine.here()
        results = tuple(_results(activations, settings, left_out.append, notify))
    called = None if first is None else first_call(ogive.get(first).name)
    return Bench(machine, settings, results, called, tuple(dict.fromkeys(left_out)))


def _called(activation: NamedActivation) -> str:
    """An entry by its name, one with values by what was asked for."""
    return activation.label if activation.preset else activation.name


def _contest(activation: NamedActivation, dtype: str, size: int, seed: int) -> Contest:
    if activation.function is None:
        return Contest.of_code(activation.module(), dtype, size, seed)
    return Contest.of(activation.function, dtype, size, seed)


def _results(
    activations: dict[str, NamedActivation],
    settings: Settings,
    leave_out: Callable[[str], None],
    notify: Callable[[Progress], None],
) -> Iterator[Result]:
    """Cell by cell; the directions of one contest share its input."""
    contests = [
        (name, d, s) for name in activations for d in settings.dtypes for s in settings.sizes
    ]
    total, done = len(contests) * len(settings.directions), 0
    for name, dtype, size in contests:
        cells = [Cell(name, dtype, size, d) for d in settings.directions]
        try:
            contest = _contest(activations[name], dtype, size, settings.seed)
        except InputError as error:
            leave_out(f"{name} at size {size:,}: {error}")
            done += len(cells)
            continue
        for cell in cells:
            notify(Progress(done, total, str(cell)))
            yield contest.measured(cell, settings.compiled, settings.pace)
            done += 1
    notify(Progress(total, total, "done"))
