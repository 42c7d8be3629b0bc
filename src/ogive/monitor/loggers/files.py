"""Statistics as files that grow: a table for spreadsheets and pandas, and one JSON object a line.

A file is opened for every record and closed again: a training that is killed leaves whole lines,
and nothing is held open that a fork or a full table of descriptors could spoil.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ogive.errors import OgiveError
from ogive.monitor.health import PlaceHealth
from ogive.monitor.loggers.health_logger import HealthLogger, Snapshot

#: The columns between the place and its findings.
COLUMNS = tuple(field.name for field in fields(PlaceHealth))
CSV_HEADER = ("step", "place", *COLUMNS, "findings")


class CsvFile(HealthLogger):
    """A row for each place at each step: ``step, place``, its statistics, the kinds found there.

    Rows of an evaluation have ``(evaluation)`` behind the place, and the number of steps before it.
    An existing file is continued, if its columns are these.
    """

    def __init__(self, path: str) -> None:
        self.path = _made_ready(path)
        with _opened(self.path, "r") as file:
            first = next(csv.reader(file), None)
        if first is None:
            _append(self.path, _text([CSV_HEADER]))
        elif tuple(first) != CSV_HEADER:
            raise OgiveError(
                f"{path!r} is a file with other columns, so that nothing can be added to it; "
                f"name a new file, or remove this one"
            )

    def write(self, snapshot: Snapshot) -> None:
        _append(self.path, _text(_rows(snapshot)))

    def write_evaluation(self, step: int, places: Mapping[str, Any]) -> None:
        apart = {f"{place} (evaluation)": row for place, row in places.items()}
        self.write({"step": step, "places": apart, "findings": []})


class JsonLines(HealthLogger):
    """One object a line: what ``HealthReport.to_dict`` gives. An existing file is continued."""

    def __init__(self, path: str) -> None:
        self.path = _made_ready(path)

    def write(self, snapshot: Snapshot) -> None:
        _append(self.path, json.dumps(snapshot, allow_nan=False) + "\n")


def _made_ready(path: str) -> Path:
    """The path, with its folder made and the file writable, or an error before training begins."""
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    except OSError as error:
        raise _unwritable(target, error) from error
    return target


def _opened(path: Path, mode: str) -> Any:
    return path.open(mode, encoding="utf-8", newline="")


def _append(path: Path, text: str) -> None:
    with _opened(path, "a") as file:
        file.write(text)


def _rows(snapshot: Snapshot) -> Iterator[list[Any]]:
    """A row for each place; one that has only findings, as the input, has empty statistics."""
    kinds: dict[str, list[str]] = {place: [] for place in snapshot["places"]}
    for finding in snapshot["findings"]:
        kinds.setdefault(finding["place"], []).append(finding["kind"])
    for place, found in kinds.items():
        row = snapshot["places"].get(place, {})
        yield [snapshot["step"], place, *(row.get(name) for name in COLUMNS), " ".join(found)]


def _text(rows: Iterable[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def _unwritable(path: Path, error: OSError) -> OgiveError:
    return OgiveError(
        f"cannot write to {str(path)!r}: {error.strerror}; name a file in a folder of your own"
    )
