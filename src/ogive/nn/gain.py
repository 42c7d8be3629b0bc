"""``ogive.gain``: the gain of any activation, a number with the exact ones beside it."""

from __future__ import annotations

import math
from typing import Any

from ogive.certify.quantity import NOT_PROVED, Quantity
from ogive.certify.signal.gains import Gains, convention, gains, gains_of
from ogive.certify.signal.moments import Moments
from ogive.certify.signal.quadrature import expectation
from ogive.certify.univariate import with_defaults
from ogive.errors import OgiveError, ParameterError
from ogive.nn.array_functions import callable_of, on_arrays
from ogive.nn.recognise import recognise

_UNKNOWN = Gains(NOT_PROVED, NOT_PROVED, None)


class Gain(float):
    """A gain, usable as the number it is.

    Attributes:
        name: the entry, or what the function is called.
        conventional: what ``torch.nn.init.calculate_gain`` gives, None where it gives nothing; the
            number itself, where there is one.
        second_moment: 1 / sqrt(E f(Z)**2) at Z ~ N(0, 1), else the number itself.
        standard_deviation: 1 / std f(Z).
    """

    name: str
    conventional: float | None
    second_moment: Quantity
    standard_deviation: Quantity

    def __new__(cls, value: float, name: str = "", found: Gains = _UNKNOWN) -> Gain:
        gain = super().__new__(cls, value)
        gain.name, gain.conventional = name, found.conventional
        gain.second_moment = found.second_moment
        gain.standard_deviation = found.standard_deviation
        return gain

    def __repr__(self) -> str:
        kind = "torch's convention" if self.conventional is not None else "1/sqrt(E f^2)"
        exact = f"1/sqrt(E f^2) = {self.second_moment.value:.6g}"
        deviation = f"1/std f = {self.standard_deviation.value:.6g}"
        return f"<gain of {self.name}: {float(self):.6g}, {kind}; {exact}, {deviation}>"


def gain(anything: Any, param: float | None = None, **parameters: float) -> Gain:
    """The gain of an activation: torch's where torch has one, else 1 / sqrt(E f(Z)**2).

    Args:
        anything: a name (``ogive.names()``, ``framework:name``, or what ``calculate_gain`` takes),
            a module, an activation of ogive's, or a function of tensors. Of a function only values
            are seen: it is integrated numerically, and features narrower than a hundredth can be
            missed.
        param: the slope of ``leaky_relu``, as ``calculate_gain`` takes it.
        parameters: parameters of an entry by name.

    Raises:
        UnknownName: with the nearest names.
        ParameterError: for a parameter that is unknown or outside its range.
        OgiveError: where E f(Z)**2 is not proved to be finite and above 0, and for rowwise entries.

    Example:
        >>> import torch, ogive
        >>> ogive.gain("relu") == torch.nn.init.calculate_gain("relu")
        True
        >>> ogive.gain("tanh")
        <gain of tanh: 1.66667, torch's convention; 1/sqrt(E f^2) = 1.59254, 1/std f = 1.59254>
        >>> round(ogive.gain(lambda x: x * torch.sigmoid(x)), 5)
        1.67653
    """
    spec = recognise(anything).with_values()
    if spec is None:
        return _measured(anything, param, parameters)
    if param is not None and spec.name == "leaky_relu":
        parameters = {"negative_slope": param, **parameters}
    elif param is not None and convention(spec.name) is None:
        raise ParameterError(
            f"param is the slope of leaky_relu; give the parameters of {spec.name} by name"
        )
    given = {name: spec.parameter(name).check(value) for name, value in parameters.items()}
    name = anything if isinstance(anything, str) else spec.name
    return _named(name, gains(with_defaults(spec, given)))


def _named(name: str, found: Gains) -> Gain:
    exact = found.second_moment.value
    if found.conventional is not None:
        return Gain(found.conventional, name, found)
    if not math.isfinite(exact):
        raise OgiveError(
            f"the gain of {name} is not proved: E f(Z)**2 at Z ~ N(0, 1) is not known to be finite "
            f"and above 0"
        )
    return Gain(exact, name, found)


def _measured(anything: Any, param: float | None, parameters: dict[str, float]) -> Gain:
    """The gain of a function of which only values are known."""
    if param is not None or parameters:
        raise ParameterError("parameters are those of entries; bind those of a function to it")
    name, of_tensors = callable_of(anything)
    function = on_arrays(of_tensors)
    first, second = expectation(function), expectation(lambda x: function(x) ** 2)
    variance = expectation(lambda x: (function(x) - first.value) ** 2)
    unknown = [NOT_PROVED] * 3
    return _named(name, gains_of(Moments(first, second, variance, *unknown)))
