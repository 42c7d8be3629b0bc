"""Which entry an object computes: a name, a function of torch's or ogive's, or a module of theirs.

Apart because gains, initialisation and propagation all take "anything", and mean the same by it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ogive.catalogue import Spec, entries, resolve
from ogive.certify.function import with_defaults
from ogive.certify.signal.gains import LINEAR
from ogive.certify.signal.quadrature import Array, Function
from ogive.errors import OgiveError, UnknownName, nearest
from ogive.nn.known import known_entry
from ogive.nn.modules import ActivationModule
from ogive.ops import ActivationFunction
from ogive.torch_private import HOMES


def entry_of(anything: Any) -> Spec | None:
    """The entry that an object computes, with its parameters as defaults; None if it is no entry's.

    Raises:
        UnknownName: for a name that no entry has, with the nearest.

    Example:
        >>> entry_of(nn.LeakyReLU(0.2)).parameters[0].default
        0.2
        >>> entry_of(torch.tanh).name
        'tanh'
    """
    if isinstance(anything, str):
        return _by_name(anything)
    if isinstance(anything, ActivationFunction):
        return with_defaults(anything.spec, anything.preset)
    if isinstance(anything, ActivationModule):
        options = dict(anything._options)
        return _with_values(anything.function.variant(options), vars_of(anything))
    if isinstance(anything, nn.Module):
        return _known_module(anything)
    return _torch_function(anything)


def entry_of_call(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Spec | None:
    """The entry that a call computes, with the call's numbers; None if it is no entry's.

    Example:
        >>> import torch.nn.functional as F
        >>> x = torch.zeros(1)
        >>> entry_of_call(F.leaky_relu, (x, 0.3), {}).parameters[0].default
        0.3
        >>> entry_of_call(F.gelu, (x,), {"approximate": "tanh"}).name
        'gelu_tanh'
    """
    spec = entry_of(function)
    if spec is None or spec.kind == "rowwise":
        return spec
    arguments = dict(kwargs)
    spec = ActivationFunction(spec).variant(arguments)
    names = [p.name for p in spec.parameters]
    numbers = [a for a in args if isinstance(a, (int, float)) and not isinstance(a, bool)]
    return _with_values(spec, dict(zip(names, numbers, strict=False)) | arguments)


def _by_name(name: str) -> Spec:
    if name in LINEAR:
        return entries()["identity"]
    try:
        spec, preset = resolve(name)
    except UnknownName as error:
        if close := nearest(name, LINEAR):
            raise UnknownName(f"no activation or layer {name!r}{close}") from error
        raise
    return with_defaults(spec, preset)


def vars_of(module: nn.Module) -> dict[str, Any]:
    """The plain attributes and the parameters of a module by name."""
    return {**vars(module), **dict(module.named_parameters(recurse=False))}


def _with_values(spec: Spec, values: Mapping[str, Any]) -> Spec:
    """The entry with a module's values.

    Raises:
        OgiveError: where channels have values of their own: they are different functions.
    """
    given: dict[str, Any] = {}
    for parameter in spec.parameters:
        if parameter.name not in values:
            continue
        numbers = _numbers(values[parameter.name])
        if len(set(numbers)) == 1 and not isinstance(parameter.default, tuple):
            numbers = numbers[:1]
        if len(numbers) != len(parameter.defaults):
            raise OgiveError(
                f"{spec.name} has {len(numbers)} values of {parameter.name} here, one for each "
                f"channel, so it is several functions; ask for one of them by name: "
                f"{parameter.name}={numbers[0]:.6g}"
            )
        given[parameter.name] = (
            tuple(numbers) if isinstance(parameter.default, tuple) else numbers[0]
        )
    return with_defaults(spec, given)


def _numbers(value: Any) -> list[float]:
    if isinstance(value, Tensor):
        return [float(v) for v in value.detach().double().flatten().tolist()]
    return [float(v) for v in (value if isinstance(value, (list, tuple)) else [value])]


def _known_module(module: nn.Module) -> Spec | None:
    """The entry of a module of a class that is known; another means what it likes."""
    if type(module) is nn.Identity:
        return entries()["identity"]
    found = known_entry(module)
    if found is None:
        return None
    name, values = found
    function = ActivationFunction(*resolve(name))
    chosen = {a: values.pop(a) for a in function.spec.variants if a in values}
    return _with_values(function.variant(chosen), values)


def _torch_function(function: Any) -> Spec | None:
    """The entry of a function of torch with its default arguments."""
    name = getattr(function, "__name__", "").strip("_")
    if getattr(function, "__module__", None) not in HOMES and not _is_method(function):
        return None
    try:
        spec, preset = resolve(f"torch:{name}")
    except UnknownName:
        return None
    return with_defaults(spec, preset)


def _is_method(function: Any) -> bool:
    return getattr(function, "__objclass__", None) in Tensor.__mro__[:-1]


def on_arrays(function: Callable[[Tensor], Tensor]) -> Function:
    """A function of tensors as one of float64 arrays.

    Raises:
        OgiveError: if it does not give a tensor of the input's shape.
    """

    def evaluate(x: Array) -> Array:
        with torch.no_grad():
            return _checked(function, torch.from_numpy(np.array(x, dtype=np.float64))).numpy()

    return evaluate


def slope_on_arrays(function: Callable[[Tensor], Tensor]) -> Function:
    """The derivative of an elementwise function of tensors as a function of float64 arrays."""

    def evaluate(x: Array) -> Array:
        at = torch.from_numpy(np.array(x, dtype=np.float64)).requires_grad_()
        with torch.enable_grad():
            value = _checked(function, at)
        if not value.requires_grad:
            return np.zeros_like(x)
        return torch.autograd.grad(value.sum(), at)[0].numpy()

    return evaluate


def _checked(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    value = function(x)
    if not isinstance(value, Tensor) or value.shape != x.shape:
        got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise OgiveError(
            f"an activation takes a tensor and gives one of its shape, but for the shape "
            f"{tuple(x.shape)} this one gave {got}; pass a function of one tensor, elementwise"
        )
    return value.double()


def callable_of(anything: Any) -> Callable[[Tensor], Tensor]:
    """An object as a function of tensors; a module as it evaluates, in float64.

    Raises:
        OgiveError: if it cannot be called.
    """
    if isinstance(anything, nn.Module):
        return copy.deepcopy(anything).double().eval()
    if not callable(anything):
        raise OgiveError(
            f"an activation is asked for by name, as a module or as a function of tensors, "
            f"not as {type(anything).__name__}"
        )
    function: Callable[[Tensor], Tensor] = anything
    return function
