"""``ogive bench``: how long activations take next to torch, the composition and a plain copy.

Only words in and tables out; the measuring itself is :func:`ogive.bench.run_bench`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from ogive.cli.console import GAP, new_table, width, write, write_json
from ogive.cli.draw import ANY_NAME
from ogive.errors import OgiveError

if TYPE_CHECKING:
    from ogive.bench import Bench, FirstCall, Mean, Progress, Result

FIRST = "mish"
#: Arguments that say nothing about models.
OF_ACTIVATIONS = {
    "sizes": "--sizes",
    "directions": "--directions",
    "first": "--first-call",
}
_NOTE = (
    "Microseconds, medians over rounds in which all take turns. 'ogive / torch' is the time of the "
    "public call over that of torch's operator, round by round: below 1 ogive is the faster one; "
    "± is the median absolute deviation. eager: the composition of torch's operators; copy_: into "
    "existing memory of the input's size; in place: the call over its input."
)


def bench(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(help=f"{ANY_NAME}; or models. Without any, all.")
    ] = None,
    models: Annotated[
        bool, typer.Option("--models", help="Steps of models, untouched and accelerated.")
    ] = False,
    monitor: Annotated[
        bool, typer.Option("--monitor", help="What watching steps of models costs.")
    ] = False,
    sizes: Annotated[
        str, typer.Option(help="Elements of the input.")
    ] = "1,64,1024,65536,1048576,16777216",
    dtypes: Annotated[
        str, typer.Option(help="Of float64, float32, bfloat16, float16.")
    ] = "float32,bfloat16",
    directions: Annotated[
        str, typer.Option(help="Of forward, backward, both (a forward and its backward).")
    ] = "forward,backward,both",
    threads: Annotated[int | None, typer.Option(help="Threads of torch.")] = None,
    rounds: Annotated[int, typer.Option(help="Turns of each contender.")] = 15,
    compiled: Annotated[
        bool,
        typer.Option("--compile", help="With torch.compile, of models too."),
    ] = False,
    first: Annotated[
        bool, typer.Option("--first-call/--no-first-call", help="Also in new processes.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure activations against torch's operators, the eager composition and a copy.

    With --models: the memory and the time of training steps of models from timm and transformers.
    With --monitor: what a monitor adds to them, beside hooks as people write them.
    """
    from ogive.bench import Pace, Settings, bench_facts, run_bench

    if models and monitor:
        raise OgiveError("--models and --monitor are two measurements; ask for one at a time")
    if monitor:
        _refuse_options_of_activations(context, "--monitor")
        _refuse_dtypes(context)
        _monitor(names or (), threads, compiled, rounds, as_json)
        return
    if models:
        _refuse_options_of_activations(context, "--models")
        _models(names or (), _words(dtypes), threads, compiled, rounds, as_json)
        return
    settings = Settings(
        sizes=_sizes(sizes),
        dtypes=_words(dtypes),
        directions=_words(directions),
        threads=threads,
        compiled=compiled,
        pace=Pace(rounds=rounds),
    )
    with _progress() as notify:
        found = run_bench(names or (), settings, first=FIRST if first else None, notify=notify)
    for line in found.left_out:
        typer.echo(f"left out: {line}", err=True)
    if as_json:
        write_json(bench_facts(found))
    else:
        write(*_parts(found))


def _models(
    names: Sequence[str],
    dtypes: list[str],
    threads: int | None,
    compiled: bool,
    rounds: int,
    as_json: bool,
) -> None:
    from ogive.bench import MODEL_BUDGET, ModelSettings, Pace, run_models
    from ogive.cli.models import parts

    pace = Pace(rounds=rounds, budget=MODEL_BUDGET)
    settings = ModelSettings(dtypes=dtypes, threads=threads, compiled=compiled, pace=pace)
    with _progress() as notify:
        found = run_models(names, settings, notify=notify)
    if as_json:
        write_json(found.to_dict())
    else:
        write(*parts(found))


def _monitor(
    names: Sequence[str], threads: int | None, compiled: bool, rounds: int, as_json: bool
) -> None:
    from ogive.bench import MODEL_BUDGET, PUBLISHED, ModelSettings, Pace, run_monitor_bench
    from ogive.cli.monitor_cost import cost_parts

    pace = Pace(rounds=rounds, budget=6 * MODEL_BUDGET)  # six steps a round
    settings = ModelSettings(("float32",), PUBLISHED, threads, compiled, pace)
    with _progress() as notify:
        found = run_monitor_bench(names, settings, notify=notify)
    if as_json:
        write_json(found.to_dict())
    else:
        write(*cost_parts(found))


def _refuse_options_of_activations(context: typer.Context, asked: str) -> None:
    """What a measurement of models would ignore is said rather than ignored."""
    for name, option in OF_ACTIVATIONS.items():
        if _given(context, name):
            raise OgiveError(
                f"{option} is about single activations; leave it out, or leave out {asked}"
            )


