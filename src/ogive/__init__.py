"""ogive: every activation defined once, as a formula; everything else derived from it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ogive import errors, nn
    from ogive._face import Activation, define, get, names, search
    from ogive.engine import Served, engine, served
    from ogive.nn.gain import gain
    from ogive.nn.initialise import init_
    from ogive.nn.propagate import propagate

__version__ = "0.1.0"
__all__ = [
    "Activation",
    "Served",
    "define",
    "engine",
    "errors",
    "gain",
    "get",
    "init_",
    "names",
    "nn",
    "propagate",
    "search",
    "served",
]
_ROOMS = ("engine", "errors", "nn")
_SETTINGS = ("Served", "served")
_SIGNAL = {"gain": "gain", "init_": "initialise", "propagate": "propagate"}


def __getattr__(name: str) -> Any:
    # loaded when first used: the command line can list the catalogue without importing torch
    if name in _ROOMS:
        return import_module(f"ogive.{name}")
    if name in _SETTINGS:
        return getattr(import_module("ogive.engine"), name)
    if name in _SIGNAL:
        return getattr(import_module(f"ogive.nn.{_SIGNAL[name]}"), name)
    if name in __all__:
        return getattr(import_module("ogive._face"), name)
    raise AttributeError(f"module 'ogive' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
