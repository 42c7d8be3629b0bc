"""What a call does: check the arguments, choose an engine, run it, record what backward needs."""

from ogive.ops.apply import transformed
from ogive.ops.function import ActivationFunction, owning, presetting
from ogive.ops.kinds import OPTIONS, check_save

__all__ = [
    "OPTIONS",
    "ActivationFunction",
    "check_save",
    "owning",
    "presetting",
    "transformed",
]
