"""Places in a model where modules and functions stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ogive.errors import OgiveError
from ogive.ops import ActivationFunction


@dataclass(frozen=True)
class Place:
    """A module or function, and where it stands: its dotted name from the model, the module that it
    stands in and its name there. The model itself stands in none."""

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
    # ogive's modules hold ogive's functions
    other = type, nn.Module, ActivationFunction
    functions = [
        (k, v) for k, v in vars(parent).items() if callable(v) and not isinstance(v, other)
    ]
    dot = f"{prefix}." if prefix else ""
    return [Place(dot + key, parent, key, thing) for key, thing in [*modules, *functions]]


def check_module(model: Any) -> None:
    """An OgiveError for what is no model."""
    if not isinstance(model, nn.Module):
        raise OgiveError(f"a model is a torch.nn.Module, not {type(model).__name__}")


def carry(source: nn.Module, target: nn.Module) -> None:
    """Hooks and the training flag of one module for another."""
    target.training = source.training
    for name, value in vars(source).items():
        if "hook" in name:
            vars(target)[name] = value
