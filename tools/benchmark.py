"""Measures the library on this machine and writes docs/generated/benchmarks.md.

Run by `make bench`, a quarter of an hour; nothing else should run meanwhile. ``--budget`` is the
time for one row in seconds; ``--quick`` takes few rounds and small inputs, to see whether the page
comes out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ogive
from ogive.bench import (
    Bench,
    FirstCall,
    Pace,
    Progress,
    Result,
    Settings,
    Spread,
    first_call,
    means,
    run_bench,
)

PAGE = Path(__file__).resolve().parents[1] / "docs" / "generated" / "benchmarks.md"
DTYPES = ("float32", "bfloat16")
LARGE = (65_536, 1_048_576, 16_777_216)
MIDDLE = (1_048_576,)
SMALL = (1, 64, 1024)
#: Entries that torch has no operator for: users write them as a composition.
COMPOSED = (
    *("squareplus", "snake", "snake_beta", "swish", "quick_gelu", "squared_relu", "star_relu"),
    *("xielu", "serf", "tanhexp", "smish", "logish", "phish", "aptx", "isrlu", "isru", "pelu"),
    *("lisht", "coslu", "dynamic_tanh", "dynamic_erf", "laplace", "penalized_tanh", "softcap"),
    *("swiglu", "geglu", "geglu_tanh", "reglu", "qgeglu", "swiglu_oai", "bilinear", "seglu"),
)
FIRST = ("relu", "mish", "snake", "swiglu")
QUICK = Pace(rounds=3, least_rounds=1, sample=1e-4, budget=0.1)

HEAD = """\
# Benchmarks

Written by `make bench`. {machine}.

All contenders take turns in one process, every round in an order of its own, each for about a
millisecond or more, {rounds} rounds, fewer (but 3 or more) where a call takes long; inputs are
normal numbers times two, seed {seed}. Times are medians. A ratio is the time of the public call,
`ogive.get(name)(x)`, over the other's, round by round, then the median: **below 1 ogive is the
faster one**; ± is the median absolute deviation where it is 0.05 or more.

- *torch*: torch's own operator for the same function.
- *eager*: the same formula as a composition of torch's operators, `ogive.engine("eager")`.
- *copy_*: `y.copy_(x)` into existing memory of the input's size, the least that any function of
  that input can take; a call that makes its output pays for new memory besides.
- *in place*: `ogive.get(name)(x, inplace=True)`, which like copy_ writes to existing memory.
- *backward*: `torch.autograd.grad` of a prepared forward, the gradient given. *both*: the forward
  and its backward.

