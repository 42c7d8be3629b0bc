"""The file that remembers finished runs, so that an interrupted study goes on where it stopped.

One line of JSON a run, forced to the disk before the next run starts. Lines are only ever added.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from ogive.study.measures import function_digest
from ogive.study.training import Run

# To be raised whenever the same settings would train differently than before.
_PROCEDURE = 1


def run_key(run: Run, data: str) -> str:
    """A hash of everything that determines a run."""
    parts = {
        "procedure": _PROCEDURE,
        "torch": torch.__version__,
        "data": data,
        "activation": run.activation,
        "function": function_digest(run.activation),
        "seed": run.seed,
        "settings": asdict(run.settings),
    }
    text = json.dumps(parts, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


class Journal:
    """The runs recorded in one file; ``damaged`` counts the lines that could not be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        self._records: dict[str, dict[str, Any]] = {}
        if path.exists():
            for line in path.read_bytes().splitlines():
                self._read(line)

    def _read(self, line: bytes) -> None:
        try:
            record = json.loads(line)
            self._records[record["key"]] = record["result"]
        except (ValueError, KeyError, TypeError):
            self.damaged += bool(line.strip())

    def find(self, key: str) -> dict[str, Any] | None:
        """What the run with this key gave, or None if it has not been done."""
        return self._records.get(key)

    def append(self, key: str, run: Run, result: dict[str, Any]) -> None:
        """Record a finished run; when this returns, it is on the disk."""
        record = {"key": key, "activation": run.activation, "seed": run.seed, "result": result}
        line = json.dumps(record, allow_nan=False).encode() + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(self._newline() + line)
            file.flush()
            os.fsync(file.fileno())
        self._records[key] = result

    def _newline(self) -> bytes:
        """What must come first if the last line was cut off in the middle."""
        if not self.path.stat().st_size:
            return b""
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return b"" if file.read(1) == b"\n" else b"\n"
