"""What a call does to a signal: one step of a model.

A step is a layer, an activation, a gated unit, a normalisation, an operation that keeps every
number (shapes), dropout, pooling, a sum, a product, a concatenation, or something of which nothing
is known. A layer is a product with a parameter of the model: torch's modules that run torch's own
forward, and calls such as ``F.linear(x, self.weight)`` in anybody's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor, nn

from ogive.catalogue import Spec
from ogive.errors import OgiveError
from ogive.nn.recognise import recognise
from ogive.torch_private import BATCH_NORM, CONVOLUTION, DROPOUT, POOLING, tree_leaves

#: Classes of modules that are one step while they run torch's forward, by the kind of the step.
LEAVES: dict[str, tuple[Any, ...]] = {
    "layer": (nn.Linear, CONVOLUTION),
    "norm": (BATCH_NORM, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm),
    "keeping": (nn.Flatten, nn.Unflatten, nn.Identity, nn.PixelShuffle, nn.PixelUnshuffle),
    # of which nothing is known
    "unknown": (
        nn.MultiheadAttention, nn.RNNBase, nn.RNNCellBase, nn.Embedding, nn.EmbeddingBag,
        nn.AlphaDropout, nn.FeatureAlphaDropout,
    ),
    "dropout": (DROPOUT,),
    "pooling": (*POOLING, nn.Upsample),
}  # fmt: skip
MATRIX_PRODUCTS = "matmul mm bmm addmm grouped_mm"
#: Functions and methods by name.
STEP_KINDS = {
    name: kind
    for kind, names in {
        "layer": f"linear conv1d conv2d conv3d {MATRIX_PRODUCTS}",
        "norm": "layer_norm batch_norm group_norm instance_norm rms_norm",
        "sum": "add iadd radd sub isub rsub",
        "product": "mul imul rmul multiply",
        "concatenation": "cat concat concatenate",
        "keeping": """
            view reshape flatten unflatten permute transpose swapaxes movedim contiguous squeeze
            unsqueeze expand clone detach to type float double half bfloat16 getitem get chunk split
            unbind roll flip pixel_shuffle T mT neg view_as reshape_as
        """,
        "dropout": "dropout dropout1d dropout2d dropout3d feature_dropout",
        "pooling": """
            avg_pool1d avg_pool2d avg_pool3d max_pool1d max_pool2d max_pool3d adaptive_avg_pool1d
            adaptive_avg_pool2d adaptive_max_pool2d interpolate pad mean
        """,
    }.items()
    for name in names.split()
}
#: What of a tensor is no signal.
SHAPE_NAMES = ("shape", "size", "stride", "dim", "ndim", "numel", "dtype", "device")
#: The parameter of the model that an argument of a call is, with its dotted name; None for others.
Owned = Callable[[Any], "tuple[str, Tensor] | None"]


@dataclass(frozen=True)
class SignalStep:
    """One operation of a model.

    Attributes:
        kind: input, layer, activation, gated, norm, keeping, dropout, pooling, sum, product,
            concatenation, unknown.
        name: of the module, or of the function behind that of the module whose code calls it.
        inputs: the steps whose results it takes.
        module: the module, if it is one.
        spec: the entry of an activation or a gated unit.
        factor: the number that a product multiplies by, or dropout multiplies what it keeps by; NaN
            if that is not known.
        weight: the parameter that a layer or a normalisation multiplies by, by its dotted name.
        fan: how many products are added up in one output of a layer.
    """

    kind: str
    name: str
    inputs: tuple[int, ...]
    module: nn.Module | None = None
    spec: Spec | None = None
    factor: float = 1.0
    weight: str = ""
    fan: float = math.nan


def module_step(name: str, module: nn.Module, inputs: tuple[int, ...]) -> SignalStep | None:
    """The step a module is; None where its parts are the steps."""
    kind = next((kind for kind, classes in LEAVES.items() if isinstance(module, classes)), "")
    if kind and runs_torchs_forward(module):
        weighted = kind in ("layer", "norm") and module._parameters.get("weight") is not None
        weight = f"{name}.weight".lstrip(".") if weighted else ""
        fan = fan_in(module) if kind == "layer" else math.nan
        factor = _kept(vars(module)["p"]) if kind == "dropout" else 1.0
        return SignalStep(kind, name, inputs, module, factor=factor, weight=weight, fan=fan)
    found = recognise(module)
    if found.entry is not None and found.entry.kind == "rowwise":
        return _activation_step(name, inputs, found.entry, module)
    try:
        spec = found.with_values()
    except OgiveError:  # channels with values of their own
        return SignalStep("activation", name, inputs, module)
    return None if spec is None else _activation_step(name, inputs, spec, module)


def runs_torchs_forward(module: nn.Module) -> bool:
    """Whether a module runs a forward that torch has written."""
    home: str = type(module).forward.__module__
    return home.startswith("torch.nn.") and "forward" not in vars(module)


def fan_in(layer: Any) -> float:
    """How many products are added up in one output of a linear or convolution layer."""
    if isinstance(layer, nn.Linear):
        return float(layer.in_features)
    fan: float = layer.in_channels / layer.groups * math.prod(layer.kernel_size)
    return fan / math.prod(layer.stride) if layer.transposed else fan


def _kept(p: float) -> float:
    """What dropout multiplies by what it keeps."""
    return 1 / (1 - p) if p < 1 else math.nan


def call_step(
    name: str,
    function: Any,
    args: Any,
    kwargs: Any,
    inputs: tuple[int, ...],
    owned: Owned,
    place: str,
) -> SignalStep:
    """The step that a call of a function or method is, in the code of the module at a place."""
    plain, called = name.strip("_"), f"{place}.{name}".lstrip(".")
    divides = plain in ("div", "truediv") and not _is_number(args[0])
    kind = STEP_KINDS.get(plain, "product" if divides else "")
    own = [found for a in tree_leaves((args, kwargs)) if (found := owned(a)) is not None]
    if kind == "layer":
        summed: slice | int = slice(1, None)  # the dimensions over which products are added up
        if plain in MATRIX_PRODUCTS.split():
            summed = -1 if owned(args[-1]) is None else -2
        return _layer_call(called, inputs, [o for o in own if o[1].dim() >= 2], summed)
    if kind == "norm":
        return SignalStep(kind, called, inputs, weight=own[0][0] if own else "")
    if kind == "dropout":
        given = {"p": 0.5, "training": True, **dict(zip(("p", "training"), args[1:], strict=False))}
        given |= kwargs
        return SignalStep(kind, called, inputs, factor=_kept(given["p"] * given["training"]))
    if kind in ("sum", "product") and len(inputs) == 1:
        numbers = [float(a) for a in args if _is_number(a)] or [math.nan]
        factor = 1 / numbers[0] if divides and numbers[0] else numbers[0]
        return SignalStep(kind, called, inputs, factor=factor)
    if kind and not divides:
        return SignalStep(kind, called, inputs)
    return _activation_step(called, inputs, _called(function, args, kwargs))


def _layer_call(
    name: str, inputs: tuple[int, ...], own: list[tuple[str, Tensor]], summed: slice | int
) -> SignalStep:
    """A product with a parameter of the model, or one of which nothing is known."""
    if len(own) != 1 or len(inputs) != 1:
        return SignalStep("unknown", name, inputs)
    ((weight, value),) = own
    module, _, last = weight.rpartition(".")
    owner, fan = module if last == "weight" else weight, np.prod(value.shape[summed])
    return SignalStep("layer", owner, inputs, weight=weight, fan=float(fan))


def _called(function: Any, args: Any, kwargs: Any) -> Spec | None:
    """The entry that a call computes, with the call's numbers; None if it is no entry's."""
    found = recognise(function)
    if found.entry is None or found.entry.kind == "rowwise":
        return found.entry
    numbers = [a for a in args if _is_number(a)]
    named = zip((p.name for p in found.entry.parameters), numbers, strict=False)
    given = {name: value for name, value in kwargs.items() if isinstance(value, (str, float, int))}
    return replace(found, values={**found.values, **dict(named), **given}).with_values()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _activation_step(
    name: str, inputs: tuple[int, ...], spec: Spec | None, module: nn.Module | None = None
) -> SignalStep:
    """The step that computes an entry, or something of which nothing is known."""
    kinds = {"elementwise": "activation", "stochastic": "activation", "gated": "gated"}
    kind = "unknown" if spec is None else kinds.get(spec.kind, "unknown")
    if spec is not None and spec.name == "identity":
        kind = "keeping"
    return SignalStep(kind, name, inputs, module, spec)
