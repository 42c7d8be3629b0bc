"""Machine graphs in NumPy: each operation of machine.py on arrays, rounded as IEEE 754 rounds."""

import ctypes
import ctypes.util
from collections.abc import Callable

import numpy as np

from numpy_rules import RULES
from ogive.expr import Node, walk

LIBM = ctypes.CDLL(ctypes.util.find_library("m") or ctypes.util.find_library("msvcrt"))
SIMPLE: dict[str, Callable] = {
    **RULES,
    "min": np.minimum,
    "max": np.maximum,
    "exp": np.exp,
    "over": np.divide,
    "rarely": np.where,
    "round": np.rint,
    "copysign": np.copysign,
    "exponent": lambda a: (np.frexp(a)[1] - 1).astype(a.dtype),
    "exp2": lambda a: np.ldexp((a >= np.finfo(a.dtype).minexp).astype(a.dtype), whole(a)),
    "ldexp": lambda a, n: np.ldexp(a, whole(n)),
    "fma": lambda a, b, c: fma32(a, b, c) if a.dtype == np.float32 else fma64(a, b, c),
    "alternate": lambda a, b: np.where(np.fmod(b, 2) == 0, a, -a),
    "entry": lambda a, *row: np.choose(a.view(np.int32) & 7, row),
    "widen": lambda a: a.astype(np.float64),
    "narrow": lambda a: a.astype(np.float32),
}


def whole(n: np.ndarray) -> np.ndarray:
    """As integers; what is none (NaN) becomes zero, for its lane's result is NaN anyway."""
    return (
        np.where(np.isfinite(n), n, 0).astype(np.int64).clip(-(2**31), 2**31 - 1).astype(np.int32)
    )


def fma32(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """In float64 the product is exact and the sum is rounded to odd, so that the last rounding
    sees on which side of a tie the exact sum lies."""
    product, c = a.astype(np.float64) * b, c.astype(np.float64)
    total = product + c
    part = total - product
    lost = (product - (total - part)) + (c - part)
    even = (total.view(np.int64) & 1) == 0
    inexact = np.isfinite(total) & (lost != 0) & even
    odd = np.nextafter(total, np.where(lost > 0, np.inf, -np.inf))
    return np.where(inexact, odd, total).astype(np.float32)


def by_libm(name: str, *args: np.ndarray) -> np.ndarray:
    """The C library's function of doubles, element by element."""
    function = LIBM[name]
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double] * len(args)
    with np.errstate(all="ignore"):
        return np.frompyfunc(function, len(args), 1)(*args).astype(np.float64)


def fma64(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    return by_libm("fma", a, b, c)


def evaluate(root: Node, **inputs: np.ndarray) -> np.ndarray:
    """The value of the graph; its symbols are the inputs' names.

    A constant takes the format of the operands beside it and has to be a number of that format.
    """
    values: dict[Node, np.ndarray] = {}
    formats: dict[Node, np.dtype] = {}
    shape = next(iter(inputs.values())).shape
    with np.errstate(all="ignore"):
        for node in (n for n in walk(root) if n.op != "const"):
            format = next((formats[a] for a in reversed(node.args) if a in formats), None)
            args = [values[a] if a in values else constant(a, format, shape) for a in node.args]
            value = operation(node, args) if node.op != "symbol" else inputs[str(node.value)]
            values[node] = value
            formats[node] = format if value.dtype == bool else value.dtype
    return values[root]


def operation(node: Node, args: list[np.ndarray]) -> np.ndarray:
    return by_libm(str(node.value), *args) if node.op == "libm" else SIMPLE[node.op](*args)


def constant(node: Node, format: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    held = format.type(node.value)
    assert held == node.value or node.value != node.value, f"{node.value!r} is no {format}"
    return np.full(shape, held)
