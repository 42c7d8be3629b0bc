"""The shortest way from tensors to a result, for calls in which nothing is out of the ordinary.

torch takes 1 us for an operator on a small tensor, as long as twenty lines of Python. So for each
way in which a function is called, what starts a kernel is kept, with a guard that tells whether
tensors are like those it was made for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ogive.engine.choice import state
from ogive.engine.cpu import kernels
from ogive.engine.guards import Guard, guard, never
from ogive.errors import EngineError
from ogive.torch_private import FORWARD, LEVEL, early_mode, jit_tracing, modes

#: From tensors to the result, or None where the long way has to be taken.
Way = Callable[..., Tensor | None]
#: Up to so many elements an operator of torch's with the same values is the shorter way. torch
#: computes 16-bit numbers more slowly than kernels do, so only the call's own cost is to be saved.
NATIVE_UP_TO = {
    torch.float32: 2**18,
    torch.float64: 2**17,
    torch.bfloat16: 2**13,
    torch.float16: 2**13,
}
#: So many starts are kept for a way to call a function.
MOST_STARTS = 256

grad_enabled = torch.is_grad_enabled


def nowhere(*tensors: object) -> None:
    """The way that is none."""


#: A way, the guard of the tensors it is for, and whether they take gradients: what the guard tells
#: is the same while gradients are recorded and while they are not.
Known = tuple[Guard, Way, bool]
NOTHING: Known = (never, nowhere, False)


class Shortcut:
    """What leads from tensors like those seen before straight to the result.

    Args:
        prepare: makes the way for tensors like these, or gives None if there is none.
        recorded: what serves where a gradient is to be recorded.
        any_size: whether a way serves every tensor with as many dimensions.
    """

    def __init__(
        self,
        prepare: Callable[..., Way | None],
        recorded: Way = nowhere,
        any_size: bool = False,
    ) -> None:
        self._prepare, self._recorded, self._any_size = prepare, recorded, any_size
        self._known: dict[object, Known] = {}
        self._last: Known = NOTHING

    def way(self, *tensors: Tensor) -> Tensor | None:
        """The result, or None where anything is out of the ordinary: a trace to record, an engine
        to choose, tensors without memory."""
        for t in tensors:
            if (
                type(t) not in kernels.PLAIN or t.is_nested
            ):  # a guard of nested ones ends the process
                return None
        if state.slow or FORWARD[LEVEL] >= 0 or modes():
            return None
        fits, way, learned = self._last
        if not fits(*tensors) or (learned and grad_enabled()):
            if jit_tracing() or early_mode(0) is not None:
                return None
            if grad_enabled() and any(t.requires_grad for t in tensors):
                return self._recorded(*tensors)
            self._last = self._find(tensors)
            way = self._last[1]
        try:
            return way(*tensors)
        except RuntimeError:  # tensors without memory, as inside torch.func.vmap
            return None

    def _find(self, tensors: tuple[Tensor, ...]) -> Known:
        try:
            key = tuple([self._likeness(t) for t in tensors])
            return self._known.get(key) or self._first(key, tensors)
        except RuntimeError:  # tensors without strides
            return NOTHING

    def _likeness(self, t: Tensor) -> tuple[object, ...]:
        shape = t.dim() if self._any_size else (t.shape, t.stride())
        return t.dtype, shape, t.is_cpu, t.is_neg(), type(t), t.requires_grad

    def _first(self, key: object, tensors: tuple[Tensor, ...]) -> Known:
        try:
            way = self._prepare(*tensors) if kernels.serves(tensors) else None
        except EngineError:  # the long way says so
            return NOTHING
        if way is None:
            return NOTHING
        if len(self._known) >= MOST_STARTS:  # shapes that change in every step
            self._known.clear()
        learned = any(t.requires_grad for t in tensors)
        found = self._known[key] = guard(tensors, self._any_size), way, learned
        return found


def native_first(native: Callable[..., Tensor], numbers: Sequence[float], otherwise: Way) -> Way:
    """An operator of torch's with exactly the same values, for small tensors; it takes the numbers
    by position, which is 1 us shorter than by name."""

    def way(x: Tensor) -> Tensor | None:
        if (
            type(x) is Tensor
            and state.free
            and not (x.requires_grad and grad_enabled())
            and x.numel() <= NATIVE_UP_TO.get(x.dtype, 0)
        ):
            return native(x, *numbers)
        return otherwise(x)

    return way
