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
from torch.compiler import is_dynamo_compiling

from ogive.catalogue import Spec
from ogive.errors import InputError, OgiveError, ParameterError
from ogive.nn.accelerated import PLAIN_TENSORS
from ogive.nn.modules import ActivationModule, Softmax2d, module_class
from ogive.nn.recognise import OVERWRITES, Recognised, recognise, unbound
from ogive.ops import OPTIONS, ActivationFunction, owning, presetting
from ogive.torch_private import is_functional, is_view, jit_tracing

if TYPE_CHECKING:
    from ogive.certify.saving.mode import Mode


#: Of these torch's result is contiguous, whatever the input is; ogive's is laid out as the input.
CONTIGUOUS = ("logsigmoid",)


def translate(
    found: Recognised, args: Sequence[Any], kwargs: Mapping[str, Any], engine: str | None = None
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
    if found.frees_input and is_recorded(x):
        x = x.clone()
    return partial(function_of(found.entry, engine), x, **given)


def is_recorded(x: Tensor) -> bool:
    """Whether autograd keeps something for a call of x."""
    return x.requires_grad and torch.is_grad_enabled()


def _refusal(found: Recognised, x: Any, given: Mapping[str, Any]) -> str:
    """Why ogive would not do the same; empty if it does."""
    if jit_tracing():
        return "torch.jit writes down torch's operators"
    if type(x) not in PLAIN_TENSORS or x.layout is not torch.strided:
        return f"its input is no plain tensor but {type(x).__name__}"
    if not x.dtype.is_floating_point or x.dtype.itemsize < 2:  # 8 bits are for storage
        return f"its input is {x.dtype}"
    if given.get("inplace"):
        return OVERWRITES
    if given.get("out") is not None:
        return "it writes to out="
    if given.get("dtype", x.dtype) not in (None, x.dtype):
        return f"it converts to {given['dtype']}"
    if is_functional(x):
        return "it is functionalized"
    if not x.is_cpu and torch.is_autocast_enabled(x.device.type):
        return "autocast chooses its dtype"
    if found.entry is not None and found.entry.name in CONTIGUOUS and not x.is_contiguous():
        return "torch lays its result out in another way"
    if any(type(v) is float and repr(v) == "-0.0" for v in given.values()):
        return "ogive takes -0.0 for 0.0"
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
        mode = function.mode(save, **arguments)
    except ParameterError:
        return {}
    return {} if mode is None and save == "exact" else {"save": save}


def equivalent(module: nn.Module) -> ActivationModule:
    """A new module of ogive's that computes what a known one does.

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
        return made
    return Softmax2d() if isinstance(module, nn.Softmax2d) else module_class(function)(**values)


class SameActivation:
    """The forward of a module that is a known activation: ogive's, with the values that the
    module's attributes have when it is called. It raises an OgiveError where there is none."""

    def __init__(self, module: nn.Module, found: Recognised, save: str, engine: str | None) -> None:
        self.save, self.engine = save, engine
        learned = [n for n, v in found.values.items() if isinstance(v, nn.Parameter)]
        self._learned = [found.attributes[n] for n in learned]
        fixed = [a for n, a in found.attributes.items() if n not in learned]
        self._read = [*fixed, *found.constants]
        self._seen = [getattr(module, name) for name in self._read]
        #: 0.0 is -0.0, but not what it makes
        self._signed = any(type(v) is float and v == 0 for v in self._seen[: len(fixed)])
        self._function = self._prepared(found)

    def __call__(self, module: Any, x: Tensor) -> Any:
        values = [getattr(module, name) for name in self._read]
        if values != self._seen or (self._signed and repr(values) != repr(self._seen)):
            if is_dynamo_compiling():  # it would read all that recognises a module
                return NotImplemented
            self._function = self._prepared(recognise(module))
            self._seen = values
        if self._inplace and (is_dynamo_compiling() or is_view(x)):
            return NotImplemented  # torch keeps its own account of views
        if self._contiguous and not x.is_contiguous():
            return NotImplemented
        if self._copies and is_recorded(x):
            x = x.clone()
        if not self._learned:
            return self._function(x)
        (weight,) = (getattr(module, name) for name in self._learned)
        channels = weight.numel()
        fits = x.dim() and (channels == 1 or x.shape[1:2] == (channels,))
        if not fits or type(weight) not in PLAIN_TENSORS or weight.dtype is not x.dtype:
            return NotImplemented
        if channels > 1 and x.dim() > 2:
            weight = weight.view(-1, *[1] * (x.dim() - 2))
        return self._function(x, weight=weight)

    def _prepared(self, found: Recognised) -> ActivationFunction:
        if found.entry is None or found.reason:
            raise InputError(found.reason or "it is no activation any more")
        function = function_of(found.entry, self.engine)
        given = {n: v for n, v in found.values.items() if not isinstance(v, nn.Parameter)}
        saving = save_argument(function, self.save, found.values)
        self._copies = found.frees_input and not saving
        self._contiguous = found.entry.name in CONTIGUOUS
        self._inplace = bool(given.get("inplace"))
        given |= saving
        function.given(given)  # what is out of its range is refused now
        if any(repr(v) == "-0.0" for v in given.values()):
            raise InputError("one of its values is -0.0, which ogive takes for 0.0")
        return presetting(function, tuple(given.items()))

    def saved(self, dtype: torch.dtype) -> Mode | None:
        """What is kept for backward of inputs of a dtype; None is the input."""
        save = "input" if self._learned else self._function.preset.get("save", "input")
        return self._function.mode(save, dtype)


def called(function: Any) -> str:
    """What a function is called, with what is bound to it; of a module its class."""
    inner, bound = unbound(function)
    name = getattr(inner, "__name__", type(inner).__name__)
    return ", ".join([name, *(f"{k}={v!r}" for k, v in bound.items())])


class HeldFunction:
    """A function held by a model, such as ``self.act = F.gelu``, computed by ogive where it can.

    While a model is being compiled it is the original: the compiler writes the kernel anyway. It
    has the original's attributes, and is equal to it.
    """

    def __init__(
        self, original: Callable[..., Any], found: Recognised, save: str, engine: str | None
    ) -> None:
        assert found.entry is not None
        self.original, self.recognised, self.save, self.engine = original, found, save, engine
        self.function = function_of(found.entry, engine)
        self._numbers = {n: v for n, v in found.values.items() if n not in ("inplace", "dim")}
        self._saving = save_argument(self.function, save, self._numbers)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not torch.compiler.is_compiling():
            call = translate(self.recognised, args, kwargs, self.engine)
            if not isinstance(call, str):
                if len(args) == 1 and not kwargs:
                    return call(**self._saving)
                return call(**save_argument(self.function, self.save, call.keywords))
        return self.original(*args, **kwargs)

    def saved(self, dtype: torch.dtype) -> Mode | None:
        """What is kept for backward of inputs of a dtype; None is the input."""
        return self.function.mode(self._saving.get("save", "input"), dtype, **self._numbers)

    def __getattr__(self, name: str) -> Any:
        if name == "original":  # while it is being copied, there is none
            raise AttributeError(name)
        return getattr(self.original, name)

    def __eq__(self, other: object) -> bool:
        return bool(self.original == getattr(other, "original", other))

    def __hash__(self) -> int:
        return hash(self.original)

    def __repr__(self) -> str:
        engine = "" if self.engine is None else f", engine={self.engine!r}"
        return f"<ogive {called(self.original)}{engine}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _held, (self.original, self.save, self.engine)


def _held(original: Callable[..., Any], save: str, engine: str | None) -> HeldFunction:
    return HeldFunction(original, recognise(original), save, engine)
