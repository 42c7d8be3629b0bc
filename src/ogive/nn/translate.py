"""Other libraries' activations as ogive's: modules, calls, and functions that a model holds.

A call is translated only where both mean the same to the last argument; else the reason is given,
and whoever asked makes the call as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.compiler import is_dynamo_compiling

from ogive.catalogue import Spec
from ogive.errors import InputError, OgiveError, ParameterError
from ogive.nn.accelerated import PLAIN_TENSORS, why_torchs
from ogive.nn.modules import ActivationModule, Softmax2d, module_class
from ogive.nn.recognise import OVERWRITES, Recognised, recognise, unbound
from ogive.ops import OPTIONS, ActivationFunction, owning, presetting
from ogive.torch_private import is_view

if TYPE_CHECKING:
    from ogive.certify.saving.mode import Mode


#: Of these torch's result is contiguous, whatever the input is; ogive's is laid out as that.
CONTIGUOUS = ("logsigmoid",)


#: Values that torch refuses where the first is the larger.
ASCENDING = {"hardtanh": ("min_val", "max_val")}


@dataclass(frozen=True)
class Translation:
    """How ogive makes calls of something that is recognised: by a function that has the values
    that are known before a call, and what it saves."""

    function: ActivationFunction
    copies: bool  # what autograd keeps, so that the input may be overwritten
    contiguous: bool

    def __call__(self, x: Tensor, **more: Tensor) -> Tensor:
        if self.contiguous:
            x = x.contiguous()
        result: Tensor = self.function(x.clone() if self.copies and is_recorded(x) else x, **more)
        return result

    def saved(self, dtype: torch.dtype) -> Mode | None:
        """What is kept for backward of inputs of a dtype; None is the input."""
        return self.function.mode(self.function.preset.get("save", "input"), dtype)


def translation(
    found: Recognised, values: Mapping[str, Any], save: str, engine: str | None
) -> Translation:
    """How ogive makes calls with these values, of which tensors are given in each call.

    Raises:
        OgiveError: where it makes none.
    """
    if found.entry is None or found.reason:
        raise InputError(found.reason or "it is no activation any more")
    known = tuple((n, v) for n, v in values.items() if not isinstance(v, Tensor))
    if any(v == 0 and repr(v) == "-0.0" for _, v in known):
        raise InputError("one of its values is -0.0, which ogive takes for 0.0")
    low, high = (values.get(n, 0) for n in ASCENDING.get(found.entry.name, ("", "")))
    if low > high:
        raise InputError("torch refuses a minimum above the maximum")
    save = save if len(known) == len(values) else "input"
    return _prepared(found.entry, found.frees_input, known, save, engine)


@lru_cache(maxsize=1024, typed=True)
def _prepared(
    entry: Spec, frees_input: bool, values: tuple[tuple[str, Any], ...], save: str, engine: Any
) -> Translation:
    function, given = owning(ActivationFunction(entry), engine), dict(values)
    # exact keeps the input of small tensors; a mode by name never does
    by_name = "mask" if frees_input and save == "exact" else save
    saving = save_argument(function, by_name, given)
    made = presetting(function, tuple((given | saving).items()))
    made.given({})  # what is out of its range is refused now
    return Translation(made, frees_input and not saving, entry.name in CONTIGUOUS)


def translate(
    found: Recognised, args: Sequence[Any], kwargs: Mapping[str, Any], save: str, engine: str | None
) -> partial[Tensor] | str:
    """The call of ogive's for a call of a function that is recognised, or why there is none."""
    given = {**found.values, **dict(zip(("input", *found.arguments), args, strict=False)), **kwargs}
    given.pop("_stacklevel", None)
    x = given.pop("input", given.pop("self", None))
    if reason := why_torchs(x) or _refusal(found, x, given):
        return reason
    values = {n: v for n, v in given.items() if n not in ("out", "dtype", "inplace")}
    try:
        made = translation(found, values, save, engine)
    except (OgiveError, TypeError) as error:  # a value that torch takes, or refuses in its words
        return str(error)
    return partial(made, x, **{n: v for n, v in values.items() if isinstance(v, Tensor)})


def is_recorded(x: Tensor) -> bool:
    """Whether autograd keeps something for a call of x."""
    return x.requires_grad and torch.is_grad_enabled()


def _refusal(found: Recognised, x: Tensor, given: Mapping[str, Any]) -> str:
    """Why ogive would not do the same; empty if it does."""
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
        self._made = translation(found, found.values, save, engine)

    def __call__(self, module: Any, x: Tensor) -> Any:
        values = [getattr(module, name) for name in self._read]
        if values != self._seen or (self._signed and repr(values) != repr(self._seen)):
            if is_dynamo_compiling():  # it would read all that recognises a module
                return NotImplemented
            if any(isinstance(v, Tensor) for v in values):
                return NotImplemented
            found = recognise(module)
            self._made = translation(found, found.values, self.save, self.engine)
            self._seen = values
        inplace = self._made.function.preset.get("inplace")
        if inplace and (is_dynamo_compiling() or is_view(x)):
            return NotImplemented  # torch keeps its own account of views
        if not self._learned:
            return self._made(x)
        (weight,) = (getattr(module, name) for name in self._learned)
        channels = weight.numel()
        fits = x.dim() and (channels == 1 or x.shape[1:2] == (channels,))
        if not fits or type(weight) not in PLAIN_TENSORS or weight.dtype is not x.dtype:
            return NotImplemented
        if channels > 1 and x.dim() > 2:
            weight = weight.view(-1, *[1] * (x.dim() - 2))
        return self._made(x, weight=weight)

    def saved(self, dtype: torch.dtype) -> Mode | None:
        """What is kept for backward of inputs of a dtype; None is the input."""
        return self._made.saved(dtype)


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
        self.original, self.recognised, self.save, self.engine = original, found, save, engine

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not torch.compiler.is_compiling():
            call = translate(self.recognised, args, kwargs, self.save, self.engine)
            if not isinstance(call, str):
                return call()
        return self.original(*args, **kwargs)

    def saved(self, dtype: torch.dtype) -> Mode | None:
        """What is kept for backward of inputs of a dtype; None is the input."""
        known = {n: v for n, v in self.recognised.values.items() if n != "dim" or v is not None}
        return translation(self.recognised, known, self.save, self.engine).saved(dtype)

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
