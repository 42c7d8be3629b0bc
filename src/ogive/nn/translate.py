"""Other libraries' activations as ogive's: modules, calls, and functions that a model holds.

A call is translated only where both mean the same to the last argument; else the reason is given,
and whoever asked makes the call as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ogive.catalogue import Spec
from ogive.errors import OgiveError, ParameterError
from ogive.nn.modules import ActivationModule, Softmax2d, module_class
from ogive.nn.recognise import OVERWRITES, Recognised, recognise, unbound
from ogive.ops import OPTIONS, ActivationFunction, owning

if TYPE_CHECKING:
    from ogive.certify.saving.mode import Mode


def translate(
    found: Recognised,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    engine: str | None = None,
) -> partial[Tensor] | str:
    """The call of ogive's for a call of a function that is recognised, or why there is none."""
    given = {**found.values, **dict(zip(("input", *found.arguments), args, strict=False)), **kwargs}
    given.pop("_stacklevel", None)
    x = given.pop("input", given.pop("self", None))
    if reason := _refusal(found, x, given):
        return reason
    for name in ("out", "dtype", "inplace"):
        given.pop(name, None)
    assert found.entry is not None
    return partial(function_of(found.entry, engine), x, **given)


def _refusal(found: Recognised, x: Any, given: Mapping[str, Any]) -> str:
    """Why ogive would not do the same; empty if it does."""
    if type(x) not in (Tensor, nn.Parameter) or x.layout is not torch.strided:
        return f"its input is no plain tensor but {type(x).__name__}"
    if not x.dtype.is_floating_point or x.dtype.itemsize < 2:  # 8 bits are for storage
        return f"its input is {x.dtype}"
    if given.get("inplace"):
        return OVERWRITES
    if given.get("out") is not None:
        return "it writes to out="
    if given.get("dtype", x.dtype) not in (None, x.dtype):
        return f"it converts to {given['dtype']}"
    if "dim" in found.arguments and not isinstance(given.get("dim"), int):
        return "its dim is left for torch to guess"
    unknown = given.keys() - {*found.arguments, "out"}
    return f"it has the arguments {', '.join(sorted(unknown))}" if unknown else ""


@lru_cache(maxsize=256)
def function_of(entry: Spec, engine: str | None = None) -> ActivationFunction:
    """The function of an entry, one for all who call it with an engine."""
    return owning(ActivationFunction(entry), engine)


def save_argument(
    function: ActivationFunction, save: str, arguments: Mapping[str, Any]
) -> dict[str, str]:
    """The argument of a call that says what is saved; a mode that the activation does not have
    leaves it its input."""
    if save == "input" or "save" not in OPTIONS[function.kind]:
        return {}
    try:
        function.mode(save, **arguments)
    except ParameterError:
        return {}
    return {"save": save}


def equivalent(
    module: nn.Module, save: str = "input", engine: str | None = None
) -> ActivationModule:
    """A new module of ogive's that computes what a known one does.

    Args:
        save: what it keeps for backward, where the activation has such a mode; else its input.
        engine: what runs it whatever is set; None leaves that to the setting.

    Raises:
        OgiveError: where there is none, with the reason.

    Example:
        >>> equivalent(nn.LeakyReLU(0.2))
        LeakyReLU(negative_slope=0.2)
    """
    found = recognise(module)
    if found.entry is None or found.reason:
        known = f"{type(module).__name__} is no activation of a class that is known"
        raise OgiveError(found.reason or known)
    values = dict(found.values)
    function = ActivationFunction(ActivationFunction(found.entry).variant(values))
    if function.name == "prelu":
        made = module_class(function)(values["weight"].numel())
        made.register_parameter("weight", values["weight"])
    elif isinstance(module, nn.Softmax2d):
        made = Softmax2d()
    else:
        made = module_class(function)(**values, **save_argument(function, save, values))
    made.run_on(engine)
    return made


def called(function: Any) -> str:
    """What a function is called, with what is bound to it."""
    inner, bound = unbound(function)
    name = getattr(inner, "__name__", type(inner).__name__)
    return ", ".join([name, *(f"{k}={v!r}" for k, v in bound.items())])


class HeldFunction:
    """A function held by a model, such as ``self.act = F.gelu``, computed by ogive where it can.

    While a model is being compiled it is the original: the compiler writes the kernel anyway.
    """

    def __init__(
        self, original: Callable[..., Any], save: str = "input", engine: str | None = None
    ) -> None:
        self.original, self.save, self.engine = original, save, engine
        self.recognised = recognise(original)
        assert self.recognised.entry is not None
        self.function = function_of(self.recognised.entry, engine)
        self.saving = save_argument(self.function, save, self._numbers())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not torch.compiler.is_compiling():
            call = translate(self.recognised, args, kwargs, self.engine)
            if not isinstance(call, str):
                return call(**self.saving)
        return self.original(*args, **kwargs)

    def saved(self, dtype: torch.dtype) -> Mode | None:
        """What is kept for backward of inputs of a dtype; None is the input."""
        if not self.saving:
            return None
        return self.function.mode(dtype=dtype, **self.saving, **self._numbers())

    def _numbers(self) -> dict[str, Any]:
        """The parameters and variants that every call has."""
        return {n: v for n, v in self.recognised.values.items() if n not in ("inplace", "dim")}

    def __repr__(self) -> str:
        engine = {} if self.engine is None else {"engine": self.engine}
        shown = {**unbound(self.original)[1], **engine}
        return f"<ogive {self.function.name}{''.join(f', {k}={v!r}' for k, v in shown.items())}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.original, self.save, self.engine)
