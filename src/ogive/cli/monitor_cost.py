"""``ogive bench --monitor``: what watching adds to a step.

Only words in and tables out; the measuring itself is :func:`ogive.bench.run_monitor_bench`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table

from ogive.cli.console import new_table
from ogive.cli.models import megabytes

if TYPE_CHECKING:
    from ogive.bench import MonitorBench, MonitorCost

_NOTE = (
    "A step is forward, backward and SGD's update. hooks: mean, deviation, share of zeros and "
    "gradient norm of every activation, as people write them. more: the time of a step over the "
    "untouched one's, less 1, round by round; ± is the median absolute deviation, noise the same "
    "for untouched steps once more: what is below it was not measured. operators, MB read: what a "
    "measured step has more than an untouched one; peak: its most bytes alive at once over theirs."
)
COST_HEADINGS = ("ms", "more", "±", "noise", "operators", "MB read", "peak")


def cost_parts(found: MonitorBench) -> Iterator[RenderableType]:
    """The machine, what was measured, the table, Python's time."""
    yield str(found.machine)
    given = "; all given to torch.compile" if found.settings.compiled else ""
    yield f"{found.settings.scale}; random weights, float32{given}"
    yield _NOTE
    yield ""
    yield _table(found)
    for watcher, microseconds in found.python_microseconds.items():
        yield (
            f"{watcher}: {microseconds:.1f} µs of Python for each watched activation in a measured "
            f"step, {found.idle_microseconds[watcher]:.1f} µs in another"
        )


def _table(found: MonitorBench) -> Table:
    table = new_table()
    for heading in ("model", "watcher", "every"):
        table.add_column(heading, no_wrap=True)
    for heading in COST_HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for cost in found.results:
        table.add_row(cost.model, cost.watcher, str(cost.every), *cost_cells(cost))
    return table


def cost_cells(cost: MonitorCost) -> list[str]:
    """A row's figures, in the order of the headings."""
    return [
        f"{cost.seconds.median * 1e3:,.1f}",
        f"{cost.ratio.median - 1:+.2%}",
        f"{cost.ratio.mad:.2%}",
        f"{cost.control.median - 1:+.2%}",
        f"{cost.operators:,}",
        megabytes(cost.bytes_read),
        f"{cost.peak_share:.4f}",
    ]