`ogive bench` measures the same on your machine.
"""


@dataclass(frozen=True)
class Part:
    """A measured part of the page: the names, in their order, with the results."""

    bench: Bench

    def find(self, name: str, dtype: str, size: int, direction: str) -> Result | None:
        wanted = (name, dtype, size, direction)
        cells = ((r.cell.name, r.cell.dtype, r.cell.size, r.cell.direction) for r in self.results)
        return next((r for r, c in zip(self.results, cells, strict=True) if c == wanted), None)

    @property
    def results(self) -> tuple[Result, ...]:
        return self.bench.results

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(result.cell.name for result in self.results))


# Markdown


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column is words and whose others are numbers."""
    marks = ["---", *("---:" for _ in headings[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, marks, *rows))


def ratio(spread: Spread | None) -> str:
    """A ratio, with its deviation where it is large."""
    if spread is None:
        return ""
    return f"{spread.median:.2f}" + (f" ±{spread.mad:.2f}" if spread.mad >= 0.05 else "")


def micro(spread: Spread | None, signed: bool = False) -> str:
    """Seconds as microseconds."""
    if spread is None:
        return ""
    value = spread.median * 1e6
    digits = 2 if abs(value) < 100 else 0
    return f"{value:{'+' if signed else ''},.{digits}f}"


Column = tuple[str, Callable[[Result], str]]
TIME: Column = ("ogive µs", lambda r: micro(r.time("ogive")))
TORCH: Column = ("/ torch", lambda r: ratio(r.ratio("torch")))
EAGER: Column = ("/ eager", lambda r: ratio(r.ratio("eager")))
COPY: Column = ("/ copy_", lambda r: ratio(r.ratio("copy")))
INPLACE: Column = ("in place / copy_", lambda r: ratio(r.ratio("copy", "inplace")))
ABSOLUTE: tuple[Column, ...] = (
    ("torch µs", lambda r: micro(r.time("torch"))),
    TIME,
    ("difference", lambda r: micro(r.difference("torch"), signed=True)),
)


def sized(part: Part, dtype: str, direction: str, columns: Sequence[Column]) -> str:
    """A row for each activation, the columns for each size; none that stays empty."""
    wide = [(size, *column) for size in part.bench.settings.sizes for column in columns]
    rows = {name: [_cell(part, name, dtype, direction, c) for c in wide] for name in part.names}
    kept = [i for i in range(len(wide)) if any(cells[i] for cells in rows.values())]
    headings = ["activation", *(f"{wide[i][0]:,}: {wide[i][1]}" for i in kept)]
    return table(headings, ([f"`{n}`", *(cells[i] for i in kept)] for n, cells in rows.items()))


def _cell(
    part: Part,
    name: str,
    dtype: str,
    direction: str,
    column: tuple[int, str, Callable[[Result], str]],
) -> str:
    size, _, text = column
    result = part.find(name, dtype, size, direction)
    return text(result) if result else ""


def averages(parts: Iterable[Part]) -> str:
    """The geometric means over the entries that torch has an operator for."""
    over = {
        ("ogive", "torch"): "/ torch",
        ("ogive", "eager"): "/ eager",
        ("ogive", "copy"): "/ copy_",
        ("inplace", "copy"): "in place / copy_",
    }
    rows: dict[tuple[str, str, str], dict[tuple[str, str], str]] = {}
    for mean in (mean for part in parts for mean in means(part.results)):
        row = rows.setdefault((mean.dtype, mean.direction, f"{mean.size:,}"), {})
        row[mean.label, mean.over] = f"{mean.ratio:.2f}"
    headings = ["dtype", "direction", "size", *over.values()]
    return table(headings, ([*key, *(row.get(o, "") for o in over)] for key, row in rows.items()))


def first_calls(calls: Iterable[FirstCall]) -> str:
    """Milliseconds until the first result and gradient of a process."""
    headings = ["activation", "cold", "cold, gradient", "cached", "cached, gradient"]
    rows = ((c.cold, c.cold_gradient, c.cached, c.cached_gradient) for c in calls)
    names = (f"`{name}`" for name in FIRST)
    return table(
        headings,
        ([n, *(f"{s * 1e3:.1f}" for s in row)] for n, row in zip(names, rows, strict=True)),
    )


# the page


@dataclass(frozen=True)
class Measured:
    """Everything the page shows."""

    forward: Part
    backward: Part
    small: Part
    composed: Part
    composed_backward: Part
    first: list[FirstCall]


def measured(threads: int | None, quick: bool, budget: float) -> Measured:
    pace = QUICK if quick else Pace(least_rounds=3, budget=budget)
    large, middle = ((4096, 8192), (4096,)) if quick else (LARGE, MIDDLE)

    def part(
        names: Sequence[str],
        sizes: Sequence[int],
        directions: Sequence[str],
        dtypes: Sequence[str] = DTYPES,
    ) -> Part:
        settings = Settings(sizes, dtypes, directions, threads, pace=pace)
        return Part(run_bench(names, settings, notify=told))

    return Measured(
        forward=part((), large, ["forward"]),
        backward=part((), middle, ["backward", "both"]),
        small=part((), SMALL, ["forward", "both"], ["float32"]),
        composed=part(COMPOSED, large, ["forward"]),
        composed_backward=part(COMPOSED, middle, ["backward"]),
        first=[first_call(ogive.get(name).name) for name in FIRST],
    )


def told(progress: Progress) -> None:
    print(f"{progress.done}/{progress.total} {progress.label}", file=sys.stderr, flush=True)


def sections(m: Measured) -> Iterable[str]:
    natives = [m.forward, m.backward, m.small]
    yield HEAD.format(
        machine=m.forward.bench.machine,
        rounds=m.forward.bench.settings.pace.rounds,
        seed=m.forward.bench.settings.seed,
    ).rstrip()
    yield "## Geometric means\n\nOver the entries that torch has an operator for."
    yield averages(natives)
    for dtype in DTYPES:
        yield f"## torch's operators, {dtype}, forward"
        yield sized(m.forward, dtype, "forward", [TIME, TORCH, COPY, INPLACE])
    for dtype in DTYPES:
        for direction in ("backward", "both"):
            yield f"## torch's operators, {dtype}, {direction}"
            yield sized(m.backward, dtype, direction, [TIME, TORCH, COPY])
    for direction in ("forward", "both"):
        yield f"## Small inputs, float32, {direction}"
        yield sized(m.small, "float32", direction, ABSOLUTE)
    for dtype in DTYPES:
        yield f"## Compositions, {dtype}, forward"
        yield sized(m.composed, dtype, "forward", [TIME, EAGER, COPY, INPLACE])
        yield f"## Compositions, {dtype}, backward"
        yield sized(m.composed_backward, dtype, "backward", [TIME, EAGER, COPY])
    yield (
        "## First calls\n\nMilliseconds in a new process until the first result of 1,024 float32 "
        "numbers, and from there until the first gradient: *cold* with an empty cache of kernels, "
        "*cached* in the next process."
    )
    yield first_calls(m.first)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--budget", type=float, default=Pace().budget)
    chosen = parser.parse_args()
    found = measured(chosen.threads, chosen.quick, chosen.budget)
    out = chosen.out or PAGE
    out.write_text("\n\n".join(sections(found)) + "\n", encoding="utf-8")
    print(f"wrote {out}")


if __name__ == "__main__":
    main()
