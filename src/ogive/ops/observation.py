"""Who watches the calls of ogive's functions: a tracer, in its own context and nowhere else.

They are no torch functions, so neither torch.fx nor a torch function mode sees them. A call asks
where it is no prepared one, as are calls with unusual inputs, such as symbols, and all calls while
a mode of torch's dispatcher is active.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

#: Takes the function, its inputs and its arguments, and gives the result.
Watcher = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]
watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watched(watch: Watcher) -> Iterator[Watcher]:
    """Calls in the block go to ``watch``, which may make them; gives what ``watcher`` holds."""
    inside = True

    def observe(function: Any, inputs: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
        token = watcher.set(None)
        try:  # a task that was started inside still has this context when the block has ended
            return watch(function, inputs, arguments) if inside else function(*inputs, **arguments)
        finally:
            watcher.reset(token)

    token = watcher.set(observe)
    try:
        yield observe
    finally:
        inside = False
        watcher.reset(token)
