"""One module in the place of another, and back.

Both share what belongs to the place and not to the class: parameters and hooks are the same
dictionaries, so that what is registered, removed, moved or trained while the one stands there holds
for the other. The module that was replaced is remembered out of sight of torch, which would count
its parameters twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn

from ogive.errors import OgiveError
from ogive.nn.known import is_scripted

REPLACED = "_replaced"


def stand_in(old: nn.Module, new: nn.Module) -> nn.Module:
    """The new module, made ready to stand where the old one stood.

    Raises:
        OgiveError: if the old one has parameters, buffers or modules that the new one has no use
            for.
    """
    extra = [*(old._parameters.keys() ^ new._parameters.keys()), *old._buffers, *old._modules]
    if extra:
        raise OgiveError(f"it has parameters, buffers or modules of its own: {', '.join(extra)}")
    carry(old, new)
    vars(new)["_parameters"] = old._parameters
    vars(new)[REPLACED] = old
    return new


def carry(source: nn.Module, target: nn.Module) -> None:
    """Hooks and the training flag of one module for another."""
    target.training = source.training
    for name, value in vars(source).items():
        if "hook" in name:
            vars(target)[name] = value


def replaced(module: nn.Module) -> nn.Module | None:
    """The module that stood where this one stands; None if this one always did."""
    found: Any = vars(module).get(REPLACED)
    return found if isinstance(found, nn.Module) else None


def places(model: nn.Module, closed: Any = is_scripted) -> Iterator[tuple[str, nn.Module]]:
    """Every module that others stand in, with its name, once; nothing inside of closed ones."""
    seen: set[int] = set()
    pending = [("", model)]
    while pending:
        name, module = pending.pop()
        if id(module) in seen or closed(module):
            continue
        seen.add(id(module))
        yield name, module
        inside = [(join(name, n), m) for n, m in module._modules.items() if m is not None]
        pending.extend(reversed(inside))


def join(prefix: str, name: str) -> str:
    """The dotted name of a child."""
    return f"{prefix}.{name}" if prefix else name
