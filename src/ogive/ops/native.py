"""torch's own operators, where they compute exactly what an entry says.

No rounding is a matter of choice in these formulas, so a kernel's values are theirs to the last
bit, and a call may take either: for small tensors torch's operator is the shorter way. Functions
with an exponential in them are not here, however good torch's are: their last digits differ, and
what a call returns would depend on the size of its input.

Where torch has the gradient as one operator too, a recorded call of a small tensor is torch's own
altogether. Kernels compute that gradient by torch's formula, so that it is one value at every size,
also where an infinite or NaN gradient meets a slope of 0. An input that is NaN is the exception:
there torch's own gradient differs with dtype and place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from ogive.engine.selection import state
from ogive.expr import Program, parse
from ogive.expr.program import DATA_SAMPLES, GRADIENT_SAMPLES
from ogive.torch_private import hardtanh, leaky_relu, relu6, softshrink

#: Up to so many bytes torch's operator is the shorter way. torch computes 16-bit numbers more
#: slowly than kernels do, so only the call's own cost is to be saved.
NATIVE_UP_TO = {
    torch.float32: 2**20,
    torch.float64: 2**20,
    torch.bfloat16: 2**14,
    torch.float16: 2**14,
}


class _Row(NamedTuple):
    """An operator of torch's for an entry.

    Attributes:
        forward: of the input and the entry's parameters, in their order.
        defaults: what the operator itself takes for the parameters.
        gradient: the formula by which torch's single operator computes the gradient from that of
            the result, g; empty if torch has no such operator.
        parameters: their names in the formula.
        keeps_result: whether torch keeps the result, and not the input, for backward.
        rounds: whether torch rounds the parameters to the input's dtype first, so that it serves
            only where they are such numbers.
    """

    forward: Callable[..., Tensor]
    gradient: str = ""
    parameters: str = ""
    defaults: tuple[float, ...] = ()
    keeps_result: bool = False
    rounds: bool = True


_INSIDE = "where(x > low, where(x < high, g, 0), 0)"
_OUTSIDE = "where(abs(x) <= lambd, 0, g)"
#: The functions of torch.nn.functional ask in Python what these ask in C++.
NATIVE: dict[str, _Row] = {
    "relu": _Row(torch.relu, "where(x > 0, g, 0)", keeps_result=True),
    "relu6": _Row(relu6, "where(x > 0, where(x < 6, g, 0), 0)"),
    "leaky_relu": _Row(leaky_relu, "where(x <= 0, g * a, g)", "a", (0.01,), rounds=False),
    "hardtanh": _Row(hardtanh, _INSIDE, "low high", (-1.0, 1.0)),
    "hardshrink": _Row(torch.hardshrink, _OUTSIDE, "lambd", (0.5,)),
    "softshrink": _Row(softshrink, _OUTSIDE, "lambd", (0.5,)),
    "threshold": _Row(torch.threshold, "where(x <= threshold, 0, g)", "threshold value"),
    "absolute": _Row(torch.abs),
    "square": _Row(torch.square),
}


#: torch's operators for the same functions, of the input and the entry's parameters. Their values
#: may differ in the last digits, and at -inf those of silu, gelu and mish are NaN; but compilers,
#: and devices without kernels, have faster code for them than for the formula.
SAME_FUNCTION: dict[str, Callable[..., Tensor]] = {
    **{name: row.forward for name, row in NATIVE.items()},
    "arctan": torch.atan,
    "celu": F.celu,
    "cosine": torch.cos,
    "elu": F.elu,
    "erf": torch.erf,
    "exponential": torch.exp,
    "gelu": F.gelu,
    "gelu_tanh": partial(F.gelu, approximate="tanh"),
    "hardsigmoid": F.hardsigmoid,
    "hardswish": F.hardswish,
    "logsigmoid": F.logsigmoid,
    "mish": F.mish,
    "rrelu": partial(F.rrelu, training=False),
    "selu": F.selu,
    "sigmoid": torch.sigmoid,
    "signum": torch.sign,
    "silu": F.silu,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "tanh": torch.tanh,
    "tanhshrink": F.tanhshrink,
}


#: Gated entry -> torch's operator for what opens its gate, by which the value is multiplied.
GATED_BY: dict[str, Callable[..., Tensor]] = {
    unit: SAME_FUNCTION[name]
    for unit, name in {
        "glu": "sigmoid",
        "reglu": "relu",
        "geglu": "gelu",
        "geglu_tanh": "gelu_tanh",
        "swiglu": "silu",
        "seglu": "selu",
    }.items()
}


def prelu(x: Tensor, weight: Tensor) -> Tensor:
    """torch's operator, of weights that broadcast to x: one, or one for each channel."""
    return torch.prelu(x, weight if weight.dim() == 1 else weight.reshape(-1))


def is_prelu(x: Tensor, weight: object) -> bool:
    """Whether torch's operator takes these weights."""
    if not isinstance(weight, Tensor) or weight.dtype is not x.dtype:
        return False
    channels = (x.shape[1], *(1,) * (x.dim() - 2)) if x.dim() > 1 else ()
    return weight.numel() == 1 or weight.shape == channels


#: Of these, those for which inductor takes 4 to 20 times as long as a kernel; for the others 1.3
#: to 2 times, which without a gradient the memory for one more result outweighs.
COMPILED_SLOWLY = ("logsigmoid", "mish", "softplus", "tanh", "tanhshrink")


class Native(NamedTuple):
    """torch's operator for an entry with numbers for its parameters.

    Attributes:
        numbers: those that the operator has to be given.
        up_to: for how many bytes it serves; ``recorded_up_to``, where that is recorded.
    """

    forward: Callable[..., Tensor]
    numbers: tuple[float, ...]
    up_to: int
    recorded_up_to: int
    keeps_result: bool

    def serves(self, x: Tensor) -> bool:
        """Whether it serves a recorded call."""
        return x.nbytes <= self.recorded_up_to and state.free


def native(name: str, numbers: Sequence[float], dtype: torch.dtype) -> Native | None:
    """torch's operator for the entry with these parameters, if it gives the same values."""
    row, most = NATIVE.get(name), NATIVE_UP_TO.get(dtype)
    if row is None or most is None:
        return None
    if row.rounds and any(torch.tensor(n, dtype=dtype).item() != n for n in numbers):
        return None
    # torch takes 0.6 us longer where it is given a number that it has itself
    given = () if tuple(numbers) == row.defaults else tuple(numbers)
    return Native(row.forward, given, most, most if row.gradient else -1, row.keeps_result)


@lru_cache(maxsize=1024)
def native_slope(name: str, numbers: tuple[float, ...]) -> Program | None:
    """torch's gradient as a program of g and x; None where it has no single operator for it."""
    row = NATIVE.get(name)
    if row is None or not row.gradient:
        return None
    names = row.parameters.split()
    formula = parse(row.gradient, ["g", "x", *names])
    samples = (GRADIENT_SAMPLES, DATA_SAMPLES, *((float(n),) for n in numbers))
    program = Program(f"{name}_backward", ("g", "x", *names), (formula,), samples)
    return program.bind(dict(zip(names, numbers, strict=True)))
