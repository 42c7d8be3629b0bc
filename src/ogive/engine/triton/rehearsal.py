"""Programs in Triton's language on arrays, in NumPy and without triton, to try them out.

The text is Python as it stands; only the few functions of ``tl`` in it are others here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ogive.engine.triton.interpreter import NUMPY_NAMES

_Array = np.ndarray[Any, Any]


class NumpyBlock(np.ndarray[Any, Any]):
    """An array with the one method that the text asks of a block of numbers."""

    def to(self, dtype: Any, bitcast: bool = False) -> _Array:
        return self.view(dtype) if bitcast else self.astype(dtype)


def _fma(a: Any, b: Any, c: Any) -> Any:
    """Rounded once for float32, but for ties; float64 has digits to spare here."""
    x, y, z = (np.float32(v) if isinstance(v, float) else v for v in (a, b, c))
    if any(v.dtype != np.float32 for v in (x, y, z)):
        return a * b + c
    return (np.multiply(x, y, dtype=np.float64) + z).astype(np.float32)


def _full(shape: tuple[int, ...], value: float, dtype: Any) -> Any:
    """Of one dimension, as what NumPy computes of none is no array."""
    return np.full(1, value, dtype).view(NumpyBlock)


def _where(condition: Any, a: Any, b: Any) -> Any:
    if all(isinstance(v, float) for v in (a, b)):
        a = np.float32(a)
    return np.where(condition, a, b).view(NumpyBlock)


TL = SimpleNamespace(
    abs=np.abs,
    exp2=np.exp2,
    sqrt=np.sqrt,
    sqrt_rn=np.sqrt,
    div_rn=np.divide,
    minimum=lambda a, b, propagate_nan: np.minimum(a, b),
    maximum=lambda a, b, propagate_nan: np.maximum(a, b),
    PropagateNan=SimpleNamespace(ALL=None),
    where=_where,
    fma=_fma,
    full=_full,
    reduce=lambda a, axis, combine: np.sum(a),
    constexpr=int,
    uint64=np.uint64,
    float32=np.float32,
    float64=np.float64,
    int32=np.int32,
    int64=np.int64,
)
LIBDEVICE = SimpleNamespace(**{name: getattr(np, known) for name, known in NUMPY_NAMES.items()})


@lru_cache(maxsize=512)
def _function(text: str) -> Callable[..., Any]:
    scope: dict[str, Any] = {
        "triton": SimpleNamespace(jit=lambda function: function),
        "tl": TL,
        "libdevice": LIBDEVICE,
        "SUM": None,
    }
    exec(compile(text, "<ogive rehearsal>", "exec"), scope)
    function: Callable[..., Any] = scope["program"]
    return function


def rehearsed(text: str, inputs: Sequence[Tensor], dtype: torch.dtype) -> list[Tensor]:
    """What the function ``program`` of a text gives for inputs of one dtype."""
    given = [x.to(dtype).numpy().view(NumpyBlock) for x in inputs]
    with np.errstate(all="ignore"):
        made = _function(text)(*given)
    several = made if isinstance(made, tuple) else (made,)
    return [torch.from_numpy(np.broadcast_to(y, given[0].shape).copy()) for y in several]
