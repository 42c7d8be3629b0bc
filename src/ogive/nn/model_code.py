"""What a model's own code does with activations, as far as its classes show it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import lru_cache, partial, partialmethod
from types import CellType, CodeType, FunctionType, SimpleNamespace
from typing import Any

from torch import nn
from torch.autograd import Function

from ogive.nn.recognise import recognise, torch_functions

#: How code asks for a type.
_TYPES = {"type", "__class__"}
#: Containers that a module may hold functions in, and what every module has.
HOLDERS = (dict, list, tuple, set, frozenset, SimpleNamespace)
_PLAIN = nn.Module()


def named_in(module: nn.Module) -> str:
    """The activation functions that the methods and properties of a module's classes name."""
    cls: Any = type(module)
    names = _all_names(cls)
    if "getattr" in names:
        names += tuple(v for v in vars(module).values() if isinstance(v, str))
    found = dict.fromkeys(n for n in names if n in torch_functions())
    return ", ".join(n for n in found if not hasattr(module, n))


def overwriting_in(module: nn.Module) -> str:
    """Those that they name in the form that writes over its input, such as ``x.relu_()``."""
    cls: Any = type(module)
    names = dict.fromkeys(n for n in _all_names(cls) if n.endswith("_"))
    return ", ".join(n for n in names if n.removesuffix("_") in torch_functions())


def named_by(function: Any) -> str:
    """The activation functions that a function, such as a lambda, names."""
    return ", ".join(dict.fromkeys(n for n in _names(function) if n in torch_functions()))


def _own_classes(cls: type) -> list[Any]:
    """The classes that say what a module does."""
    return [c for c in cls.__mro__ if c not in nn.Module.__mro__]


@lru_cache(maxsize=1024)
def _all_names(cls: Any) -> tuple[str, ...]:
    members = [m for c in _own_classes(cls) for n, m in vars(c).items() if n[:2] != "__"]
    return tuple(dict.fromkeys(n for member in members for n in _names(member)))


def _names(member: Any) -> Iterator[str]:
    """The names in the code of a function or property, of functions written inside, of those that
    it calls from the same file, and of what it is bound to."""
    pending, seen = [getattr(member, "__func__", member)], set[int]()
    first = pending[0]
    while pending:
        thing = pending.pop()
        thing = getattr(thing, "fget", None) or getattr(thing, "__func__", thing)
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, (partial, partialmethod)):
            pending += [thing.func, *thing.args, *thing.keywords.values()]
        elif isinstance(thing, FunctionType):
            pending += [thing.__code__, *(thing.__defaults__ or ())]
            pending += [bound for cell in thing.__closure__ or () for bound in _contents(cell)]
            called = (thing.__globals__.get(name) for name in thing.__code__.co_names)
            beside = [c for c in called if getattr(c, "__module__", "") == thing.__module__]
            # a helper of attention, as every model of transformers has, is no activation
            pending += [c for c in beside if "softmax" not in _code_names(c)]
        elif isinstance(thing, CodeType):
            yield from thing.co_names
            pending += thing.co_consts
        elif isinstance(thing, type) and issubclass(thing, Function):
            pending += vars(thing).values()
        elif callable(thing) and thing is not first and recognise(thing).entry is not None:
            yield getattr(thing, "__name__", type(thing).__name__)


def _code_names(function: Any) -> tuple[str, ...]:
    return function.__code__.co_names if isinstance(function, FunctionType) else ()


def _contents(cell: CellType) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:  # it is empty
        return ()


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


def asks_type(classes: set[Any], attribute: str, module: nn.Module) -> bool:
    """Whether classes ask for the type of an attribute, ``type(self.act) is nn.GELU``, or for that
    of anything, a child or a helper's argument, where the name of the module's class stands too."""
    name = type(module).__name__
    return any(attribute in _typed(cls) or _types_beside(cls, name) for cls in classes)


def _types_beside(cls: Any, name: str) -> bool:
    names = _all_names(cls)
    return name in names and not _TYPES.isdisjoint(names)


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
    places = {k: (v, "") for k, v in vars(module).items() if k not in vars(_PLAIN)}
    for cls in _own_classes(type(module)):
        own = {k: v for k, v in vars(cls).items() if not k.startswith("_")}
        places |= {k: (getattr(v, "__func__", v), "its class") for k, v in own.items()}
    for name, (value, holder) in places.items():
        if isinstance(value, HOLDERS):
            yield from ((name, thing, f"a {type(value).__name__}") for thing in _inside(value))
        elif holder:
            yield name, value, holder


def _inside(holder: Any) -> Iterator[Any]:
    """What nested containers hold."""
    if isinstance(holder, HOLDERS):
        holder = vars(holder) if isinstance(holder, SimpleNamespace) else holder
        for thing in holder.values() if isinstance(holder, dict) else holder:
            yield from _inside(thing)
    else:
        yield holder
