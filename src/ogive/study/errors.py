"""What can go wrong in a study: bad input, and an interruption that loses nothing."""

from __future__ import annotations

from pathlib import Path

from ogive.errors import OgiveError


class StudyError(OgiveError):
    """A study that cannot be run as asked; the message says how to mend it."""


class StudyInterrupted(KeyboardInterrupt):
    """The user stopped a study; every finished run is kept and will be reused."""

    def __init__(self, done: int, total: int, journal: Path) -> None:
        super().__init__(f"interrupted after {done} of {total} runs, which are kept in {journal}")
        self.done, self.total, self.journal = done, total, journal
