"""torch's own operators, where they compute exactly what an entry says.

No rounding is a matter of choice in these formulas, so a kernel's values are theirs to the last
bit, and a call may take either: for small tensors torch's operator is the shorter way. Functions
with an exponential in them are not here, however good torch's are: their last digits differ, and
what a call returns would depend on the size of its input. Nor are gradients, which at NaN differ.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ogive.torch_private import hardtanh, leaky_relu, relu6, softshrink

#: Entry -> operator of the input and the entry's parameters, in their order; the functions of
#: torch.nn.functional ask in Python what these ask in C++.
NATIVE: dict[str, Callable[..., Tensor]] = {
    "relu": torch.relu,
    "relu6": relu6,
    "leaky_relu": leaky_relu,
    "hardtanh": hardtanh,
    "hardshrink": torch.hardshrink,
    "softshrink": softshrink,
    "threshold": torch.threshold,
    "absolute": torch.abs,
    "square": torch.square,
}
