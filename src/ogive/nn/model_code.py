"""What a model's own code does with activations, as far as its classes show it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import Any

from torch import nn

from ogive.nn.recognise import torch_functions, unbound


def named_in(module: nn.Module) -> str:
    """The activation functions that the methods and properties of a module's classes name."""
    members = [m for c in _own_classes(type(module)) for n, m in vars(c).items() if n[:2] != "__"]
    found = dict.fromkeys(n for m in members for n in _names(m) if n in torch_functions())
    return ", ".join(n for n in found if not hasattr(module, n))


def named_by(function: Any) -> str:
    """The activation functions that a function, such as a lambda, names."""
    found = (n for n in _names(unbound(function)[0]) if n in torch_functions())
    return ", ".join(dict.fromkeys(found))


def _own_classes(cls: type) -> list[Any]:
    """The classes that say what a module does."""
    return [c for c in cls.__mro__ if c not in nn.Module.__mro__]


def _names(member: Any) -> Iterator[str]:
    """The names in the code of a function or property, and of functions written inside."""
    member = getattr(member, "fget", None) or getattr(member, "__func__", member)
    pending = [getattr(member, "__code__", None)]
    while pending:
        code = pending.pop()
        if isinstance(code, CodeType):
            yield from code.co_names
            pending += code.co_consts


def classes_in(model: nn.Module) -> set[Any]:
    """The classes that say what a model does, apart from nn.Module."""
    return {c for cls in {type(m) for m in model.modules()} for c in _own_classes(cls)}


def only_calls(classes: set[Any], parent: nn.Module | None, attribute: str) -> bool:
    """Whether all that a model's classes do with an attribute of a module is to call it or to read
    its attributes; code that compares it could tell another function in its place apart."""
    cls: Any = type(parent)
    own = frozenset() if cls is nn.Module else _compared(cls)
    known = [_compared(c) or () for c in classes]
    return own is not None and not any(attribute in names for names in (own, *known))


def asks_type(classes: set[Any], attribute: str) -> bool:
    """Whether classes ask for the type of an attribute: ``type(self.act) is nn.GELU``."""
    return any(attribute in _typed(cls) for cls in classes)


def _source(cls: Any) -> ast.Module | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):
        return None


@lru_cache(maxsize=1024)
def _typed(cls: Any) -> frozenset[str]:
    """The attributes whose type the code of a class asks for."""
    asks = any("type" in _names(member) for member in vars(cls).values())  # few have to be parsed
    tree = _source(cls) if asks else None
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)] if tree else []
    asked = [c.args[0] for c in calls if getattr(c.func, "id", "") == "type" and c.args]
    return frozenset(a.attr for a in asked if isinstance(a, ast.Attribute))


@lru_cache(maxsize=1024)
def _compared(cls: Any) -> frozenset[str] | None:
    """The attributes with which the code of a class does more than to call them; None where it
    cannot be read."""
    if (tree := _source(cls)) is None:
        return None
    harmless, found = set[ast.AST](), set[str]()
    for node in ast.walk(tree):  # parents come before what they hold
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            harmless.update(ast.walk(node))
        if isinstance(node, ast.Call):
            harmless.add(node.func)
            if getattr(node.func, "id", "") == "getattr":
                found.update(str(getattr(a, "value", "")) for a in node.args[1:2])
        elif isinstance(node, ast.Attribute):
            harmless.add(node.value)
            if isinstance(node.ctx, ast.Load) and node not in harmless:
                found.add(node.attr)
    return frozenset(found)


def held_elsewhere(module: nn.Module) -> Iterator[tuple[str, Any, str]]:
    """What a module holds where it cannot be replaced: its name there, the thing, and in what."""
    places = {k: (v, "") for k, v in vars(module).items()}
    for cls in _own_classes(type(module)):
        places |= {k: (getattr(v, "__func__", v), "its class") for k, v in vars(cls).items()}
    for name, (value, holder) in places.items():
        if name.startswith("_"):
            continue
        inside = value.values() if isinstance(value, dict) else value
        if isinstance(value, (dict, list, tuple, set, frozenset)):
            yield from ((name, thing, f"a {type(value).__name__}") for thing in inside)
        elif holder:
            yield name, value, holder
