"""What a benchmark says: geometric means, and everything as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ogive.bench.cell import LABELS, RATIOS, Result
from ogive.bench.contenders import NATIVES
from ogive.bench.measure import geometric_mean

if TYPE_CHECKING:
    from ogive.bench.bench import Bench


@dataclass(frozen=True)
class Mean:
    """The geometric mean of a ratio over the entries that torch has an operator for."""

    dtype: str
    size: int
    direction: str
    label: str
    over: str
    ratio: float
    count: int


def means(results: Iterable[Result]) -> list[Mean]:
    """The means for each dtype, size and direction, in the order in which they were measured."""
    groups: dict[tuple[str, int, str], list[Result]] = {}
    for result in results:
        cell = result.cell
        if cell.name in NATIVES:
            groups.setdefault((cell.dtype, cell.size, cell.direction), []).append(result)
    return [
        Mean(*key, label, over, geometric_mean(ratios), len(ratios))
        for key, group in groups.items()
        for label, over in RATIOS
        if (ratios := [found.median for r in group if (found := r.ratio(over, label))])
    ]


def bench_facts(bench: Bench) -> dict[str, Any]:
    """The whole benchmark as plain data: times in seconds, ratios with their spread."""
    return {
        "machine": asdict(bench.machine),
        "settings": asdict(bench.settings),
        "cells": [_cell(result) for result in bench.results],
        "means": [asdict(mean) for mean in means(bench.results)],
        "first_call": asdict(bench.first) if bench.first else None,
        "left_out": list(bench.left_out),
    }


def _cell(result: Result) -> dict[str, Any]:
    spreads = {f"{label}/{over}": result.ratio(over, label) for label, over in RATIOS}
    return {
        **asdict(result.cell),
        "engine": result.engine,
        "rounds": len(next(iter(result.times.values()))),
        "seconds": {n: asdict(found) for n in LABELS if (found := result.time(n))},
        "ratios": {name: asdict(found) for name, found in spreads.items() if found},
    }
