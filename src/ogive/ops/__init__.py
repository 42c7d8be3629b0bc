"""What a call does: check the arguments, choose an engine, run it, record what backward needs."""

from ogive.ops.arguments import check_order
from ogive.ops.docstring import docstring
from ogive.ops.function import ActivationFunction, owning, presetting
from ogive.ops.observation import Watcher, watched, watcher
from ogive.ops.options import OPTIONS, check_option, check_save, check_truth, whole
from ogive.ops.record import transformed

__all__ = [
    "OPTIONS",
    "ActivationFunction",
    "Watcher",
    "check_option",
    "check_order",
    "check_save",
    "check_truth",
    "docstring",
    "owning",
    "presetting",
    "transformed",
    "watched",
    "watcher",
    "whole",
]
