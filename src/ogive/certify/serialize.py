"""Reports as plain JSON and back: one walk over their dataclasses, whatever those are.

Apart because files, the command line and Markdown all read the same names. Infinities and NaN are
text, so that every JSON reader takes them.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Union, get_args, get_origin, get_type_hints


def encoded(value: Any) -> Any:
    """The value in JSON's own types, a dataclass as an object with the names of its fields.

    Example:
        >>> from ogive.certify.quantity import Quantity
        >>> encoded(Quantity(float("inf"), 0.0, "ball"))
        {'value': 'inf', 'error': 0.0, 'method': 'ball'}
    """
    if dataclasses.is_dataclass(value):
        return {f.name: encoded(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, float):
        return value if math.isfinite(value) else str(float(value))
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Mapping):
        return {key: encoded(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [encoded(item) for item in value]
    raise TypeError(f"no JSON for {type(value).__name__}")


def decoded(kind: Any, plain: Any) -> Any:
    """What ``encoded`` made plain, as a value of the type that a field is annotated with."""
    if plain is None:
        return None
    if dataclasses.is_dataclass(kind):
        return _decoded_fields(kind, plain)
    if kind is float:
        return float(plain)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return decoded(_fitting(arguments, plain), plain)
    if origin is tuple:
        return tuple(decoded(arguments[0], item) for item in plain)
    if origin is not None and issubclass(origin, Mapping):
        return {key: decoded(arguments[1], item) for key, item in plain.items()}
    return plain


def _decoded_fields(kind: Any, plain: Mapping[str, Any]) -> Any:
    hints = _hints(kind)
    return kind(**{name: decoded(hints[name], item) for name, item in plain.items()})


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _fitting(kinds: tuple[Any, ...], plain: Any) -> Any:
    """The member of a union that is meant: the vector for a list, else the first one."""
    vectors = [k for k in kinds if get_origin(k) is tuple]
    return vectors[0] if vectors and isinstance(plain, list) else kinds[0]
