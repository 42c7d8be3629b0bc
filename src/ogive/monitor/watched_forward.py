"""What stands in the place of modules' forwards while a step is observed.

A module gets a ``forward`` of its own that tells the observer, and then runs the one it had. It is
a method of the module, made once for each class: so copies of a model are whole, signatures are
what they were, and torch.compile guards it: programs that were compiled before are not used while
it is there, and are used again when it is gone. Layers of one class share a compiled program,
because what tells them apart is a tensor.
"""

from __future__ import annotations

from functools import lru_cache, wraps
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn

from ogive.monitor.calls import CallMode
from ogive.monitor.observer import INPUT
from ogive.monitor.records import WatchRecord

#: Under this name a module keeps its record.
KEPT_AS = "_ogive_watch"


@lru_cache(maxsize=1024)
def _watching(cls: Any) -> Any:
    """The forward that modules of a class get."""

    @wraps(cls.forward)
    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        record = self._ogive_watch
        observer = record.observer
        if observer is None:
            return record.run(self, args, kwargs)
        if observer.inside:
            return record.call(observer, self, args, kwargs)
        return _outermost(observer, record, self, args, kwargs)

    return forward


def _forward_of(module: nn.Module) -> Any:
    cls: Any = type(module)
    return _watching(cls)


def _is_ours(module: nn.Module) -> bool:
    """Whether a module has the observed forward."""
    return getattr(vars(module).get("forward"), "__func__", None) is _forward_of(module)


def clear_copy(model: nn.Module) -> None:
    """Takes out what a copy of a watched model, or one that was saved, has of it."""
    for module in model.modules():
        held = vars(module)
        if KEPT_AS not in held or getattr(held[KEPT_AS], "observer", None) is not None:
            continue
        own = getattr(held.get("forward"), "__func__", None) is type(module).forward
        if own or _is_ours(module):
            del held[KEPT_AS], held["forward"]


def _outermost(observer: Any, record: Any, module: Any, args: Any, kwargs: Any) -> Any:
    """A call from outside of the model: a forward begins."""
    compiling = torch.compiler.is_compiling()
    if torch.compiler.is_exporting() or (module.training and not torch.is_grad_enabled()):
        return record.run(module, args, kwargs)
    if not compiling and (observer.cannot() or not (record.place or observer.begins())):
        return record.run(module, args, kwargs)
    if module.training == observer.evaluating:  # a part that is called by itself
        return record.run(module, args, kwargs)
    observer.fresh_uses()
    observer.inside = True
    try:
        _told_input(observer, record, args)
        with CallMode(observer):
            if compiling:
                if observer.functions_held:
                    observer.notes["functions of ogive"] = "not met in compiled programs"
                return record.call(observer, module, args, kwargs)
            with observer.own_functions():
                return record.call(observer, module, args, kwargs)
    finally:
        observer.inside = observer.busy = False


def _told_input(observer: Any, record: Any, args: Any) -> None:
    if record.place or not args or not isinstance(args[0], Tensor):
        return
    if torch.compiler.is_compiling():
        if args[0].is_floating_point():
            torch.ops.ogive.observe(args[0].detach(), record.slot, INPUT, 0, None)
        return
    observer.safely(observer.given, record, args[0].detach())


def install(record: WatchRecord) -> None:
    """Puts the observed forward into a module."""
    held = vars(record.module)
    if held.get(KEPT_AS) is record:
        return
    record.own = held.get("forward")
    held[KEPT_AS] = record
    held["forward"] = MethodType(_forward_of(record.module), record.module)
    record.installed()


def uninstall(record: WatchRecord) -> None:
    """Takes it out again; where somebody has put another one around it, it only stays silent."""
    held = vars(record.module)
    if held.get(KEPT_AS) is not record:
        return
    record.removed()
    if not _is_ours(record.module):
        record.observer = None
        return
    del held[KEPT_AS]
    if record.own is None:
        del held["forward"]
    else:
        held["forward"] = record.own
