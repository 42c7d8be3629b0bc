"""Which engine serves a call, and who wants to know.

Every engine is a row of ``KERNELS``: a module with ``DEVICES``, the types of those that it has
kernels for, ``serves(tensors)``, ``prepare(call, tensors)`` and ``check()``. The eager engine
serves what is left.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import Tensor

from ogive.engine import cpu, eager, triton
from ogive.engine.call import Call, RowCall, TooLong, check_memory
from ogive.errors import EngineError, EngineWarning, OgiveError, among, briefly, nearest
from ogive.torch_private import early_mode, jit_tracing, tracer_active

#: The engines that serve some tensors, the preferred ones first; eager serves the rest.
KERNELS = {"cpu": cpu, "triton": triton}
NAMES = ("auto", *KERNELS, "eager")

_Result = TypeVar("_Result")
#: The engine of the function that is being called, if it has one of its own.
own: ContextVar[str | None] = ContextVar("own", default=None)


@dataclass(frozen=True)
class Served:
    """A program that was run: by which engine, and why by that one."""

    program: str
    engine: str
    reason: str


def _initial() -> str:
    name = os.environ.get("OGIVE_ENGINE", "auto")
    if name not in NAMES:
        raise OgiveError(f"OGIVE_ENGINE is {name!r}; it can be {', '.join(NAMES)}")
    return name


class _State:
    """What is set for the process."""

    def __init__(self) -> None:
        self.engine = _initial()
        self.log: list[Served] | None = None
        #: by engine why its kernels cannot be had, once that is known
        self.broken: dict[str, str] = {}
        self.change()

    def change(self, **values: Any) -> None:
        """Sets what is given, and from it what a call may do on its own."""
        self.__dict__.update(values)
        chosen = self.engine == "eager" or (self.engine == "triton" and triton.interpreting())
        #: an engine is to be chosen, or the choice to be told, at every call
        self.slow = chosen or self.log is not None or bool(self.broken)
        #: any operator will do that gives the same values
        self.free = self.engine == "auto" and self.log is None


state = _State()


class engine:  # noqa: N801 - used like a function, as torch.no_grad is
    """Sets the engine that runs activations, for good or for a ``with`` block.

    Args:
        name: ``"eager"`` runs torch operators, ``"cpu"`` and ``"triton"`` fused kernels wherever
            the tensors allow it, those of the processor or of a GPU first; ``"auto"`` (the default)
            does so too, but takes an operator of torch's with the same values for small tensors.
            With ``TRITON_INTERPRET=1`` in the environment ``"triton"`` serves tensors in the CPU's
            memory, slowly. ``OGIVE_ENGINE`` in the environment sets what a process starts with.

    Raises:
        OgiveError: for another name.
        EngineError: for ``"cpu"`` where kernels cannot be compiled, and for ``"triton"`` where
            there is no GPU and no interpreter was asked for.

    Example:
        >>> import ogive, torch
        >>> with ogive.engine("eager"):
        ...     y = ogive.get("mish")(torch.ones(3))
    """

    def __init__(self, name: str) -> None:
        check_name(name)
        self._before = state.engine
        state.change(engine=name)

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        state.change(engine=self._before)


def check_name(name: str) -> None:
    """Raises an OgiveError unless there is an engine of that name, and an EngineError if it has to
    compile kernels and cannot."""
    if not among(name, NAMES):
        near = nearest(name, NAMES)
        raise OgiveError(f"there is no engine {briefly(name)}; there are {', '.join(NAMES)}{near}")
    if name in KERNELS:
        KERNELS[name].check()


def within(name: str | None, run: Callable[..., _Result]) -> Callable[..., _Result]:
    """The same as the work of a function with an engine of its own; None is no such engine."""
    if name is None:
        return run

    def owned(*args: Any, **kwargs: Any) -> _Result:
        token = own.set(name)
        try:
            return run(*args, **kwargs)
        finally:
            own.reset(token)

    return owned


@contextmanager
def served() -> Iterator[list[Served]]:
    """Lists which engine serves each call in the block, forward and backward.

    Example:
        >>> import ogive, torch
        >>> with ogive.engine("eager"), ogive.served() as calls:
        ...     y = ogive.get("mish")(torch.ones(3))
        >>> calls
        [Served(program='mish', engine='eager', reason='set')]
    """
    before, calls = state.log, list[Served]()
    state.change(log=calls)
    try:
        yield calls
    finally:
        state.change(log=before)


@contextmanager
def unlisted() -> Iterator[None]:
    """Lists no call meanwhile: for those of ogive's own, which nobody asked for."""
    before = state.log
    state.change(log=None)
    try:
        yield
    finally:
        state.change(log=before)


