"""``ogive bench --models``: what steps of models keep, need at once and take.

Only words in and tables out; the measuring itself is :func:`ogive.bench.run_models`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table

from ogive.cli.console import new_table

if TYPE_CHECKING:
    from ogive.bench import Measured, ModelBench

_NOTE = (
    "A step is forward, backward and SGD's update. held: MB kept for backward, each storage once, "
    "parameters left out; peak: the most MB alive at once of those that a step allocates; ms: the "
    "median over rounds in which the modes take turns; 'speed': the untouched model's time over "
    "this one's, round by round: above 1 this one is the faster one; ± is the median absolute "
    "deviation."
)
HEADINGS = ("held", "share", "peak", "share", "ms", "speed", "±")


def parts(found: ModelBench) -> Iterator[RenderableType]:
    """The machine, what was measured, a table for each dtype."""
    yield str(found.machine)
    given = "; all given to torch.compile" if found.settings.compiled else ""
    yield f"{found.settings.scale}; random weights{given}"
    yield _NOTE
    for dtype in found.settings.dtypes:
        yield f"\n{dtype}"
        yield _table([result for result in found.results if result.dtype == dtype])


def _table(results: list[Measured]) -> Table:
    table = new_table()
    for heading in ("model", "mode"):
        table.add_column(heading, no_wrap=True)
    for heading in HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for result in results:
        table.add_row(result.model, result.mode, *cells(result))
    return table


def cells(result: Measured) -> list[str]:
    """A model's figures, in the order of the headings."""
    return [
        megabytes(result.held),
        f"{result.held_share:.2f}",
        megabytes(result.peak),
        f"{result.peak_share:.2f}",
        f"{result.seconds.median * 1e3:,.1f}",
        f"{result.ratio.median:.2f}",
        f"{result.ratio.mad:.2f}",
    ]


def megabytes(count: int) -> str:
    """Bytes as millions of them.

    >>> megabytes(12_345_678), megabytes(4_719)
    ('12.3', '0.0047')
    """
    value = count / 1e6
    return f"{value:,.1f}" if value >= 10 else f"{value:.2g}" if value < 1 else f"{value:.2f}"
