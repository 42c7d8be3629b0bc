"""A file of a user's as a table: its separator and its cells, or an error with the line.

Apart from what is made of the columns: here everything is text. What was taken is said in notes,
and can be overridden.
"""

from __future__ import annotations

import csv
import io
import itertools
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from ogive.errors import briefly, nearest, require
from ogive.study.data.decoding import text_of_file
from ogive.study.errors import StudyError
from ogive.study.requirements import require_text

#: Larger files of text are refused, and of more rows some are drawn.
MOST_BYTES = 2**28
MOST_TABLE_ROWS = 100_000
#: So many of the lines show the separator.
SHOWN_LINES = 100
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_MISSING = [
    "",
    "?",
    "-",
    "--",
    ".",
    "NULL",
    "null",
    "None",
    "none",
    "NA",
    "N/A",
    "n/a",
    "NaN",
    "nan",
]


@dataclass(frozen=True)
class TableFile:
    """A table that was read.

    Attributes:
        frame: a data frame; cells of a file of text are text, or missing.
        notes: what was taken for granted, in sentences.
        sep: what separates cells in a file of text.
    """

    frame: Any
    notes: tuple[str, ...] = ()
    sep: str = ""


def read_table(path: Path, sep: str | None = None, encoding: str | None = None) -> TableFile:
    """A CSV or Parquet file as a data frame, and what was taken for granted.

    Args:
        path: of the file; one that ends in .parquet or .pq is Parquet, every other is text with
            the names of its columns in the first line.
        sep: what separates cells; otherwise a comma, semicolon, tab or bar, whichever fits.
        encoding: of the text; otherwise by its byte order mark, or UTF-8, UTF-16, GB 18030 (of
            which GBK is a part) or Windows-1252 (Latin-1), whichever fits.

    Raises:
        StudyError: for a file that is none, is empty, too large, or no table, with the line.
    """
    if not os.path.isfile(path):  # which raises for no name, however long
        near = nearest(path.name, [other.name for other in path.absolute().parent.glob("*.*")])
        raise StudyError(f"there is no file {str(path)!r}; give the path of a table{near}")
    if (size := path.stat().st_size) > MOST_BYTES:
        raise StudyError(
            f"{path.name!r} has {size / 2**20:,.0f} MiB, and at most {MOST_BYTES >> 20} are read; "
            f"a study needs few rows: give a sample of them"
        )
    if path.suffix.lower() in (".parquet", ".pq"):
        return sampled(_parquet(path), path.name)
    text, used = text_of_file(path, encoding)
    first, _, rest = text.partition("\n")
    if re.fullmatch("sep=.\r?", first, re.IGNORECASE):  # as Excel says it
        sep, text = sep or first[4], rest
    try:
        used_sep = _checked_separator(sep) if sep is not None else _separator(text)
        frame, count = _frame(path, text, used_sep)
    except csv.Error as error:
        raise StudyError(
            f"{path.name!r} cannot be read as a table: {error}; perhaps a quotation mark is not "
            f"closed"
        ) from error
    named = SEPARATORS.get(used_sep, repr(used_sep))
    notes = [f"{path.name} was read as {used} with {named} between the cells"]
    if count > len(frame):
        notes.append(f"of its {count:,} rows {len(frame):,} were drawn at random")
    return TableFile(frame, tuple(notes), used_sep)


def _parquet(path: Path) -> Any:
    pandas = require("pandas", "study")
    require("pyarrow", "study")
    try:
        return pandas.read_parquet(path)
    except (OSError, ValueError) as error:
        raise StudyError(
            f"{path.name!r} cannot be read as Parquet: {' '.join(str(error).split())[:200]}"
        ) from error


def sampled(frame: Any, source: str) -> TableFile:
    """The frame, or so many of its rows as a study takes, and a note that says so."""
    if len(frame) <= MOST_TABLE_ROWS:
        return TableFile(frame)
    note = f"of the {len(frame):,} rows of {source} {MOST_TABLE_ROWS:,} were drawn at random"
    return TableFile(frame.sample(MOST_TABLE_ROWS, random_state=0).sort_index(), (note,))


def _checked_separator(sep: str) -> str:
    require_text("sep", sep)
    sep = {"\\t": "\t", "tab": "\t"}.get(sep, sep)
    if len(sep) != 1 or sep in '\r\n"':
        raise StudyError(f"a separator is one character, such as ';' or a tab, not {sep!r}")
    return sep


def _separator(text: str) -> str:
    """The separator by which most lines have as many cells as the first, and that has most."""

    def fits(sep: str) -> tuple[float, int]:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=sep)
        counts = [len(row) for row in itertools.islice(filter(None, rows), SHOWN_LINES)]
        expected = counts[0]
        alike = Counter(
            min(count, expected) if count - expected == 1 else count for count in counts
        )
        return (alike[expected] / len(counts) if expected > 1 else 0.0), expected

    return max(SEPARATORS, key=fits)


def _frame(path: Path, text: str, sep: str) -> tuple[Any, int]:
    """The table, and how many rows the file has."""
    pandas = require("pandas", "study")
    rows = _rows(path, text, sep)
    _, first = next(rows)
    names = _names(path, first)
    cells, count = _drawn(_fitting(path, row, names, line) for line, row in rows)
    if not cells:
        raise StudyError(f"{path.name!r} has the names of columns and no rows below them")
    frame = pandas.DataFrame(cells, columns=names, dtype=object)
    return frame.mask(frame.isin(_MISSING)), count


def _drawn(rows: Iterator[list[str]]) -> tuple[list[list[str]], int]:
    """So many of the rows as a study takes, each equally likely, and how many there were."""
    kept = list(itertools.islice(rows, MOST_TABLE_ROWS))
    count, random = len(kept), Random(0)
    for count, row in enumerate(rows, MOST_TABLE_ROWS + 1):
        place = random.randrange(count)
        if place < MOST_TABLE_ROWS:
            kept[place] = row
    return kept, count


def _rows(path: Path, text: str, sep: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not empty with its number, cells without blanks around them."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=sep, skipinitialspace=True)
    for row in reader:
        if any(cell.strip() for cell in row):
            yield reader.line_num, [cell.strip() for cell in row]


def _names(path: Path, row: Sequence[str]) -> list[str]:
    """The names of the columns; a column without one is called by its place."""
    names = list(row)
    while names and not names[-1]:  # separators at the end of the line
        names.pop()
    names = [name or f"(column {place})" for place, name in enumerate(names, 1)]
    check_names(names, path.name)
    return names


def check_names(names: Sequence[str], source: str) -> None:
    """Raise unless every column has a name of its own."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        places = " and ".join(str(i) for i, name in enumerate(names, 1) if name == twice[0])
        raise StudyError(
            f"{source!r} has several columns named {twice[0]!r}: columns {places}; rename them "
            f"(blanks around a name do not count)"
        )


def _fitting(path: Path, row: list[str], names: Sequence[str], line: int) -> list[str]:
    """The cells of a line, one for each column."""
    while len(row) > len(names) and not row[-1]:
        row.pop()
    if len(row) != len(names):
        raise StudyError(
            f"{path.name!r} cannot be read as a table: line {line} has {len(row)} cells, the first "
            f"line names {len(names)} columns ({briefly(', '.join(names))})"
        )
    return row
