"""What may be given wherever an activation is named, as one kind of object.

Apart because the commands, the studies and the benches all take the same: a name, text with values
or a formula (``written.py``), an activation of ogive's, a module, its class, what makes one, or a
function of tensors.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from torch import nn

from ogive.catalogue import Spec
from ogive.certify.signal.quadrature import Array
from ogive.errors import OgiveError, briefly
from ogive.nn.array_functions import callable_of, on_arrays, slope_on_arrays
from ogive.nn.made import CalledFunction, made_of, module_of
from ogive.nn.recognise import Recognised, recognise
from ogive.nn.written import UNNAMED, read_activation, split_names
from ogive.ops import ActivationFunction

#: What code is of which only values are known.
ONLY_CODE = "module"
#: The longest label that is made of an object's own description.
LONGEST_LABEL = 60


@dataclass(frozen=True)
class NamedActivation:
    """An activation that somebody has named.

    Attributes:
        label: what tables call it: the text that was given, or a description of the object.
        kind: ``elementwise``, ``gated``, ``stochastic`` or ``rowwise``; ``module`` for code of
            which ogive knows only values.
        function: the entry or formula with its values, for certificates, gains and pictures; None
            where only code is known.
        text: what was written, if it was; from it another process finds the same activation.
    """

    label: str
    kind: str
    function: ActivationFunction | None
    text: str | None = None
    _make: Callable[[int], nn.Module] = field(repr=False, default=lambda dim: nn.Identity())

    @property
    def name(self) -> str:
        """The entry's name; of a formula and of code the label."""
        known = self.function is not None and self.function.name != UNNAMED
        return self.function.name if known and self.function else self.label

    @property
    def spec(self) -> Spec:
        """The entry, or the formula as one.

        Raises:
            OgiveError: for code, which has none.
        """
        return self.known().spec

    @property
    def preset(self) -> dict[str, Any]:
        """The values that were bound."""
        return self.function.preset if self.function else {}

    def known(self) -> ActivationFunction:
        """The entry or formula, with its values.

        Raises:
            OgiveError: for code, of which no formula is known.
        """
        if self.function is None:
            raise OgiveError(
                f"{self.label} is code of which only values are known; for what needs its formula, "
                f"write that instead, as x*tanh(x)"
            )
        return self.function

    def values(self, order: int, x: Array) -> Array:
        """The derivative of that order at points, by running the code in float64; 0 is itself.

        Raises:
            OgiveError: where it is no function of one number, or cannot be differentiated.
        """
        function = callable_of(self.module())[1]
        own = on_arrays(function)
        if not np.allclose(own(x)[1:], own(x[1:]), equal_nan=True):
            raise OgiveError(
                f"{self.label} is no function of one number: what it gives for one depends on the "
                f"others, so it has no curve"
            )
        return slope_on_arrays(function, order)(x) if order else own(x)

    def module(self, dim: int = -1) -> nn.Module:
        """A module of its own, with parameters of its own.

        Args:
            dim: along which ogive's gated and rowwise activations work; modules of others have
                been told theirs.
        """
        return self._make(dim)

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self.text is None:
            return super().__reduce_ex__(protocol)
        return _found_again, (self.text, self.label)


def _found_again(text: str, label: str) -> NamedActivation:
    return replace(find_activation(text), label=label)


def find_activations(many: Any) -> list[NamedActivation]:
    """The activations of a list, each once, with labels that differ.

    Args:
        many: text with commas between, a list of whatever :func:`find_activation` takes, or a
            mapping from labels to such.

    Raises:
        OgiveError: if there is none, and as :func:`find_activation`.

    Example:
        >>> [a.label for a in find_activations("relu, leaky_relu(0.2), where(x>0,x,0), relu")]
        ['relu', 'leaky_relu(0.2)', 'where(x>0,x,0)']
    """
    if isinstance(many, Mapping):
        found = [replace(find_activation(a), label=str(label)) for label, a in many.items()]
    else:
        found = list(map(find_activation, _listed(many)))
    if not found:
        raise OgiveError("no activation is named; give at least one, such as relu")
    return _told_apart(found)


