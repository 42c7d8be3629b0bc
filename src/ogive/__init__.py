"""ogive: every activation defined once, as a formula; everything else derived from it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ogive import errors, nn
    from ogive._face import Activation, define, get, names, search
    from ogive.engine import Served, engine, served

__version__ = "0.1.0"
__all__ = [
    "Activation",
    "Served",
    "define",
    "engine",
    "errors",
    "get",
    "names",
    "nn",
    "search",
    "served",
]
_ROOMS = ("engine", "errors", "nn")
_SETTINGS = ("Served", "served")


def __getattr__(name: str) -> Any:
    # loaded when first used: the command line can list the catalogue without importing torch
    if name in _ROOMS:
        return import_module(f"ogive.{name}")
    if name in _SETTINGS:
        return getattr(import_module("ogive.engine"), name)
    if name in __all__:
        return getattr(import_module("ogive._face"), name)
    raise AttributeError(f"module 'ogive' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
