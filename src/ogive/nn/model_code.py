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
    members = (
        m for cls in _own_classes(type(module)) for n, m in vars(cls).items() if n[:2] != "__"
    )
    found = dict.fromkeys(n for member in members for n in _activations(member))
    return ", ".join(n for n in found if not hasattr(module, n))


def named_by(function: Any) -> str:
    """The activation functions that a function, such as a lambda, names."""
    return ", ".join(dict.fromkeys(_activations(unbound(function)[0])))


def _own_classes(cls: type) -> list[type]:
    """The classes that say what a module does."""
    return [c for c in cls.__mro__ if c not in nn.Module.__mro__]


def _activations(member: Any) -> Iterator[str]:
    member = getattr(member, "fget", None) or getattr(member, "__func__", member)
    pending = [getattr(member, "__code__", None)]
    while pending:
        code = pending.pop()
        if isinstance(code, CodeType):
            yield from (n for n in code.co_names if n in torch_functions())
            pending += code.co_consts  # functions that are written inside


def only_calls(model: nn.Module, parent: nn.Module, attribute: str) -> bool:
    """Whether all that the model's code does with an attribute of a module is to call it or to read
    its attributes; code that compares it could tell another function in its place apart."""
    classes: set[Any] = {c for m in model.modules() for c in _own_classes(type(m))}
    cls: Any = type(parent)
    own = _compared(cls)
    known = [_compared(c) or () for c in classes]
    return own is not None and not any(attribute in names for names in (own, *known))


@lru_cache(maxsize=1024)
def _compared(cls: Any) -> frozenset[str] | None:
    """The attributes with which the code of a class does more than to call them; None where it
    cannot be read."""
    if cls is nn.Module:
        return frozenset()
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):
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


def held_in(value: Any) -> list[Any]:
    """What a container holds; nothing for what is none."""
    if isinstance(value, dict):
        value = tuple(value.values())
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else []
