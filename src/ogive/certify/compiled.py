"""Programs as functions of NumPy's arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ogive.expr import Program
from ogive.printers import python_function

Array = np.ndarray[Any, np.dtype[np.float64]]


def numpy_function(program: Program) -> Callable[..., tuple[Array, ...]]:
    """The program on NumPy arrays; NaN and infinity come without a warning.

    Arrays of several inputs are broadcast late, so that a part of one of them is computed once.
    """
    compute = python_function(program, "numpy")

    def evaluate(*arrays: Array) -> tuple[Array, ...]:
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        with np.errstate(all="ignore"):
            found = compute(*arrays)
        return tuple(np.broadcast_to(np.asarray(f, float), shape) for f in found)

    return evaluate
