"""Modules made of what a user gives: an activation, a module, a class, a factory, a function."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ogive.errors import OgiveError
from ogive.nn.modules import module_class
from ogive.ops import ActivationFunction

EXPECTED = (
    "expected a name, a formula, a module, a class of modules, what makes a module when called "
    "without arguments, or a function of a tensor"
)


class CalledFunction(nn.Module):
    """A function of a tensor as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor], label: str) -> None:
        super().__init__()
        self.function, self.label = function, label

    def forward(self, input: Tensor) -> Tensor:
        """The function of the input."""
        return self.function(input)

    def extra_repr(self) -> str:
        return self.label


def module_of(function: ActivationFunction, dim: int = -1) -> nn.Module:
    """A module of an activation with its values; gated and rowwise ones work along ``dim``."""
    cls, preset = module_class(function), function.preset
    if function.title == "PReLU":  # its module takes torch's arguments, not the formula's
        return cls(init=preset["weight"]) if preset else cls()
    placed = function.kind in ("gated", "rowwise") and "dim" not in preset
    return cls(dim=dim) if placed else cls()


def made_of(thing: Any, label: str, dim: int = -1) -> nn.Module:
    """A module of its own, made of an object; ``label`` is what errors call it.

    Raises:
        OgiveError: for what is no activation, cannot be copied, or fails.
    """
    if isinstance(thing, nn.Module):
        copied: nn.Module = _attempted(lambda: copy.deepcopy(thing), label, "copied")
        return copied
    if isinstance(thing, type) and issubclass(thing, nn.Module):
        return _instance(thing, label)
    if not callable(thing) or isinstance(thing, type):
        kind = "a class of other objects" if isinstance(thing, type) else type(thing).__name__
        raise OgiveError(f"{label} is no activation but {kind}; {EXPECTED}")
    if not _needs_nothing(thing):
        return _of_tensors(thing, label)
    made = _attempted(thing, label, "called without arguments")
    if isinstance(made, nn.Module):
        return made
    if isinstance(made, ActivationFunction):
        return module_of(made, dim)
    if not callable(made) or (not isinstance(made, type) and _needs_nothing(made)):
        raise OgiveError(
            f"{label} returned {type(made).__name__}, which is no activation; {EXPECTED}"
        )
    return made_of(made, label, dim)


def _instance(cls: type[nn.Module], label: str) -> nn.Module:
    if not _needs_nothing(cls):
        arguments = str(inspect.signature(cls))
        raise OgiveError(
            f"the class {label} needs arguments, {arguments}; give a function that makes one, such "
            f"as lambda: {cls.__name__}(...), or a module, of which copies are made"
        )
    made: nn.Module = _attempted(cls, label, "made without arguments")
    return made


def _needs_nothing(thing: Any) -> bool:
    """Whether it can be called without arguments, as what makes a module is."""
    try:
        inspect.signature(thing).bind()
    except (TypeError, ValueError):  # ValueError: it is compiled, and does not say
        return False
    return True


def _of_tensors(function: Callable[[Tensor], Tensor], label: str) -> nn.Module:
    """A function of a tensor, which gives one."""
    x = torch.linspace(-2.0, 2.0, 16).reshape(2, 8)
    with torch.no_grad():
        y = _attempted(
            lambda: function(x), label, f"called with a tensor of shape {tuple(x.shape)}"
        )
    if not isinstance(y, Tensor):
        raise OgiveError(f"{label} gave {type(y).__name__} for a tensor; {EXPECTED}")
    return CalledFunction(function, label)


def _attempted(action: Callable[[], Any], label: str, what: str) -> Any:
    try:
        return action()
    except Exception as error:  # whatever somebody's code raises
        raise OgiveError(
            f"{label} cannot be {what}: {type(error).__name__}: "
            f"{' '.join(str(error).split())[:200]}"
        ) from error
