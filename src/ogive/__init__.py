"""ogive: every activation defined once, as a formula; everything else derived from it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ogive import errors, nn
    from ogive._face import Activation, define, get, names, search

__version__ = "0.1.0"
__all__ = ["Activation", "define", "errors", "get", "names", "nn", "search"]


def __getattr__(name: str) -> Any:
    # loaded when first used: the command line can list the catalogue without importing torch
    if name in ("errors", "nn"):
        return import_module(f"ogive.{name}")
    if name in __all__:
        return getattr(import_module("ogive._face"), name)
    raise AttributeError(f"module 'ogive' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
