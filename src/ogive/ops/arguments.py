"""What a call is given, checked: tensors of data, and a number or tensor for every symbol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor

from ogive.catalogue import Parameter, Spec
from ogive.errors import InputError, ParameterError

Argument = float | Tensor


def with_positional(
    spec: Spec, rest: tuple[Any, ...], arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments, with those that follow the data by position under their names."""
    names = [p.name for p in spec.parameters]
    order = ["dim", *names] if spec.kind in ("gated", "rowwise") else [*names, "inplace"]
    if len(rest) > len(order):
        raise InputError(
            f"{spec.name} takes {len(order)} argument(s) after its input "
            f"({', '.join(order)}), {len(rest)} given"
        )
    positional = dict(zip(order, rest, strict=False))
    twice = positional.keys() & arguments.keys()
    if twice:
        raise ParameterError(f"{spec.name}: {', '.join(sorted(twice))} given twice")
    return {**positional, **arguments}


def check_tensor(spec: Spec, tensor: Any) -> Tensor:
    """The data, or an InputError that says what is wrong with it."""
    if not isinstance(tensor, Tensor):
        raise InputError(
            f"{spec.name} takes a torch tensor or a NumPy array, not {type(tensor).__name__}; "
            f"convert it with torch.tensor(...)"
        )
    if not tensor.dtype.is_floating_point:
        mend = (
            "take its real and imaginary part" if tensor.is_complex() else "convert with .float()"
        )
        raise InputError(f"{spec.name} takes floating-point tensors, not {tensor.dtype}; {mend}")
    return tensor


def check_parameters(spec: Spec, arguments: Mapping[str, Any]) -> dict[str, Argument]:
    """Every symbol of the formula with its number or tensor."""
    for name in arguments:
        spec.parameter(name)
    values: dict[str, Argument] = {}
    for parameter in spec.parameters:
        given = arguments.get(parameter.name, parameter.default)
        values |= _check_value(spec, parameter, given)
    return values


def numbers(spec: Spec, arguments: Mapping[str, Any]) -> dict[str, float | tuple[float, ...]]:
    """The arguments by parameter as plain numbers, for what cannot depend on tensors.

    Raises:
        ParameterError: for one that is unknown, outside its range, or a tensor of many numbers.
    """
    plain = {n: v.tolist() if isinstance(v, Tensor) else v for n, v in arguments.items()}
    known = check_parameters(spec, plain)
    found = {}
    for name in plain:
        parameter = spec.parameter(name)
        values = tuple(float(known[symbol]) for symbol in parameter.symbols)
        found[name] = values if isinstance(parameter.default, tuple) else values[0]
    return found


def _check_value(spec: Spec, parameter: Parameter, given: Any) -> dict[str, Argument]:
    if not isinstance(parameter.default, tuple):
        return {parameter.name: given if isinstance(given, Tensor) else parameter.check(given)}
    numbers = _coefficients(given)
    if len(numbers) != len(parameter.symbols):
        raise ParameterError(
            f"{spec.name}: {parameter.name} has {len(parameter.symbols)} coefficients, "
            f"{len(numbers)} given"
        )
    return {
        symbol: n if isinstance(n, Tensor) else parameter.check(n)
        for symbol, n in zip(parameter.symbols, numbers, strict=True)
    }


def _coefficients(given: Any) -> list[Any]:
    """The coefficients one by one; a tensor holds them along its first dimension."""
    if isinstance(given, Tensor):
        return list(given.unbind(0)) if given.dim() else [given]
    return list(given) if isinstance(given, Iterable) else [given]
