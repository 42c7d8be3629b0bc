"""What torch.compile sees of a gated unit and the layer behind it: one opaque node, as of a call
(ops/traced.py), so that what backward keeps is what it keeps elsewhere.

This file imports the compiler and is itself imported only while something is being compiled.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ogive.nn.gated_mlp import projection
from ogive.ops.function import FUNCTIONS


@torch.compiler.allow_in_graph  # type: ignore[untyped-decorator]
def traced_projection(
    key: str, value: Tensor, gate: Tensor, weight: Tensor, bias: Tensor | None
) -> Tensor:
    """The layer of the unit, opaque to dynamo."""
    return projection(FUNCTIONS[key], value, gate, weight, bias)
