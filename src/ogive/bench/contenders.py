"""Who is measured: the public call, torch's operator for the same, the composition, a copy.

The table is written by hand rather than read off the aliases, because what is timed must be what a
user of torch would call: the same arguments, along the same dimension, in the same mode.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

#: Rows of inputs to functions that work on rows.
ROW = 1024


@dataclass(frozen=True)
class TorchOperator:
    """torch's operator for an entry.

    Attributes:
        call: a function of the input.
        learned: arguments that training adjusts, for both sides: name -> start value.
    """

    call: Callable[..., Tensor]
    learned: Mapping[str, float] = field(default_factory=dict)

    def arguments(self, dtype: torch.dtype) -> dict[str, Tensor]:
        """The learned arguments as tensors of one element."""
        return {n: torch.full((1,), v, dtype=dtype) for n, v in self.learned.items()}


_TABLE: dict[str, Callable[..., Any]] = {
    "relu": functional.relu,
    "relu6": functional.relu6,
    "leaky_relu": functional.leaky_relu,
    "rrelu": functional.rrelu,  # both sides as in evaluation
    "threshold": partial(functional.threshold, threshold=0.0, value=0.0),
    "elu": functional.elu,
    "selu": functional.selu,
    "celu": functional.celu,
    "gelu": functional.gelu,
    "gelu_tanh": partial(functional.gelu, approximate="tanh"),
    "silu": functional.silu,
    "mish": functional.mish,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": functional.softplus,
    "logsigmoid": functional.logsigmoid,
    "softsign": functional.softsign,
    "tanhshrink": functional.tanhshrink,
    "hardtanh": functional.hardtanh,
    "hardsigmoid": functional.hardsigmoid,
    "hardswish": functional.hardswish,
    "hardshrink": functional.hardshrink,
    "softshrink": functional.softshrink,
    "exponential": torch.exp,
    "absolute": torch.abs,
    "signum": torch.sign,
    "square": torch.square,
    "sine": torch.sin,
    "cosine": torch.cos,
    "arctan": torch.atan,
    "erf": torch.erf,
    "glu": functional.glu,
    "softmax": partial(functional.softmax, dim=-1),
    "log_softmax": partial(functional.log_softmax, dim=-1),
    "softmin": partial(functional.softmin, dim=-1),
    "logsumexp": partial(torch.logsumexp, dim=-1),
    "l2_normalize": partial(functional.normalize, dim=-1),
}

#: The entries that torch has an operator for.
NATIVES: dict[str, TorchOperator] = {
    **{name: TorchOperator(call) for name, call in _TABLE.items()},
    "prelu": TorchOperator(functional.prelu, {"weight": 0.25}),
}

#: Entries with a name of torch's and nothing to compare, and why.
LEFT_OUT = {
    "identity": "torch's hands its input back, which is no work",
    "gumbel_softmax": "draws noise, which takes longer than the function",
    "safe_softmax": "an operator that torch keeps to itself",
}


def input_shape(kind: str, size: int) -> tuple[int, ...]:
    """The shape of an input of that many elements: rows for what works on rows."""
    if kind not in ("gated", "rowwise"):
        return (size,)
    row = ROW if size % ROW == 0 else size
    return (size // row, row)


def inputs(
    shape: tuple[int, ...], dtype: torch.dtype, generator: torch.Generator, scale: float = 2.0
) -> Tensor:
    """Normal numbers, drawn in float32, so that all dtypes have the same up to rounding."""
    return (torch.randn(shape, generator=generator) * scale).to(dtype)
