"""What a call does: check the arguments, choose an engine, run it, record what backward needs."""

from ogive.ops.function import ActivationFunction, owning, presetting
from ogive.ops.observation import Watcher, watched, watcher
from ogive.ops.record import transformed
from ogive.ops.runners import OPTIONS, check_save

__all__ = [
    "OPTIONS",
    "ActivationFunction",
    "Watcher",
    "check_save",
    "owning",
    "presetting",
    "transformed",
    "watched",
    "watcher",
]
