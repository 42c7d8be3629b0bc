"""Which process does which run: locks that end with the process that holds them.

A run is one byte of a file that nobody reads, at a position made from the run's key. The system
frees the locks of a process that was killed, so none is ever stale.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from ogive.study.errors import StudyError

#: Hexadecimal digits of a key that make its position: it must fit into 63 bits.
_DIGITS = 15


@contextmanager
def locked(file: Any) -> Iterator[None]:
    """Within the block no other process has the file locked."""
    fcntl = _fcntl()
    fcntl.lockf(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.lockf(file, fcntl.LOCK_UN)


def _fcntl() -> Any:
    """The system's locks, imported where a study runs: a comparison of scores does without."""
    try:
        return importlib.import_module("fcntl")
    except ImportError:
        raise StudyError(
            "studies keep their runs under locks of Linux and macOS, which this system does not "
            "have; on Windows run them in WSL"
        ) from None


class WorkLocks:
    """The runs of one folder that this process has taken."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fcntl, self._file = _fcntl(), path.open("ab")

    def __enter__(self) -> WorkLocks:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()  # which frees all

    def take(self, key: str) -> bool:
        """Take a run, unless another process has it."""
        try:
            self._fcntl.lockf(
                self._file, self._fcntl.LOCK_EX | self._fcntl.LOCK_NB, 1, _position(key)
            )
        except BlockingIOError:
            return False
        return True

    def free(self, key: str) -> None:
        """Let others have the run."""
        self._fcntl.lockf(self._file, self._fcntl.LOCK_UN, 1, _position(key))

    def wait_for(self, key: str) -> None:
        """Return when no other process has the run."""
        self._fcntl.lockf(self._file, self._fcntl.LOCK_EX, 1, _position(key))
        self.free(key)


def _position(key: str) -> int:
    return int(key[:_DIGITS], 16)
