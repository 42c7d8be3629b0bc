"""The file that remembers finished runs, so that an interrupted study goes on where it stopped.

One line of JSON a run, forced to the disk before more is computed. Lines are only ever added, by
any number of processes at a time.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ogive.study.errors import StudyError
from ogive.study.running.locks import locked

RunResult = dict[str, Any]


class Journal:
    """The runs recorded in one file.

    ``damaged`` counts the lines that are no record of a run: cut off, changed, or impossible.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        self._records: dict[str, RunResult] = {}
        self._read_up_to = 0
        self.refresh()

    def refresh(self) -> None:
        """Read what other processes have added since."""
        if not self.path.exists() or self.path.stat().st_size == self._read_up_to:
            return
        with self.path.open("rb") as file:
            file.seek(self._read_up_to)
            lines = file.read().splitlines(keepends=True)
        if lines and not lines[-1].endswith(b"\n") and self._read_up_to:
            lines.pop()  # somebody is writing it
        for line in lines:
            self._read(line)
            self._read_up_to += len(line)

    def _read(self, line: bytes) -> None:
        found = record_in(line)
        if found is not None:
            self._records[found[0]] = found[1]
        else:
            self.damaged += bool(line.strip())

    def find(self, key: str) -> RunResult | None:
        """What the run with this key gave, or None if it has not been done."""
        return self._records.get(key)

    def append(self, records: Sequence[tuple[str, str, int, RunResult]]) -> None:
        """Record finished runs, each by its key, activation, seed and result.

        When this returns, they are on the disk.

        Raises:
            StudyError: if they cannot be written; the file is then as before.
        """
        text = b"".join(as_line(*record) for record in records)
        with self._opened() as file:
            before = file.seek(0, os.SEEK_END)
            try:
                file.write(_newline(file, before) + text)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), before)
                raise
        self._records.update({key: result for key, _, _, result in records})

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        """The file, for this process alone."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+", buffering=0) as raw, locked(raw):
                yield raw
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            mend = "make room" if full else "make it writable"
            raise StudyError(
                f"cannot write {str(self.path)!r}: {error.strerror}; the {len(self._records)} runs "
                f"in it are kept: {mend} and give the same command again"
            ) from error


def _newline(file: BinaryIO, size: int) -> bytes:
    """What must come first if the last line was cut off in the middle."""
    if not size:
        return b""
    file.seek(size - 1)
    return b"" if file.read(1) == b"\n" else b"\n"


def as_line(key: str, activation: str, seed: int, result: RunResult) -> bytes:
    """A record as a line of the journal, with a digest that shows a later change."""
    record = {"key": key, "activation": activation, "seed": seed, "result": result}
    return json.dumps({**record, "digest": _digest(record)}, allow_nan=False).encode() + b"\n"


def record_in(line: bytes) -> tuple[str, RunResult] | None:
    """The key and result in a line, or None where it is no record as it was written."""
    try:
        record = json.loads(line)
        digest = record.pop("digest")
        key, result = record["key"], record["result"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if digest != _digest(record) or not isinstance(result, dict) or not isinstance(key, str):
        return None
    return key, result


def _digest(record: dict[str, Any]) -> str:
    text = json.dumps(record, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
