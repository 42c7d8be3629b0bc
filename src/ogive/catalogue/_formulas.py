"""Formulas of a user's own: their text is read with every entry as a function, and becomes a spec.

Apart from the specs of entries because here the register is asked for what a name means.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from keyword import iskeyword
from typing import Any

from ogive.catalogue._registry import entries, resolve
from ogive.catalogue._spec import REAL, FixedFormula, Parameter, Spec, camel
from ogive.errors import (
    LONGEST_NAME,
    FormulaError,
    OgiveError,
    ParameterError,
    UnknownName,
    briefly,
)
from ogive.expr import Node, as_node, evaluate, parse, stabilise, symbol, symbols
from ogive.expr.functions import CONSTANTS, Word, vocabulary
from ogive.expr.parse import check_size
from ogive.expr.rewrite import substitute


def user_spec(
    name: str, formula: str | Callable[..., Node], parameters: Mapping[str, float]
) -> Spec:
    """A user's own entry: an elementwise formula of x and the named parameters.

    Raises:
        OgiveError: for a name that cannot be one.
        FormulaError: for text that is no formula.
    """
    for given in (name, *parameters):
        _check_name(given)
    names = ["x", *parameters]
    built = (
        _built(formula, names)
        if callable(formula)
        else stabilise(parse(formula, names, EntryFunctions()))
    )
    expression = check_size(built)
    listed = tuple(Parameter(n, _default(n, v), REAL, False) for n, v in parameters.items())
    doc = f"Defined by the user as {expression}."
    body = FixedFormula(expression, listed)
    return Spec(name, camel(name), "elementwise", "user", body, doc, evidence="user")


def _read(text: str, names: Sequence[str]) -> Node:
    return stabilise(parse(text, names, EntryFunctions()))


def _built(formula: Callable[..., Node], names: Sequence[str]) -> Node:
    try:
        expression = as_node(formula(*map(symbol, names)))
    except OgiveError:
        raise
    except Exception as error:  # whatever somebody's function does with symbols
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise FormulaError(f"the function builds no formula of its symbols ({reason})") from error
    unknown = sorted(str(s.value) for s in symbols(expression) - set(map(symbol, names)))
    if unknown:
        raise FormulaError(f"the function uses {briefly(unknown)}, which define() is not told of")
    return expression


def _default(name: str, value: Any) -> float:
    """A number, or a tensor or array that holds one."""
    with suppress(ValueError, RuntimeError):
        value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ParameterError(f"the default of {name} must be a number, not {briefly(value)}")
    return Parameter(name, 0.0, REAL, False).check(value)  # type: ignore[arg-type]


#: Arguments that a call, or a question about an activation, has in any case.
_ARGUMENTS = {"x", "self", "inplace", "save", "normal"}


def _check_name(name: object) -> None:
    taken = {*_ARGUMENTS, *vocabulary(), *CONSTANTS}
    usable = isinstance(name, str) and name.isidentifier() and not iskeyword(name)
    if not usable or str(name).startswith("_") or name in taken or len(str(name)) > LONGEST_NAME:
        raise OgiveError(
            f"{briefly(name)} cannot be the name of an activation or a parameter: it must be a "
            f"Python identifier of at most {LONGEST_NAME} characters that does not begin with _, "
            f"and neither a word of the formula language nor an argument of every call"
        )


class EntryFunctions(Mapping[str, Word]):
    """Entries as functions in formulas, by every name that is an identifier and means one.

    ``gelu(2*x)`` is GELU of twice x; values for parameters follow in their order or by name, as
    ``leaky_relu(x, 0.2)`` or ``elu(x, alpha=a)``. A gated entry takes the value and the gate.

    Example:
        >>> from ogive.expr import const, symbol
        >>> EntryFunctions()["leaky_relu"](symbol("x"), const(0.5))
        where(x <= 0, 0.5 * x, x)
    """

    def __getitem__(self, name: str) -> Word:
        try:
            spec, preset = resolve(name)
        except UnknownName:
            raise KeyError(name) from None
        except OgiveError as error:  # the name of several, which is said where it stands
            return partial(_refuse, str(error))
        return partial(_applied, spec, preset)

    def __iter__(self) -> Iterator[str]:
        return iter(entries())

    def __len__(self) -> int:
        return len(entries())


def _refuse(why: str, *values: Any, **named: Any) -> Node:
    raise FormulaError(why)


def _applied(spec: Spec, preset: Mapping[str, Any], *values: Any, **named: Any) -> Node:
    """The entry's formula with expressions in the place of its inputs and parameters."""
    if spec.kind in _NOT_IN_FORMULAS:
        raise FormulaError(f"{spec.name} {_NOT_IN_FORMULAS[spec.kind]}")
    named = dict(spec.ours(named))
    for argument in spec.variants.keys() & named.keys():
        return _applied(_variant(spec, argument, named.pop(argument)), preset, *values, **named)
    names = [*spec.data, *(p.name for p in spec.parameters)]
    if not len(spec.data) <= len(values) <= len(names):
        raise FormulaError(
            f"{spec.name} is given {len(values)} values; it takes {', '.join(names)}"
        )
    found = dict(zip(names, values, strict=False))
    for name, value in named.items():
        if spec.parameter(name).name in found:
            raise FormulaError(f"{spec.name}: {name} is given twice")
        found[name] = value
    given = {name: _one_number(spec, name, found[name]) for name in spec.data}
    for parameter in spec.parameters:
        given |= _numbers(spec, parameter, found.get(parameter.name, preset.get(parameter.name)))
    return substitute(spec.expression, given)


_NOT_IN_FORMULAS = {
    "rowwise": "works on rows of numbers; a formula is about one number at a time",
    "stochastic": "draws noise in training, which a formula cannot; take the activation by itself",
}


def _variant(spec: Spec, argument: str, value: Any) -> Spec:
    """The entry that such an argument asks for, as gelu's ``approximate="tanh"``."""
    choices = spec.variants[argument]
    if value not in choices:
        listed = ", ".join(map(repr, choices))
        raise FormulaError(f"{spec.name}: {argument} is {listed}, not {briefly(value)}")
    other = choices[value]
    return spec if other is None else entries()[other]


def _numbers(spec: Spec, parameter: Parameter, value: Any) -> dict[str, Node]:
    """The expressions for a parameter's symbols; the default where there is no value."""
    given = parameter.defaults if value is None else value
    parts = tuple(given) if isinstance(given, tuple | list) else (given,)
    if len(parts) != len(parameter.symbols):
        raise FormulaError(
            f"{spec.name}: {parameter.name} takes {len(parameter.symbols)} values, "
            f"{len(parts)} given"
        )
    nodes = [_one_number(spec, parameter.name, part) for part in parts]
    for node in nodes:
        if not symbols(node):
            parameter.check(evaluate(node))
    return dict(zip(parameter.symbols, nodes, strict=True))


def _one_number(spec: Spec, name: str, value: Any) -> Node:
    """The expression, where the formula has neither a text nor several numbers."""
    if isinstance(value, str | tuple):
        raise FormulaError(f"{spec.name}: {name} is a number, not {briefly(value)}")
    return as_node(value)