def _refuse_dtypes(context: typer.Context) -> None:
    if _given(context, "dtypes"):
        raise OgiveError("--monitor measures in float32; leave out --dtypes")


def _given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _sizes(text: str) -> list[int]:
    try:
        return [int(part) for part in _words(text)]
    except ValueError:
        raise OgiveError(
            f"--sizes takes whole numbers with commas between, as 64,1024,65536, not {text!r}"
        ) from None


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Bar(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        line = bar.add_task("starting", total=None)
        yield lambda told: bar.update(
            line, completed=told.done, total=told.total, description=told.label
        )


# the answer, for people


def _parts(found: Bench) -> Iterator[RenderableType]:
    """The machine, a table for each dtype and direction, the means, the first call."""
    from ogive.bench import means

    yield str(found.machine)
    yield _NOTE
    for dtype, direction in product(found.settings.dtypes, found.settings.directions):
        wanted = (dtype, direction)
        group = [r for r in found.results if (r.cell.dtype, r.cell.direction) == wanted]
        if group:
            yield f"\n{dtype}, {direction}"
            yield _table(group)
    if counted := means(found.results):
        yield "\ngeometric means over the activations that torch has an operator for"
        yield _means_table(counted)
    if found.first is not None:
        yield f"\n{_first(found.first)}"


#: Heading -> the contenders whose ratio stands below it.
_RATIOS = {
    "ogive\n/ torch": ("ogive", "torch"),
    "±": ("ogive", "torch"),
    "ogive\n/ eager": ("ogive", "eager"),
    "ogive\n/ compiled": ("ogive", "compiled"),
    "ogive\n/ copy_": ("ogive", "copy"),
    "in place\n/ copy_": ("inplace", "copy"),
}


def _table(results: list[Result]) -> Table:
    """A line for each activation and size; only columns in which something stands, and in a
    narrow terminal only ratios and times."""
    rows = [_cells(result) for result in results]
    shown = [heading for heading in rows[0] if any(row[heading] for row in rows)]
    if sum(_width(heading, rows) + GAP for heading in shown) > width():
        shown = [heading for heading in shown if heading not in ("±", "engine")]
    return _filled(shown, ([row[heading] for heading in shown] for row in rows))


def _width(heading: str, rows: list[dict[str, str]]) -> int:
    return max(map(len, (*heading.split("\n"), *(row[heading] for row in rows))))


def _cells(result: Result) -> dict[str, str]:
    times = {f"{label}\nµs": result.time(label) for label in ("ogive", "torch")}
    cells = {"activation": result.cell.name, "size": f"{result.cell.size:,}"}
    cells |= {heading: microseconds(t.median) if t else "" for heading, t in times.items()}
    for heading, (label, over) in _RATIOS.items():
        found = result.ratio(over, label)
        value = found and (found.mad if heading == "±" else found.median)
        cells[heading] = "" if value is None else f"{value:.2f}"
    return cells | {"engine": result.engine}


def _means_table(means: list[Mean]) -> Table:
    pairs = list(dict.fromkeys((mean.label, mean.over) for mean in means))
    headings = {pair: heading for heading, pair in reversed(_RATIOS.items()) if heading != "±"}
    rows: dict[tuple[str, ...], dict[tuple[str, str], str]] = {}
    for mean in means:
        row = rows.setdefault((mean.dtype, mean.direction, f"{mean.size:,}"), {})
        row[mean.label, mean.over] = f"{mean.ratio:.2f}"
    names = ["dtype", "direction", "size", *(headings[pair] for pair in pairs)]
    return _filled(names, ([*key, *(row.get(p, "") for p in pairs)] for key, row in rows.items()))


def _filled(headings: list[str], rows: Iterable[list[str]]) -> Table:
    table = new_table()
    for heading in headings:
        words = heading in ("activation", "dtype", "direction", "engine")
        table.add_column(heading, justify="left" if words else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _first(call: FirstCall) -> str:
    def told(forward: float, gradient: float) -> str:
        return f"{forward * 1e3:.1f} ms (its gradient {gradient * 1e3:.1f} ms)"

    cold, cached = (
        told(call.cold, call.cold_gradient),
        told(call.cached, call.cached_gradient),
    )
    return (
        f"the first call of {call.name}: {cold} with an empty cache, {cached} in the next process"
    )


def microseconds(seconds: float) -> str:
    """Seconds as microseconds, with as many digits as say something.

    >>> microseconds(1.2345e-6), microseconds(0.0123)
    ('1.23', '12,300')
    """
    value = seconds * 1e6
    digits = 2 if value < 10 else 1 if value < 1000 else 0
    return f"{value:,.{digits}f}"
