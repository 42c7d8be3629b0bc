"""What still says the old function when a model's activations have been swapped.

A module may keep more of an activation than the place where it stands: a flag for a fast path that
computes it, its name in a configuration from which the model is made again, or a default for when
it is unpickled. What is known is set right; what only reads like the old function is reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch.nn.functional as F  # noqa: N812
from torch import nn

from ogive.nn.configurations import Note, rewrite_settings, title
from ogive.nn.model_code import held_elsewhere, named_in
from ogive.nn.modules import ActivationModule
from ogive.nn.places import Place, is_scripted, places
from ogive.nn.recognise import recognise

#: torch's flag of an encoder layer for its fast path in evaluation (1 is relu, 2 is gelu), and of
#: an encoder that it hands nested tensors to such layers.
FAST_PATH, NESTED = "activation_relu_or_gelu", "use_nested_tensor"


def exchanged(
    model: nn.Module, new: Mapping[Place, ActivationModule]
) -> tuple[list[Note], list[Note]]:
    """Puts modules at places; what else was set right, and what could not be."""
    old = {title(place.thing) for place in new}
    for place, module in new.items():
        _put_for_good(place, module)
    named = {place.name: module for place, module in new.items()}
    written, unwritten = rewrite_settings(model, old, named)
    return [*_close_fast_paths(model, [place.parent for place in new]), *written], unwritten


def kept_elsewhere(model: nn.Module, old: str) -> Iterator[Note]:
    """The modules that compute an entry in their own code, in a kernel, or by what stands in no
    place of theirs."""
    for place in places(model):
        unknown = isinstance(place.thing, nn.Module) and recognise(place.thing).entry is None
        if unknown and (reason := _why_kept(place.thing, title(old))):
            yield place.name or type(model).__name__, f"{reason}, and is left as it is"


def _why_kept(module: nn.Module, old: str) -> str:
    if is_scripted(module):
        return "it is a program of torch.jit's own"
    if isinstance(module, (nn.RNNBase, nn.RNNCellBase)):
        inside = getattr(module, "nonlinearity", "sigmoid tanh").split()
        return f"{old} is inside torch's recurrent kernel" if old in inside else ""
    for name in filter(None, named_in(module).split(", ")):
        if title(getattr(F, name)) == old:
            return f"its code calls {name}"
    for name, thing, holder in held_elsewhere(module):
        if callable(thing) and title(thing) == old:
            return f"it is in {name}, {holder}"
    return ""


def _put_for_good(place: Place, new: nn.Module) -> None:
    """Puts a module at a place so that copies of its parent have it too.

    A class with a ``__setstate__`` of its own, as torch's decoder layer, may look for it among its
    attributes, and put in a default where there is none.
    """
    place.put(new)
    parent: Any = type(place.parent)
    if parent.__setstate__ is not nn.Module.__setstate__:
        vars(place.parent)[place.key] = new


def _close_fast_paths(model: nn.Module, parents: list[nn.Module | None]) -> Iterator[Note]:
    """Switches off what computes relu or gelu without asking an encoder layer for its own."""
    for name, module in model.named_modules():
        if vars(module).get(FAST_PATH) and any(module is parent for parent in parents):
            setattr(module, FAST_PATH, 0)
            yield f"{name}.{FAST_PATH}".lstrip("."), "0"
    for name, module in model.named_modules():
        parts = [m for part in module.children() for m in (part, *part.children())]
        if vars(module).get(NESTED) and any(vars(m).get(FAST_PATH) == 0 for m in parts):
            setattr(module, NESTED, False)
            yield f"{name}.{NESTED}".lstrip("."), "False"
