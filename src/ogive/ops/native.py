"""torch's own operators, where they compute exactly what an entry says.

No rounding is a matter of choice in these formulas, so a kernel's values are theirs to the last
bit, and a call may take either: for small tensors torch's operator is the shorter way. Functions
with an exponential in them are not here, however good torch's are: their last digits differ, and
what a call returns would depend on the size of its input. Nor are gradients, which at NaN differ.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

#: Entry -> operator of the input and the entry's parameters.
NATIVE: dict[str, Callable[..., Tensor]] = {
    "relu": torch.relu,
    "relu6": F.relu6,
    "leaky_relu": F.leaky_relu,
    "hardtanh": F.hardtanh,
    "hardshrink": F.hardshrink,
    "softshrink": F.softshrink,
    "threshold": F.threshold,
    "absolute": torch.abs,
    "square": torch.square,
}
