"""Functions of tensors as functions of float64 arrays, for what is integrated and propagated."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ogive.certify.signal.quadrature import Array, ArrayFunction
from ogive.errors import OgiveError


def on_arrays(function: Callable[[Tensor], Tensor]) -> ArrayFunction:
    """A function of tensors as one of float64 arrays.

    Raises:
        OgiveError: if it does not give a tensor of the input's shape.
    """

    def evaluate(x: Array) -> Array:
        with torch.no_grad():
            return _checked(function, torch.tensor(x, dtype=torch.float64)).numpy()

    return evaluate


def slope_on_arrays(function: Callable[[Tensor], Tensor], order: int = 1) -> ArrayFunction:
    """A derivative of an elementwise function of tensors as a function of float64 arrays."""

    def evaluate(x: Array) -> Array:
        at = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        with torch.enable_grad():
            value = _checked(function, at)
            for left in reversed(range(order)):
                if not value.requires_grad:
                    return np.zeros_like(x)
                (value,) = torch.autograd.grad(value.sum(), at, create_graph=left > 0)
        return value.detach().numpy()

    return evaluate


def _checked(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    try:
        value = function(x)
    except Exception as error:  # whatever somebody's function raises
        raise OgiveError(
            f"an activation takes a tensor of any shape, but for {tuple(x.shape)} this one raised "
            f"{type(error).__name__} ({str(error)[:200]}); pass a function of one tensor, "
            f"elementwise"
        ) from error
    if not isinstance(value, Tensor) or value.shape != x.shape:
        got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise OgiveError(
            f"an activation takes a tensor and gives one of its shape, but for the shape "
            f"{tuple(x.shape)} this one gave {got}; pass a function of one tensor, elementwise"
        )
    return value.double()


def callable_of(anything: Any) -> tuple[str, Callable[[Tensor], Tensor]]:
    """What an object is called, and the object as a function of tensors; a module as it evaluates,
    in float64.

    Raises:
        OgiveError: if it cannot be called.
    """
    if not callable(anything):
        raise OgiveError(
            f"an activation is asked for by name, as a module or as a function of tensors, "
            f"not as {type(anything).__name__}"
        )
    name = getattr(anything, "__name__", type(anything).__name__)
    if isinstance(anything, nn.Module):
        return name, copy.deepcopy(anything).double().eval()
    return name, anything
