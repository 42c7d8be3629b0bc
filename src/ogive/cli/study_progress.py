"""How far a study is: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

if TYPE_CHECKING:
    from ogive.study.running.runs import Progress

#: Seconds between two lines where there is no terminal.
BETWEEN_LINES = 5.0


@contextmanager
def progress(console: Console) -> Iterator[Callable[[Progress], None]]:
    """What is to be told how far a study is."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TextColumn("{task.fields[left]}"), console=console, transient=True) as bar:
        line = bar.add_task("starting", total=None, left="")

        def tell(told: Progress) -> None:
            if told.note is not None:
                bar.console.print(told.note, markup=False, highlight=False)
            left = time_left(told.seconds_left)
            bar.update(
                line, completed=told.done, total=told.total, description=told.label, left=left
            )

        yield tell


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console, self._last = console, time.monotonic()

    def __call__(self, told: Progress) -> None:
        if told.note is not None:
            self._print(told.note)
        elif time.monotonic() - self._last >= BETWEEN_LINES:
            self._last = time.monotonic()
            self._print(f"{told.done} of {told.total} runs {time_left(told.seconds_left)}".strip())

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def time_left(seconds: float | None) -> str:
    """About how long something still takes.

    >>> time_left(42.0), time_left(400.0), time_left(9000.0), time_left(None)
    ('about 42 s left', 'about 7 min left', 'about 2.5 h left', '')
    """
    if seconds is None:
        return ""
    if seconds < 120:
        return f"about {seconds:.0f} s left"
    long = f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
    return f"about {long} left"
