"""What a call is given, checked: tensors of data, and a number or tensor for every symbol."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from ogive.catalogue import Parameter, Spec
from ogive.engine.call import PLAIN, in_storage
from ogive.engine.selection import traced
from ogive.errors import InputError, ParameterError
from ogive.torch_private import modes, transforms_active

Argument = float | Tensor
ACCEPTED = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


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


def check_tensor(spec: Spec, tensor: Any, dtype: torch.dtype | None = None) -> Tensor:
    """The data, in a dtype that is asked for, or an InputError that says what is wrong with it."""
    if not isinstance(tensor, Tensor):
        raise InputError(
            f"{spec.name} takes a torch tensor or a NumPy array, not {type(tensor).__name__}; "
            f"convert it with torch.tensor(...)"
        )
    if dtype is not None and not tensor.is_complex():
        made: Tensor = tensor.to(dtype)
        return made
    if not tensor.dtype.is_floating_point:
        mend = (
            "take its real and imaginary part" if tensor.is_complex() else "convert with .float()"
        )
        raise InputError(f"{spec.name} takes floating-point tensors, not {tensor.dtype}; {mend}")
    if tensor.dtype not in ACCEPTED:
        raise InputError(
            f"{spec.name} computes in float64, float32, bfloat16 or float16; {tensor.dtype} is for "
            f"storage: convert with .bfloat16()"
        )
    return tensor


def check_parameters(spec: Spec, arguments: Mapping[str, Any]) -> dict[str, Argument]:
    """Every symbol of the formula with its number or tensor."""
    for name in arguments:
        spec.parameter(name)
    values: dict[str, Argument] = {}
    for parameter in spec.parameters:
        given = arguments.get(parameter.name, parameter.default)
        values |= _check_value(spec, parameter, given)
    check_order(spec, values)
    return values


def check_order(spec: Spec, values: Mapping[str, Any]) -> None:
    """Raises a ParameterError where two parameters that must ascend do not."""
    pair = [values[name] for name in spec.ascending]
    if not pair or not all(readable(v) for v in pair if isinstance(v, Tensor)):
        return
    if bool(torch.as_tensor(pair[0] > pair[1]).any()):
        low, high = spec.ascending
        raise ParameterError(f"{spec.name}: {low}={pair[0]!r} must not exceed {high}={pair[1]!r}")


def numbers(spec: Spec, arguments: Mapping[str, Any]) -> dict[str, float | tuple[float, ...]]:
    """The arguments by parameter as plain numbers, for what cannot depend on tensors.

    Raises:
        ParameterError: for one that is unknown, outside its range, or a tensor of many numbers.
    """
    plain = {n: _listed(n, v) if isinstance(v, Tensor) else v for n, v in arguments.items()}
    known = check_parameters(spec, plain)
    found = {}
    for name in plain:
        parameter = spec.parameter(name)
        values = tuple(float(known[symbol]) for symbol in parameter.symbols)
        found[name] = values if isinstance(parameter.default, tuple) else values[0]
    return found


def _listed(name: str, tensor: Tensor) -> Any:
    try:
        return tensor.tolist()
    except (RuntimeError, TypeError) as error:  # sparse ones, and those without numbers
        raise ParameterError(f"{name} is a tensor whose numbers cannot be read: {error}") from error


def check_number(spec: Spec, parameter: Parameter, symbol: str, given: Any) -> float:
    """The number, or a ParameterError if the formula has no value for it."""
    number = parameter.check(given)
    if math.isinf(number) and not spec.reaches(symbol, number):
        raise ParameterError(f"{spec.name}: {symbol} must be a finite number, not {number!r}")
    return number


def check_numbers(spec: Spec, parameter: Parameter, symbol: str, given: Tensor) -> Tensor:
    """The same of a tensor, where its numbers can be read without waiting for a device. One that
    holds NaN gives NaN."""
    if given.is_complex():
        raise ParameterError(f"{spec.name}: {symbol} must be real, not {given.dtype}")
    if given.is_nested or given.layout is not torch.strided or given.is_quantized:
        raise ParameterError(f"{spec.name}: {symbol} must be a number or a dense tensor of numbers")
    if spec.kind == "rowwise" and parameter.domain.whole and given.numel() != 1:
        raise ParameterError(f"{spec.name}: {symbol} is one number, not {given.numel()}")
    if readable(given):
        for end in extremes(given):
            ordinary = end in parameter.domain and abs(end) < math.inf
            if not ordinary and end == end:
                try:
                    check_number(spec, parameter, symbol, end)
                except ParameterError as error:
                    raise ParameterError(f"{error}, which the tensor holds") from None
    return given


def is_ordinary(tensor: Tensor) -> bool:
    """Whether it is a tensor of torch's own with elements side by side."""
    return type(tensor) in PLAIN and not tensor.is_nested and tensor.layout is torch.strided


def readable(tensor: Tensor) -> bool:
    """Whether its numbers are at hand: in memory, not on a device, not traced or transformed."""
    here = is_ordinary(tensor) and tensor.device.type == "cpu" and tensor.numel() > 0
    return here and not (transforms_active() or modes() or traced()) and in_storage(tensor)


def extremes(tensor: Tensor) -> tuple[float, ...]:
    """Its least and its largest number."""
    if tensor.numel() == 1:
        return (tensor.item(),)
    low, high = tensor.detach().aminmax()
    return low.item(), high.item()


def _check_value(spec: Spec, parameter: Parameter, given: Any) -> dict[str, Argument]:
    def checked(symbol: str, value: Any) -> Argument:
        check = check_numbers if isinstance(value, Tensor) else check_number
        return check(spec, parameter, symbol, value)

    if not isinstance(parameter.default, tuple):
        return {parameter.name: checked(parameter.name, given)}
    numbers = _coefficients(given)
    if len(numbers) != len(parameter.symbols):
        raise ParameterError(
            f"{spec.name}: {parameter.name} has {len(parameter.symbols)} coefficients, "
            f"{len(numbers)} given"
        )
    return {s: checked(s, n) for s, n in zip(parameter.symbols, numbers, strict=True)}


def _coefficients(given: Any) -> list[Any]:
    """The coefficients one by one; a tensor holds them along its first dimension."""
    if isinstance(given, Tensor):
        return list(given.unbind(0)) if given.dim() else [given]
    return list(given) if isinstance(given, Iterable) else [given]