def _listed(many: Any) -> list[Any]:
    """The things one by one; texts without blanks around them, each once."""
    if isinstance(many, str):
        return list(dict.fromkeys(split_names(many)))
    if isinstance(many, type | nn.Module) or not isinstance(many, Iterable):
        return [many]
    things = [part for a in many for part in (split_names(a) if isinstance(a, str) else [a])]
    texts = [a if isinstance(a, str) else id(a) for a in things]
    return [a for i, a in enumerate(things) if texts.index(texts[i]) == i]


def _told_apart(found: list[NamedActivation]) -> list[NamedActivation]:
    """The same with a number behind every label that an earlier one has."""
    labels: set[str] = set()
    apart = []
    for one in found:
        label, number = one.label, 1
        while label in labels:
            number += 1
            label = f"{one.label} ({number})"
        labels.add(label)
        apart.append(replace(one, label=label) if label != one.label else one)
    return apart


def find_activation(anything: Any) -> NamedActivation:
    """The activation that is meant.

    Args:
        anything: a name (``"relu"``, ``"keras:gelu"``), a name with values
            (``"leaky_relu(0.2)"``, ``"swish(beta=1.5)"``), a formula (``"x*tanh(x)"``), code
            (``"module:function"``), an activation of ogive's, a class of modules, a module, of
            which copies are made, what makes a module when called without arguments, or a function
            of a tensor.

    Raises:
        UnknownName, AmbiguousName: for a name that no entry has, or several.
        ParameterError: for values that an entry does not take.
        FormulaError: for text that is no formula.
        OgiveError: for code that cannot be imported, and objects that are no activation.

    Example:
        >>> find_activation("elu(0.5)").module()
        ELU(alpha=0.5)
        >>> find_activation(nn.LeakyReLU(0.2)).kind
        'elementwise'
    """
    if isinstance(anything, NamedActivation):
        return anything
    if not isinstance(anything, str):
        return _of_thing(anything, label_of(anything))
    text = " ".join(anything.split())
    return replace(_of_thing(read_activation(text), text), text=text)


def _of_thing(thing: Any, label: str) -> NamedActivation:
    if isinstance(thing, ActivationFunction):
        make = functools.partial(module_of, thing)
        make(-1)  # values that the entry does not take are refused now
        return NamedActivation(label, thing.kind, thing, None, make)
    make = functools.partial(made_of, thing, label)
    return _recognised(make(-1), label, make)


def _recognised(made: nn.Module, label: str, make: Callable[[int], nn.Module]) -> NamedActivation:
    """With what is known of a module, if it is one that ogive knows."""
    found = recognise(made.function if isinstance(made, CalledFunction) else made)
    if found.entry is None:
        return NamedActivation(label, ONLY_CODE, None, None, make)
    trusted = not found.reason or found.entry.kind == "stochastic"
    function = _with_its_values(found) if trusted else None
    return NamedActivation(label, found.entry.kind, function, None, make)


def _with_its_values(found: Recognised) -> ActivationFunction | None:
    """The entry with the module's values; None where channels have values of their own."""
    try:
        spec, valued = found.variant(), found.with_values()
    except OgiveError:
        return None
    if spec is None or valued is None:
        return None
    pairs = zip(spec.parameters, valued.parameters, strict=True)
    changed = {own.name: its.default for own, its in pairs if own.default != its.default}
    return ActivationFunction(spec, changed)


def label_of(thing: Any) -> str:
    """A description of an object, in one line.

    Example:
        >>> import torch
        >>> label_of(nn.GELU), label_of(nn.LeakyReLU(0.2)), label_of(torch.tanh)
        ('GELU', 'LeakyReLU(negative_slope=0.2)', 'tanh')
    """
    if isinstance(thing, ActivationFunction):
        return _with_arguments(thing.formula if thing.name == UNNAMED else thing.name, thing.preset)
    if isinstance(thing, functools.partial):
        return _with_arguments(label_of(thing.func), thing.keywords)
    if isinstance(thing, nn.Module):
        text = repr(thing)
        return text if "\n" not in text and len(text) <= LONGEST_LABEL else type(thing).__name__
    return str(getattr(thing, "__name__", briefly(thing))).strip("<>")


def _with_arguments(name: str, arguments: Mapping[str, Any]) -> str:
    listed = ", ".join(f"{n}={v!r:.20}" for n, v in arguments.items())
    return f"{name}({listed})" if listed else name
