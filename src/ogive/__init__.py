"""ogive: every activation defined once, as a formula; everything else derived from it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ogive import process as process  # which has to know from the beginning

if TYPE_CHECKING:
    from ogive import errors, monitor, nn
    from ogive._face import Activation, define, get, names, search
    from ogive.engine import Served, engine, served
    from ogive.monitor import Monitor, checkup
    from ogive.nn.accelerate import accelerate, restore
    from ogive.nn.gain import gain
    from ogive.nn.initialise import init_
    from ogive.nn.intercept import intercept
    from ogive.nn.propagate import propagate
    from ogive.nn.swap import swap
    from ogive.ops.quantized import quantized

__version__ = "0.2.0"
#: Public name -> the module that has it; loaded when first used, so that the command line can list
#: the catalogue without importing torch.
_HOMES = {
    "Activation": "_face",
    "Monitor": "monitor",
    "Served": "engine",
    "accelerate": "nn.accelerate",
    "checkup": "monitor",
    "define": "_face",
    "gain": "nn.gain",
    "get": "_face",
    "init_": "nn.initialise",
    "intercept": "nn.intercept",
    "names": "_face",
    "propagate": "nn.propagate",
    "quantized": "ops.quantized",
    "restore": "nn.accelerate",
    "search": "_face",
    "served": "engine",
    "swap": "nn.swap",
}
_ROOMS = ("engine", "errors", "monitor", "nn")
__all__ = [
    "Activation",
    "Monitor",
    "Served",
    "accelerate",
    "checkup",
    "define",
    "engine",
    "errors",
    "gain",
    "get",
    "init_",
    "intercept",
    "monitor",
    "names",
    "nn",
    "propagate",
    "quantized",
    "restore",
    "search",
    "served",
    "swap",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"ogive.{name}")
    if name in _HOMES:
        return getattr(import_module(f"ogive.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'ogive' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
