"""Modules whose forward is ogive's, and that stay what they are otherwise.

The class of a module becomes a subclass of its own: attributes, hooks, parameters, names, identity
and ``isinstance`` are what they were, and giving the class back undoes it. A call that ogive does
not serve is one of the module's own forward; so are all calls while a trace or export is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.compiler import is_dynamo_compiling, is_exporting

from ogive.engine.selection import without_kernels
from ogive.errors import InputError, OgiveError, ParameterError
from ogive.torch_private import is_functional, jit_tracing

#: Under this name a module keeps its forward, a function of module and input; one that gives
#: ``NotImplemented`` leaves the call to the module's own.
GIVEN_FORWARD = "_accelerated"
PLAIN_TENSORS = (Tensor, nn.Parameter)
_DTYPES = {torch.float32, torch.bfloat16, torch.float16, torch.float64}


def why_torchs(x: Any) -> str:
    """Why a call of something stays torch's; empty for a tensor of no library's own class, with
    numbers of a floating dtype in strided memory, of which autocast is not to choose another."""
    if type(x) not in PLAIN_TENSORS or x.layout is not torch.strided or x.is_nested:
        return f"its input is no plain tensor but {type(x).__name__}"
    if x.dtype not in _DTYPES:
        return f"its input is {x.dtype}"
    if is_dynamo_compiling():  # which shows it as a plain tensor, and knows no private functions
        # before torch 2.13 dynamo always says yes, so that compiled modules there are torch's own
        return "an exporter writes down torch's operators" if is_exporting() else ""
    if jit_tracing():
        return "torch.jit writes down torch's operators"
    if is_functional(x):
        return "it is functionalized"
    if without_kernels(x):
        return f"there are no kernels for {x.device.type}"
    chosen = not x.is_cpu and torch.is_autocast_enabled(x.device.type)
    return "autocast chooses its dtype" if chosen else ""


class Accelerated:
    """Marks a module whose forward is ogive's."""

    original: ClassVar[type[nn.Module]]

    def _get_name(self) -> str:
        return f"Accelerated{self.original.__name__}"

    def extra_repr(self) -> str:
        """That of the module, and the engine it was given."""
        module: Any = self
        engine = vars(self)[GIVEN_FORWARD].engine
        said = [self.original.extra_repr(module), f"{engine=}" if engine is not None else ""]
        return ", ".join(filter(None, said))

    def __prepare_scriptable__(self) -> Any:
        raise OgiveError(
            f"torch.jit.script cannot read the code of {self._get_name()}: call "
            f"ogive.restore(model) before"
        )

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _empty, (self.original,), *super().__reduce_ex__(2)[2:]


def _empty(original: Any) -> nn.Module:
    cls = _accelerated_class(original)
    return cls.__new__(cls)


@lru_cache(maxsize=256)
def _accelerated_class(original: Any) -> type[nn.Module]:
    @wraps(original.forward)
    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and not why_torchs(args[0]):
            try:
                result = vars(self)[GIVEN_FORWARD](self, args[0])
            except (InputError, ParameterError):  # the module's own says what is wrong in its words
                result = NotImplemented
            if result is not NotImplemented:
                return result
        return original.forward(self, *args, **kwargs)

    members = {"forward": forward, "original": original}
    members |= {n: getattr(original, n) for n in ("__module__", "__qualname__", "__doc__")}
    return type(original.__name__, (Accelerated, original), members)


def give_forward(module: nn.Module, forward: Callable[[Any, Tensor], Any]) -> None:
    """Gives a module a forward; everything else of it stays."""
    vars(module)[GIVEN_FORWARD] = forward
    cls: Any = type(module)
    module.__class__ = _accelerated_class(cls)


def give_back(module: Any) -> None:
    """Gives a module its own forward back.

    Raises:
        OgiveError: if something, such as fully_shard, has changed its class since.
    """
    if "original" not in vars(type(module)):
        raise OgiveError(
            f"{type(module).__name__} has been given another class after it was accelerated; "
            f"restore the model before that is done"
        )
    del vars(module)[GIVEN_FORWARD]
    module.__class__ = module.original


def own_class(module: Any) -> type[Any]:
    """The class of a module apart from its forward being ogive's."""
    return module.original if isinstance(module, Accelerated) else type(module)
