"""Which monitor watches a model, and how it is told that the model turns to evaluation.

The model itself keeps its monitor, so that both go together; a copy or a saved model has none.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from types import MethodType
from typing import Any, Protocol
from weakref import WeakSet

from torch import nn

from ogive.errors import MonitorWarning

#: Under this name a model keeps who watches it.
HELD_AS = "_ogive_monitor"


class Attached(Protocol):
    """What a model keeps."""

    model: nn.Module

    def turned(self) -> None:
        """The model may have turned to training, or to evaluation."""

    def detach(self) -> None:
        """Ends watching."""

    def pause(self) -> None:
        """Nothing of it is left in the model, for a while."""

    def resume(self) -> None:
        """Watches again."""


_ATTACHED: WeakSet[Attached] = WeakSet()


class _Held:
    """A monitor, and the ``train`` that the model had as an attribute."""

    def __init__(self, watcher: Attached | None, own: Any = None) -> None:
        self.watcher, self.own = watcher, own

    def __deepcopy__(self, memo: Any) -> _Held:
        return _Held(None)

    def __reduce__(self) -> Any:
        return type(None), ()  # so that what is saved can be read without ogive


@lru_cache(maxsize=1024)
def _telling(cls: Any) -> Any:
    """The ``train`` that a watched model of a class gets; ``eval`` calls it."""

    @wraps(cls.train)
    def train(self: Any, *args: Any, **kwargs: Any) -> Any:
        held = vars(self).get(HELD_AS)
        own = None if held is None else held.own
        turned = own(*args, **kwargs) if own else type(self).train(self, *args, **kwargs)
        if held is not None and held.watcher is not None:
            held.watcher.turned()
        return turned

    return train


def keep(watcher: Attached) -> None:
    """Has a model keep a monitor; one that watches a part of it is detached, with a warning."""
    for other in _overlapping(watcher.model):
        if other is not watcher:
            warnings.warn(
                "the model, or a part of it, was watched by another monitor, which is detached "
                "now; detach() the old one, or use `with ogive.Monitor(...)`, before a new one is "
                "made",
                MonitorWarning,
                stacklevel=4,
            )
            other.detach()
    cls: Any = type(watcher.model)
    held = vars(watcher.model)
    if HELD_AS in held:  # of a copy of a watched model
        held.pop("train", None)
    held[HELD_AS] = _Held(watcher, held.get("train"))
    held["train"] = MethodType(_telling(cls), watcher.model)
    _ATTACHED.add(watcher)


def let_go(watcher: Attached) -> None:
    """Has a model no longer keep a monitor."""
    _ATTACHED.discard(watcher)
    held = vars(watcher.model)
    kept = held.pop(HELD_AS, None)
    if kept is not None and kept.own is not None:
        held["train"] = kept.own
    else:
        held.pop("train", None)


@contextmanager
def as_made(model: nn.Module) -> Iterator[None]:
    """In the block the model has the ``train`` of its class, by which it is recognised."""
    told = vars(model).pop("train", None)
    try:
        yield
    finally:
        if told is not None:
            vars(model)["train"] = told


@contextmanager
def set_aside(model: nn.Module) -> Iterator[None]:
    """In the block no monitor watches a part of the model; afterwards all go on."""
    running = list(_overlapping(model))
    for watcher in running:
        watcher.pause()
    try:
        yield
    finally:
        for watcher in running:
            watcher.resume()


def _overlapping(model: nn.Module) -> list[Attached]:
    mine = {id(module) for module in model.modules()}
    return [w for w in _ATTACHED if any(id(m) in mine for m in w.model.modules())]
