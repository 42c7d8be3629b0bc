"""Where a pre-activation comes from: the parameters behind it, and which dimension its units are.

Autograd's record of the call says both: the nodes between a tensor and the nearest parameters are
few, and a convolution or a normalisation over channels has them along dimension 1, a matrix product
along the last. Without a record, as in compiled programs, the layer that stands before the
activation in the model's order is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from ogive.torch_private import BATCH_NORM, CONVOLUTION

#: So many of autograd's nodes are looked at.
_MOST_NODES = 64
_CHANNELS = ("Convolution", "BatchNorm", "GroupNorm", "InstanceNorm", "MkldnnConvolution")
_FEATURES = ("Addmm", "MmBackward", "Bmm", "LayerNorm", "RmsNorm", "RMSNorm", "Linear", "Embedding")
_NORMALISATIONS = (nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)


def _nearest(grad_fn: Any) -> list[Any]:
    """The nearest nodes that have parameters, breadth first."""
    level, seen = [grad_fn] if grad_fn is not None else [], 0
    while level and seen < _MOST_NODES:
        found = [n for n in level if any(_variable(b) is not None for b in _before(n))]
        if found:
            return found
        seen += len(level)
        level = [b for n in level for b in _before(n)]
    return []


def _before(node: Any) -> list[Any]:
    return [n for n, _ in node.next_functions if n is not None]


def _variable(node: Any) -> Any:
    """The parameter that a node adds gradients up for, also through a transposition."""
    if (variable := getattr(node, "variable", None)) is not None:
        return variable
    if node.name().startswith(("TBackward", "TransposeBackward", "PermuteBackward", "ToCopy")):
        for inner in _before(node):
            if (variable := getattr(inner, "variable", None)) is not None:
                return variable
    return None


def parameters_behind(grad_fn: Any, names: Mapping[int, str]) -> tuple[str, ...]:
    """The nearest parameters that a tensor comes from, by name."""
    found: dict[str, None] = {}
    for node in _nearest(grad_fn):
        for before in _before(node):
            variable = _variable(before)
            if variable is not None and id(variable) in names:
                found[names[id(variable)]] = None
    return tuple(found)


def unit_dim(grad_fn: Any, rank: int) -> int | None:
    """The dimension of the units as autograd's record has it; None if it does not say."""
    for node in _nearest(grad_fn):
        name = node.name()
        if any(part in name for part in _CHANNELS):
            return 1 if rank > 1 else -1
        if any(part in name for part in _FEATURES):
            return -1
    return None


def is_normalised(grad_fn: Any, model: nn.Module, module: nn.Module | None) -> bool:
    """Whether a normalisation stands before an activation, so that it does not matter what the
    layers before it send: as autograd's record has it, or the model's order."""
    if grad_fn is None:
        return isinstance(_layer_before(model, module), (BATCH_NORM, *_NORMALISATIONS))
    return any("Norm" in node.name() for node in _nearest(grad_fn))


def static_unit_dim(model: nn.Module, module: nn.Module | None, rank: int) -> int:
    """The dimension of the units by the layer that stands before a module in the model's order."""
    last = _layer_before(model, module)
    channels = (BATCH_NORM, CONVOLUTION, nn.GroupNorm)
    if last is None:
        return 1 if rank >= 4 else -1
    return 1 if isinstance(last, channels) and rank > 1 else -1


def _layer_before(model: nn.Module, module: nn.Module | None) -> nn.Module | None:
    """The layer that stands before a module in the model's order."""
    layers = (BATCH_NORM, CONVOLUTION, nn.Linear, *_NORMALISATIONS)
    last: nn.Module | None = None
    for other in model.modules():
        if other is module:
            break
        if isinstance(other, layers):
            last = other
    return last
