"""The one table of prepared calls: from tensors straight to what runs on them.

torch takes 1 us for an operator on a small tensor, as long as twenty lines of Python. So whatever
follows from a call's arguments, and from what its tensors are like, is worked out once: an engine
prepares the call, and a guard of torch's tells whether the next tensors are like those.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ogive.engine.call import PLAIN, NoMemory, in_storage, nbytes, storage
from ogive.engine.guards import Guard, guard, never
from ogive.engine.selection import KERNELS, recording, serving, state
from ogive.errors import EngineError
from ogive.ops.native import Native
from ogive.torch_private import FORWARD, FORWARD_AD_LEVEL, modes, transforms_active

#: So many prepared calls are kept for one function and one set of arguments, or for one plan.
MOST_PREPARED = 256

grad_enabled = torch.is_grad_enabled


class Prepared(NamedTuple):
    """A row of the table.

    Attributes:
        fits: whether tensors are like those it was made for, in the same surroundings.
        contiguous: whether it is for contiguous tensors of one shape, of any size; the guard does
            not ask for that.
        differentiable: whether some of them take gradients.
        run: gives the result.
        record: gives the result, recorded by autograd.
    """

    fits: Guard
    contiguous: bool
    differentiable: bool
    run: Callable[..., Any]
    record: Callable[..., Any]


def _nothing(*tensors: object) -> None:
    return None


NOTHING = Prepared(never, False, False, _nothing, _nothing)


def _plain(row: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    """A row as Python unpacks it in 0.05 us; a named one takes it 0.15."""
    return None if row is None else (*row,)


class Dispatch:
    """The prepared calls of one function with the same arguments, or of one plan.

    Args:
        plan: the differentiable plan for tensors like these, or None where a call has none.
    """

    __slots__ = ("_last", "_plan", "_table")

    def __init__(self, plan: Callable[..., Any]) -> None:
        self._plan = plan
        self._table: dict[object, Prepared] = {}
        self._last: tuple[Any, ...] = (*NOTHING,)

    def __call__(self, *tensors: Any) -> Any:
        """The result, or None where anything is out of the ordinary: an engine to choose, a trace
        to record, somebody who watches, tensors that are not plain."""
        for t in tensors:
            if type(t) not in PLAIN or t.is_nested:  # a guard of nested ones ends the process
                return None
        if state.slow or FORWARD[FORWARD_AD_LEVEL] >= 0 or modes():
            return None
        fits, contiguous, differentiable, run, record = self._last
        if not fits(*tensors) or (contiguous and not _alike(tensors)):
            self._last = (*self._find(tensors),)
            _, _, differentiable, run, record = self._last
        try:
            return record(*tensors) if differentiable and grad_enabled() else run(*tensors)
        except NoMemory:  # the general call says what is wrong with the tensor
            return None

    def _find(self, tensors: tuple[Tensor, ...]) -> Prepared:
        """The row for tensors like these, a new one if there is none."""
        if recording() or transforms_active() or serving(tensors) is None:
            return NOTHING
        exact = tuple([(*_kind(t), t.shape, t.stride()) for t in tensors])
        any_size = tuple([(*_kind(t), t.dim()) for t in tensors]) if _alike(tensors) else None
        known = self._table.get(any_size) or self._table.get(exact)
        if known is not None:
            return known
        found = self._prepare(tensors)
        if found is not NOTHING:
            if len(self._table) >= MOST_PREPARED:  # shapes that change in every step
                self._table.clear()
            self._table[any_size if found.contiguous else exact] = found
        return found

    def _prepare(self, tensors: tuple[Tensor, ...]) -> Prepared:
        plan = self._plan(*tensors)
        if plan is None or plan.engine == "eager":
            return NOTHING
        engine = serving(tensors, plan.engine)
        assert engine is not None
        try:
            run, contiguous = KERNELS[engine].prepare(plan, tensors)
        except EngineError:  # the general call says so
            return NOTHING
        differentiable = any(t.requires_grad for t in tensors)
        fits, record = guard(tensors, contiguous), plan.recorder(run)
        return Prepared(fits, contiguous, differentiable, run, record)


def native_first(
    natives: Callable[[torch.dtype], Native | None], otherwise: Callable[..., Any]
) -> Callable[..., Any]:
    """torch's own operator for small tensors, before anything else is asked: it knows itself what
    is to be recorded or traced.

    Args:
        natives: the operator for a dtype.
    """
    by_dtype: dict[torch.dtype, tuple[Any, ...] | None] = {}

    def serve(x: Any) -> Any:
        if type(x) is Tensor and state.free and not modes():
            try:
                native = by_dtype[x.dtype]
            except KeyError:
                native = by_dtype[x.dtype] = _plain(natives(x.dtype))
            if native is not None:
                forward, numbers, limit, recorded_limit, _ = native
                if recorded_limit != limit and (  # of few operators: what follows takes 0.1 us
                    FORWARD[FORWARD_AD_LEVEL] >= 0 or (x.requires_grad and grad_enabled())
                ):
                    limit = recorded_limit
                try:
                    size = x.nbytes
                    # a GPU's memory is the limit of torch's operator, too
                    short = size <= limit or (limit >= 0 and not x.is_cpu)
                    serves = short and (nbytes(storage(x)) == size or in_storage(x))
                except RuntimeError:  # without a storage: inside a transform, or not dense
                    serves = transforms_active()
                if serves:
                    try:
                        return forward(x, *numbers) if numbers else forward(x)
                    except NotImplementedError:  # for a nested tensor: the general call says so
                        pass
        return otherwise(x)

    return serve


def _kind(t: Tensor) -> tuple[object, ...]:
    """What is the same for all tensors that one row serves, beside their size."""
    return type(t), t.dtype, t.device, t.requires_grad


def _alike(tensors: Sequence[Tensor]) -> bool:
    """Whether all are contiguous and of one shape."""
    if len(tensors) == 1:
        return tensors[0].is_contiguous()
    shape = tensors[0].shape
    for t in tensors:  # noqa: SIM110 - all() takes 0.4 us longer
        if not t.is_contiguous() or t.shape != shape:
            return False
    return True
