"""Which modules of a model are watched, and as what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn

from ogive.catalogue import Spec
from ogive.errors import OgiveError
from ogive.monitor.fused_records import FusedRecord
from ogive.monitor.hidden_records import AttentionRecord, RecurrentRecord
from ogive.monitor.observer import Observer
from ogive.monitor.records import ActivationRecord, GatedRecord, WatchRecord
from ogive.monitor.recurrent import RECURRENT
from ogive.nn.accelerated import GIVEN_FORWARD
from ogive.nn.gated_blocks import activation_of
from ogive.nn.gated_mlp import GatedMLP
from ogive.nn.initialise.signal_step import LEAVES, runs_torchs_forward
from ogive.nn.places import is_scripted
from ogive.nn.recognise import Recognised, recognise

#: What torch.compile puts before the names of what it wraps.
WRAPPED = "_orig_mod"
_LAYERS = tuple(cls for classes in LEAVES.values() for cls in classes)


def unwrapped(model: nn.Module) -> nn.Module:
    """The model that torch.compile has wrapped."""
    inner = dict(model.named_children()).get(WRAPPED)
    return model if inner is None else unwrapped(inner)


def check_not_copied(model: nn.Module) -> None:
    """Refuses a model whose modules are copied for every call.

    Raises:
        OgiveError: for DataParallel on several devices.
    """
    if any(isinstance(m, nn.DataParallel) and len(m.device_ids) > 1 for m in model.modules()):
        raise OgiveError(
            "torch.nn.DataParallel copies the model to its devices for every call, and copies are "
            "not watched; use torch.nn.parallel.DistributedDataParallel, or one device"
        )


def watch_records(model: nn.Module, observer: Observer) -> Iterator[WatchRecord]:
    """A record for each module that is watched: activations, blocks that hide some, and whatever
    has code that may call one."""
    closed: set[int] = set()
    records: dict[int, WatchRecord] = {}
    for name, module in model.named_modules():
        name = ".".join(part for part in name.split(".") if part != WRAPPED)
        if id(module) in closed or _is_wrapper(module):
            continue
        if is_scripted(module):
            closed.update(id(m) for m in module.modules())
            observer.notes[name or type(module).__name__] = (
                "a program of torch.jit, not looked into"
            )
            continue
        found = recognise(module)
        inside = _known(observer, module, name, found)
        if inside is not None:
            closed.update(id(m) for m in module.modules())
        for record, hidden in inside or _block(observer, module, name):
            if hidden is not None:
                closed.add(id(hidden))
            if id(record.module) not in records:
                records[id(record.module)] = record
                closed.add(id(record.module))
    yield from records.values()


def _is_wrapper(module: nn.Module) -> bool:
    return WRAPPED in dict(module.named_children())


_Made = list[tuple[WatchRecord, nn.Module | None]]


def _known(observer: Observer, module: nn.Module, name: str, found: Recognised) -> _Made | None:
    """The record of a module that is an activation, or hides some; None for others."""
    if isinstance(module, RECURRENT):
        return [(RecurrentRecord(observer, module, name), None)]
    if isinstance(module, nn.MultiheadAttention):
        return [(AttentionRecord(observer, module, name), None)]
    if found.entry is None:
        return None
    if found.entry.name == "identity":
        return []
    spec = watched_spec(found)
    kind = GatedRecord if spec.kind == "gated" else ActivationRecord
    return [(kind(observer, module, name, found, spec), None)]


def watched_spec(found: Recognised) -> Spec:
    """The entry with the object's numbers, or its own where channels have several."""
    assert found.entry is not None
    if found.entry.kind == "rowwise":
        return found.entry
    try:
        return found.with_values() or found.entry
    except OgiveError:
        return found.variant() or found.entry


def _block(observer: Observer, module: Any, name: str) -> _Made:
    """The records of a block, and what of it is not called."""
    if isinstance(module, _LAYERS) and runs_torchs_forward(module) and name:
        return []
    if isinstance(module, GatedMLP):
        place = f"{name}.gate".lstrip(".")
        return [(FusedRecord(observer, module, name, module.unit.spec, place), None)]
    hidden = activation_of(module)
    if hidden is None:
        return [(WatchRecord(observer, module, name), None)]
    place = f"{name}.{vars(module)[GIVEN_FORWARD].pattern.activation}".lstrip(".")
    gate = watched_spec(recognise(hidden))
    return [(FusedRecord(observer, module, name, gate, place), hidden)]
