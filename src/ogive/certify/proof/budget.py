"""How much work a proof may cost, and what is raised when it is not found within that.

Apart because every search spends from a budget, and every report turns its end into "not proved".
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

#: Boxes that one search may look at, and a bound on its time for formulas whose boxes are dear: the
#: hardest built-in formula takes some hundred boxes, a pole or an oscillation takes any number. The
#: processor's time counts, so that a busy machine proves what an idle one does.
BOXES = 3000
SECONDS = 5.0
#: What all searches and integrals of one certificate may take together, so that it ends within a
#: minute with the step that it is at; what is not proved by then is not proved.
ALTOGETHER = 50.0
_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


class Unproved(Exception):
    """No proof within the budget, or nothing that the arithmetic can bound; never an answer."""


@contextmanager
def limited(seconds: float = ALTOGETHER) -> Iterator[None]:
    """A limit to the processor's time of the proofs within the block."""
    token = _deadline.set(min(_deadline.get(), time.process_time() + seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def is_over() -> bool:
    return time.process_time() > _deadline.get()


def in_time() -> None:
    """Raises Unproved when the time is over: what algebra begins each of its steps with."""
    if is_over():
        raise Unproved("the time is over")


@dataclass
class Budget:
    """The boxes and the seconds that are left of a search."""

    boxes: int = BOXES
    seconds: float = SECONDS
    _started: float = field(default_factory=time.process_time)

    def spend(self) -> None:
        """Take one box; raises Unproved when none is left or the time is over."""
        self.boxes -= 1
        if self.boxes < 0 or is_over() or time.process_time() - self._started > self.seconds:
            raise Unproved("the search reached its limit")
