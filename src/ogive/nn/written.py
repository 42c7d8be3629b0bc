"""An activation as it is written in text: a name, a name with values, a formula, code of one's own.

Text is parsed and never evaluated. Only ``module:function`` runs code, which it asks for by name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from ogive.catalogue import Spec, resolve, user_spec
from ogive.errors import FormulaError, OgiveError, ParameterError, UnknownName, briefly
from ogive.expr import evaluate, parse, symbol, symbols
from ogive.expr.parse import MAX_LENGTH
from ogive.nn.imported import imported
from ogive.ops import OPTIONS, ActivationFunction

#: What a formula without a name of its own is called where an identifier is needed.
UNNAMED = "formula"
#: Arguments of a call that text may set: of a gated unit, which half is the gate.
SETTABLE = ("gate", "interleave")
_OPENING, _CLOSING = "([{", ")]}"
_NAME = re.compile(r"[A-Za-z_][\w\- ]*")


def split_names(text: str) -> list[str]:
    """The names in a list with commas between; a comma inside brackets or quotes separates nothing.

    Raises:
        OgiveError: where brackets do not match.

    Example:
        >>> split_names("leaky_relu(0.2),softplus(beta=2, threshold=20),where(x>0,x,0)")
        ['leaky_relu(0.2)', 'softplus(beta=2, threshold=20)', 'where(x>0,x,0)']
    """
    parts, start = [], 0
    for position, depth in _depths(text):
        if text[position] == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def _depths(text: str) -> Iterator[tuple[int, int]]:
    """Each position outside quotes, with how many brackets are open after it."""
    expected: list[str] = []
    quote = ""
    for position, character in enumerate(text):
        if quote or character in "'\"":
            quote = "" if character == quote else quote or character
            continue
        if character in _OPENING:
            expected.append(_CLOSING[_OPENING.index(character)])
        elif character in _CLOSING and (not expected or expected.pop() != character):
            raise OgiveError(f"{briefly(text)} closes a bracket that is not open: {character!r}")
        yield position, len(expected)
    if expected or quote:
        raise OgiveError(f"{briefly(text)} ends before {(quote or expected[-1])!r} closes it")


def read_activation(text: str) -> Any:
    """What the text names: an ``ActivationFunction``, or the object that ``module:function`` is.

    Raises:
        UnknownName, AmbiguousName: for a name that no entry has, or several.
        ParameterError: for values in brackets that the entry does not take.
        FormulaError: for text that is no formula.
        OgiveError: for code that cannot be imported.

    Example:
        >>> read_activation("swish(beta=1.5)").preset
        {'beta': 1.5}
        >>> read_activation("x * tanh(x)").formula
        'x * tanh(x)'
    """
    if not text.strip():
        raise UnknownName("the name of an activation is empty; give one such as relu or x*tanh(x)")
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"the text has {len(text)} characters of {MAX_LENGTH} allowed")
    head, inside = _call_of(text)
    found = _entry(head)
    if isinstance(found, OgiveError):
        return _not_an_entry(text, head, found)
    if inside is None or inside == "x":
        return found
    call = _arguments(found.spec, inside)
    if any("x" in _words(ast.unparse(value)) for value in call.args):
        return _formula(text)
    return _with_values(found, call)


def _call_of(text: str) -> tuple[str, str | None]:
    """``swish(beta=1)`` as name and what stands in its brackets; other text as it is, and None."""
    head, bracket, rest = text.partition("(")
    if not bracket or not rest.endswith(")"):
        return text, None
    depths = dict(_depths(text))
    closed = [at for at in sorted(depths) if at > len(head) and depths[at] == 0]
    return (head.strip(), rest[:-1].strip()) if closed == [len(text) - 1] else (text, None)


def _entry(name: str) -> ActivationFunction | UnknownName:
    try:
        return ActivationFunction(*resolve(name))
    except UnknownName as error:
        return error


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text))


def _not_an_entry(text: str, head: str, unknown: OgiveError) -> Any:
    """Code, or a formula; text that looks like neither is a name with a mistake."""
    if ":" in text:
        return imported(text, unknown)
    try:
        return _formula(text)
    except FormulaError:
        if _NAME.fullmatch(head) and "x" not in _words(text):
            raise unknown from None
        raise


def _formula(text: str) -> ActivationFunction:
    spec = user_spec(UNNAMED, text, {})
    if symbol("x") not in symbols(spec.expression):
        raise FormulaError(
            f"the formula {briefly(text)} has no x; an activation is a function of x, as x*tanh(x)"
        )
    return ActivationFunction(spec)


# values in brackets


def _with_values(function: ActivationFunction, call: ast.Call) -> ActivationFunction:
    """The entry with values; a variant such as ``approximate='tanh'`` chooses another entry."""
    given = {**function.preset, **_values(function.spec, call)}
    spec = function.variant(given)
    return ActivationFunction(spec, given)


def _values(spec: Spec, call: ast.Call) -> dict[str, Any]:
    """The values by the entry's names for them; those without a name are its parameters in order.

    They are numbers or arithmetic with them, texts in quotes, and tuples of numbers.
    """
    names = [parameter.name for parameter in spec.parameters]
    if len(call.args) > len(names):
        listed = f"takes {', '.join(names)}" if names else "has no parameters"
        given = ", ".join(map(ast.unparse, call.args))
        raise ParameterError(f"{spec.name} {listed}, but is given the values {given}")
    named = [(k.arg or "**", k.value) for k in call.keywords]
    pairs = [*zip(names, call.args, strict=False), *named]
    settable = [n for n in SETTABLE if n in OPTIONS[spec.kind]]
    found: dict[str, Any] = {}
    for name, tree in pairs:
        own = spec.attributes.get(name, name)
        if own not in (*spec.variants, *settable):
            spec.parameter(own)
        if own in found:
            raise ParameterError(f"{spec.name}: {own} is given twice")
        found[own] = _value(spec, tree)
    return found


def _arguments(spec: Spec, inside: str) -> ast.Call:
    try:
        tree = ast.parse(f"f({inside})", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = getattr(error, "msg", None) or str(error) or type(error).__name__
        raise ParameterError(
            f"the values in {spec.name}({briefly(inside)[1:-1]}) cannot be read ({reason}); "
            f"write them as {_example(spec)}"
        ) from None
    assert isinstance(tree, ast.Call)
    return tree


def _example(spec: Spec) -> str:
    first = next(iter(spec.parameters), None)
    return f"{spec.name}({first.name}={first.defaults[0]:g})" if first else spec.name


def _value(spec: Spec, tree: ast.expr) -> Any:
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str | bool):
        return tree.value
    if isinstance(tree, ast.Tuple | ast.List):
        return tuple(_value(spec, part) for part in tree.elts)
    text = ast.unparse(tree)
    try:
        return evaluate(parse(text, ()))
    except FormulaError:
        raise ParameterError(
            f"{spec.name}: {briefly(text)} is no value; write numbers, as {_example(spec)}"
        ) from None
