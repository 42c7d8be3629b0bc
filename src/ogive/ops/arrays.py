"""NumPy arrays in the place of tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ogive.errors import InputError


def with_arrays(
    call: Callable[..., Any], inputs: tuple[Any, ...], arguments: dict[str, Any]
) -> Any:
    """The call on arrays: shared memory in, an array out."""
    converted = tuple(_from_numpy(v) if isinstance(v, np.ndarray) else v for v in inputs)
    named = {k: _from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in arguments.items()}
    return call(converted, named).detach().numpy()


def _from_numpy(array: np.ndarray[Any, Any]) -> Tensor:
    if array.dtype.name not in ("float64", "float32", "float16"):
        raise InputError(
            f"a NumPy input must be float64, float32 or float16, not {array.dtype}; "
            f"convert with .astype('float32')"
        )
    # torch has no negative strides, and warns about memory it must not write
    usable = array.flags.writeable and all(s >= 0 for s in array.strides)
    return torch.from_numpy(array if usable else array.copy())
