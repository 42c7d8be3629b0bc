"""Files of scores: wide, with a column for each activation, or long, with a row for each run."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from ogive.errors import briefly
from ogive.study.data.decoding import text_of_file
from ogive.study.errors import StudyError

LONG = ("activation", "seed", "score")
#: What stands for a run that diverged; an empty cell is a score that is missing.
_DIVERGED = ("inf", "-inf", "infinity", "-infinity", "diverged", "none")
_SEPARATORS = ",;\t"
_DECIMAL_COMMA = r"^\s*([+-]?\d*),(\d+(?:[eE][+-]?\d+)?)\s*$"


def read_scores(path: str | Path) -> dict[str, list[float | None]]:
    """The scores of a CSV file by activation, paired by seed; None for a run that diverged.

    A file with the columns activation, seed and score has a row for each run, in any order; any
    other has a column for each activation and a row for each seed, and a column called seed is
    left out. Commas, semicolons or tabs separate; where it is no comma, a comma is a decimal mark.
    The encoding is found out, as that of a table.
    """
    names, rows = _read(Path(path))
    lower = [name.lower() for name in names]
    if set(LONG) <= set(lower):
        name, seed, score = (lower.index(column) for column in LONG)
        return _by_run([(line, row[name], row[seed], row[score]) for line, row in rows])
    return {
        name: [_score(name, line, row[place]) for line, row in rows]
        for place, name in enumerate(names)
        if lower[place] != "seed"
    }


def _read(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The names in the first line, and the cells of the others with the numbers of their lines."""
    try:
        text, _ = text_of_file(path)
    except OSError as error:
        why = error.strerror or error
        raise StudyError(f"{str(path)!r} cannot be read: {why}; expected CSV") from error
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    try:
        lines = list(csv.reader(text.splitlines(), delimiter=separator, skipinitialspace=True))
    except csv.Error as error:
        raise StudyError(f"{str(path)!r} cannot be read as CSV: {error}") from error
    if separator != ",":
        lines = [[re.sub(_DECIMAL_COMMA, r"\1.\2", cell) for cell in cells] for cells in lines]
    rows = [(number, cells) for number, cells in enumerate(lines, 1) if any(map(str.strip, cells))]
    if len(rows) < 2:
        raise StudyError(
            f"{str(path)!r} has {len(rows)} lines; expected names in the first (a column for each "
            f"activation, or {', '.join(LONG)}), and scores below"
        )
    names = [name.strip() for name in rows[0][1]]
    _check_shape(path, names, rows[1:])
    return names, rows[1:]


def _check_shape(path: Path, names: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> None:
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise StudyError(f"{str(path)!r} has two columns called {twice[0]!r}; rename one of them")
    for line, cells in rows:
        if len(cells) != len(names):
            raise StudyError(
                f"line {line} of {str(path)!r} has {len(cells)} cells, the first line has "
                f"{len(names)} names; expected as many"
            )


def _by_run(runs: Sequence[tuple[int, str, str, str]]) -> dict[str, list[float | None]]:
    """A row for each run as a list for each activation, all in one order of seeds."""
    found: dict[str, dict[str, float | None]] = {}
    for line, name, seed, text in runs:
        own = found.setdefault(name.strip(), {})
        if seed in own:
            raise StudyError(f"line {line}: {name!r} has a second score for seed {seed}")
        own[seed] = _score(name, line, text)
    seeds = list(dict.fromkeys(seed for own in found.values() for seed in own))
    for name, own in found.items():
        missing = [seed for seed in seeds if seed not in own]
        if missing:
            raise StudyError(
                f"{name!r} has no score for seed {', '.join(missing[:5])}; scores are paired by "
                f"seed, so each activation needs one for each, or 'diverged'"
            )
    return {name: [own[seed] for seed in seeds] for name, own in found.items()}


def _score(name: str, line: int, text: str) -> float | None:
    """The number; a text that is none is named with its place."""
    if text.strip().lower() in _DIVERGED:
        return None
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if number != number:
        raise StudyError(
            f"line {line}: the score of {name!r} is {briefly(text)}; expected a number, or "
            f"'diverged' for a run that diverged"
        )
    return number
