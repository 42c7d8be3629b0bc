"""``with ogive.intercept():`` - activation functions that code calls by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ogive.catalogue import Spec, until_added
from ogive.engine.selection import check_name as check_engine
from ogive.nn.recognise import KEPT, OUTPUT_KEPT, recognise
from ogive.nn.translate import is_recorded, translate
from ogive.ops import check_save
from ogive.torch_private import saved_tensors_hooks

#: Checkpointing calls again in backward, outside of the block, what it has called inside.
REPEATED = "hooks that were set inside of the block, as by checkpointing, pack what is kept"


class Intercepted:
    """What happened to the calls of a block.

    Attributes:
        taken: how often ogive computed each entry.
        skipped: how often a call stayed torch's, by entry and reason.
    """

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.skipped: Counter[tuple[str, str]] = Counter()

    def __repr__(self) -> str:
        skipped = "".join(f"; skipped {n} {x}: {why}" for (x, why), n in self.skipped.items())
        return f"<intercepted {dict(self.taken)}{skipped}>"


@dataclass(frozen=True)
class _Block:
    """A block that code is in: what its calls keep, what runs them, and what became of them."""

    save: str
    engine: str | None
    seen: Intercepted = field(default_factory=Intercepted)
    hooks: object | None = field(default_factory=lambda: saved_tensors_hooks(False))

    def call(self, function: Any, args: Any, kwargs: Any) -> Any:
        found = _recognised(function)
        if found.entry is None or found.reason:
            return function(*args, **kwargs)
        call = translate(found, args, kwargs, self.save, self.engine)
        if reason := call if isinstance(call, str) else self._why_torchs(found.entry, call.args[0]):
            self.seen.skipped[found.entry.name, reason] += 1
            return function(*args, **kwargs)
        self.seen.taken[found.entry.name] += 1
        return call()  # type: ignore[operator]

    def _why_torchs(self, entry: Spec, x: Tensor) -> str:
        """Why a call that could be ogive's is torch's all the same."""
        if saved_tensors_hooks(False) != self.hooks:
            return REPEATED
        torch_keeps = entry.name in OUTPUT_KEPT and self.save in ("input", "exact")
        return KEPT if torch_keeps and is_recorded(x) else ""


#: Remembered, as every call asks.
_recognised = until_added(recognise)
#: The innermost block of this thread or task.
_block: ContextVar[_Block | None] = ContextVar("_block", default=None)


class _Mode(TorchFunctionMode):
    """Hands torch's calls to the block of the context that makes them.

    torch keeps its modes by thread, and tasks take turns in one. So modes know nothing: it does not
    matter whose is on top, nor which one is taken off when a task leaves its block.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # a compiler writes the kernels itself, and need not see through this
        if torch.compiler.is_compiling() or (block := _block.get()) is None:
            return func(*args, **(kwargs or {}))
        token = _block.set(None)  # what the call itself calls is not taken
        try:
            return block.call(func, args, kwargs or {})
        finally:
            _block.reset(token)


@contextmanager
def intercept(save: str = "input", engine: str | None = None) -> Iterator[Intercepted]:
    """Inside the block torch's activation functions are computed by ogive, whoever calls them.

    ``F.gelu``, ``torch.tanh``, ``x.sigmoid()``, ``F.softmax(x, -1)`` and others like them, in code
    that cannot be changed, torch's own modules included. A call is taken only where it means the
    same to the last argument: in-place variants, ``out=``, a change of dtype, a missing ``dim``,
    tensors that are no plain dense ones of a floating dtype stay torch's, and so does what torch
    computes inside of one operator, such as attention, what it compiles, and what it is going to
    call again in backward, as checkpoints do. relu, sigmoid and tanh, of which torch keeps the
    result, are taken where they are not recorded. Backward may run outside of the block.

    It holds for the thread or the asynchronous task that entered it, and for no other. Blocks nest,
    the innermost one counts, and an exception leaves them in order.
    Every call of torch inside of the block passes through Python once more, a few microseconds
    each: where modules can be replaced, ``ogive.accelerate`` costs nothing.

    Args:
        save: what the calls keep for backward, as in ``ogive.accelerate``.
        engine: what runs the calls, forward and backward, as in ``ogive.accelerate``.

    Raises:
        ParameterError: for another ``save``.
        OgiveError: for another ``engine``.
        EngineError: for ``engine="cpu"`` where kernels cannot be compiled.

    Example:
        >>> import torch, ogive
        >>> x = torch.linspace(-2, 2, 5)
        >>> with ogive.intercept() as seen:
        ...     y = torch.nn.functional.gelu(x) + x.sigmoid() + x.clone().tanh_()
        >>> seen
        <intercepted {'gelu': 1, 'sigmoid': 1}>
    """
    check_save(save)
    if engine is not None:
        check_engine(engine)
    block = _Block(save, engine)
    token = _block.set(block)
    try:
        with _Mode():
            yield block.seen
    finally:
        _block.reset(token)
