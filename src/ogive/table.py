"""Reports as text and as HTML: a table, and lines below it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from html import escape

#: Columns enough for every row to stay one line.
_WIDE = 20_000


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], notes: Iterable[str] = ()) -> str:
    """The rows under their heads, and the notes; no table where there are no rows.

    Example:
        >>> print(table(["name", "gain"], [["relu", "1.4142"]], ["skipped: 3: a norm"]))
        name  gain
        relu  1.4142
        skipped: 3: a norm
    """
    from rich.console import Console
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in heads:
        grid.add_column(head)
    for row in rows:
        grid.add_row(*row)
    buffer = io.StringIO()
    console = Console(file=buffer, width=_WIDE, highlight=False, markup=False)
    if grid.row_count:
        console.print(grid)
    for note in notes:
        console.print(note)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())


def html_table(heads: Sequence[str], rows: Iterable[Sequence[str]], raw: Sequence[int] = ()) -> str:
    """The rows under their heads as an HTML table, for notebooks.

    Args:
        heads: the names of the columns.
        rows: the cells as text.
        raw: columns whose cells are HTML already.

    Example:
        >>> html_table(["name"], [["a<b"]])
        '<table><thead><tr><th>name</th></tr></thead><tbody><tr><td>a&lt;b</td></tr></tbody></table>'
    """
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{c if i in raw else escape(c)}</td>' for i, c in enumerate(row))}</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
