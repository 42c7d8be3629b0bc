"""Places in a model where modules and functions stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ogive.ops import ActivationFunction


@dataclass(frozen=True)
class Place:
    """Where something stands.

    Attributes:
        name: the dotted name from the model; empty for the model itself.
        parent: the module it stands in; None for the model itself.
        key: its name there.
        thing: the module or function.
    """

    name: str
    parent: nn.Module | None
    key: str
    thing: Any

    def put(self, new: Any) -> None:
        """Puts a module or function here."""
        if isinstance(new, nn.Module):
            vars(self.parent).pop(self.key, None)  # a function that was held as an attribute
            self.parent._modules[self.key] = new  # type: ignore[union-attr]
        else:
            vars(self.parent)[self.key] = new


def is_scripted(module: nn.Module) -> bool:
    """Whether torch.jit has turned the module into a program of its own."""
    return isinstance(module, torch.jit.ScriptModule)


def places(model: nn.Module, closed: Callable[[nn.Module], bool] = is_scripted) -> Iterator[Place]:
    """Every place in the model's order, those of an instance that stands in several each; none
    inside of modules that are closed."""
    entered: set[int] = set()
    pending = [Place("", None, "", model)]
    while pending:
        yield (place := pending.pop())
        thing = place.thing
        if isinstance(thing, nn.Module) and id(thing) not in entered and not closed(thing):
            entered.add(id(thing))
            pending.extend(reversed(_inside(place.name, thing)))


def _inside(prefix: str, parent: nn.Module) -> list[Place]:
    """The modules in a module, then the functions that it holds."""
    modules = [(key, child) for key, child in parent._modules.items() if child is not None]
    functions = [(key, value) for key, value in vars(parent).items() if _is_function(value)]
    dot = f"{prefix}." if prefix else ""
    return [Place(dot + key, parent, key, thing) for key, thing in [*modules, *functions]]


def _is_function(value: Any) -> bool:
    """Whether a value is somebody else's function; ogive's modules hold ogive's."""
    return callable(value) and not isinstance(value, (type, nn.Module, ActivationFunction))


def carry(source: nn.Module, target: nn.Module) -> None:
    """Hooks and the training flag of one module for another."""
    target.training = source.training
    for name, value in vars(source).items():
        if "hook" in name:
            vars(target)[name] = value
