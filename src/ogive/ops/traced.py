"""What torch.compile sees of a call: one opaque node, whose torch operators are traced behind it.

Dynamo need not understand how arguments are checked and programs derived; it is told to run the
call on fake tensors, so the compiler gets the eager expression and fuses it with its neighbours.
A graph holds tensors, numbers and text: the function stands in it as its key. (Dynamo's own way of
putting objects into a graph, ``nonstrict_trace``, makes graphs that strict export refuses.)
This file imports the compiler and is itself imported only while something is being compiled.
"""

from __future__ import annotations

from typing import Any

import torch

from ogive.ops.function import FUNCTIONS


@torch.compiler.allow_in_graph  # type: ignore[untyped-decorator]
def traced_call(key: str, inputs: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
    """The call of a function, opaque to dynamo."""
    return FUNCTIONS[key].call(inputs, arguments)
