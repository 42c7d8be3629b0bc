"""Arguments of a call that are no parameters of the formula: which there are, what each may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ogive.errors import ParameterError, among, briefly, nearest

#: By kind of entry, with defaults.
OPTIONS: dict[str, dict[str, Any]] = {
    "elementwise": {"inplace": False, "save": "input"},
    "stochastic": {"inplace": False, "training": False, "generator": None},
    "gated": {"dim": -1, "gate": "second", "interleave": False, "save": "input"},
    "rowwise": {"dim": -1, "dtype": None},
}


def whole(name: str, number: Any, least: int | None = None) -> int:
    """The number, or a ParameterError if it is none that counts something."""
    counts = isinstance(number, int) and not isinstance(number, bool) and abs(number) < 2**63
    if not counts or (least is not None and number < least):
        wanted = "a whole number" + (f" >= {least}" if least is not None else "")
        raise ParameterError(f"{name} is {wanted}, not {briefly(number)}")
    counted: int = number
    return counted


def check_truth(name: str, value: Any) -> None:
    """Raises a ParameterError unless the value is True or False."""
    if not isinstance(value, bool):
        raise ParameterError(f"{name} must be True or False, not {briefly(value)}")


def check_save(save: Any) -> None:
    """Raises a ParameterError unless backward can keep that."""
    if among(save, ("input",)):  # the modes bring the judge along, which most calls do without
        return
    from ogive.ops.saved import CHOICES

    if not among(save, CHOICES):
        listed = ", ".join(map(repr, CHOICES))
        near = nearest(save, CHOICES)
        raise ParameterError(f"save must be one of {listed}, not {briefly(save)}{near}")


def _half(name: str, value: Any) -> None:
    if not among(value, ("first", "second")):
        raise ParameterError(f"{name} must be 'first' or 'second', not {briefly(value)}")


def _generator(name: str, value: Any) -> None:
    if value is not None and not isinstance(value, torch.Generator):
        raise ParameterError(f"{name} must be a torch.Generator, not {briefly(value)}")


def _dtype(name: str, value: Any) -> None:
    if value is not None and not (isinstance(value, torch.dtype) and value.is_floating_point):
        raise ParameterError(f"{name} must be a floating dtype of torch's, not {briefly(value)}")


_CHECKS: dict[str, Callable[[str, Any], object]] = {
    "dim": whole,
    "dtype": _dtype,
    "gate": _half,
    "generator": _generator,
    "inplace": check_truth,
    "interleave": check_truth,
    "save": lambda _, value: check_save(value),
    "training": check_truth,
}


def check_option(name: str, value: Any) -> Any:
    """The value of an option, or a ParameterError that says what it may be."""
    if name in _CHECKS:
        _CHECKS[name](name, value)
    return value
