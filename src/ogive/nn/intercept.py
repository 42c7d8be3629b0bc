"""``with ogive.intercept():`` - activation functions that code calls by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ogive.engine.selection import check as check_engine
from ogive.errors import ParameterError
from ogive.nn.calls import FUNCTIONS, Translated, translate
from ogive.ops import check_save


class Intercepted:
    """What happened to the calls of a block.

    Attributes:
        taken: how often ogive computed each entry.
        left: how often a call was left to torch, by entry and reason.
    """

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.left: Counter[tuple[str, str]] = Counter()

    def __repr__(self) -> str:
        left = "".join(f"; left {n} {name}: {why}" for (name, why), n in self.left.items())
        return f"<intercepted {dict(self.taken)}{left}>"


class _Mode(TorchFunctionMode):
    def __init__(self, seen: Intercepted, save: str, engine: str | None) -> None:
        super().__init__()
        self.seen, self.save, self.engine = seen, save, engine

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        # a compiler writes the kernels itself, and need not see through this
        signature = None if torch.compiler.is_compiling() else FUNCTIONS.get(func)
        if signature is None:
            return func(*args, **kwargs)
        found = translate(signature, args, kwargs, self.engine)
        if isinstance(found, Translated):
            self.seen.taken[signature.entry] += 1
            return _saving(found, self.save)
        self.seen.left[signature.entry, found] += 1
        return func(*args, **kwargs)


def _saving(call: Translated, save: str) -> Tensor:
    """The call; a mode that the activation does not have leaves it its input."""
    try:
        return call(save)
    except ParameterError:
        return call()


@contextmanager
def intercept(save: str = "input", engine: str | None = None) -> Iterator[Intercepted]:
    """Inside the block torch's activation functions are computed by ogive, whoever calls them.

    ``F.gelu``, ``torch.tanh``, ``x.sigmoid()``, ``F.softmax(x, -1)`` and others like them, in code
    that cannot be changed, torch's own modules included. A call is taken only where it means the
    same to the last argument: in-place variants, ``out=``, a change of dtype, a missing ``dim``,
    tensors that are no plain dense ones of a floating dtype stay torch's, and so does what torch
    computes inside of one operator, such as attention, and what it compiles. Derivatives are
    recorded as usual; backward may run outside of the block.

    It holds for the thread that entered it. Blocks nest, and an exception leaves them in order.
    Every call of torch inside of the block passes through Python once more, a few microseconds
    each: where modules can be replaced, ``ogive.accelerate`` costs nothing.

    Args:
        save: what the calls keep for backward, as in ``ogive.accelerate``. The default is the
            input, as code may overwrite a result that ``exact`` would keep in its place; backward
            says so then.
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
    seen = Intercepted()
    with _Mode(seen, save, engine):
        yield seen
