"""Modules made from entries: one base class, and a subclass for each entry when it is asked for.

A subclass takes torch.nn's arguments where torch.nn has the class. Elementwise and stochastic ones
take the parameters of the formula in order, then ``inplace``; gated and rowwise ones take ``dim``
first. A parameter that training adjusts becomes an ``nn.Parameter``.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from ogive.catalogue import Parameter, Spec, resolve
from ogive.errors import InputError, ParameterError, briefly, nearest
from ogive.ops import (
    OPTIONS,
    ActivationFunction,
    check_option,
    check_order,
    presetting,
    whole,
)

#: Arguments of every module for its learnable parameters.
LEARNING: dict[str, Any] = {
    "learnable": None,
    "num_parameters": 1,
    "channel_dim": 1,
    "device": None,
    "dtype": None,
}
#: Options of a call that a module does not keep: it decides them itself.
CALL_ONLY = ("training", "generator", "dtype")
#: What every module has.
_PLAIN = nn.Module()


class ActivationModule(nn.Module):
    """Base of all activation modules.

    Args:
        learnable: names of the parameters that training adjusts (default: those the entry says).
        num_parameters: how many values each of them has: 1, or one for each channel.
        channel_dim: the dimension of the channels in the input.
        device, dtype: of the learnable parameters.
    """

    #: That of the class; one with an engine of its own belongs to the instance.
    function: ActivationFunction

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        function, given = self.function, _arguments(self.function, args, kwargs)
        learning = {name: given.pop(name, default) for name, default in LEARNING.items()}
        self.num_parameters: int = whole("num_parameters", learning["num_parameters"], 1)
        self.channel_dim: int = whole("channel_dim", learning["channel_dim"])
        self.learnable = _learnable(function.spec, learning["learnable"])
        values = {p.name: _checked(p, given.pop(p.name)) for p in function.parameters}
        self._options = {n: check_option(n, v) for n, v in given.items()}
        check_order(function.spec, values)
        function.variant(dict(self._options))  # an unknown variant is refused now
        # what is as it would be anyway need not be passed on in every call
        usual = {**OPTIONS[function.kind], **function.spec.layout}
        passed = {n: v for n, v in self._options.items() if v != usual.get(n, not v)}
        if "save" in passed:  # a mode that the formula rules out is refused now
            function.mode(**self._options, **values)
        self._called = presetting(function, tuple(passed.items()))
        self._usual = [
            (p.name, function.preset.get(p.name, p.default)) for p in function.parameters
        ]
        # its own, not its class's alone: the exporter of torch 2.9 finds it there
        self.function = function
        placed = {"device": learning["device"], "dtype": learning["dtype"]}
        for name, value in values.items():
            learned = name in self.learnable
            setattr(self, name, self._parameter(value, placed) if learned else value)

    def _parameter(self, value: Any, placed: dict[str, Any]) -> nn.Parameter:
        """One value a channel; a vector of coefficients has them along its first dimension."""
        try:
            start = torch.tensor(value, **placed)
        except (RuntimeError, TypeError, ValueError) as error:
            words = " ".join(str(error).split())[:200]
            raise ParameterError(f"device and dtype are torch's, which says: {words}") from error
        if not start.dtype.is_floating_point:
            start = start.to(torch.get_default_dtype())
        return nn.Parameter(start.unsqueeze(-1).repeat(*(1,) * start.dim(), self.num_parameters))

    def forward(self, input: Tensor) -> Tensor:
        """The activation of the input."""
        return self._run(input)

    def _run(self, *inputs: Tensor) -> Tensor:
        arguments: dict[str, Any] = {
            name: self._broadcastable(value, inputs) if isinstance(value, Tensor) else value
            for name, usual in self._usual
            if (value := getattr(self, name)) is not usual
        }
        if self.function.kind == "stochastic":
            arguments["training"] = self.training
        result: Tensor = self._called(*inputs, **arguments)
        return result

    def _broadcastable(self, value: Tensor, inputs: tuple[Tensor, ...]) -> Tensor:
        """The parameter shaped so that its channels meet those of what the formula works on: a
        packed tensor counts as one half of it."""
        nested = isinstance(inputs[0], Tensor) and inputs[0].is_nested
        if nested or not hasattr(inputs[0], "shape"):
            raise InputError(
                f"{self.function.name} takes a torch tensor, not {type(inputs[0]).__name__}"
            )
        shape = list(inputs[0].shape)
        if self.function.kind == "gated" and len(inputs) == 1 and shape:
            shape[self._options["dim"]] //= 2
        if self.num_parameters == 1:
            # one of one dimension is broadcast as it is, without a view to differentiate
            return value if value.dim() == 1 and shape else value.squeeze(-1)
        dim = self.channel_dim % max(len(shape), 1)
        if not -len(shape) <= self.channel_dim < len(shape) or shape[dim] != self.num_parameters:
            raise ParameterError(
                f"{self.function.name} has {self.num_parameters} channels along dim "
                f"{self.channel_dim}, but the input has shape {tuple(shape)}"
            )
        return value.reshape(*value.shape, *(1,) * (len(shape) - dim - 1))

    def extra_repr(self) -> str:
        usual = {"inplace": False, "save": "input", "engine": None}
        shown: dict[str, Any] = {"num_parameters": self.num_parameters} if self.learnable else {}
        shown |= {n: getattr(self, n) for n, _ in self._usual if n not in self.learnable}
        shown |= {**self._options, "engine": self.function.engine}
        return ", ".join(f"{n}={v!r}" for n, v in shown.items() if v != usual.get(n, not v))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _empty, (type(self).function,), self.__dict__


def _empty(function: ActivationFunction) -> ActivationModule:
    cls = module_class(function)
    return cls.__new__(cls)


@lru_cache(maxsize=1024)
def module_class(function: ActivationFunction) -> type[ActivationModule]:
    """The module class of an entry.

    Raises:
        ParameterError: for a parameter that would hide an argument or a member of every module.
    """
    for parameter in function.parameters:
        if parameter.name in (*LEARNING, *CALL_ONLY) or hasattr(_PLAIN, parameter.name):
            raise ParameterError(
                f"{function.name} cannot be a module: its parameter {parameter.name!r} has the "
                f"name of an argument or a member of every module; give the parameter another name"
            )
    doc = f"{function.spec.doc}\n\nFormula: {function.formula}"
    members: dict[str, Any] = {"function": function, "__doc__": doc, "__module__": "ogive.nn"}
    usual = _GatedModule if function.kind == "gated" else ActivationModule
    base = _BASES.get(function.title, usual)
    if base is usual:  # others state their own
        members["__signature__"] = signature(function)
    return type(function.title, (base,), members)


def signature(function: ActivationFunction) -> inspect.Signature:
    """The arguments of an entry's module, as torch.nn orders them."""
    spec = function.spec
    usual = {**OPTIONS[spec.kind], **spec.layout}
    options = {n: v for n, v in usual.items() if n not in CALL_ONLY}
    numbers = {p.name: p.default for p in spec.parameters}
    variants = {argument: next(iter(choices)) for argument, choices in spec.variants.items()}
    trains = spec.kind != "rowwise" or any(p.learnable for p in spec.parameters)
    last = {n: options.pop(n) for n in ("save",) if n in options}
    last |= LEARNING if numbers and trains else {}
    if spec.kind in ("gated", "rowwise"):
        first, last = {"dim": options.pop("dim")}, {**numbers, **options, **last}
    else:
        first = {**numbers, **variants, **options}
    kinds = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    return inspect.Signature(
        [
            inspect.Parameter(n, kind, default=function.preset.get(n, default))
            for kind, listed in zip(kinds, (first, last), strict=True)
            for n, default in listed.items()
        ]
    )


