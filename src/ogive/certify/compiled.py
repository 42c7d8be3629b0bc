"""Programs as Python functions: in any language that Python runs, and on NumPy's arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ogive.expr import Program
from ogive.printers import printer

Array = np.ndarray[Any, np.dtype[np.float64]]


def python_function(program: Program, language: str) -> Callable[..., Any]:
    """The program as a function of a language's numbers that gives a tuple of them."""
    scope: dict[str, Any] = {}
    source = printer(language).source(program, "compute")  # an entry may be called erf
    exec(compile(source, f"<{program.name}>", "exec"), scope)
    function: Callable[..., Any] = scope["compute"]
    return function


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