def note(label: str, reason: str, engine: str = "eager") -> None:
    """Lists a call that was served, if anybody asks."""
    if state.log is not None:
        state.log.append(Served(label, engine, reason))


def compute(call: Call | RowCall, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The call's results from the engine that is chosen for these tensors, listed if asked for."""
    name, reason = choose(call.numbers(tensors), call.engine)
    if name != "triton":
        call, tensors = _drawn(call, tensors)
    results = None
    if name in KERNELS:
        try:
            results = KERNELS[name].prepare(call, tensors).run(*tensors)
        except TooLong as error:
            name, reason = "eager", str(error)
        except EngineError as error:
            name, reason = "eager", give_up(error, name, call.engine)
    if results is None:
        call, tensors = _drawn(call, tensors)
        check_memory(tensors)
        results = eager.run(call, tensors)
    note(call.label, reason, name)
    return results if isinstance(results, tuple) else (results,)


def _drawn(
    call: Call | RowCall, tensors: Sequence[Tensor]
) -> tuple[Call | RowCall, Sequence[Tensor]]:
    """The call with noise in the place of seeds, which only some kernels take."""
    return call.with_noise(tensors) if call.seeded else (call, tensors)


def wanted(engine: str | None) -> str:
    """The engine that a call has of its own, or else the one that is set."""
    return engine or state.engine


def choose(inputs: Sequence[Tensor], engine: str | None) -> tuple[str, str]:
    """The engine for these tensors, and why."""
    if wanted(engine) == "eager":
        return "eager", "set"
    if traced():
        return "eager", "the call is being traced"
    name = serving(inputs, engine)
    if name in state.broken and wanted(engine) not in KERNELS:
        return "eager", state.broken[name]
    if name is not None:
        return name, "fused kernel"
    return "eager", "kernels need dense tensors of floating numbers, in the memory of one device"


def serving(inputs: Sequence[Tensor], engine: str | None = None) -> str | None:
    """The first engine with kernels for these tensors, that which is asked for before others."""
    first = KERNELS.get(wanted(engine))
    if first is not None and first.serves(inputs):
        return wanted(engine)
    return next((name for name, row in KERNELS.items() if row.serves(inputs)), None)


def without_kernels(x: Tensor, engine: str | None = None) -> bool:
    """Whether no engine has kernels for the device of a tensor, where the eager engine was not
    asked for."""
    if wanted(engine) == "eager":
        return False
    device = x.device.type
    return not any(
        device in row.DEVICES for name, row in KERNELS.items() if name not in state.broken
    )


def traced() -> bool:
    """Whether a trace is being recorded, which must see torch's operators."""
    return recording() or tracer_active()


def recording() -> bool:
    """Whether torch.jit, or a tracer that works before autograd, records the call."""
    return jit_tracing() or early_mode(0) is not None


def give_up(error: EngineError, name: str, engine: str | None) -> str:
    """Remembers that an engine has no kernels, and says so once."""
    if wanted(engine) in KERNELS:
        raise error
    state.change(broken={**state.broken, name: str(error)})
    warnings.warn(
        f"activations run as torch operators, slowly: {error}", EngineWarning, stacklevel=2
    )
    return str(error)
