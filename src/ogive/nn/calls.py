"""Calls of activation functions as torch has them, and the same calls of ogive's.

A call is translated only where both mean the same to the last argument; else the reason is given,
and whoever asked makes the call as it was.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from ogive.catalogue import resolve
from ogive.nn.known import known_function
from ogive.ops import OPTIONS, ActivationFunction, owning
from ogive.torch_private import OPERATORS

if TYPE_CHECKING:
    from ogive.certify.saving.mode import Mode

DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)
#: Arguments after the input, in torch's order, by entry; functions that order them otherwise below.
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "relu": ("inplace",), "relu6": ("inplace",), "silu": ("inplace",), "mish": ("inplace",),
    "hardswish": ("inplace",), "hardsigmoid": ("inplace",), "selu": ("inplace",),
    "elu": ("alpha", "inplace"), "celu": ("alpha", "inplace"), "gelu": ("approximate",),
    "leaky_relu": ("negative_slope", "inplace"), "hardtanh": ("min_val", "max_val", "inplace"),
    "threshold": ("threshold", "value", "inplace"), "softplus": ("beta", "threshold"),
    "hardshrink": ("lambd",), "softshrink": ("lambd",), "sigmoid": (), "tanh": (),
    "logsigmoid": (), "softsign": (), "tanhshrink": (), "glu": ("dim",),
    "softmax": ("dim", "dtype"), "log_softmax": ("dim", "dtype"), "softmin": ("dim", "dtype"),
}  # fmt: skip
#: Defaults of torch that are not the entry's.
DEFAULTS: dict[str, dict[str, Any]] = {"softplus": {"threshold": 20.0}}
STACKLEVEL = ("dim", "_stacklevel", "dtype")
PLACES = (F, torch, Tensor, OPERATORS)
NAMES = {"logsigmoid": ("logsigmoid", "log_sigmoid"), "sigmoid": ("sigmoid", "expit")}


@dataclass(frozen=True)
class Signature:
    """An activation function as somebody else has it: the entry, and the arguments in order."""

    entry: str
    arguments: tuple[str, ...]


def _functions() -> dict[Any, Signature]:
    found: dict[Any, Signature] = {torch.special.expit: Signature("sigmoid", ())}
    for entry, arguments in ARGUMENTS.items():
        for home in PLACES:
            for name in NAMES.get(entry, (entry,)):
                ordered = STACKLEVEL if home is F and "dtype" in arguments else arguments
                if hasattr(home, name):
                    found.setdefault(getattr(home, name), Signature(entry, ordered))
    return found


#: Every function of torch's that is known, with its signature.
FUNCTIONS = _functions()


@dataclass(frozen=True)
class Translated:
    """A call of ogive's that means what another call meant."""

    function: ActivationFunction
    x: Tensor
    arguments: Mapping[str, Any]

    def __call__(self, save: str = "input") -> Tensor:
        arguments = dict(self.arguments)
        if save != "input" and "save" in OPTIONS[self.function.kind]:
            arguments["save"] = save
        result: Tensor = self.function(self.x, **arguments)
        return result


def signature_of(function: Any) -> Signature | None:
    """The signature of an activation function of torch's or timm's; None for others.

    Example:
        >>> signature_of(F.leaky_relu)
        Signature(entry='leaky_relu', arguments=('negative_slope', 'inplace'))
        >>> signature_of(torch.add)
    """
    name = known_function(function)
    if name is not None:
        return Signature(name, ("inplace",))
    try:
        return FUNCTIONS.get(function)
    except TypeError:  # something that has no hash
        return None


def translate(
    signature: Signature,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    engine: str | None = None,
) -> Translated | str:
    """The call of ogive's for a call of a function with this signature, or why there is none."""
    given = dict(zip(("input", *signature.arguments), args, strict=False)) | dict(kwargs)
    given.pop("_stacklevel", None)
    x = given.pop("input", given.pop("self", None))
    if reason := _refusal(signature, x, given):
        return reason
    for name in ("out", "dtype", "inplace"):
        given.pop(name, None)
    arguments = {**DEFAULTS.get(signature.entry, {}), **given}
    return Translated(_function(signature.entry, engine), x, arguments)


def _refusal(signature: Signature, x: Any, given: Mapping[str, Any]) -> str:
    """Why ogive would not do the same; empty if it does."""
    if type(x) not in (Tensor, nn.Parameter) or x.layout is not torch.strided:
        return f"its input is no plain tensor but {type(x).__name__}"
    if x.dtype not in DTYPES:
        return f"its input is {x.dtype}"
    if given.get("inplace"):
        return "it writes over its input"
    if given.get("out") is not None:
        return "it writes to out="
    if given.get("dtype", x.dtype) not in (None, x.dtype):
        return f"it converts to {given['dtype']}"
    guessed = None if "dtype" in signature.arguments else -1
    if "dim" in signature.arguments and not isinstance(given.get("dim", guessed), int):
        return "its dim is left for torch to guess"
    unknown = given.keys() - {*signature.arguments, "out"}
    return f"it has the arguments {', '.join(sorted(unknown))}" if unknown else ""


def called(function: Any) -> str:
    """What a function is called, with what is bound to it."""
    inner, bound = _unbound(function)
    name = getattr(inner, "__name__", type(inner).__name__)
    return ", ".join([name, *(f"{k}={v!r}" for k, v in bound.items())])


def called_by(module: nn.Module) -> str:
    """The activation functions that a module's own code names, as far as its forward shows it."""
    code = getattr(type(module).forward, "__code__", None)
    names = getattr(code, "co_names", ())
    return ", ".join(n for n in names if n in ARGUMENTS and not hasattr(module, n))


@functools.lru_cache(maxsize=256)
def _function(entry: str, engine: str | None = None) -> ActivationFunction:
    return owning(ActivationFunction(*resolve(entry)), engine)


class HeldFunction:
    """A function held by a model, such as ``self.act = F.gelu``, computed by ogive where it can.

    While a model is being compiled it is the original: the compiler writes the kernel anyway.
    """

    def __init__(
        self, original: Callable[..., Any], save: str = "input", engine: str | None = None
    ) -> None:
        self.original, self.save, self.engine = original, save, engine
        self.function, self.bound = _unbound(original)
        self.signature = signature_of(self.function)

    @property
    def entry(self) -> str | None:
        """The entry that is called."""
        return self.signature.entry if self.signature is not None else None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.signature is not None and not torch.compiler.is_compiling():
            found = translate(self.signature, args, {**self.bound, **kwargs}, self.engine)
            if isinstance(found, Translated):
                return found(self.save)
        return self.original(*args, **kwargs)

    def mode(self, dtype: torch.dtype) -> Mode | None:
        """What is kept for backward of inputs of a dtype; None is the input."""
        if not self.entry or "save" not in OPTIONS[_function(self.entry).kind]:
            return None
        arguments = {n: v for n, v in self.bound.items() if n not in ("inplace", "dim")}
        return _function(self.entry).mode(self.save, dtype, **arguments)

    def __repr__(self) -> str:
        engine = {} if self.engine is None else {"engine": self.engine}
        bound = "".join(f", {k}={v!r}" for k, v in {**self.bound, **engine}.items())
        return f"<ogive {self.entry}{bound}>"


def _unbound(function: Any) -> tuple[Any, dict[str, Any]]:
    """The function of a partial without positional arguments, and what is bound to it."""
    if isinstance(function, functools.partial) and not function.args:
        return function.func, dict(function.keywords)
    return function, {}
