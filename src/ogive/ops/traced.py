"""What torch.compile sees of a call: one opaque node, whose torch operators are traced behind it.

Dynamo need not understand how arguments are checked and programs derived; it is told to run the
call on fake tensors, so the compiler gets the eager expression and fuses it with its neighbours.
This file imports the compiler and is itself imported only while something is being compiled.
"""

from __future__ import annotations

from typing import Any

import torch._dynamo

from ogive.ops.function import ActivationFunction


@torch._dynamo.nonstrict_trace
def traced_call(
    function: ActivationFunction, inputs: tuple[Any, ...], arguments: dict[str, Any]
) -> Any:
    """``function.call``, opaque to dynamo."""
    return function.call(inputs, arguments)