def _arguments(
    function: ActivationFunction, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    known = signature(function)
    for name in kwargs.keys() - known.parameters.keys():
        listed = f"it takes {', '.join(known.parameters) or 'none'}"
        near = nearest(name, known.parameters)
        raise ParameterError(f"{function.title} has no argument {name!r}; {listed}{near}")
    try:
        given = known.bind(*args, **kwargs)
    except TypeError as error:
        raise ParameterError(f"{function.title}: {error}; it takes {known}") from error
    given.apply_defaults()
    return given.arguments


def _learnable(spec: Spec, names: Iterable[str] | None) -> tuple[str, ...]:
    if names is None:
        return tuple(p.name for p in spec.parameters if p.learnable)
    if isinstance(names, str | Tensor) or not isinstance(names, Iterable):
        given = briefly(names)
        raise ParameterError(f"learnable is a list, as in learnable=['alpha'], not {given}")
    return tuple(spec.parameter(name).name for name in names)


def _checked(parameter: Parameter, value: Any) -> Any:
    if isinstance(value, Tensor):
        raise ParameterError(
            f"{parameter.name} of a module is a number, not a tensor; to train it pass "
            f"learnable=[{parameter.name!r}], to compute it call the function"
        )
    if not isinstance(parameter.default, tuple):
        return parameter.check(value)
    count = len(parameter.default)
    if not isinstance(value, Iterable) or len(listed := list(value)) != count:
        raise ParameterError(
            f"{parameter.name} is a list of {count} coefficients, not {briefly(value)}"
        )
    return [parameter.check(v) for v in listed]


class _GatedModule(ActivationModule):
    def forward(self, input: Tensor, gate: Tensor | None = None) -> Tensor:
        """The gated unit of one packed tensor, or of value and gate."""
        return self._run(input) if gate is None else self._run(input, gate)


class _PReLU(ActivationModule):
    """PReLU takes torch's arguments: how many slopes, and where they start."""

    def __init__(
        self,
        num_parameters: int = 1,
        init: float = 0.25,
        device: Any = None,
        dtype: Any = None,
        channel_dim: int = 1,
    ) -> None:
        counted = {"num_parameters": num_parameters, "channel_dim": channel_dim}
        super().__init__(weight=init, device=device, dtype=dtype, **counted)


_BASES: dict[str, type[ActivationModule]] = {"PReLU": _PReLU}


class Softmax2d(ActivationModule):
    """Softmax over the channels of an image: ``(N, C, H, W)`` or ``(C, H, W)``, as in torch.nn."""

    def __init__(self) -> None:
        self.function = ActivationFunction(*resolve("softmax"))
        super().__init__(dim=-3)

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() not in (3, 4):
            raise ParameterError(f"Softmax2d takes 3 or 4 dimensions, not {input.dim()}")
        return super().forward(input)

    def extra_repr(self) -> str:
        return super().extra_repr().removeprefix("dim=-3").removeprefix(", ")

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return Softmax2d, (), self.__dict__
