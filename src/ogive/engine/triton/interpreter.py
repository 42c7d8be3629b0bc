"""Triton's interpreter as the engine uses it: what it gets wrong is put right, and nothing else.

It computes a fused multiply-add in two roundings, and has none of libdevice's functions. Kernels
themselves avoid the rest: they round to bfloat16 by integers, and add in float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import numpy as np

_Array = np.ndarray[Any, Any]


def interpreted(function: Any) -> Any:
    """The function as a kernel that the interpreter runs."""
    from triton.runtime.interpreter import InterpretedFunction

    return InterpretedFunction(function)


#: The interpreter has one place for where it is in a grid, which threads would share.
_TURN = Lock()


@contextmanager
def fused_exactly() -> Iterator[None]:
    """While it lasts, the interpreter's fused multiply-adds round once, and other threads wait."""
    from triton.runtime import interpreter

    builder = interpreter.interpreter_builder
    with _TURN, np.errstate(all="ignore"):
        builder.create_fma = _fma
        try:
            yield
        finally:
            del builder.create_fma


def _fma(x: Any, y: Any, z: Any) -> Any:
    from triton.runtime.interpreter import TensorHandle

    a, b, c = x.data, y.data, z.data
    if z.data.dtype == np.float32:
        return TensorHandle(fma32(a, b, c), z.dtype.scalar)
    return TensorHandle(fma64(a, b, c), z.dtype.scalar)


def fma32(a: _Array, b: _Array, c: _Array) -> _Array:
    """The product is exact in float64, and the sum is rounded to odd, so that the second rounding
    sees on which side of a tie it lies."""
    product, summand = np.multiply(a, b, dtype=np.float64), c.astype(np.float64)
    total = product + summand
    part = total - product
    lost = (product - (total - part)) + (summand - part)
    bits = total.view(np.int64)
    inexact = (lost != 0) & ((bits & 1) == 0) & np.isfinite(total)
    toward = np.where((lost > 0) == (total > 0), 1, -1)
    odd: _Array = np.where(inexact, (bits + toward).view(np.float64), total)
    return odd.astype(np.float32)


def fma64(a: _Array, b: _Array, c: _Array) -> _Array:
    """What rounding the product and the sum loses is added at the end: exact to 2**-100."""
    product = a * b
    total = product + c
    part = total - product
    lost = (product - (total - part)) + (c - part)
    (a1, a2), (b1, b2) = _halves(a), _halves(b)
    lost = lost + (((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2)
    whole = total + lost
    made: _Array = np.where(np.isfinite(whole), whole, total)
    return made


def _halves(a: _Array) -> tuple[_Array, _Array]:
    scaled = (2.0**27 + 1) * a
    high = scaled - (scaled - a)
    return high, a - high


#: libdevice's names, and NumPy's.
NUMPY_NAMES = {
    "fast_dividef": "divide",
    "atan": "arctan",
    "asinh": "arcsinh",
    "pow": "power",
}


class LibdeviceByNumpy:
    """Functions of libdevice by NumPy's."""

    def __getattr__(self, name: str) -> Any:
        import triton.language as tl
        from triton.runtime.interpreter import TensorHandle

        compute = getattr(np, NUMPY_NAMES[name])

        def call(x: Any, *others: Any) -> Any:
            blocks = [t for t in (x, *others) if hasattr(t, "handle")]
            data = [t.handle.data if hasattr(t, "handle") else np.float32(t) for t in (x, *others)]
            made = compute(*data)
            return tl.core.tensor(TensorHandle(made, blocks[0].handle.dtype), blocks[0].type)

        return call
