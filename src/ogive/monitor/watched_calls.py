"""Which of torch's functions are activations when code calls them, and what a call's text says.

A call that a compiled program holds has its numbers in a text, since operators take no objects:
``leaky_relu;negative_slope=0.2``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from ogive.catalogue import Spec
from ogive.errors import OgiveError
from ogive.nn.recognise import Recognised, recognise
from ogive.torch_private import OPERATORS

#: Entries whose functions are arithmetic, wherever they are called.
ARITHMETIC = (
    "absolute", "cosine", "erf", "exponential", "hardtanh", "identity", "l2_normalize",
    "log_softmax", "logsumexp", "signum", "square", "threshold",
)  # fmt: skip
#: Functions of those entries that are activations all the same.
STILL_ACTIVATIONS = ("hardtanh", "hardtanh_", "threshold", "threshold_")
ATTENTION = F.scaled_dot_product_attention


@lru_cache(maxsize=1)
def watched_functions() -> dict[Any, tuple[str, tuple[str, ...], bool]]:
    """Each of torch's functions that is an activation: its name, its arguments in order, and
    whether it writes over its input."""
    found: dict[Any, tuple[str, tuple[str, ...], bool]] = {}
    for home in (F, torch, Tensor, torch.special, OPERATORS):
        for name in dir(home):
            function = getattr(home, name)
            if name.startswith("__") or isinstance(function, type) or not callable(function):
                continue
            known = _known(function)
            if known is not None and known.entry is not None:
                plain = name.rstrip("_").lstrip("_")
                if known.entry.name not in ARITHMETIC or name in STILL_ACTIVATIONS:
                    _BY_NAME[plain] = known
                    found[function] = plain, known.arguments, name.endswith("_")
    return found


def _known(function: Callable[..., Any]) -> Recognised | None:
    try:
        return recognise(function)
    except OgiveError:
        return None


#: What a function of that name computes.
_BY_NAME: dict[str, Recognised] = {}


def call_text(name: str, arguments: tuple[str, ...], args: Any, kwargs: Any) -> str:
    """The name of a function, and the numbers and words it is given behind its input."""
    text = name
    for n, v in zip(arguments, args[1:], strict=False):
        if isinstance(v, (bool, int, float, str)):
            text += f";{n}={v}"
    for n, v in kwargs.items():
        if isinstance(v, (bool, int, float, str)):
            text += f";{n}={v}"
    return text


@lru_cache(maxsize=1024)
def called_entry(text: str) -> tuple[Spec | None, dict[str, Any]]:
    """The entry that a call computes, with its numbers, and the call's options."""
    watched_functions()
    name, *given = text.split(";")
    found = _BY_NAME[name]
    pairs = (part.partition("=")[::2] for part in given)
    values = {**found.values, **{n: _value(v) for n, v in pairs}}
    known = Recognised(found.entry, values)
    try:
        spec = found.entry if found.entry and found.entry.kind == "rowwise" else known.with_values()
    except (OgiveError, ValueError):
        spec = found.entry
    return spec, values


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
