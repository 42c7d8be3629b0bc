"""What an object computes: a name, a module or function of torch's, timm's or transformers', or one
of ogive's own. A subclass counts only while nothing that computes is its own.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from ogive.catalogue import Spec, entries, resolve, until_added
from ogive.certify.signal.gains import LINEAR
from ogive.certify.univariate import with_defaults
from ogive.errors import AmbiguousName, OgiveError, UnknownName, nearest
from ogive.nn.accelerated import own_class
from ogive.nn.modules import ActivationModule
from ogive.nn.places import Place, is_scripted, places
from ogive.nn.rules import Rule, rule_for
from ogive.ops import ActivationFunction

OVERWRITES = "it writes over its input"
#: Entries that stay torch's: it keeps their output for backward, the very tensor that the next
#: layer keeps anyway, and ogive would keep the input besides.
OUTPUT_KEPT = ("relu", "sigmoid", "tanh")
KEPT = "torch keeps its output, as the next layer does; ogive would keep its input besides"
#: What a subclass may state without computing anything else.
HARMLESS = {
    "__init__", "__module__", "__doc__", "__annotations__", "__annotate__", "__annotate_func__",
    "__annotations_cache__", "__conditional_annotations__", "__constants__", "__dict__",
    "__firstlineno__", "__orig_bases__", "__parameters__", "__type_params__", "__qualname__",
    "__repr__", "__slots__", "__static_attributes__", "__weakref__", "extra_repr",
}  # fmt: skip


@dataclass(frozen=True)
class Recognised:
    """What an object computes.

    Attributes:
        entry: the entry; None if it is none, or nothing is known of it.
        values: the object's parameters and options by the entry's names.
        reason: why ogive cannot compute it in the object's place; empty if it can, and for what
            has nothing to do with activations.
        arguments: of a function, those behind the input in order.
        attributes: of a module, where it has the values.
        constants: of a module, its attributes that are numbers of which the entry knows nothing.
        frees_input: whether its own code lets the input be overwritten before backward.
    """

    entry: Spec | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    arguments: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    constants: tuple[str, ...] = field(default=(), repr=False, compare=False)
    frees_input: bool = field(default=False, repr=False)

    def variant(self) -> Spec | None:
        """The entry, or the one that an option such as ``approximate="tanh"`` chooses."""
        return self.entry and ActivationFunction(self.entry).variant(dict(self.values))

    def with_values(self) -> Spec | None:
        """The entry with the object's values as its defaults.

        Raises:
            OgiveError: where channels have values of their own: they are different functions.

        Example:
            >>> recognise(nn.LeakyReLU(0.2)).with_values().parameters[0].default
            0.2
            >>> recognise(nn.GELU("tanh")).with_values().name
            'gelu_tanh'
        """
        if (spec := self.variant()) is None:
            return None
        given = [p.name for p in spec.parameters if p.name in self.values]
        return with_defaults(spec, {name: _one(spec, name, self.values[name]) for name in given})


def recognise(thing: Any) -> Recognised:
    """What an object computes, as far as ogive knows it.

    Raises:
        UnknownName: for a name that no entry has, with the nearest.

    Example:
        >>> import torch
        >>> found = recognise(nn.ELU(0.5))
        >>> found.entry.name, found.values
        ('elu', {'alpha': 0.5, 'inplace': False})
        >>> recognise(F.leaky_relu).arguments
        ('negative_slope', 'inplace')
        >>> recognise(torch.add)
        Recognised(entry=None, values={}, reason='', arguments=())
    """
    if isinstance(thing, str):
        return Recognised(*_by_name(thing))
    if isinstance(found := getattr(thing, "recognised", None), Recognised):
        return found  # a function that a model holds
    if isinstance(thing, ActivationFunction):
        return Recognised(thing.spec, thing.preset)
    if isinstance(thing, ActivationModule):
        function = thing.function
        values = {p.name: getattr(thing, p.name) for p in function.parameters}
        return Recognised(function.spec, {**function.preset, **thing._options, **values})
    return _module(thing) if isinstance(thing, nn.Module) else _function(thing)


def outer_places(model: nn.Module) -> Iterator[Place]:
    """The places of a model, none inside of an activation that is known."""
    return places(model, lambda module: is_scripted(module) or recognise(module).entry is not None)


def unbound(function: Any) -> tuple[Any, dict[str, Any]]:
    """The function of a partial without positional arguments, and what is bound to it."""
    if isinstance(function, functools.partial) and not function.args:
        return function.func, dict(function.keywords)
    return function, {}


@until_added
def torch_functions() -> frozenset[str]:
    """The names of torch's functions that ogive computes in their place."""
    found = {n: recognise(f) for n, f in vars(F).items() if callable(f) and not n.startswith("_")}
    return frozenset(n for n, f in found.items() if f.entry is not None and not f.reason)


@until_added
def sounds_like(name: str) -> bool:
    """Whether a name means an activation to somebody; it proves nothing.

    Example:
        >>> sounds_like("GELUActivation"), sounds_like("Linear")
        (True, False)
    """
    last = re.findall("[A-Z]?[^A-Z]*$", name)[0]  # BloomGelu
    for called in (name, name.removesuffix("Activation"), last):
        try:
            return resolve(called)[0].name != "identity"
        except AmbiguousName:
            return True
        except UnknownName:
            continue
    return False


def _by_name(name: str) -> tuple[Spec, Mapping[str, Any]]:
    """The entry, also by the names that torch.nn.init.calculate_gain has for linear layers."""
    if name in LINEAR:
        return entries()["identity"], {}
    try:
        return resolve(name)
    except UnknownName as error:
        if close := nearest(name, LINEAR):
            raise UnknownName(f"no activation or layer {name!r}{close}") from error
        raise


