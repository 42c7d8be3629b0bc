"""torch's own operators, where they compute exactly what an entry says.

No rounding is a matter of choice in these formulas, so a kernel's values are theirs to the last
bit, and a call may take either: for small tensors torch's operator is the shorter way. Functions
with an exponential in them are not here, however good torch's are: their last digits differ, and
what a call returns would depend on the size of its input.

Where torch has the gradient as one operator too, a recorded call of a small tensor is torch's own
altogether, and a larger one takes torch's gradient: it is one value at every size, also where the
kernels' differs, which is at NaN, at a gradient that is infinite or NaN, and in the sign of a 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor

from ogive.engine.cpu.output_pool import empty_like
from ogive.engine.selection import state
from ogive.torch_private import hardsigmoid, hardtanh, leaky_relu, relu6, softshrink

#: Up to so many elements torch's operator is the shorter way. torch computes 16-bit numbers more
#: slowly than kernels do, so only the call's own cost is to be saved.
NATIVE_UP_TO = {
    torch.float32: 2**18,
    torch.float64: 2**17,
    torch.bfloat16: 2**13,
    torch.float16: 2**13,
}


class _Row(NamedTuple):
    """An operator of torch's for an entry.

    Attributes:
        forward: of the input and the entry's parameters, in their order.
        backward: torch's operator of the gradient and the input, if it is a single one.
        constants: what that takes besides, from the parameters.
        keeps_result: whether torch keeps the result, and not the input, for backward.
        rounds: whether torch rounds the parameters to the input's dtype first, so that it serves
            only where they are such numbers.
    """

    forward: Callable[..., Tensor]
    backward: str = ""
    constants: Callable[..., tuple[float, ...]] = lambda *numbers: numbers
    keeps_result: bool = False
    rounds: bool = True


#: The functions of torch.nn.functional ask in Python what these ask in C++.
NATIVE: dict[str, _Row] = {
    "relu": _Row(torch.relu, "threshold_backward", lambda: (0,), keeps_result=True),
    "relu6": _Row(relu6, "hardtanh_backward", lambda: (0, 6)),
    "leaky_relu": _Row(leaky_relu, "leaky_relu_backward", lambda a: (a, False), rounds=False),
    "hardtanh": _Row(hardtanh, "hardtanh_backward"),
    "hardshrink": _Row(torch.hardshrink, "hardshrink_backward"),
    "softshrink": _Row(softshrink, "softshrink_backward"),
    "threshold": _Row(torch.threshold, "threshold_backward", lambda threshold, value: (threshold,)),
    "absolute": _Row(torch.abs),
    "square": _Row(torch.square),
    "hardsigmoid": _Row(hardsigmoid),
}


class Native(NamedTuple):
    """torch's operator for an entry with numbers for its parameters.

    Attributes:
        up_to: for how many elements it serves; ``recorded_up_to``, where that is recorded.
    """

    forward: Callable[..., Tensor]
    numbers: tuple[float, ...]
    up_to: int
    recorded_up_to: int
    backward: str
    constants: tuple[float, ...]
    keeps_result: bool

    def serves(self, x: Tensor) -> bool:
        """Whether it serves a recorded call."""
        return x.numel() <= self.recorded_up_to and state.free

    def gradient(self, gradient: Tensor, x: Tensor) -> Tensor:
        """torch's gradient; a large one lies in the memory of earlier results."""
        operator = getattr(torch.ops.aten, self.backward)
        if torch.is_grad_enabled() or not (gradient.is_cpu and gradient.is_contiguous()):
            return cast(Tensor, operator(gradient, x, *self.constants))
        made = empty_like(gradient)
        operator.grad_input(gradient, x, *self.constants, grad_input=made)
        return made


def native(name: str, numbers: Sequence[float], dtype: torch.dtype) -> Native | None:
    """torch's operator for the entry with these parameters, if it gives the same values."""
    row, most = NATIVE.get(name), NATIVE_UP_TO.get(dtype)
    if row is None or most is None:
        return None
    if row.rounds and any(torch.tensor(n, dtype=dtype).item() != n for n in numbers):
        return None
    constants = row.constants(*numbers) if row.backward else ()
    recorded = most if row.backward else -1
    return Native(
        row.forward, tuple(numbers), most, recorded, row.backward, constants, row.keeps_result
    )