def _one(spec: Spec, name: str, value: Any) -> Any:
    """A parameter's number, or its tuple of coefficients."""
    listed = isinstance(spec.parameter(name).default, tuple)
    if isinstance(value, Tensor):
        value = value.detach().double().flatten().tolist()
    numbers = [float(v) for v in (value if isinstance(value, Sequence) else [value])]
    if len(set(numbers)) == 1 and not listed:
        numbers = numbers[:1]
    if len(numbers) != len(spec.parameter(name).defaults):
        raise OgiveError(
            f"{spec.name} has {len(numbers)} values of {name} here, one for each channel, so it is "
            f"several functions; ask for one of them by name: {name}={numbers[0]:.6g}"
        )
    return tuple(numbers) if listed else numbers[0]


# modules


def _module(module: nn.Module) -> Recognised:
    """A module of a known class; another means what it likes."""
    for cls in own_class(module).__mro__:
        if (rule := rule_for(cls)) is not None:
            return _of_class(module, cls, rule)
    if not module._modules and sounds_like(type(module).__name__):
        return Recognised(reason="only its name says what it computes")
    return Recognised()


def _of_class(module: nn.Module, cls: type, rule: Rule) -> Recognised:
    if not rule.entry:
        return Recognised(reason=rule.reason)
    spec = entries()[rule.entry]
    for p in spec.parameters:
        if p.learnable and p.name not in module._parameters:
            return Recognised(reason=f"its {p.name} is computed from other parameters")
    if changed := _changed(module, cls):
        return Recognised(reason=f"its {changed} is not that of {cls.__name__}")
    wanted = [*(p.name for p in spec.parameters), *spec.variants, "inplace", "dim"]
    named = {n: rule.renamed.get(n, n) for n in wanted}
    named = {n: a for n, a in named.items() if hasattr(module, a)}
    values = {**rule.values, **{n: _plain_number(getattr(module, a)) for n, a in named.items()}}
    reason = rule.reason
    for name in named.keys() - module._parameters.keys():
        if isinstance(values[name], Tensor):
            reason = f"its {name} is a tensor"
    if values.get("dim", 0) is None:
        reason = "its dim is left for torch to guess"
    usual = {n: v for n, v in _made_usually(cls).items() if n not in named.values()}
    for name, value in usual.items():
        if getattr(module, name, value) != value:
            reason = f"its {name} is not that of {cls.__name__}"
    return Recognised(spec, values, reason, (), named, tuple(usual), rule.frees_input)


@lru_cache(maxsize=256)
def _made_usually(cls: Any) -> dict[str, Any]:
    """The numbers that the forward of a class reads from a module that was made without arguments;
    none if it cannot be."""
    try:
        made = vars(cls())
    except TypeError:
        return {}
    read = {n: v for n, v in made.items() if n in cls.forward.__code__.co_names}
    return {n: v for n, v in read.items() if type(v) in (bool, int, float, str)}


def _plain_number(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _changed(module: nn.Module, cls: Any) -> str:
    """What of a module is not that of a class whose forward it is said to run, and may make it
    compute something else; empty if nothing is."""
    code = own_class(module)
    mine = [n for n in vars(module) if callable(getattr(cls, n, None))]
    for part in code.__mro__[: code.__mro__.index(cls)]:
        for name, value in vars(part).items():
            special = name.startswith("__") or inspect.isdatadescriptor(value)
            if name not in HARMLESS and (special or hasattr(cls, name)):
                mine.append(name)
    if getattr(cls.forward, "__globals__", None) is not vars(sys.modules[cls.__module__]):
        mine.append("forward")
    return " and ".join(dict.fromkeys(mine))


# functions


def _function(function: Any) -> Recognised:
    inner, bound = unbound(function)
    if isinstance(inner, type) or not isinstance(inner, Hashable) or rule_for(inner) is None:
        return Recognised()
    found = _of_function(inner)
    reason = found.reason or (OVERWRITES if bound.get("inplace") else "")
    return replace(found, values={**found.values, **bound}, reason=reason) if bound else found


@until_added
def _of_function(function: Any) -> Recognised:
    """A function of a library; its defaults count where they are not the entry's."""
    rule = rule_for(function) or Rule()
    spec, name = entries()[rule.entry], function.__name__
    arguments = _arguments(function, spec)
    usual: dict[str, Any] = {p.name: p.default for p in spec.parameters}
    usual |= {argument: next(iter(choices)) for argument, choices in spec.variants.items()}
    own = {n: v for n, v in arguments.items() if n == "dim" or (n in usual and v != usual[n])}
    given = {n: v for n, v in own.items() if v is not inspect.Parameter.empty}
    reason = rule.reason
    if name.endswith("_") and not name.endswith("__"):
        reason = OVERWRITES
    unknown = arguments.keys() - {*usual, "inplace", "dim", "dtype", "_stacklevel", "training"}
    if unknown and not reason:
        reason = f"it has the arguments {', '.join(sorted(unknown))}"
    values = {**rule.values, **given}
    return Recognised(spec, values, reason, tuple(arguments), frees_input=rule.frees_input)


def _arguments(function: Any, spec: Spec) -> dict[str, Any]:
    """What a function takes behind its input, with defaults; compiled ones as torch orders them."""
    try:
        _, *listed = inspect.signature(function).parameters.values()
    except ValueError:
        options = {"rowwise": ["dim", "dtype"], "gated": ["dim"]}.get(spec.kind, [])
        names = [*(p.name for p in spec.parameters), *spec.variants, *options]
        return dict.fromkeys(names, inspect.Parameter.empty)
    return {p.name: p.default for p in listed}
